from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

import pytest

from reviewcore.adapters.files import MemoryFiles
from reviewcore.app import App
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import (
    DecoderUnavailable,
    EmailNotVerified,
    EntityNotFound,
    InvalidSourceUrl,
    InvalidText,
    OutOfRange,
    UnknownAudioType,
    UploadMissing,
    UploadRefused,
    UploadsNotTaken,
)
from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.links import SourceType
from reviewcore.domain.uploads import (
    UPLOAD_MAX_BYTES,
    AudioFormat,
    Heard,
    Playable,
    Upload,
    UploadStatus,
    source_url_of,
)
from reviewcore.ports.audio import NoAudio
from reviewcore.ports.files import NoFiles
from reviewcore.usecases import (
    AcceptUpload,
    OpenArtistProfile,
    SignUp,
    StartUpload,
    UpdateSource,
    accept_upload,
    open_artist_profile,
    sign_up,
    start_upload,
    update_source,
)
from tests.unit.usecases.market import PASSWORD, World

PREFIX = "https://market.example/uploads"
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def artist(world: World) -> ArtistProfile:
    return world.an_artist()


def accepted(world: World, upload: Upload, **changes: ArtistId) -> Upload:
    told = {"artist_id": upload.artist_id} | changes
    return world.drive(accept_upload, AcceptUpload(upload_id=upload.id, **told))


def stored(world: World, upload: Upload) -> Upload | None:
    return world.look(lambda tx: tx.uploads.find(upload.id))


def has_file(world: World, key: str) -> bool:
    try:
        world.files.open(key)
    except UploadMissing:
        return False
    return True


def link(upload: Upload) -> str:
    return source_url_of(upload.id, prefix=PREFIX)


def test_an_announced_upload_waits_for_its_file(world: World, artist: ArtistProfile) -> None:
    upload = world.an_upload(artist, b"")

    assert stored(world, upload) == upload
    assert (upload.status, upload.duration) == (UploadStatus.STARTED, None)
    assert (upload.audio, upload.played_as) == (AudioFormat.MP3, "audio/mpeg")
    assert world.all(lambda tx: tx.uploads.of_artist(artist.id)) == [upload]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"filename": " "}, InvalidText),
        ({"filename": "x" * 256}, InvalidText),
        ({"filename": "demo\0.mp3"}, InvalidText),
        ({"filename": "demo\n.mp3"}, InvalidText),
        ({"content_type": "text/html"}, UnknownAudioType),
        ({"content_type": "audio/mpeg; charset=utf-8"}, UnknownAudioType),
        ({"content_type": "AUDIO/MPEG"}, UnknownAudioType),
        ({"content_type": ""}, UnknownAudioType),
        ({"content_length": 0}, OutOfRange),
        ({"content_length": -1}, OutOfRange),
        ({"content_length": UPLOAD_MAX_BYTES + 1}, OutOfRange),
        ({"artist_id": ArtistId("nobody")}, EntityNotFound),
    ],
)
def test_what_cannot_be_a_track_is_not_taken(
    world: World, artist: ArtistProfile, changes: dict[str, object], refusal: type[Exception]
) -> None:
    told: dict[str, object] = {
        "artist_id": artist.id,
        "filename": "demo.mp3",
        "content_type": "audio/mpeg",
        "content_length": UPLOAD_MAX_BYTES,
    }

    with pytest.raises(refusal):
        world.do(start_upload, StartUpload(**(told | changes)))  # type: ignore[arg-type]  # wrong on purpose

    assert world.all(lambda tx: tx.uploads.all()) == []


def test_a_hostile_filename_is_only_a_label(world: World, artist: ArtistProfile) -> None:
    command = StartUpload(
        artist_id=artist.id,
        filename="../../etc/passwd",
        content_type="audio/mpeg",
        content_length=1,
    )

    upload = world.do(start_upload, command)

    assert upload.key == f"incoming/{upload.id}"


def test_whoever_has_not_proven_his_address_uploads_nothing(world: World) -> None:
    user = world.drive(sign_up, SignUp(email="new@example.com", password=PASSWORD))
    command = OpenArtistProfile(user_id=user.id, artist_name="New")
    artist = world.do(open_artist_profile, command)

    with pytest.raises(EmailNotVerified):
        world.an_upload(artist)


def test_music_is_kept_under_a_name_of_its_content(world: World, artist: ArtistProfile) -> None:
    upload = world.an_upload(artist)

    kept = accepted(world, upload)

    assert (kept.status, kept.duration) == (UploadStatus.ACCEPTED, 200)
    assert kept == stored(world, upload)
    assert kept.key.startswith(f"kept/{upload.id}-")
    assert world.files.open(kept.key).read() == b"plays 200"
    assert not has_file(world, upload.key)


