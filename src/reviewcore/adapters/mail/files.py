"""Letters as .eml files, which any mail program opens."""

from __future__ import annotations

import contextlib
import os
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from pathlib import Path

from reviewcore.domain.errors import Unavailable
from reviewcore.ports.mail import Letter
from reviewcore.sources import Clock, TimeIds, system_clock

LINE_OCTETS_MAX = 998
"""RFC 5322, 2.1.1: what a line may hold besides its CRLF."""


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
        written = self._message(letter).as_bytes()
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

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        # As an address and not as text, so that no comma in it can name a second recipient.
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = self._clock()
        message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte=_encoding_for(letter.text))
        return message


def _encoding_for(text: str) -> str:
    # A token stays on one line that can be copied and searched for; left to itself the library
    # breaks lines after 76 characters.
    if max((len(line.encode()) for line in text.splitlines()), default=0) > LINE_OCTETS_MAX:
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"
