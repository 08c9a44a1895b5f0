"""Listen to a file that an artist has put up."""

from __future__ import annotations

import hashlib

import attrs

from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import ArtistId, UploadId
from reviewcore.domain.uploads import (
    KEPT,
    Heard,
    Playable,
    Unplayable,
    Upload,
    UploadStatus,
)
from reviewcore.ports.audio import Recordings
from reviewcore.ports.store import Store

BLOCK_BYTES = 1 << 16
"""How much of a file is held in memory while its digest is taken."""


@attrs.frozen(kw_only=True)
class AcceptUpload:
    """The artist wants to make a track of his upload."""

    upload_id: UploadId
    artist_id: ArtistId


def accept_upload(store: Store, recordings: Recordings, command: AcceptUpload) -> Upload:
    """Decode the file and keep it if it is music; its length becomes the track's.

    Once judged, an upload stays so. Run again after any interruption it begins anew. Raises
    EntityNotFound, UploadMissing, UploadRefused, FilesUnavailable, DecoderUnavailable.
    """
    with store.read() as tx:
        upload = tx.uploads.get(command.upload_id)
    upload.require_owner(command.artist_id)
    if upload.status is not UploadStatus.STARTED:
        return upload.require_accepted()

    heard, kept_as = _listen(recordings, upload)

    with store.begin() as tx:
        found = tx.uploads.lock_many([upload.id])
        judged = [one.judge(heard, kept_as=kept_as) for one in found]
        tx.uploads.update(*judged)
    if all(one.key != kept_as for one in judged):
        # Another call was faster, with another file; or the upload was forgotten meanwhile, and
        # nobody who looks for files by their rows would ever find this one.
        recordings.files.remove(kept_as)
    recordings.files.remove(upload.key)
    if not judged:
        raise EntityNotFound(entity="Upload", id=upload.id)
    return judged[0].require_accepted()


def _listen(recordings: Recordings, upload: Upload) -> tuple[Heard, str]:
    with recordings.files.open(upload.key) as file:
        digest = hashlib.sha256()
        length = 0
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            length += len(block)
        kept_as = f"{KEPT}/{upload.id}-{digest.hexdigest()}"
        if length != upload.content_length:
            reason = f"has {length} bytes, not the {upload.content_length} that were announced"
            return Unplayable(reason), kept_as
        file.seek(0)
        heard = recordings.audio.listen(file, upload.audio)
        if isinstance(heard, Playable):
            file.seek(0)
            recordings.files.write(kept_as, file, content_type=upload.played_as)
        return heard, kept_as
