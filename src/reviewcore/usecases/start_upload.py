"""Let an artist put a file up."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.uploads import (
    INCOMING,
    Upload,
    UploadStatus,
    require_audio_type,
    require_filename,
    require_length,
)
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class StartUpload:
    """An artist has a file of *content_length* bytes, 1 byte to 25 MiB, for a track."""

    artist_id: ArtistId
    filename: str
    content_type: str
    content_length: int


def start_upload(tx: Transaction, command: StartUpload) -> Upload:
    """Record the upload; its file may be put under its key from now on.

    Raises EntityNotFound, EmailNotVerified, InvalidText, UnknownAudioType, OutOfRange.
    """
    # Locked, so that nothing is begun for an artist who leaves meanwhile and is never removed.
    artist = tx.artists.lock(command.artist_id)
    tx.users.get(artist.user_id).require_verified()

    upload_id = UploadId(tx.new_id())
    upload = Upload(
        id=upload_id,
        artist_id=artist.id,
        key=f"{INCOMING}/{upload_id}",
        filename=require_filename(command.filename),
        content_type=require_audio_type(command.content_type),
        content_length=require_length(command.content_length),
        status=UploadStatus.STARTED,
        created_at=tx.now,
    )

    tx.uploads.add(upload)

    return upload
