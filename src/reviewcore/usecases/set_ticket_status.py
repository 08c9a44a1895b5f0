"""Say where a support ticket stands."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import TicketId, UserId
from reviewcore.domain.support import SupportTicket, TicketStatus
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake


@attrs.frozen(kw_only=True)
class SetTicketStatus:
    """An administrator moves a ticket on."""

    ticket_id: TicketId
    admin_id: UserId
    status: TicketStatus


def set_ticket_status(tx: Transaction, command: SetTicketStatus) -> SupportTicket:
    """Move the ticket; `CLOSED` is final.

    Raises EntityNotFound, OwnCase for an administrator's own ticket, InvalidTransition.
    """
    ticket = tx.tickets.lock(command.ticket_id)
    require_no_stake(tx, command.admin_id, ticket.user_id)

    moved = ticket.move(command.status, tx.now)

    tx.tickets.update(moved)

    tx.events.add(events.TicketMoved(ticket_id=ticket.id, status=moved.status))
    return moved
