"""A mailbox in memory, for tests and for hosts that look before they send."""

from __future__ import annotations

from reviewcore.ports.mail import Letter


class MemoryMail:
    """Keeps every letter in `letters`, in the order sent."""

    def __init__(self) -> None:
        # Appending to a list is one step to every thread, so this needs no lock.
        self.letters: list[Letter] = []

    def send(self, letter: Letter, /) -> None:
        self.letters.append(letter)
