"""Support tickets, as users and administrators see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket, TicketStatus
from reviewcore.entrypoints.http.views.shape import shape


@attrs.frozen(kw_only=True)
class TicketView:
    """Something that a user asks."""

    id: str
    user_id: str
    subject: str
    status: TicketStatus
    created_at: datetime
    updated_at: datetime


@attrs.frozen(kw_only=True)
class MessageView:
    """One message of a ticket; which administrator wrote it is not told."""

    id: str
    ticket_id: str
    author_type: AuthorType
    body: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class ThreadView(TicketView):
    """A ticket with its messages, oldest first."""

    messages: tuple[MessageView, ...]


def ticket_view(ticket: SupportTicket) -> TicketView:
    """Show a ticket."""
    return shape(TicketView, ticket)


def message_view(message: SupportMessage) -> MessageView:
    """Show a message."""
    return shape(MessageView, message)


def thread_view(ticket: SupportTicket, messages: Sequence[SupportMessage]) -> ThreadView:
    """Show a ticket with its messages."""
    return shape(ThreadView, ticket, messages=tuple(map(message_view, messages)))
