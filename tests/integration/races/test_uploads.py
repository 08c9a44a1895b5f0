"""Files that are listened to while their uploads are forgotten."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

import attrs
import pytest

from reviewcore.adapters.files import MemoryFiles
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.uploads import (
    KEPT,
    UNUSED_FOR,
    AudioFormat,
    Heard,
    Playable,
    Upload,
    UploadStatus,
)
from reviewcore.usecases import (
    AcceptUpload,
    EraseUser,
    StartUpload,
    accept_upload,
    erase_user,
    start_upload,
)
from reviewcore.usecases.forget_uploads import ForgetUploads, forget_uploads
from tests.integration.races.world import World, an_app, race, refusals, rounds

MUSIC = b"music"
UPLOADS = 6
JITTER_SECONDS = 0.02
FORGOTTEN = {"EntityNotFound", "UploadMissing"}


class SlowAudio:
    """Listens for as long as the others are late."""

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        time.sleep(random.uniform(0, JITTER_SECONDS))
        return Playable(len(file.read()))


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def market(world: World, files: MemoryFiles) -> World:
    """A market that listens to files."""
    app = an_app(world.store, world.bank, files=files, audio=SlowAudio())
    return attrs.evolve(world, app=app)


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_uploads_are_listened_to_while_they_are_forgotten(
    market: World, files: MemoryFiles, turn: int
) -> None:
    artist = market.artist()
    uploads = [_upload(market, files, artist) for _ in range(UPLOADS)]
    market.clock.advance(seconds=UNUSED_FOR.total_seconds() + 1)

    def forget() -> None:
        market.app.perform(lambda tx, _: tx.uploads.purge(tx.now - UNUSED_FOR, limit=2), None)

    with market.told("uploads are listened to while they are forgotten"):
        answers = race(
            [*_listening(market, uploads), *[forget] * (UPLOADS // 2)],
            jitter_seconds=JITTER_SECONDS,
        )

    assert set(refusals(answers)) <= FORGOTTEN
    _require_a_row_for_each(market, files)


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_an_artist_leaves_while_his_uploads_are_listened_to(
    market: World, files: MemoryFiles, turn: int
) -> None:
    (user,) = market.users(1)
    artist = market.artist(user)
    uploads = [_upload(market, files, artist) for _ in range(UPLOADS)]

    def leave() -> None:
        market.app.perform(erase_user, EraseUser(user_id=user.id))
        market.app.drive(forget_uploads, ForgetUploads(user_id=user.id))

    with market.told("an artist leaves while his uploads are listened to"):
        answers = race([*_listening(market, uploads), leave], jitter_seconds=JITTER_SECONDS)

    assert set(refusals(answers)) <= FORGOTTEN
    assert not isinstance(answers[-1], ReviewcoreError)
    assert files.held() == ()
    with market.store.read() as tx:
        assert list(tx.uploads.all()) == []


def _upload(market: World, files: MemoryFiles, artist: ArtistProfile) -> Upload:
    command = StartUpload(
        artist_id=artist.id,
        filename="first light.mp3",
        content_type="audio/mpeg",
        content_length=len(MUSIC),
    )
    upload = market.app.perform(start_upload, command)
    files.write(upload.key, io.BytesIO(MUSIC), content_type=upload.content_type)
    return upload


def _listening(market: World, uploads: list[Upload]) -> list[Callable[[], object]]:
    return [
        partial(
            market.app.drive,
            accept_upload,
            AcceptUpload(upload_id=one.id, artist_id=one.artist_id),
        )
        for one in uploads
        for _ in range(2)
    ]


def _require_a_row_for_each(market: World, files: MemoryFiles) -> None:
    with market.store.read() as tx:
        rows = {one.key for one in tx.uploads.all() if one.status is UploadStatus.ACCEPTED}
    assert {key for key in files.held() if key.startswith(f"{KEPT}/")} == rows
