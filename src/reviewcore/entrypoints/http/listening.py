"""Where uploads are named, accepted and heard: between the routes and the store of files."""

from __future__ import annotations

from typing import TypeVar

import attrs

from reviewcore.domain.links import SourceType, judge_source_url
from reviewcore.domain.tracks import Track
from reviewcore.domain.uploads import LISTEN_TIME, UPLOAD_TIME, Upload, source_url_of, upload_of
from reviewcore.entrypoints.http.desk import Desk
from reviewcore.ports.links import LinkFacts
from reviewcore.ports.store import Transaction
from reviewcore.usecases import AcceptUpload, GetFeedback, SubmitTrack, accept_upload

D = TypeVar("D", SubmitTrack, GetFeedback)


def upload_prefix(desk: Desk) -> str:
    """Tell what the links of this deployment's uploads begin with.

    They are names, not places: nothing is served there.
    """
    return f"{desk.gate.base_url}/uploads"


def link_of(desk: Desk, upload: Upload) -> str:
    """Make the link of an upload."""
    return source_url_of(upload.id, prefix=upload_prefix(desk))


def put_address(desk: Desk, upload: Upload) -> str:
    """Make the address to put an upload's file to. Raises UploadsNotTaken."""
    return desk.app.files.sign_upload(
        upload.key,
        content_type=upload.content_type,
        content_length=upload.content_length,
        life=UPLOAD_TIME,
    )


def accept_source(desk: Desk, source_url: str) -> SourceType:
    """Judge the link of a track; if it is of an upload, have its file listened to first.

    Not for use inside a transaction. Raises InvalidSourceUrl and what `accept_upload` raises.
    """
    kind = judge_source_url(source_url, upload_prefix=upload_prefix(desk))
    if kind is SourceType.UPLOAD:
        command = AcceptUpload(upload_id=upload_of(source_url), artist_id=desk.artist_id)
        desk.drive(accept_upload, command)
    return kind


def facts_of(desk: Desk, source_url: str) -> LinkFacts | None:
    """Ask the platform of a link what the track is called; None when nobody tells.

    Not for use inside a transaction.
    """
    return desk.app.links.describe(source_url)


def described(command: D, facts: LinkFacts | None) -> D:
    """Complete an order without a title by what the platform tells, where it tells anything."""
    if facts is None:
        return command
    duration = command.duration or facts.duration_seconds
    return attrs.evolve(command, title=facts.title, duration=duration)


def recording_of(tx: Transaction, track: Track) -> Upload | None:
    """Find the upload that a track is played from; None for a link to elsewhere."""
    if track.source_type is not SourceType.UPLOAD:
        return None
    return tx.uploads.find(upload_of(track.source_url))


def listen_address(desk: Desk, track: Track, recording: Upload | None) -> str:
    """Tell where a reviewer hears the track: its link, or an address that is good for a while."""
    if recording is None:
        return track.source_url
    return desk.app.files.sign_download(
        recording.key, content_type=recording.played_as, life=LISTEN_TIME
    )
