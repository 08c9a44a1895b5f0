"""Letters as .eml files, which any mail program opens."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from reviewcore.adapters.mail.messages import message_of
from reviewcore.domain.errors import Unavailable
from reviewcore.ports.mail import Letter
from reviewcore.sources import Clock, TimeIds, system_clock


class FileMail:
    """Writes one file a letter into *directory*, made when missing; names sort by time sent.

    A file appears complete or not at all. Letters carry tokens, so only their owner may read them.
    """

    def __init__(self, directory: str | Path, *, sender: str, clock: Clock = system_clock) -> None:
        self._directory = Path(directory)
        self._sender = sender
        self._clock = clock
        self._ids = TimeIds(clock)

    def send(self, letter: Letter, /) -> None:
        name = f"{self._ids()}.eml"
        unfinished = self._directory / f".{name}.unfinished"
        written = message_of(letter, sender=self._sender, at=self._clock()).as_bytes()
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
                file.write(written)
            unfinished.rename(self._directory / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise Unavailable from error
