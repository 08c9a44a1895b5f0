"""Put a track up for review."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import ArtistId
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.joining import make_track
from reviewcore.usecases.steps.uploads import find_source


@attrs.frozen(kw_only=True)
class SubmitTrack:
    """An artist wants to hear about a track.

    *genres* are 1 to 3 slugs, *duration* seconds if known; that of an upload we know ourselves.
    *upload_prefix* is what the links of this deployment's uploads begin with, if it takes any.
    """

    artist_id: ArtistId
    title: str
    source_url: str
    genres: tuple[str, ...]
    package_type: PackageType = PackageType.STARTER
    duration: int | None = None
    feedback_focus: str | None = None
    upload_prefix: str | None = None


def submit_track(tx: Transaction, command: SubmitTrack) -> Track:
    """Record the track; it waits for payment.

    An upload was accepted before (`accept_upload`). Raises EntityNotFound, EmailNotVerified,
    InvalidSourceUrl, UploadRefused, InvalidText, UnknownGenre, TooMany, OutOfRange.
    """
    # Locked, so that nobody submits a track while he leaves.
    artist = tx.artists.lock(command.artist_id)
    tx.users.get(artist.user_id).require_verified()
    source = find_source(
        tx, command.source_url, artist_id=artist.id, upload_prefix=command.upload_prefix
    )

    return make_track(tx, artist, command, source_type=source.type, duration=source.duration)
