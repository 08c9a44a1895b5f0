from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import (
    EntityNotFound,
    InvalidSourceUrl,
    InvalidText,
    InvalidTransition,
    OutOfRange,
    UnknownAudioType,
    UploadRefused,
)
from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.uploads import (
    AUDIO_TYPES,
    PLAYED_AS,
    UPLOAD_MAX_BYTES,
    AudioFormat,
    Playable,
    Unplayable,
    Upload,
    UploadStatus,
    require_audio_type,
    require_filename,
    require_length,
    source_url_of,
    upload_of,
)
from reviewcore.testing.clock import START

S = UploadStatus

VERBS: dict[str, tuple[Callable[[Upload], Upload], dict[S, S]]] = {
    "accept": (lambda it: it.accept(181, kept_as="kept/u"), {S.STARTED: S.ACCEPTED}),
    "refuse": (lambda it: it.refuse("no audio"), {S.STARTED: S.REFUSED}),
}


def an_upload(**changes: Any) -> Upload:
    return Upload(
        **{
            "id": UploadId("u"),
            "artist_id": ArtistId("a"),
            "key": "incoming/u",
            "filename": "demo.wav",
            "content_type": "audio/wav",
            "content_length": 44,
            "status": S.STARTED,
            "created_at": START,
            **changes,
        }
    )


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, S)))
def test_an_upload_moves_as_the_table_says(verb: str, status: S) -> None:
    act, allowed = VERBS[verb]
    upload = an_upload(status=status)

    if status in allowed:
        assert act(upload).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(upload)
        wanted = next(iter(allowed.values()))
        assert refusal.value.extras == {"entity": "Upload", "status": status, "wanted": wanted}


def test_what_was_heard_of_a_file_is_what_becomes_of_its_upload() -> None:
    upload = an_upload()

    accepted = upload.judge(Playable(181), kept_as="kept/u")
    refused = upload.judge(Unplayable("is a text"), kept_as="kept/u")

    assert accepted == attrs.evolve(upload, status=S.ACCEPTED, duration=181, key="kept/u")
    assert refused == attrs.evolve(upload, status=S.REFUSED, refusal="is a text")
    assert accepted.judge(Unplayable("is a text"), kept_as="kept/v") is accepted
    assert refused.judge(Playable(181), kept_as="kept/v") is refused


def test_a_track_is_made_of_what_was_accepted_only() -> None:
    accepted = an_upload(status=S.ACCEPTED)

    assert accepted.require_accepted() is accepted
    for upload, reason in (
        (an_upload(), "has not been looked at"),
        (an_upload(status=S.REFUSED, refusal="is a text"), "is a text"),
    ):
        with pytest.raises(UploadRefused) as refusal:
            upload.require_accepted()
        assert refusal.value.reason == reason


def test_an_upload_is_its_artists_alone() -> None:
    an_upload().require_owner(ArtistId("a"))
    with pytest.raises(EntityNotFound) as refusal:
        an_upload().require_owner(ArtistId("b"))

    assert refusal.value.extras == {"entity": "Upload", "id": "u"}


def test_an_artist_who_leaves_takes_the_names_of_his_files_with_him() -> None:
    assert an_upload().erase() == an_upload(filename="")


# ── what is taken ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content_type", AUDIO_TYPES)
def test_a_type_that_is_taken_is_played_as_the_plain_name_of_its_format(content_type: str) -> None:
    upload = an_upload(content_type=require_audio_type(content_type))

    assert upload.played_as == PLAYED_AS[upload.audio]
    assert AUDIO_TYPES[upload.played_as] is upload.audio


def test_every_format_is_taken() -> None:
    assert set(AUDIO_TYPES.values()) == set(PLAYED_AS) == set(AudioFormat)


@pytest.mark.parametrize("content_type", ["", "text/plain", "AUDIO/MPEG", "x" * 300])
def test_another_type_is_refused_and_those_that_are_taken_are_told(content_type: str) -> None:
    with pytest.raises(UnknownAudioType) as refusal:
        require_audio_type(content_type)

    told = {"content_type": content_type[:255], "known": tuple(AUDIO_TYPES)}
    assert refusal.value.extras == told


@pytest.mark.parametrize("length", [1, UPLOAD_MAX_BYTES])
def test_a_file_has_one_byte_to_25_mebibytes(length: int) -> None:
    assert require_length(length) == length
    assert UPLOAD_MAX_BYTES == 25 * 2**20


@pytest.mark.parametrize("length", [-1, 0, UPLOAD_MAX_BYTES + 1])
def test_a_file_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        require_length(length)

    told = {"field": "content_length", "minimum": 1, "maximum": UPLOAD_MAX_BYTES}
    assert refusal.value.extras == told


def test_a_name_has_1_to_255_characters_on_one_line() -> None:
    assert require_filename(f" {'x' * 255} ") == "x" * 255
    for name, reason in (
        (" ", "is empty"),
        ("x" * 256, "has more than 255 characters"),
        ("a\nb", "holds a line break or a tab"),
    ):
        with pytest.raises(InvalidText) as refusal:
            require_filename(name)
        assert refusal.value.extras == {"field": "filename", "reason": reason}


# ── links ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_link_of_an_upload_names_it(slash: str) -> None:
    url = source_url_of(UploadId("Ab_1-"), prefix=f"https://market.example/X{slash}")

    assert url == "https://market.example/X/Ab_1-"
    assert upload_of(url) == "Ab_1-"


@pytest.mark.parametrize("name", ["", "a.mp3", "a b", "a?x=1", "x" * 65])
def test_a_link_whose_end_is_no_name_names_no_upload(name: str) -> None:
    with pytest.raises(InvalidSourceUrl) as refusal:
        upload_of(f"https://market.example/uploads/{name}")

    assert refusal.value.reason == "the address names no upload"
