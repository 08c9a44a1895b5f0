"""What a browser keeps while it is at an identity provider: a short-lived, signed cookie.

It holds what must come back from there, so only the browser that left can arrive. It is signed
and not encrypted: whose it is may read it, and nobody else can, make or change it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from datetime import datetime
from typing import Final

import attrs
from litestar.datastructures import Cookie

from reviewcore.app import App
from reviewcore.domain.errors import IdentityNotProven
from reviewcore.ports.identities import Departure
from reviewcore.usecases.steps.arriving import DEPARTURE_LIFE

COOKIE: Final = "reviewcore_departure"


@attrs.frozen(kw_only=True)
class Ticket:
    """A departure, until when it is good, and the session whose user wants to link an account."""

    departure: Departure
    expires_at: datetime
    session_id: str | None


def cookie(app: App, ticket: Ticket | None, *, secure: bool) -> Cookie:
    """Make the cookie that keeps a ticket; None takes it away."""
    return Cookie(
        key=COOKIE,
        value=_sealed(app, ticket) if ticket is not None else "",
        httponly=True,
        # The provider sends the browser back: a navigation from another site.
        samesite="lax",
        secure=secure,
        path="/",
        max_age=int(DEPARTURE_LIFE.total_seconds()) if ticket is not None else 0,
    )


def ticket_of(app: App, sealed: str | None, *, provider: str, state: str) -> Ticket:
    """Open what a browser kept that is back from *provider* with *state*.

    Raises IdentityNotProven for what we did not make, for another provider or state, or too late.
    """
    body, _, mark = (sealed or "").partition(".")
    if not hmac.compare_digest(mark.encode(), app.sign(f"{COOKIE}:{body}").encode()):
        raise IdentityNotProven
    ticket = _opened(body)
    known = ticket.departure.state
    if ticket.departure.provider != provider or app.store.now() >= ticket.expires_at:
        raise IdentityNotProven
    if not hmac.compare_digest(state.encode("utf-8", "surrogatepass"), known.encode()):
        raise IdentityNotProven
    return ticket


def _sealed(app: App, ticket: Ticket) -> str:
    told = {
        **attrs.asdict(ticket.departure),
        "expires_at": ticket.expires_at.isoformat(),
        "session_id": ticket.session_id,
    }
    body = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return f"{body}.{app.sign(f'{COOKIE}:{body}')}"


def _opened(body: str) -> Ticket:
    try:
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError) as error:
        raise IdentityNotProven from error
    expires_at = datetime.fromisoformat(told.pop("expires_at"))
    session_id = told.pop("session_id")
    return Ticket(departure=Departure(**told), expires_at=expires_at, session_id=session_id)
