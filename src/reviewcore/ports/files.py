"""What the market needs of a store of files: addresses to put them to and play them from.

A key is a folder and a name: `incoming/…` for what anybody with an address may have put there,
`kept/…` for what the market has decoded. Addresses carry their own permission, for one file and a
while; whoever has one needs no session.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import BinaryIO, Final, Protocol

from reviewcore.domain.errors import EntityNotFound, UploadMissing, UploadsNotTaken

KEY: Final = re.compile(r"[a-z]{1,16}/[A-Za-z0-9_-]{1,160}")


def require_key(key: str) -> str:
    """Return *key* if it is one: it leads nowhere but below its folder. Raises EntityNotFound."""
    if not KEY.fullmatch(key):
        raise EntityNotFound(entity="File", id=key)
    return key


class Files(Protocol):
    """Files by key. What cannot be a key raises EntityNotFound in every method."""

    def sign_upload(
        self, key: str, *, content_type: str, content_length: int, life: timedelta
    ) -> str:
        """Make an address to which one may PUT a file of this type and exact length, in bytes.

        While it is good the file may be put again; a reader sees one or the other whole.
        Raises UploadsNotTaken.
        """
        ...

    def sign_download(self, key: str, *, content_type: str, life: timedelta) -> str:
        """Make an address at which one may GET the file, or ranges of it, as *content_type*."""
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open the file to be read, from its beginning; it can be searched.

        What is put under the key meanwhile does not change it. Raises UploadMissing,
        FilesUnavailable.
        """
        ...

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        """Keep all of *file* under the key, for good when this returns. Raises FilesUnavailable."""
        ...

    def remove(self, key: str) -> None:
        """Forget a file; harmless when it is gone. Raises FilesUnavailable."""
        ...

    def sweep(self, before: datetime) -> int:
        """Forget what was put to `incoming/` before a time; count it. Raises FilesUnavailable."""
        ...


class NoFiles:
    """Stands in where no files are kept: tracks are links."""

    def sign_upload(
        self, key: str, *, content_type: str, content_length: int, life: timedelta
    ) -> str:
        raise UploadsNotTaken

    def sign_download(self, key: str, *, content_type: str, life: timedelta) -> str:
        raise UploadMissing

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        raise UploadMissing

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        raise UploadsNotTaken

    def remove(self, key: str) -> None:
        """Have nothing to forget."""

    def sweep(self, before: datetime) -> int:
        return 0
