"""What the market needs of a decoder: whether a file is music, and how long it plays."""

from __future__ import annotations

from typing import BinaryIO, Protocol

import attrs

from reviewcore.domain.errors import DecoderUnavailable
from reviewcore.domain.uploads import AudioFormat, Heard
from reviewcore.ports.files import Files


class Audio(Protocol):
    """A decoder."""

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        """Decode all of *file*, from its beginning, as *audio* and nothing else.

        Playable is what decodes to its end, for 1 second to 6 hours. Names and headers are not
        believed, time and memory are bounded, and hostile files do no harm. Raises
        DecoderUnavailable when it cannot tell.
        """
        ...


class NoAudio:
    """Stands in where nothing can be decoded."""

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        raise DecoderUnavailable


@attrs.frozen(kw_only=True)
class Recordings:
    """Files and who listens to them."""

    files: Files
    audio: Audio
