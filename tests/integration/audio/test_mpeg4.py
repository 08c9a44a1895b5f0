from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from reviewcore.adapters.audio import DecodedAudio
from reviewcore.domain.uploads import UPLOAD_MAX_BYTES, AudioFormat, Heard, Playable, Unplayable
from tests.integration.audio.tones import mpeg4, sample

BOTH = (AudioFormat.M4A, AudioFormat.AAC)
TABLE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
MANY = 0xFFFFFFFF
WHOLE = Playable(4)
"""Three seconds, and what the encoder pads them with."""

DAMAGED = Unplayable("is cut short or damaged")


def heard(content: bytes, kind: AudioFormat = AudioFormat.M4A) -> Heard:
    return DecodedAudio().listen(io.BytesIO(content), kind)


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name + content


def edited(
    content: bytes, path: tuple[bytes, ...], edit: Callable[[bytes], bytes], *, found: bool = False
) -> bytes:
    """Change what the box at *path* holds; those around it grow with it."""
    made = b""
    at = 0
    while at < len(content):
        (size,) = struct.unpack_from(">I", content, at)
        name, inside = content[at + 4 : at + 8], content[at + 8 : at + size]
        if name == path[0]:
            found = True
            inside = edit(inside) if len(path) == 1 else edited(inside, path[1:], edit)
        made += box(name, inside)
        at += size
    assert found, path
    return made


def put(offset: int, number: int) -> Callable[[bytes], bytes]:
    """Write a number of 32 bits into a box."""
    return lambda inside: inside[:offset] + struct.pack(">I", number) + inside[offset + 4 :]


def a_film() -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", "mp4") as file:
        pictures = file.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        for _ in range(30):
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), "uint8"))))
        file.mux(pictures.encode(None))
    return made.getvalue()


@pytest.mark.parametrize("kind", BOTH)
def test_music_is_heard_to_its_end(kind: AudioFormat) -> None:
    assert heard(sample(kind, 2.7), kind) == Playable(3)
    assert heard(sample(kind), kind) == WHOLE


@pytest.mark.parametrize("flags", ["faststart", "frag_keyframe+empty_moov+default_base_moof"])
def test_films_of_any_order_are_heard(flags: str) -> None:
    assert heard(mpeg4("ipod", flags=flags)) == WHOLE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"<!doctype html><script>alert(1)</script>" * 100,
        random.Random(1).randbytes(50_000),
        bytes(50_000),
        b"PK\x03\x04" + bytes(1000),
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        box(b"ftyp", b"M4A \0\0\0\0M4A mp42") + box(b"moov", box(b"mvhd", bytes(100))),
    ],
    ids=["nothing", "one byte", "html", "noise", "zeros", "archive", "hls", "concat", "no sound"],
)
def test_what_is_no_music_is_refused(content: bytes) -> None:
    assert isinstance(heard(content), Unplayable)


def test_a_film_without_sound_is_refused() -> None:
    assert heard(a_film()) == Unplayable("holds no sound")


def test_a_film_with_sound_of_an_unknown_kind_is_refused() -> None:
    film = sample(AudioFormat.M4A).replace(b"mp4a", b"zzzz").replace(b"esds", b"free")

    assert heard(film) == Unplayable("holds another sound than AAC")


@pytest.mark.parametrize("codec", ["alac", "libmp3lame"])
def test_a_film_with_sound_that_browsers_do_not_play_is_refused(codec: str) -> None:
    assert heard(mpeg4("mov", codec=codec)) == Unplayable("holds another sound than AAC")


def test_a_cover_is_no_matter() -> None:
    picture = box(b"data", struct.pack(">II", 13, 0), random.Random(2).randbytes(5000))
    kind = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    cover = box(b"udta", box(b"meta", bytes(4), kind, box(b"ilst", box(b"covr", picture))))
    film = edited(sample(AudioFormat.M4A), (b"moov",), lambda inside: inside + cover)

    assert heard(film) == WHOLE


def test_names_in_the_letters_of_old_programs_are_no_matter() -> None:
    film = sample(AudioFormat.M4A)
    assert b"SoundHandler" in film

    assert heard(film.replace(b"SoundHandler", b"Sound\xe4\xf6\xfc\x80\xffer")) == WHOLE


