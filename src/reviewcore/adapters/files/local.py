"""Files in a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from reviewcore.adapters.files.served import Receiving, Refusal, ServedFiles, Slip, age
from reviewcore.domain.errors import FilesUnavailable, UploadMissing
from reviewcore.domain.uploads import INCOMING
from reviewcore.ports.files import require_key
from reviewcore.sources import Clock, system_clock

# Before the name of what is not whole yet; no key can begin so.
DRAFT = "."


class LocalFiles(ServedFiles):
    """Files below *root*, which is made when the first of them comes.

    Every file is written under another name, synchronised and renamed: a crash leaves the whole
    file or none. *secret* signs the addresses and must be the same in all processes.
    """

    def __init__(
        self, root: Path | str, *, base_url: str, secret: str, clock: Clock = system_clock
    ) -> None:
        super().__init__(base_url=base_url, secret=secret, clock=clock)
        # Wherever the process goes later.
        self._root = Path(root).absolute()

    def open(self, key: str) -> BinaryIO:
        with _translated():
            return self._path(key).open("rb")

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        with _translated():
            draft = _Draft(self._path(key))
            try:
                shutil.copyfileobj(file, draft.file)
                draft.publish()
            finally:
                draft.abandon()

    def remove(self, key: str) -> None:
        with _translated():
            self._path(key).unlink(missing_ok=True)

    def sweep(self, before: datetime) -> int:
        swept = 0
        with _translated():
            for file in self._root.glob(f"{INCOMING}/*"):
                # Another worker may sweep as well.
                with contextlib.suppress(FileNotFoundError):
                    if age(file.stat().st_mtime) < before:
                        file.unlink()
                        swept += 1
            # Half of a file that a crash left where whole ones are kept.
            for file in self._root.glob(f"*/{DRAFT}*"):
                with contextlib.suppress(FileNotFoundError):
                    if age(file.stat().st_mtime) < before:
                        file.unlink()
        return swept

    def receive(self, slip: Slip) -> Receiving:
        with _translated():
            return _Incoming(slip, _Draft(self._path(slip.key)))

    def _path(self, key: str) -> Path:
        # The form of a key leaves no way out of the folder.
        return self._root / require_key(key)


class _Draft:
    """A file under a name of its own until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._draft = path.with_name(f"{DRAFT}{path.name}.{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self.file: BinaryIO = os.fdopen(os.open(self._draft, flags, 0o600), "wb")

    def publish(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self._draft.replace(self._path)
        _synchronise(self._path.parent)

    def abandon(self) -> None:
        self.file.close()
        self._draft.unlink(missing_ok=True)


class _Incoming:
    def __init__(self, slip: Slip, draft: _Draft) -> None:
        self._left = slip.length or 0
        self._draft = draft

    def write(self, block: bytes) -> None:
        self._left -= len(block)
        if self._left < 0:
            raise Refusal
        with _translated():
            self._draft.file.write(block)

    def finish(self) -> None:
        if self._left:
            raise Refusal
        with _translated():
            self._draft.publish()

    def abandon(self) -> None:
        self._draft.abandon()


def _synchronise(folder: Path) -> None:
    # The new name must outlive a power cut as well; Windows opens no folders.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UploadMissing from error
    except OSError as error:
        raise FilesUnavailable from error
