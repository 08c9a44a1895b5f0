"""What the market needs of a mail service."""

from __future__ import annotations

from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Letter:
    """A mail to one person; *text* may carry a token, so a letter is never logged."""

    to: str
    subject: str
    text: str = attrs.field(repr=False)


class Mail(Protocol):
    """A mail service."""

    def send(self, letter: Letter, /) -> None:
        """Hand the letter over.

        Raises Unavailable when that may succeed later, MailRefused when it never will.
        """
        ...
