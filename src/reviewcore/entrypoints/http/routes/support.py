"""Support: a user's own tickets, and the administrators' side of all of them."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from reviewcore.domain import throttling
from reviewcore.domain.ids import TicketId
from reviewcore.domain.support import TicketStatus
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_admin, signed_in
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.paging import LIMIT_DEFAULT, Cursor, Limit, Page, page_of
from reviewcore.entrypoints.http.views.service import (
    MessageView,
    ThreadView,
    TicketView,
    message_view,
    thread_view,
    ticket_view,
)
from reviewcore.usecases import (
    OpenTicket,
    ReplyToTicket,
    SetTicketStatus,
    open_ticket,
    reply_to_ticket,
    set_ticket_status,
)

# ── the user's side ──────────────────────────────────────────────────────────────────────────


@post(
    "/tickets",
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Ask the administrators",
)
def create_ticket(data: JSONBody[bodies.NewTicket], desk: TheDesk) -> TicketView:
    """Open a ticket with its first message."""
    desk.throttle_account(throttling.Limit.TICKET_ACCOUNT)
    command = OpenTicket(user_id=desk.user.id, subject=data.subject, message=data.message)
    return ticket_view(desk.perform(open_ticket, command))


@get("/tickets", sync_to_thread=True, summary="One's tickets")
def list_tickets(
    desk: TheDesk,
    status: FromQuery[TicketStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[TicketView]:
    """List one's own tickets, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.tickets.page(
                user_id=desk.user.id, status=status, after=after, limit=most
            ),
            ticket_view,
            cursor=cursor,
            limit=limit,
        )


@get("/tickets/{ticket_id:str}", sync_to_thread=True, summary="A ticket with its messages")
def read_ticket(ticket_id: FromPath[str], desk: TheDesk) -> ThreadView:
    """Tell one of one's own tickets with all that was written, oldest first."""
    with desk.app.store.read() as tx:
        ticket = tx.tickets.get(TicketId(ticket_id))
        ticket.require_owner(desk.user.id)
        return thread_view(ticket, tx.messages.of_ticket(ticket.id))


@post(
    "/tickets/{ticket_id:str}/messages",
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Write to a ticket",
)
def create_message(
    ticket_id: FromPath[str], data: JSONBody[bodies.NewMessage], desk: TheDesk
) -> MessageView:
    """Add a message to one of one's own tickets, which opens it again; not to a closed one."""
    desk.throttle_account(throttling.Limit.MESSAGE_ACCOUNT)
    command = ReplyToTicket(
        ticket_id=TicketId(ticket_id), user_id=desk.user.id, message=data.message
    )
    return message_view(desk.perform(reply_to_ticket, command))


# ── the administrators' side ─────────────────────────────────────────────────────────────────


@get("/tickets", sync_to_thread=True, summary="All tickets")
def list_all_tickets(
    desk: TheDesk,
    status: FromQuery[TicketStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[TicketView]:
    """List tickets, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.tickets.page(
                user_id=None, status=status, after=after, limit=most
            ),
            ticket_view,
            cursor=cursor,
            limit=limit,
        )


@get("/tickets/{ticket_id:str}", sync_to_thread=True, summary="Any ticket with its messages")
def read_any_ticket(ticket_id: FromPath[str], desk: TheDesk) -> ThreadView:
    """Tell a ticket with all that was written, oldest first."""
    with desk.app.store.read() as tx:
        ticket = tx.tickets.get(TicketId(ticket_id))
        return thread_view(ticket, tx.messages.of_ticket(ticket.id))


@post("/tickets/{ticket_id:str}/messages", sync_to_thread=True, summary="Answer a ticket")
def answer(
    ticket_id: FromPath[str], data: JSONBody[bodies.NewMessage], desk: TheDesk
) -> MessageView:
    """Answer a user, who is told by mail; nobody answers his own ticket."""
    command = ReplyToTicket(
        ticket_id=TicketId(ticket_id), admin_id=desk.user.id, message=data.message
    )
    return message_view(desk.perform(reply_to_ticket, command))


@post("/tickets/{ticket_id:str}/status", status_code=200, sync_to_thread=True, summary="Move")
def move(ticket_id: FromPath[str], data: JSONBody[bodies.TicketMove], desk: TheDesk) -> TicketView:
    """Say where a ticket stands; `CLOSED` is final, and nobody moves his own."""
    command = SetTicketStatus(
        ticket_id=TicketId(ticket_id), admin_id=desk.user.id, status=data.status
    )
    return ticket_view(desk.perform(set_ticket_status, command))


ROUTES: list[Any] = [
    Router(
        "/v1/support",
        route_handlers=[create_ticket, list_tickets, read_ticket, create_message],
        guards=[signed_in],
        tags=["support"],
    ),
    Router(
        "/v1/admin",
        route_handlers=[list_all_tickets, read_any_ticket, answer, move],
        guards=[as_admin],
        tags=["administration"],
    ),
]
