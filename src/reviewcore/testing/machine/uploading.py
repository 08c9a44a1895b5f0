"""Artists put files up, which are listened to, and make tracks of them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import (
    DecoderUnavailable,
    EntityNotFound,
    FilesUnavailable,
    ReviewcoreError,
    UploadMissing,
    UploadRefused,
)
from reviewcore.domain.ids import ArtistId
from reviewcore.domain.links import SourceType
from reviewcore.domain.uploads import INCOMING, Upload, UploadStatus, source_url_of
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.leading import Leading
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.testing.machine.weather import MUSIC, NOISE, RIDDLE, SECONDS
from reviewcore.usecases import (
    AcceptUpload,
    StartUpload,
    SubmitTrack,
    UpdateSource,
    accept_upload,
    start_upload,
    submit_track,
    update_source,
)

PREFIX = "https://market.example/uploads"
FILES: dict[str, bytes | None] = {
    "music": MUSIC,
    "noise": NOISE,
    "riddle": RIDDLE,
    "longer": MUSIC * 2,
    "nothing": None,
}
KINDS = st.sampled_from(("music", "music", *FILES))
OUTCOMES: dict[str, type[ReviewcoreError]] = {
    "noise": UploadRefused,
    "riddle": DecoderUnavailable,
    "longer": UploadRefused,
    "nothing": UploadMissing,
}
"""What must come of accepting a file that is no music."""


class Uploading(Leading):
    """Files, and the tracks made of them."""

    def upload(self, artist_id: ArtistId) -> Upload:
        """Begin to put a file up."""
        command = StartUpload(
            artist_id=artist_id,
            filename="first light.mp3",
            content_type="audio/mpeg",
            content_length=len(MUSIC),
        )
        answer: Upload = self.perform(start_upload, command)
        return answer

    def put(self, upload: Upload, kind: str) -> None:
        """Have a file put to the address of an upload, or none."""
        content, key = FILES[kind], f"{INCOMING}/{upload.id}"

        def put(lane: Lane) -> None:
            if content is not None:
                lane.files.put(key, content)

        self.act(put, told=f"{kind} is put to {key}")

    def verified_artists(self) -> list[ArtistId]:
        """Name the artists who may submit: there is always one."""
        users = self.now.user
        artists = self.now.view.artists
        return [one.id for one in artists if users[one.user_id].email_verified is not None]

    @precondition(when.is_plain)
    @rule(
        which=WHICH,
        filename=sayings.mostly("first light.mp3", "", "x" * 256),
        kind=sayings.mostly("audio/mpeg", "audio/flac", "text/html"),
        length=sayings.mostly(len(MUSIC), 0, 25 * 1024 * 1024 + 1),
    )
    def an_artist_begins_an_upload(
        self, *, which: int, filename: str, kind: str, length: int
    ) -> None:
        artist_id = pick(which, [*self.artist_ids, sayings.NOBODY])
        command = StartUpload(
            artist_id=artist_id, filename=filename, content_type=kind, content_length=length
        )
        self.perform(start_upload, command)

    @precondition(when.is_plain)
    @precondition(when.there_are_uploads)
    @rule(which=WHICH, kind=KINDS)
    def a_file_is_put(self, *, which: int, kind: str) -> None:
        # Also to the address of one that was judged: it stays good for an hour.
        started = [one for one in self.now.uploads if one.status is UploadStatus.STARTED]
        self.put(pick(which, started[::-1] or self.now.uploads), kind)

    @precondition(when.is_plain)
    @precondition(when.there_are_uploads)
    @rule(which=WHICH, slip=SLIPS)
    def an_upload_is_accepted(self, *, which: int, slip: Slip) -> None:
        everything = self.now.uploads
        started = [one for one in everything if one.status is UploadStatus.STARTED]
        upload = pick(which, everything if slip is Slip.STALE else started or everything)
        command = AcceptUpload(
            upload_id=named(slip, upload.id),
            artist_id=actor(slip, upload.artist_id, self.artist_ids),
        )
        require_slip(slip, self.drive(accept_upload, command), foreign=EntityNotFound)

    @rule(calls=st.integers(1, 3))
    def the_files_cannot_be_reached(self, *, calls: int) -> None:
        for lane in self.lanes.all:
            lane.files.refusals = calls

    # ── in one go ────────────────────────────────────────────────────────────────────────────

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, kind=KINDS, away=sayings.mostly(0, 1, 2, 3), kept=st.booleans())
    def a_file_becomes_a_track(self, *, which: int, kind: str, away: int, kept: bool) -> None:
        artist_id = pick(which, self.verified_artists())
        upload = self.upload(artist_id)
        self.put(upload, kind)
        for lane in self.lanes.all:
            lane.files.refusals = away
        command = AcceptUpload(upload_id=upload.id, artist_id=artist_id)
        answer = self.drive(accept_upload, command)
        while isinstance(answer, Refusal) and answer.kind is FilesUnavailable:
            self.reached("an upload is accepted after all")
            answer = self.drive(accept_upload, command)
        for lane in self.lanes.all:
            lane.files.refusals = 0
        if kind in OUTCOMES:
            assert isinstance(answer, Refusal), f"{kind} was accepted"
            assert answer.kind is OUTCOMES[kind], f"{kind}: {answer.kind.__name__}"
            return
        # What is put to the address later changes nothing.
        self.put(upload, "noise")
        assert self.drive(accept_upload, command) == answer, "what was judged stays so"
        self._use(answer, kept=kept)

    def _use(self, upload: Upload, *, kept: bool) -> None:
        """Make a track of an upload, which no other artist can; its length is what we heard."""
        link = source_url_of(upload.id, prefix=PREFIX)
        stranger = self.verified_artists()[-1]
        for artist_id in dict.fromkeys((stranger, upload.artist_id)):
            command = SubmitTrack(
                artist_id=artist_id,
                title="First Light",
                source_url=link,
                genres=("house",),
                duration=10,
                upload_prefix=PREFIX,
            )
            answer = self.perform(submit_track, command)
            if artist_id != upload.artist_id:
                assert isinstance(answer, Refusal)
                assert answer.kind is EntityNotFound
        track = self.now.view.tracks[-1]
        assert (track.source_type, track.duration) == (SourceType.UPLOAD, SECONDS)
        if kept:
            self.pay(track.id)
        mend = UpdateSource(
            track_id=track.id, artist_id=track.artist_id, source_url=link, upload_prefix=PREFIX
        )
        self.perform(update_source, mend)
