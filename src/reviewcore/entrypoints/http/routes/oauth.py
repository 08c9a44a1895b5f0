"""Signing in by an account at an OpenID Connect provider, and linking one."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from reviewcore.domain.errors import IdentityNotProven, SessionExpired
from reviewcore.domain.ids import SessionId, UserId
from reviewcore.domain.throttling import Limit
from reviewcore.entrypoints.http import departures
from reviewcore.entrypoints.http.auth import caller_of
from reviewcore.entrypoints.http.departures import Ticket, ticket_of
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.people import AccountView, SessionView, user_view
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.waiting import waits_on_provider
from reviewcore.ports.identities import Departure
from reviewcore.sources import secret_token
from reviewcore.usecases import (
    Arrival,
    LinkAccount,
    SignInWithAccount,
    link_account,
    sign_in_with_account,
)
from reviewcore.usecases.steps.arriving import DEPARTURE_LIFE, identify


@get(
    "/oauth/{provider:str}",
    status_code=302,
    opt={STATUSES: (401, 403, 429)},
    summary="Go to a provider to sign in",
)
@waits_on_provider
def begin_sign_in(
    request: Request[Any, Any, Any],
    provider: FromPath[str],
    desk: TheDesk,
    *,
    link: FromQuery[bool] = False,
) -> Response[None]:
    """Send the browser to the provider; with *link*, whoever is signed in links his account."""
    desk.app.identities.require(provider)
    desk.throttle(Limit.PROVIDER_DEPARTURE)
    session_id = caller_of(request).session.id if link else None
    departure = Departure(
        provider=provider, state=secret_token(), nonce=secret_token(), verifier=secret_token()
    )
    address = desk.app.identities.address(departure, redirect_uri=_callback(desk, provider))
    ticket = Ticket(
        departure=departure,
        expires_at=desk.app.store.now() + DEPARTURE_LIFE,
        session_id=session_id,
    )
    kept = departures.cookie(desk.app, ticket, secure=_is_secure(desk))
    return Response(None, status_code=302, headers={"Location": address}, cookies=[kept])


@get(
    "/oauth/{provider:str}/callback",
    opt={STATUSES: (401, 403, 409, 422, 429)},
    summary="Come back from a provider",
)
@waits_on_provider
def end_sign_in(
    request: Request[Any, Any, Any],
    provider: FromPath[str],
    desk: TheDesk,
    code: FromQuery[str] = "",
    # Litestar gives the plain name to something of its own.
    returned: Annotated[str, QueryParameter(name="state")] = "",
) -> Response[SessionView | AccountView]:
    """Begin a session as signing in does, or link the account if that was wanted."""
    desk.app.identities.require(provider)
    desk.throttle(Limit.PROVIDER_SIGN_IN)
    kept = request.cookies.get(departures.COOKIE)
    ticket = ticket_of(desk.app, kept, provider=provider, state=returned)
    if not code:
        # He said no there, or the provider did; why is between them.
        raise IdentityNotProven
    arrival = Arrival(departure=ticket.departure, code=code, redirect_uri=_callback(desk, provider))
    gone = departures.cookie(desk.app, None, secure=_is_secure(desk))
    if ticket.session_id is not None:
        linked = _link(desk, arrival, ticket.session_id)
        _arrived(desk)
        return Response(linked, cookies=[gone])
    signed = desk.drive(sign_in_with_account, SignInWithAccount(arrival=arrival))
    _arrived(desk)
    view = SessionView(
        token=signed.token, expires_at=signed.session.expires_at, user=user_view(signed.user)
    )
    return Response(view, cookies=[gone, desk.gate.cookie(signed.token)])


def _arrived(desk: Desk) -> None:
    # Whoever is right takes nothing from those who share his address.
    desk.take_back(Limit.PROVIDER_DEPARTURE)
    desk.take_back(Limit.PROVIDER_SIGN_IN)


def _link(desk: Desk, arrival: Arrival, session_id: str) -> AccountView:
    # Before the provider is asked, and after: whoever signed out meanwhile links nothing.
    _owner(desk, session_id)
    identity = desk.drive(identify, arrival)
    command = LinkAccount(user_id=_owner(desk, session_id), identity=identity)
    return shape(AccountView, desk.app.perform(link_account, command))


def _owner(desk: Desk, session_id: str) -> UserId:
    with desk.app.store.read() as tx:
        session = tx.sessions.find(SessionId(session_id))
        if session is None:
            raise SessionExpired
        session.require_valid(tx.now)
    return session.user_id


def _callback(desk: Desk, provider: str) -> str:
    return f"{desk.gate.base_url}/v1/oauth/{provider}/callback"


def _is_secure(desk: Desk) -> bool:
    return desk.gate.base_url.startswith("https:")


ROUTES: list[Any] = [
    Router("/v1", route_handlers=[begin_sign_in, end_sign_in], tags=["accounts"]),
]
