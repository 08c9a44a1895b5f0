"""Ask the administrators something."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import MessageId, TicketId, UserId
from reviewcore.domain.support import (
    AuthorType,
    SupportMessage,
    SupportTicket,
    TicketStatus,
    require_message,
    require_subject,
)
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class OpenTicket:
    """A user wants help: *subject* 1 to 120 characters on one line, *message* 1 to 4,000."""

    user_id: UserId
    subject: str
    message: str


def open_ticket(tx: Transaction, command: OpenTicket) -> SupportTicket:
    """Open a ticket with its first message. Raises EntityNotFound, InvalidText."""
    user = tx.users.lock(command.user_id).require_present()

    ticket = SupportTicket(
        id=TicketId(tx.new_id()),
        user_id=user.id,
        subject=require_subject(command.subject),
        status=TicketStatus.OPEN,
        created_at=tx.now,
        updated_at=tx.now,
    )
    message = SupportMessage(
        id=MessageId(tx.new_id()),
        ticket_id=ticket.id,
        author_type=AuthorType.USER,
        author_id=user.id,
        body=require_message(command.message),
        created_at=tx.now,
    )

    tx.tickets.add(ticket)
    tx.messages.add(message)

    tx.events.add(events.TicketOpened(ticket_id=ticket.id, user_id=user.id))
    return ticket
