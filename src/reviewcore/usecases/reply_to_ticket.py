"""Write to a support ticket."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import MessageId, TicketId, UserId
from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket, require_message
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake


@attrs.frozen(kw_only=True)
class ReplyToTicket:
    """The user, or an administrator, adds a message of 1 to 4,000 characters.

    Exactly one of *user_id* and *admin_id* is given.
    """

    ticket_id: TicketId
    message: str
    user_id: UserId | None = None
    admin_id: UserId | None = None


def reply_to_ticket(tx: Transaction, command: ReplyToTicket) -> SupportMessage:
    """Add the message: the user's opens the ticket again, the administrator's is told the user.

    Raises EntityNotFound, also for a ticket that is not the user's, OwnCase for an administrator
    whose own ticket it is, InvalidTransition when it is closed, InvalidText.
    """
    ticket = tx.tickets.lock(command.ticket_id)
    author, author_id = _author(tx, ticket, command)

    message = SupportMessage(
        id=MessageId(tx.new_id()),
        ticket_id=ticket.id,
        author_type=author,
        author_id=author_id,
        body=require_message(command.message),
        created_at=tx.now,
    )
    heard = ticket.hear(author, tx.now)

    tx.messages.add(message)
    tx.tickets.update(heard)

    kind = events.TicketAnswered if author is AuthorType.ADMIN else events.TicketContinued
    tx.events.add(kind(ticket_id=ticket.id, message_id=message.id))
    if heard.status is not ticket.status:
        tx.events.add(events.TicketMoved(ticket_id=ticket.id, status=heard.status))
    return message


def _author(
    tx: Transaction, ticket: SupportTicket, command: ReplyToTicket
) -> tuple[AuthorType, UserId]:
    assert (command.user_id is None) != (command.admin_id is None), "one of them writes"
    if command.user_id is not None:
        ticket.require_owner(command.user_id)
        return AuthorType.USER, command.user_id
    assert command.admin_id is not None
    require_no_stake(tx, command.admin_id, ticket.user_id)
    return AuthorType.ADMIN, command.admin_id
