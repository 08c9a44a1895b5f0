"""Money out: a reviewer's withdrawals."""

from __future__ import annotations

import contextlib
from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from reviewcore.domain.errors import EntityNotFound, ReviewcoreError, Unavailable
from reviewcore.domain.ids import PayoutId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_reviewer
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.paging import LIMIT_DEFAULT, Cursor, Limit, Page, page_of
from reviewcore.entrypoints.http.views.money import PayoutView, payout_view
from reviewcore.entrypoints.http.waiting import waits_on_processor
from reviewcore.usecases import (
    ConnectPayoutAccount,
    SendPayout,
    Withdraw,
    connect_payout_account,
    send_payout,
    withdraw,
)


@post("/", summary="Withdraw")
@waits_on_processor
def create_payout(
    desk: TheDesk, data: JSONBody[bodies.PayoutForm] = bodies.EVERYTHING
) -> PayoutView:
    """Reserve an amount and have it sent; an unclear answer leaves it `PROCESSING`."""
    if data.method is PayoutMethod.STRIPE_CONNECT:
        _refresh_account(desk)
    amount = None if data.amount_cents is None else Cents(data.amount_cents)
    command = Withdraw(
        reviewer_id=desk.reviewer_id,
        method=data.method,
        amount=amount,
        destination=data.destination,
    )
    payout = desk.perform(withdraw, command)
    with contextlib.suppress(ReviewcoreError):
        # Reserved is reserved: what cannot be sent now the worker sends.
        payout = desk.drive(send_payout, SendPayout(payout_id=payout.id))
    return payout_view(payout)


def _refresh_account(desk: Desk) -> None:
    """Learn whether the account that was not ready has become so."""
    reviewer = desk.reviewer
    if reviewer.stripe_account_id is None or reviewer.payout_account_ready:
        return
    command = ConnectPayoutAccount(
        reviewer_id=reviewer.id, return_url=f"{desk.gate.base_url}/payouts/return"
    )
    with contextlib.suppress(Unavailable):
        desk.drive(connect_payout_account, command)


@get("/", sync_to_thread=True, summary="One's payouts")
def list_payouts(
    desk: TheDesk,
    status: FromQuery[PayoutStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[PayoutView]:
    """List the reviewer's own payouts, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.payouts.page(
                reviewer_id=desk.reviewer_id, status=status, after=after, limit=most
            ),
            payout_view,
            cursor=cursor,
            limit=limit,
        )


@get("/{payout_id:str}", sync_to_thread=True, summary="One payout")
def read_payout(payout_id: FromPath[str], desk: TheDesk) -> PayoutView:
    """Tell one of the reviewer's own payouts."""
    with desk.app.store.read() as tx:
        payout = tx.payouts.get(PayoutId(payout_id))
    if payout.reviewer_id != desk.reviewer_id:
        raise EntityNotFound(entity="Payout", id=payout_id)
    return payout_view(payout)


ROUTES: list[Any] = [
    Router(
        "/v1/payouts",
        route_handlers=[create_payout, list_payouts, read_payout],
        guards=[as_reviewer],
        tags=["payouts"],
    )
]
