"""Remove the files of whoever has left for good."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import UserId
from reviewcore.domain.uploads import Upload
from reviewcore.ports.files import Files
from reviewcore.ports.store import Store


@attrs.frozen(kw_only=True)
class ForgetUploads:
    """A user was erased."""

    user_id: UserId


def forget_uploads(store: Store, files: Files, command: ForgetUploads) -> None:
    """Remove each file and then its row, so that whatever interrupts this finds the rest again.

    Nothing of a user who is there is touched; a repeat is harmless. Raises EntityNotFound,
    FilesUnavailable.
    """
    with store.read() as tx:
        user = tx.users.get(command.user_id)
        artist = tx.artists.of_user(user.id)
        if user.erased_at is None or artist is None:
            return
        uploads = tx.uploads.of_artist(artist.id)

    for upload in uploads:
        _forget(store, files, upload)


def _forget(store: Store, files: Files, upload: Upload) -> None:
    files.remove(upload.key)

    with store.begin() as tx:
        moved = [one for one in tx.uploads.lock_many([upload.id]) if one.key != upload.key]
        if not moved:
            tx.uploads.remove(upload.id)

    for one in moved:
        # It was listened to meanwhile, and is kept under another name: for good, so once is enough.
        _forget(store, files, one)
