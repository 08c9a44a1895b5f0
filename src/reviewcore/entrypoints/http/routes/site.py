"""The few pages for people: the front door, and where mails and the processor send them."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery

from reviewcore.domain.errors import (
    AlreadyVerified,
    EmailTaken,
    InvalidPassword,
    InvalidToken,
    NotFound,
    ReviewcoreError,
)
from reviewcore.domain.payments import AttemptStatus
from reviewcore.entrypoints.http import pages
from reviewcore.entrypoints.http.auth import from_our_pages
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.edge import FORM, PATH_WORD, html
from reviewcore.entrypoints.http.problems import known_problems, status_of
from reviewcore.entrypoints.http.waiting import waits, waits_on_processor
from reviewcore.usecases import (
    ConfirmPayment,
    ResetPassword,
    VerifyEmail,
    confirm_payment,
    reset_password,
    verify_email,
)


@get("/", sync_to_thread=False)
def show_front() -> Response[str]:
    """Say what this is."""
    return html(pages.front_page())


@get("/checkout/return")
@waits_on_processor
def show_checkout_return(desk: TheDesk, session_id: FromQuery[str] = "") -> Response[str]:
    """Receive the payer, and learn at once whether he has paid."""
    return html(pages.checkout_return_page(paid=_was_paid(desk, session_id)))


def _was_paid(desk: TheDesk, session_id: str) -> bool:
    if not PATH_WORD.fullmatch(session_id):
        return False
    try:
        attempt = desk.drive(confirm_payment, ConfirmPayment(session_id=session_id))
    except ReviewcoreError:
        # Nobody's session, or no answer now: the worker asks again, and the page stays true.
        return False
    return attempt.status is AttemptStatus.PAID


@get("/payouts/return", sync_to_thread=False)
def show_payouts_return() -> Response[str]:
    """Receive the payee."""
    return html(pages.payouts_return_page())


@get("/verify-email", sync_to_thread=False)
def show_verification(token: FromQuery[str] = "") -> Response[str]:
    """Ask for a click: programs that follow the links of mails must not spend tokens."""
    return html(pages.verification_page(token))


@post("/verify-email", status_code=200, guards=[from_our_pages], opt={FORM: True})
async def verify(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Spend the token that the page holds."""
    token = (await request.form()).get("token")
    return await sync_to_thread(_verify, desk, token if isinstance(token, str) else "")


def _verify(desk: TheDesk, token: str) -> Response[str]:
    try:
        desk.app.perform(verify_email, VerifyEmail(token=token))
    except AlreadyVerified:
        return html(pages.verified_page())
    except (InvalidToken, EmailTaken):
        return html(pages.unverified_page(), status=422)
    return html(pages.verified_page())


@get("/reset-password", sync_to_thread=False)
def show_reset(token: FromQuery[str] = "") -> Response[str]:
    """Ask for another password."""
    return html(pages.reset_page(token))


@post("/reset-password", status_code=200, guards=[from_our_pages], opt={FORM: True})
async def reset(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    """Spend the token that the page holds."""
    form = await request.form()
    told = [form.get(name) for name in ("token", "password")]
    token, password = (text if isinstance(text, str) else "" for text in told)
    return await _reset(desk, token, password)


@waits
def _reset(desk: TheDesk, token: str, password: str) -> Response[str]:
    try:
        desk.drive(reset_password, ResetPassword(token=token, password=password))
    except InvalidPassword as refusal:
        return html(pages.reset_page(token, refusal=str(refusal)), status=422)
    except InvalidToken:
        return html(pages.reset_failed_page(), status=422)
    return html(pages.reset_done_page())


@get("/problems/{name:str}", sync_to_thread=False)
def show_problem(name: FromPath[str]) -> Response[str]:
    """Say what a problem's `type` means."""
    kind = known_problems().get(name)
    if kind is None:
        raise NotFound
    return html(pages.problem_page(name, kind, status=status_of(kind)))


ROUTES: list[Any] = [
    Router(
        "/",
        route_handlers=[
            show_front,
            show_checkout_return,
            show_payouts_return,
            show_verification,
            verify,
            show_reset,
            reset,
            show_problem,
        ],
        include_in_schema=False,
    )
]
