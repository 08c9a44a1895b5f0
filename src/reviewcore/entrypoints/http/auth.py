"""Who asks: a bearer token or the session cookie, and what he must be to pass a route's guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import attrs
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from reviewcore.app import App
from reviewcore.domain.errors import EntityNotFound, NotAdmin, SessionExpired, Unavailable
from reviewcore.domain.users import SESSION_LIFE, User, token_hash
from reviewcore.entrypoints.http.errors import (
    ArtistProfileRequired,
    CrossSiteRequest,
    NotSignedIn,
    ReviewerProfileRequired,
)
from reviewcore.ports.store import Bearer
from reviewcore.usecases import ExtendSession, extend_session

COOKIE = "reviewcore_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


class Role(Enum):
    """What a route asks of whoever calls it."""

    USER = auto()
    ARTIST = auto()
    REVIEWER = auto()
    ADMIN = auto()


@attrs.frozen(kw_only=True)
class Gate:
    """Tells callers apart for one deployment."""

    app: App
    admin_emails: frozenset[str]
    base_url: str

    def is_admin(self, user: User) -> bool:
        """Whether his address is an administrator's, and known to be his."""
        return user.email_verified is not None and user.email in self.admin_emails

    def admit(self, token: str, role: Role) -> Bearer:
        """Find who holds *token*, in one statement. Raises what a guard raises."""
        with self.app.store.glance() as tx:
            bearer = tx.sessions.bearer(token_hash(token))
            if bearer is None:
                raise SessionExpired
            bearer.session.require_valid(tx.now)
        match role:
            case Role.ADMIN if not self.is_admin(bearer.user):
                raise NotAdmin
            case Role.ARTIST if bearer.artist is None:
                raise ArtistProfileRequired
            case Role.REVIEWER if bearer.reviewer is None:
                raise ReviewerProfileRequired
        return bearer

    def renew(self, bearer: Bearer) -> Bearer:
        """Keep the session of whoever has been let in alive. Raises SessionExpired."""
        command = ExtendSession(session_id=bearer.session.id, user_id=bearer.user.id)
        try:
            return bearer._replace(session=self.app.perform(extend_session, command))
        except Unavailable:
            # It lives on for days; the next request will do.
            return bearer

    def cookie(self, token: str) -> Cookie:
        """Make the session cookie; an empty *token* takes it away."""
        return Cookie(
            key=COOKIE,
            value=token,
            httponly=True,
            samesite="lax",
            secure=self.base_url.startswith("https:"),
            path="/",
            max_age=int(SESSION_LIFE.total_seconds()) if token else 0,
        )


def caller_of(connection: Connection) -> Bearer:
    """Tell who asks where signing in is not always needed, and only our own pages may ask.

    Raises NotSignedIn, SessionExpired, CrossSiteRequest.
    """
    gate: Gate = connection.app.state.gate
    if not _may_be_ours(connection, gate.base_url):
        raise CrossSiteRequest
    return gate.admit(_token(connection, gate.base_url), Role.USER)


def _guard(role: Role) -> Guard:
    async def admit(connection: Connection, _: BaseRouteHandler) -> None:
        gate: Gate = connection.app.state.gate
        token = _token(connection, gate.base_url)
        try:
            caller = await sync_to_thread(gate.admit, token, role)
            if caller.session.is_aging(gate.app.store.now()):
                caller = await sync_to_thread(gate.renew, caller)
                if token == connection.cookies.get(COOKIE):
                    # The browser must keep it for as long as we do.
                    connection.state.renewed = gate.cookie(token)
            connection.state.caller = caller
        except (ArtistProfileRequired, ReviewerProfileRequired):
            # Whoever has no profile owns nothing: what he names is not there for him.
            for named in connection.path_params.values():
                raise EntityNotFound(entity=role.name, id=str(named)) from None
            raise

    return admit


signed_in = _guard(Role.USER)
as_artist = _guard(Role.ARTIST)
as_reviewer = _guard(Role.REVIEWER)
as_admin = _guard(Role.ADMIN)


async def from_our_pages(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse what a browser says another site sent: nobody is signed in by a stranger's page."""
    if not _may_be_ours(connection, connection.app.state.gate.base_url):
        raise CrossSiteRequest


def _token(connection: Connection, base_url: str) -> str:
    """Return the token that was sent; one in the header wins over the cookie.

    Raises NotSignedIn, and CrossSiteRequest for a change under the cookie that another site may
    have sent: browsers add cookies by themselves, a bearer token only our own client can.
    """
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    token = connection.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn
    if connection.scope.get("method") not in SAFE and not _is_ours(connection, base_url):
        raise CrossSiteRequest
    return token


def _is_ours(connection: Connection, base_url: str) -> bool:
    """Whether the request surely comes from our own pages or from no browser's page at all."""
    if not _may_be_ours(connection, base_url):
        return False
    # A page of another site cannot set this header without our leave (CORS), which nobody has.
    shown = "x-requested-with" in connection.headers or "origin" in connection.headers
    return shown or connection.headers.get("sec-fetch-site") in {"same-origin", "none"}


def _may_be_ours(connection: Connection, base_url: str) -> bool:
    if connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    told, ours = urlsplit(origin), urlsplit(base_url)
    return (told.scheme, told.netloc) == (ours.scheme, ours.netloc) or (
        # The address that the browser really used, such as localhost for 127.0.0.1.
        told.netloc != "" and told.netloc == connection.headers.get("host")
    )
