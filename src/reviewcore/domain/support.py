"""Support: what people ask and administrators answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import EntityNotFound, InvalidTransition
from reviewcore.domain.ids import MessageId, TicketId, UserId
from reviewcore.domain.texts import require_line, require_text

SUBJECT_MAX = 120
MESSAGE_MAX = 4000


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    OPEN = "OPEN"
    NEEDS_INFO = "NEEDS_INFO"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


# OPEN        waits for an administrator. The user's answer opens a ticket again, but a closed one.
# NEEDS_INFO  an administrator asked the user something.
# RESOLVED    an administrator thinks that all is well; the user may disagree by answering.
# CLOSED      final: nobody writes to it any more.
NEXT: Mapping[TicketStatus, frozenset[TicketStatus]] = MappingProxyType(
    {
        TicketStatus.OPEN: frozenset(
            {TicketStatus.NEEDS_INFO, TicketStatus.RESOLVED, TicketStatus.CLOSED}
        ),
        TicketStatus.NEEDS_INFO: frozenset(
            {TicketStatus.OPEN, TicketStatus.RESOLVED, TicketStatus.CLOSED}
        ),
        TicketStatus.RESOLVED: frozenset({TicketStatus.OPEN, TicketStatus.CLOSED}),
        TicketStatus.CLOSED: frozenset(),
    }
)


class AuthorType(StrEnum):
    """Who wrote a message."""

    USER = "USER"
    ADMIN = "ADMIN"


@attrs.frozen(kw_only=True)
class SupportTicket:
    """Something that a user asks; *subject* has 1 to 120 characters on one line."""

    id: TicketId
    user_id: UserId
    subject: str
    status: TicketStatus
    created_at: datetime
    updated_at: datetime

    def require_owner(self, user_id: UserId) -> None:
        """Raise EntityNotFound unless it is the user's."""
        if self.user_id != user_id:
            raise EntityNotFound(entity="SupportTicket", id=self.id)

    def move(self, status: TicketStatus, at: datetime) -> Self:
        """Stand at *status*. Raises InvalidTransition."""
        self._require(status)
        return attrs.evolve(self, status=status, updated_at=at)

    def hear(self, author: AuthorType, at: datetime) -> Self:
        """Take a message: the user's opens it again. Raises InvalidTransition when it is closed."""
        if self.status is TicketStatus.CLOSED:
            raise InvalidTransition(entity="SupportTicket", status=self.status, wanted="OPEN")
        reopens = author is AuthorType.USER and self.status is not TicketStatus.OPEN
        return attrs.evolve(
            self, status=TicketStatus.OPEN if reopens else self.status, updated_at=at
        )

    def erase(self, at: datetime) -> Self:
        """Lose its words, and be closed: its user leaves for good."""
        return attrs.evolve(self, subject="", status=TicketStatus.CLOSED, updated_at=at)

    def _require(self, wanted: TicketStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise InvalidTransition(entity="SupportTicket", status=self.status, wanted=wanted)


@attrs.frozen(kw_only=True)
class SupportMessage:
    """One message of a ticket, 1 to 4,000 characters."""

    id: MessageId
    ticket_id: TicketId
    author_type: AuthorType
    author_id: UserId
    body: str
    created_at: datetime

    def erase(self) -> Self:
        """Lose its words, whoever wrote them: answers quote questions."""
        return attrs.evolve(self, body="")


def require_subject(subject: str) -> str:
    """Return *subject* stripped, 1 to 120 characters on one line. Raises InvalidText."""
    return require_line("subject", subject, longest=SUBJECT_MAX)


def require_message(body: str) -> str:
    """Return *body* stripped, 1 to 4,000 characters. Raises InvalidText."""
    return require_text("message", body, longest=MESSAGE_MAX)
