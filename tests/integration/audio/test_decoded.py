from __future__ import annotations

import io
import random
import struct
import wave

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]  # it ships no types

from reviewcore.adapters.audio import DecodedAudio
from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable
from reviewcore.testing.contracts import AudioContract, Capability
from reviewcore.testing.contracts.audio import Encode
from tests.integration.audio.tones import sample

BY_SNDFILE = (AudioFormat.MP3, AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG)


def heard(content: bytes, kind: AudioFormat) -> Heard:
    return DecodedAudio().listen(io.BytesIO(content), kind)


class TestDecodedAudio(AudioContract):
    capabilities = frozenset(
        {Capability.MP3, Capability.FLAC, Capability.OGG, Capability.M4A, Capability.AAC}
    )

    @pytest.fixture
    def audio(self) -> DecodedAudio:
        return DecodedAudio()

    @pytest.fixture
    def encode(self) -> Encode:
        return sample


def id3(content: bytes) -> bytes:
    return b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10) + content


@pytest.mark.parametrize("kind", BY_SNDFILE)
def test_music_is_heard_to_its_end(kind: AudioFormat) -> None:
    assert heard(sample(kind), kind) == Playable(3)
    assert heard(sample(kind, 2.2), kind) == Playable(3)


@pytest.mark.parametrize("kind", BY_SNDFILE)
def test_one_kind_is_not_taken_for_another(kind: AudioFormat) -> None:
    other = BY_SNDFILE[(BY_SNDFILE.index(kind) + 1) % len(BY_SNDFILE)]

    assert isinstance(heard(sample(other), kind), Unplayable)


@pytest.mark.parametrize("kind", BY_SNDFILE)
@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"<!doctype html><script>alert(1)</script>" * 100,
        id3(b"<!doctype html><script>alert(1)</script>" * 100),
        random.Random(1).randbytes(50_000),
        bytes(50_000),
        b"PK\x03\x04" + bytes(1000),
    ],
    ids=["one byte", "html", "html behind a tag", "noise", "zeros", "an archive"],
)
def test_what_is_no_music_is_refused(kind: AudioFormat, content: bytes) -> None:
    assert isinstance(heard(content, kind), Unplayable)


@pytest.mark.parametrize("kind", [AudioFormat.MP3, AudioFormat.FLAC, AudioFormat.OGG])
def test_what_is_cut_short_is_refused_though_its_header_says_more(kind: AudioFormat) -> None:
    whole = sample(kind)

    assert isinstance(heard(whole[: len(whole) // 2], kind), Unplayable)


def test_of_a_wav_what_is_there_counts_not_what_its_header_says() -> None:
    whole = sample(AudioFormat.WAV)
    claims_hours = whole[:40] + struct.pack("<I", 0xFFFFFFF0) + whole[44:]

    assert heard(whole[: len(whole) // 2], AudioFormat.WAV) == Playable(2)
    assert heard(claims_hours, AudioFormat.WAV) == Playable(3)
    assert isinstance(heard(claims_hours[:400], AudioFormat.WAV), Unplayable)


@pytest.mark.parametrize("kind", BY_SNDFILE)
def test_less_than_a_second_is_refused(kind: AudioFormat) -> None:
    assert isinstance(heard(sample(kind, 0.5), kind), Unplayable)


def test_a_small_file_that_plays_for_days_is_refused() -> None:
    made = io.BytesIO()
    hours = 7
    with soundfile.SoundFile(made, "w", 8_000, 1, format="FLAC") as sound:
        block = np.zeros(8_000 * 600, dtype="int16")
        for _ in range(hours * 6):
            sound.write(block)

    found = heard(made.getvalue(), AudioFormat.FLAC)

    assert len(made.getvalue()) < 1024 * 1024
    assert found == Unplayable("plays for more than 21600 seconds")


def test_a_file_of_too_many_channels_is_refused() -> None:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((64, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(64 * 2 * 16_000))

    assert isinstance(heard(made.getvalue(), AudioFormat.WAV), Unplayable)