def test_a_file_longer_than_one_reading_is_kept_whole(world: World, artist: ArtistProfile) -> None:
    content = b"plays 200" + b" " * 100_000
    upload = world.an_upload(artist, content)

    kept = accepted(world, upload)

    assert world.files.open(kept.key).read() == content
    assert kept.key == f"kept/{upload.id}-{hashlib.sha256(content).hexdigest()}"


class Labels(MemoryFiles):
    """Remembers as what each file was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: dict[str, str] = {}

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        self.labels[key] = content_type
        super().write(key, file, content_type=content_type)


def test_music_is_kept_as_what_browsers_play(world: World, artist: ArtistProfile) -> None:
    world.files = files = Labels()
    world.reach_bank_through()

    kept = accepted(world, world.an_upload(artist))

    assert files.labels == {kept.key: "audio/mpeg"}


def test_a_file_put_after_it_was_accepted_changes_nothing(
    world: World, artist: ArtistProfile
) -> None:
    upload = world.an_upload(artist)
    kept = accepted(world, upload)
    world.put(upload, b"something")

    again = accepted(world, upload)

    assert again == kept
    assert world.files.open(kept.key).read() == b"plays 200"


def test_what_is_no_music_is_refused_for_good_and_its_file_forgotten(
    world: World, artist: ArtistProfile
) -> None:
    upload = world.an_upload(artist, b"<html>")

    with pytest.raises(UploadRefused) as first:
        accepted(world, upload)
    world.put(upload, b"plays 200")
    with pytest.raises(UploadRefused) as second:
        accepted(world, upload)

    assert first.value.reason == second.value.reason == "is no MP3"
    refused = stored(world, upload)
    assert refused is not None
    assert (refused.status, refused.refusal) == (UploadStatus.REFUSED, "is no MP3")


def test_another_length_than_announced_is_refused(world: World, artist: ArtistProfile) -> None:
    upload = world.an_upload(artist)
    world.put(upload, b"plays 2000")

    with pytest.raises(UploadRefused, match="has 10 bytes, not the 9"):
        accepted(world, upload)

    assert not has_file(world, upload.key)


def test_an_upload_without_its_file_can_still_get_it(world: World, artist: ArtistProfile) -> None:
    upload = world.an_upload(artist, b"")

    with pytest.raises(UploadMissing):
        accepted(world, upload)

    assert stored(world, upload) == upload


def test_nobody_uses_what_another_has_uploaded(world: World, artist: ArtistProfile) -> None:
    upload, thief = world.an_upload(artist), world.an_artist()

    with pytest.raises(EntityNotFound):
        accepted(world, upload, artist_id=thief.id)
    accepted(world, upload)
    with pytest.raises(EntityNotFound):
        world.a_track(thief, source_url=link(upload), upload_prefix=PREFIX)


class Overtaken:
    """Listens, and meanwhile another call accepts another file."""

    def __init__(self, world: World, upload: Upload) -> None:
        self._world, self._upload = world, upload

    def listen(self, file: BinaryIO, audio: AudioFormat, /) -> Heard:
        assert file.read() == b"plays 200"
        self._world.audio = type(self._world)().audio
        self._world.reach_bank_through()
        self._world.put(self._upload, b"plays 100")
        accepted(self._world, self._upload)
        return Playable(200)


def test_of_two_at_once_the_file_that_was_judged_first_is_kept(
    world: World, artist: ArtistProfile
) -> None:
    upload = world.an_upload(artist)
    world.audio = Overtaken(world, upload)
    world.reach_bank_through()

    kept = accepted(world, upload)

    assert kept.duration == 100
    assert world.files.open(kept.key).read() == b"plays 100"
    names = [key for key in world.files.held() if key.startswith("kept/")]
    assert names == [kept.key]


class Meanwhile:
    """Listens, and meanwhile something happens."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def listen(self, file: BinaryIO, audio: AudioFormat, /) -> Heard:
        self._act()
        return Playable(200)


def test_the_file_of_an_upload_that_is_forgotten_meanwhile_goes_as_well(
    world: World, artist: ArtistProfile
) -> None:
    upload = world.an_upload(artist)

    def forget() -> None:
        world.wait(hours=25)
        world.work()

    world.audio = Meanwhile(forget)
    world.reach_bank_through()

    with pytest.raises(EntityNotFound) as missing:
        accepted(world, upload)

    assert (missing.value.entity, missing.value.id) == ("Upload", upload.id)
    assert stored(world, upload) is None
    assert world.files.held() == ()


