"""The promises of `reviewcore.ports.audio`, as tests that any decoder can be put through."""

from __future__ import annotations

import io
import random
import struct
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable
from reviewcore.ports.audio import Audio
from reviewcore.testing.contracts.base import Capability, Contract, optional

Encode = Callable[[AudioFormat, float], bytes]
"""Encodes a tone of so many seconds."""

RATE = 8_000
HEADER_BYTES = 44

NO_MUSIC = {
    "nothing": b"",
    "one byte": b"x",
    "a page": b"<!doctype html><script>alert(1)</script>" * 100,
    "noise": random.Random(1).randbytes(50_000),
    "zeros": bytes(50_000),
    "an archive": b"PK\x03\x04" + bytes(1000),
}


def a_wave(seconds: float, *, rate: int = RATE) -> bytes:
    """Encode a tone as WAV: one channel of 16 bits."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        period = struct.pack("<8h", 0, 5657, 8000, 5657, 0, -5657, -8000, -5657)
        sound.writeframes((period * (int(rate * seconds) // 8 + 1))[: int(rate * seconds) * 2])
    return made.getvalue()


class AudioContract(Contract):
    """What decodes to its end is playable, for so long; what does not is not, and does no harm.

    Supply `audio`. WAV is heard by all; who claims MP3, FLAC, OGG, M4A or AAC supplies `encode`.
    """

    CONTRACT_VERSION = "1.0"

    @pytest.fixture
    def audio(self) -> Audio:
        """Make the decoder that is tested."""
        raise NotImplementedError

    @pytest.fixture
    def encode(self) -> Encode:
        """Encode tones in the formats that are claimed."""
        raise NotImplementedError

    def hear(self, audio: Audio, content: bytes, kind: AudioFormat = AudioFormat.WAV) -> Heard:
        """Listen to *content*."""
        return audio.listen(io.BytesIO(content), kind)

    @pytest.mark.parametrize(("seconds", "told"), [(1, 1), (3, 3), (2.1, 3), (2.9, 3)])
    def test_music_is_heard_to_its_end_and_seconds_are_rounded_up(
        self, audio: Audio, seconds: float, told: int
    ) -> None:
        assert self.hear(audio, a_wave(seconds)) == Playable(told)

    def test_a_file_is_heard_from_its_beginning_wherever_it_stands(self, audio: Audio) -> None:
        file = io.BytesIO(a_wave(3))
        file.seek(0, io.SEEK_END)

        assert [audio.listen(file, AudioFormat.WAV) for _ in range(2)] == [Playable(3)] * 2

    def test_less_than_a_second_is_refused(self, audio: Audio) -> None:
        assert isinstance(self.hear(audio, a_wave(0.9)), Unplayable)
        assert isinstance(self.hear(audio, a_wave(0)), Unplayable)

    def test_more_than_six_hours_are_refused(self, audio: Audio) -> None:
        hours = io.BytesIO()
        with wave.open(hours, "wb") as sound:
            # Few samples a second keep it small.
            sound.setparams((1, 1, 1_000, 0, "NONE", ""))
            sound.writeframes(bytes([128]) * (1_000 * (6 * 3600 + 2)))

        assert isinstance(self.hear(audio, hours.getvalue()), Unplayable)

    @pytest.mark.parametrize("content", NO_MUSIC.values(), ids=NO_MUSIC)
    def test_what_is_no_music_is_refused(self, audio: Audio, content: bytes) -> None:
        assert isinstance(self.hear(audio, content), Unplayable)

    @pytest.mark.parametrize("kind", [kind for kind in AudioFormat if kind != AudioFormat.WAV])
    def test_one_kind_is_not_taken_for_another(self, audio: Audio, kind: AudioFormat) -> None:
        assert isinstance(self.hear(audio, a_wave(3), kind), Unplayable)
        assert isinstance(self.hear(audio, NO_MUSIC["a page"], kind), Unplayable)

    def test_what_a_header_says_of_length_is_not_believed(self, audio: Audio) -> None:
        whole = a_wave(3)
        for claimed in (2 * RATE * 600, 0x7FFFFFF0):
            padded = whole[:40] + struct.pack("<I", claimed) + whole[HEADER_BYTES:]

            told = self.hear(audio, padded)

            assert told == Playable(3) or isinstance(told, Unplayable)
            assert isinstance(self.hear(audio, padded[: HEADER_BYTES + 400]), Unplayable)

    def test_the_file_stays_the_callers(self, audio: Audio) -> None:
        for content in (a_wave(1), b"no music"):
            file = io.BytesIO(content)

            audio.listen(file, AudioFormat.WAV)

            assert not file.closed
            assert file.getvalue() == content

    def test_several_are_heard_at_once(self, audio: Audio) -> None:
        lengths = [1, 2, 3, 4]

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda seconds: self.hear(audio, a_wave(seconds)), lengths))

        assert told == [Playable(seconds) for seconds in lengths]

    def _hear_encoded(self, audio: Audio, encode: Encode, kind: AudioFormat) -> None:
        whole = encode(kind, 3.0)

        told = self.hear(audio, whole, kind)

        # Encoders pad what they are given.
        assert isinstance(told, Playable)
        assert told.seconds in {3, 4}
        assert isinstance(self.hear(audio, whole), Unplayable)
        assert isinstance(self.hear(audio, encode(kind, 0.5), kind), Unplayable)
        for kept in (200, len(whole) // 4):
            cut = self.hear(audio, whole[:kept], kind)
            assert isinstance(cut, Unplayable) or cut.seconds < told.seconds

    @optional(Capability.MP3)
    def test_mp3_is_heard(self, audio: Audio, encode: Encode) -> None:
        self._hear_encoded(audio, encode, AudioFormat.MP3)

    @optional(Capability.FLAC)
    def test_flac_is_heard(self, audio: Audio, encode: Encode) -> None:
        self._hear_encoded(audio, encode, AudioFormat.FLAC)

    @optional(Capability.OGG)
    def test_ogg_is_heard(self, audio: Audio, encode: Encode) -> None:
        self._hear_encoded(audio, encode, AudioFormat.OGG)

    @optional(Capability.M4A)
    def test_m4a_is_heard(self, audio: Audio, encode: Encode) -> None:
        self._hear_encoded(audio, encode, AudioFormat.M4A)

    @optional(Capability.AAC)
    def test_aac_is_heard(self, audio: Audio, encode: Encode) -> None:
        self._hear_encoded(audio, encode, AudioFormat.AAC)
