"""What the payment processor tells unasked: proven, kept, answered; acted upon by the worker."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
from litestar import Request, Router, post

from reviewcore.domain.webhooks import Endpoint
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.edge import FORM
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.usecases import ReceiveEvent, receive_event

SIGNATURE = "Stripe-Signature"


@attrs.frozen(kw_only=True)
class ReceiptView:
    """That an event is kept; the processor need not send it again."""

    received: bool = True


@post(
    "/stripe",
    status_code=200,
    opt={FORM: True, STATUSES: (400,)},
    summary="Events of the platform's own account",
)
async def receive_account_event(request: Request[Any, Any, Any], desk: TheDesk) -> ReceiptView:
    """Keep a signed event of our account; 400 for one that Stripe did not sign."""
    return await _receive(Endpoint.ACCOUNT, request, desk)


@post(
    "/stripe-connect",
    status_code=200,
    opt={FORM: True, STATUSES: (400,)},
    summary="Events of connected accounts",
)
async def receive_connect_event(request: Request[Any, Any, Any], desk: TheDesk) -> ReceiptView:
    """Keep a signed event of a reviewer's account; 400 for one that Stripe did not sign."""
    return await _receive(Endpoint.CONNECT, request, desk)


async def _receive(endpoint: Endpoint, request: Request[Any, Any, Any], desk: Desk) -> ReceiptView:
    # The signature is over the bytes as they came: nothing may parse them before it is verified.
    body = await request.body()
    signature = request.headers.get(SIGNATURE)

    def keep() -> None:
        event = desk.app.webhooks.authenticate(endpoint, body, signature)
        # The inbox knows a duplicate by its id, so a key of the request's own would add nothing.
        desk.app.perform(receive_event, ReceiveEvent(event=event))

    await asyncio.get_running_loop().run_in_executor(None, keep)
    return ReceiptView()


ROUTES: list[Any] = [
    Router(
        "/v1/webhooks",
        route_handlers=[receive_account_event, receive_connect_event],
        tags=["webhooks"],
    )
]