def test_sound_of_half_the_samples_plays_as_long() -> None:
    # HE-AAC: what is encoded at 22,050 samples a second is decoded to 44,100.
    plain = sample(AudioFormat.M4A)
    assert plain.count(b"\x56\xe5\x00") == 1

    assert heard(plain.replace(b"\x56\xe5\x00", b"\x56\xe5\xa0")) == WHOLE


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.85])
def test_what_is_cut_short_is_refused_though_its_header_says_more(kept: float) -> None:
    film = mpeg4("ipod", flags="faststart")

    assert isinstance(heard(film[: int(len(film) * kept)]), Unplayable)


def test_what_is_damaged_is_refused() -> None:
    whole = sample(AudioFormat.M4A)
    third = len(whole) // 3

    found = heard(whole[:third] + random.Random(3).randbytes(third) + whole[2 * third :])

    assert found == DAMAGED


def test_of_bare_aac_what_is_there_counts() -> None:
    whole = sample(AudioFormat.AAC)

    assert heard(whole[: len(whole) // 2], AudioFormat.AAC) == Playable(2)
    assert isinstance(heard(whole[: len(whole) // 8], AudioFormat.AAC), Unplayable)


@pytest.mark.parametrize("claimed", [1, 22_050 * 3600, MANY])
def test_what_headers_say_of_length_is_not_believed(claimed: int) -> None:
    film = sample(AudioFormat.M4A)
    film = edited(film, (b"moov", b"mvhd"), put(16, claimed))
    film = edited(film, (b"moov", b"trak", b"tkhd"), put(20, claimed))
    film = edited(film, (b"moov", b"trak", b"mdia", b"mdhd"), put(16, claimed))

    assert heard(film) == WHOLE


def test_what_a_table_says_of_the_length_of_each_sample_is_not_believed() -> None:
    film = edited(sample(AudioFormat.M4A), (*TABLE, b"stts"), put(12, 22_050 * 60))

    assert heard(film) == WHOLE


def test_an_edit_that_is_played_over_and_over_counts_once() -> None:
    def again(inside: bytes) -> bytes:
        return inside[:4] + struct.pack(">I", 2000) + inside[8:] * 2000

    film = edited(sample(AudioFormat.M4A), (b"moov", b"trak", b"edts", b"elst"), again)

    assert heard(film) == WHOLE


@pytest.mark.parametrize(
    "edits",
    [
        [(b"stsz", 8, MANY)],
        [(b"stsz", 4, 1), (b"stsz", 8, MANY)],
        [(b"stsz", 4, 1), (b"stsz", 8, MANY), (b"stsc", 12, MANY)],
        [(b"stsc", 12, MANY)],
    ],
    ids=["sizes", "samples of a byte", "samples of a byte in a chunk", "chunks"],
)
def test_tables_that_claim_billions_are_refused(edits: list[tuple[bytes, int, int]]) -> None:
    film = sample(AudioFormat.M4A)
    for table, offset, number in edits:
        film = edited(film, (*TABLE, table), put(offset, number))

    assert isinstance(heard(film), Unplayable)


def test_samples_that_share_their_bytes_are_refused() -> None:
    def endless(inside: bytes) -> bytes:
        return inside[:4] + struct.pack(">II", 1 << 20, 100_000)

    film = edited(sample(AudioFormat.M4A), (*TABLE, b"stsz"), endless)

    assert isinstance(heard(film), Unplayable)


def test_a_file_is_not_read_for_another(tmp_path: Path) -> None:
    film = sample(AudioFormat.M4A)
    (tmp_path / "sound").write_bytes(film)
    path = str(tmp_path / "sound").encode()
    path += bytes(len(path) % 2)
    alias = bytes(4 + 10 + 1 + 27 + 12 + 1 + 63 + 16 + 4 + 16)
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">hH", -1, 0)
    outside = struct.pack(">II", 0, 1) + box(b"alis", alias)
    dref = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")

    found = heard(edited(film, dref, lambda _: outside))

    assert isinstance(found, Unplayable)


def test_hours_on_end_are_refused() -> None:
    minute = mpeg4("adts", 60.0, loud=0.0, rate=8_000)
    hours = minute * (7 * 60)
    assert len(hours) < UPLOAD_MAX_BYTES

    assert heard(hours, AudioFormat.AAC) == Unplayable("plays for more than 21600 seconds")