class Broken:
    def listen(self, file: BinaryIO, audio: AudioFormat, /) -> Heard:
        raise DecoderUnavailable


def test_after_a_failure_in_between_the_same_call_succeeds(
    world: World, artist: ArtistProfile
) -> None:
    upload, working = world.an_upload(artist), world.audio
    world.audio = Broken()
    world.reach_bank_through()
    with pytest.raises(DecoderUnavailable):
        accepted(world, upload)
    assert stored(world, upload) == upload

    world.audio = working
    world.reach_bank_through()

    assert accepted(world, upload).status is UploadStatus.ACCEPTED


def test_a_track_of_an_upload_is_as_long_as_we_heard(world: World, artist: ArtistProfile) -> None:
    upload = accepted(world, world.an_upload(artist))

    track = world.a_track(artist, source_url=link(upload), upload_prefix=PREFIX, duration=7)

    assert (track.source_type, track.duration) == (SourceType.UPLOAD, 200)


def test_no_track_is_made_of_what_nobody_has_listened_to(
    world: World, artist: ArtistProfile
) -> None:
    upload = world.an_upload(artist)

    with pytest.raises(UploadRefused, match="has not been looked at"):
        world.a_track(artist, source_url=link(upload), upload_prefix=PREFIX)


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        (f"{PREFIX}/nothing", EntityNotFound),
        (f"{PREFIX}/one?two", InvalidSourceUrl),
        (f"{PREFIX}/one.mp3", InvalidSourceUrl),
        (f"{PREFIX}/one/", InvalidSourceUrl),
        (f"{PREFIX}/{'x' * 65}", InvalidSourceUrl),
    ],
)
def test_a_link_that_names_no_upload_is_refused(
    world: World, artist: ArtistProfile, url: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        world.a_track(artist, source_url=url, upload_prefix=PREFIX)


def test_a_track_can_be_mended_by_an_upload(world: World, artist: ArtistProfile) -> None:
    upload = accepted(world, world.an_upload(artist))
    track = world.a_track(artist, duration=7)

    command = UpdateSource(
        track_id=track.id, artist_id=artist.id, source_url=link(upload), upload_prefix=PREFIX
    )
    mended = world.do(update_source, command)

    assert (mended.source_type, mended.duration) == (SourceType.UPLOAD, 200)


def test_uploads_that_came_to_nothing_are_forgotten_after_a_day(
    world: World, artist: ArtistProfile
) -> None:
    waiting = world.an_upload(artist)
    refused = world.an_upload(artist, b"<html>")
    with pytest.raises(UploadRefused):
        accepted(world, refused)
    kept = accepted(world, world.an_upload(artist))
    world.work()
    world.wait(hours=23)
    fresh = world.an_upload(artist)
    world.work()
    assert stored(world, waiting) == waiting

    world.wait(hours=2)
    world.work()

    assert world.all(lambda tx: tx.uploads.all()) == [kept, fresh]
    assert set(world.files.held()) == {kept.key, fresh.key}


def test_an_app_that_is_told_of_no_files_takes_links_alone(world: World) -> None:
    app = App(
        store=world.app.store,
        payments=world.bank,
        payouts=world.bank,
        mail=world.mail,
        passwords=world.app.passwords,
    )

    assert isinstance(app.files, NoFiles)
    assert isinstance(app.recordings.audio, NoAudio)
    with pytest.raises(UploadsNotTaken):
        app.files.sign_upload("incoming/a", content_type="audio/mpeg", content_length=1, life=HOUR)
    with pytest.raises(UploadMissing):
        app.files.sign_download("kept/a", content_type="audio/mpeg", life=HOUR)
    with pytest.raises(UploadMissing):
        app.drive(
            accept_upload,
            AcceptUpload(
                upload_id=UploadId(world.an_upload(artist := world.an_artist()).id),
                artist_id=artist.id,
            ),
        )
    with pytest.raises(UploadsNotTaken):
        app.files.write(
            "kept/a", world.files.open(world.an_upload(artist).key), content_type="audio/mpeg"
        )
    with pytest.raises(DecoderUnavailable):
        app.recordings.audio.listen(world.files.open(world.an_upload(artist).key), AudioFormat.MP3)
    app.files.remove("kept/a")
    assert app.files.sweep(world.clock()) == 0
