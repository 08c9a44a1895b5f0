"""The mailbox of a developer: letters on the terminal."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from reviewcore.domain.errors import Unavailable
from reviewcore.ports.mail import Letter

RULER = "─" * 72


class ConsoleMail:
    """Prints every letter whole, its token too: for development, never for production.

    *stream* is standard output, whatever that is when a letter is sent, unless another is named.
    """

    def __init__(self, stream: TextIO | None = None, *, sender: str) -> None:
        self._stream = stream
        self._sender = sender
        self._lock = threading.Lock()

    def send(self, letter: Letter, /) -> None:
        stream = self._stream if self._stream is not None else sys.stdout
        # One line, as in a letter that is sent.
        subject = " ".join(letter.subject.split())
        head = f"From: {self._sender}\nTo: {letter.to}\nSubject: {subject}"
        text = letter.text.rstrip("\n")
        told = f"{RULER}\n{head}\n\n{text}\n{RULER}\n"
        # A terminal that cannot show a letter of the alphabet shows a question mark instead.
        encoding = stream.encoding or "utf-8"
        shown = told.encode(encoding, "replace").decode(encoding)
        with self._lock:
            try:
                stream.write(shown)
                stream.flush()
            except (OSError, ValueError) as error:
                # ValueError is what a closed stream says.
                raise Unavailable from error
