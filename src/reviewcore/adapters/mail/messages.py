"""A letter as a message that any mail program reads."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from reviewcore.ports.mail import Letter

LINE_OCTETS_MAX = 998
"""RFC 5322, 2.1.1: what a line may hold besides its CRLF."""


def message_of(letter: Letter, *, sender: str, at: datetime) -> EmailMessage:
    """Make the message, its text alone."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    # As an address and not as text, so that no comma in it can name a second recipient.
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = at
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte=encoding_for(letter.text))
    return message


def encoding_for(text: str) -> str:
    """Tell how to write *text* so that a token stays on one line.

    It can then be copied and searched for; left to itself the library breaks lines after 76
    characters.
    """
    if max((len(line.encode()) for line in text.splitlines()), default=0) > LINE_OCTETS_MAX:
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"
