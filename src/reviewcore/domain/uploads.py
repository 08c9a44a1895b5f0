"""Uploads: audio that an artist puts into this deployment's own store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import attrs

from reviewcore.domain.errors import (
    EntityNotFound,
    InvalidSourceUrl,
    InvalidTransition,
    UnknownAudioType,
    UploadRefused,
)
from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.texts import require_line, require_range

UPLOAD_MAX_BYTES = 25 * 1024 * 1024
FILENAME_MAX = 255

UPLOAD_TIME = timedelta(hours=1)
"""How long the address that a file is put to stays good."""

LISTEN_TIME = timedelta(hours=6)
"""How long an address to listen at stays good: as long as the longest track plays."""

UNUSED_FOR = timedelta(days=1)
"""After this an upload that came to nothing is forgotten, and its file."""

INCOMING: Final = "incoming"
KEPT: Final = "kept"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class AudioFormat(StrEnum):
    """What a file of an artist may be."""

    MP3 = "MP3"
    WAV = "WAV"
    FLAC = "FLAC"
    OGG = "OGG"
    M4A = "M4A"
    AAC = "AAC"


PLAYED_AS: Mapping[AudioFormat, str] = MappingProxyType(
    {
        AudioFormat.MP3: "audio/mpeg",
        AudioFormat.WAV: "audio/wav",
        AudioFormat.FLAC: "audio/flac",
        AudioFormat.OGG: "audio/ogg",
        AudioFormat.M4A: "audio/mp4",
        AudioFormat.AAC: "audio/aac",
    }
)
"""The content type under which each is given to players."""

AUDIO_TYPES: Mapping[str, AudioFormat] = MappingProxyType(
    {kind: audio for audio, kind in PLAYED_AS.items()}
    | {
        "audio/mp3": AudioFormat.MP3,
        "audio/x-wav": AudioFormat.WAV,
        "audio/wave": AudioFormat.WAV,
        "audio/vnd.wave": AudioFormat.WAV,
        "audio/x-flac": AudioFormat.FLAC,
        "application/ogg": AudioFormat.OGG,
        "audio/m4a": AudioFormat.M4A,
        "audio/x-m4a": AudioFormat.M4A,
        "audio/aacp": AudioFormat.AAC,
    }
)
"""The content types that are taken; browsers name some formats in several ways."""


class UploadStatus(StrEnum):
    """Where an upload stands."""

    STARTED = "STARTED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


# STARTED   the artist has an address to put the file to; nothing is known of it yet.
# ACCEPTED  final: it was decoded and is audio; a track may be made of it.
# REFUSED   final: it is not audio that can be played, or larger than it was to be.
NEXT: Mapping[UploadStatus, frozenset[UploadStatus]] = MappingProxyType(
    {
        UploadStatus.STARTED: frozenset({UploadStatus.ACCEPTED, UploadStatus.REFUSED}),
        UploadStatus.ACCEPTED: frozenset(),
        UploadStatus.REFUSED: frozenset(),
    }
)


@attrs.frozen
class Playable:
    """A file was decoded to its end; it plays for so many seconds, rounded up."""

    seconds: int


@attrs.frozen
class Unplayable:
    """A file is not what it was said to be, or cannot be played; *reason* is for its artist."""

    reason: str


Heard = Playable | Unplayable


@attrs.frozen(kw_only=True)
class Upload:
    """A file of an artist; *duration* in seconds once it was decoded.

    It is put to the key `incoming/…`. What was decoded is kept under another key, named by its
    content, so that whoever puts another file to the same address later changes nothing.
    *content_length* is in bytes, exact.
    """

    id: UploadId
    artist_id: ArtistId
    key: str
    filename: str
    content_type: str
    content_length: int
    status: UploadStatus
    created_at: datetime
    duration: int | None = None
    refusal: str | None = None

    @property
    def audio(self) -> AudioFormat:
        """What it was said to be."""
        return AUDIO_TYPES[self.content_type]

    @property
    def played_as(self) -> str:
        """The content type under which it is given to players."""
        return PLAYED_AS[self.audio]

    def require_owner(self, artist_id: ArtistId) -> None:
        """Raise EntityNotFound unless it is the artist's."""
        if self.artist_id != artist_id:
            raise EntityNotFound(entity="Upload", id=self.id)

    def require_accepted(self) -> Self:
        """Return itself when a track may be made of it. Raises UploadRefused."""
        if self.status is not UploadStatus.ACCEPTED:
            raise UploadRefused(reason=self.refusal or "has not been looked at")
        return self

    def judge(self, heard: Heard, *, kept_as: str) -> Self:
        """Be what was found of the file that is *kept_as*; what was judged before stays so."""
        if self.status is not UploadStatus.STARTED:
            return self
        match heard:
            case Playable(seconds):
                return self.accept(seconds, kept_as=kept_as)
            case Unplayable(reason):  # pragma: no branch - it is one of the two
                return self.refuse(reason)

    def accept(self, duration: int, *, kept_as: str) -> Self:
        """Be audio of *duration* seconds. Raises InvalidTransition."""
        self._require(UploadStatus.ACCEPTED)
        return attrs.evolve(self, status=UploadStatus.ACCEPTED, duration=duration, key=kept_as)

    def refuse(self, reason: str) -> Self:
        """Be no audio that can be played. Raises InvalidTransition."""
        self._require(UploadStatus.REFUSED)
        return attrs.evolve(self, status=UploadStatus.REFUSED, refusal=reason)

    def erase(self) -> Self:
        """Lose its name, as its artist leaves for good; its file is removed next, then the row."""
        return attrs.evolve(self, filename="")

    def _require(self, wanted: UploadStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise InvalidTransition(entity="Upload", status=self.status, wanted=wanted)


def require_filename(filename: str) -> str:
    """Return *filename* stripped, 1 to 255 characters on one line; it is never a path.

    Raises InvalidText.
    """
    return require_line("filename", filename, longest=FILENAME_MAX)


def require_audio_type(content_type: str) -> str:
    """Return *content_type* as one that is taken. Raises UnknownAudioType."""
    if content_type not in AUDIO_TYPES:
        raise UnknownAudioType(content_type=content_type[:FILENAME_MAX], known=tuple(AUDIO_TYPES))
    return content_type


def require_length(content_length: int) -> int:
    """Return *content_length* when it is 1 byte to 25 MiB. Raises OutOfRange."""
    return require_range("content_length", content_length, 1, UPLOAD_MAX_BYTES)


def source_url_of(upload_id: UploadId, *, prefix: str) -> str:
    """Make the link of an upload for `submit_track`; *prefix* as `judge_source_url` takes it."""
    return f"{prefix.rstrip('/')}/{upload_id}"


def upload_of(source_url: str) -> UploadId:
    """Tell which upload the link of a track with source type UPLOAD names.

    Raises InvalidSourceUrl.
    """
    name = source_url.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise InvalidSourceUrl(reason="the address names no upload")
    return UploadId(name)
