"""The sandbox bank's counter: pages on which a person, or a test, plays payer and payee."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from litestar import Request, Response, Router, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath

from reviewcore.adapters.sandbox import (
    PayeeOutcome,
    PayerOutcome,
    SandboxBank,
    account_page,
    checkout_page,
    dashboard_page,
)
from reviewcore.domain.errors import NotFound, ReviewcoreError
from reviewcore.entrypoints.http.auth import Gate
from reviewcore.entrypoints.http.edge import FORM, html
from reviewcore.entrypoints.http.errors import MalformedBody
from reviewcore.usecases import ConfirmPayment, confirm_payment

Outcome = TypeVar("Outcome", bound=StrEnum)
V = TypeVar("V")


def routes(bank: SandboxBank, *, base_url: str) -> list[Any]:
    """Make the pages of *bank*; after a form the browser goes back below *base_url*."""
    forms = f"'self' {base_url}"

    @get("/checkouts/{session_id:str}", sync_to_thread=True)
    def show_checkout(session_id: FromPath[str]) -> Response[str]:
        """Show the payer his checkout."""
        return html(checkout_page(_found(bank.view_checkout(session_id))), form_action=forms)

    @post("/checkouts/{session_id:str}", status_code=303, opt={FORM: True})
    async def play_payer(
        session_id: FromPath[str], request: Request[Any, Any, Any]
    ) -> Response[None]:
        """Play the payer; the bank tells the market at once, as a processor's webhook would."""
        gate: Gate = request.app.state.gate

        def play(told: PayerOutcome) -> str:
            url = bank.play_payer(session_id, told)
            # The worker asks again if this comes to nothing.
            with contextlib.suppress(ReviewcoreError):
                gate.app.drive(confirm_payment, ConfirmPayment(session_id=session_id))
            return url

        return await _play(request, PayerOutcome, play)

    @get("/accounts/{account_id:str}", sync_to_thread=True)
    def show_account(account_id: FromPath[str]) -> Response[str]:
        """Show the payee his account."""
        return html(account_page(_found(bank.view_account(account_id))), form_action=forms)

    @post("/accounts/{account_id:str}", status_code=303, opt={FORM: True})
    async def play_payee(
        account_id: FromPath[str], request: Request[Any, Any, Any]
    ) -> Response[None]:
        """Play the payee."""
        return await _play(request, PayeeOutcome, lambda told: bank.play_payee(account_id, told))

    @get("/accounts/{account_id:str}/dashboard", sync_to_thread=True)
    def show_dashboard(account_id: FromPath[str]) -> Response[str]:
        """Show the payee what he was paid."""
        return html(dashboard_page(_found(bank.view_account(account_id))))

    handlers = [show_checkout, play_payer, show_account, play_payee, show_dashboard]
    return [Router("/sandbox", route_handlers=handlers, include_in_schema=False)]


def _found(view: V | None) -> V:
    if view is None:
        raise NotFound
    return view


async def _play(
    request: Request[Any, Any, Any], kind: type[Outcome], play: Callable[[Outcome], str]
) -> Response[None]:
    told = (await request.form()).get("outcome")
    if not isinstance(told, str) or told not in set(kind):
        wanted = ", ".join(kind)
        raise MalformedBody(reason=f"the form needs outcome, one of {wanted}")
    url = await sync_to_thread(play, kind(told))
    return Response(None, status_code=303, headers={"Location": url})
