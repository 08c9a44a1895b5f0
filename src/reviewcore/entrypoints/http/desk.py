"""One request's way to the market: who asks, under which key, and how genres are spelt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import attrs
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from reviewcore.app import App
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import InvalidEmail
from reviewcore.domain.ids import ArtistId, GenreId, ReviewerId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.throttling import Limit
from reviewcore.domain.users import User
from reviewcore.entrypoints.http.auth import Gate
from reviewcore.entrypoints.http.edge import client_address, neighbourhood
from reviewcore.entrypoints.http.errors import MalformedParameter
from reviewcore.entrypoints.http.views.people import Spell
from reviewcore.ports.store import Bearer, Store, Transaction

C = TypeVar("C")
R = TypeVar("R")

IDEMPOTENCY_KEY = "Idempotency-Key"
KEY_MAX = 255
KEY = re.compile(rf"[!-~]{{1,{KEY_MAX}}}")


class Spelling:
    """The slugs of genres, remembered: the slug of an id never changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slugs: dict[GenreId, str] = {}

    def slugs(self, genres: Iterable[GenreId]) -> tuple[str, ...]:
        """Spell genres, in their order; not for use inside a transaction."""
        wanted = tuple(genres)
        if self._lacks(wanted):
            with self._store.read() as tx:
                self._learn(tx)
        return self._spell(wanted)

    def within(self, tx: Transaction) -> Spell:
        """Make the same for use inside *tx*: a second one would wait for a second connection."""

        def slugs(genres: Iterable[GenreId]) -> tuple[str, ...]:
            wanted = tuple(genres)
            if self._lacks(wanted):
                self._learn(tx)
            return self._spell(wanted)

        return slugs

    def _lacks(self, wanted: tuple[GenreId, ...]) -> bool:
        return not self._slugs.keys() >= set(wanted)

    def _learn(self, tx: Transaction) -> None:
        self._slugs = {genre.id: genre.slug for genre in tx.genres.tree().genres}

    def _spell(self, wanted: tuple[GenreId, ...]) -> tuple[str, ...]:
        return tuple(self._slugs.get(genre, genre) for genre in wanted)


@attrs.frozen(kw_only=True)
class Desk:
    """The market as one caller reaches it."""

    app: App
    gate: Gate
    spelling: Spelling
    key: str | None
    found: Bearer | None
    address: str

    @property
    def caller(self) -> Bearer:
        """Who asks; the route's guard has let him in."""
        assert self.found is not None, "the route has no guard"
        return self.found

    @property
    def user(self) -> User:
        """Who asks, as a user."""
        return self.caller.user

    @property
    def artist(self) -> ArtistProfile:
        """Who asks, as an artist."""
        assert self.caller.artist is not None, "the route's guard is not for artists"
        return self.caller.artist

    @property
    def artist_id(self) -> ArtistId:
        """The acting artist."""
        return self.artist.id

    @property
    def reviewer(self) -> ReviewerProfile:
        """Who asks, as a reviewer."""
        assert self.caller.reviewer is not None, "the route's guard is not for reviewers"
        return self.caller.reviewer

    @property
    def reviewer_id(self) -> ReviewerId:
        """The acting reviewer."""
        return self.reviewer.id

    def perform(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run a use case under the request's idempotency key, if it has one."""
        return self.app.perform(usecase, command, key=self.key)

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run a use case that waits on the outside world."""
        return self.app.drive(usecase, command)

    def throttle(self, limit: Limit) -> None:
        """Count one more try by the address that asks. Raises TooManyRequests."""
        self.app.throttle(limit, self.address)

    def take_back(self, limit: Limit) -> None:
        """Take one try by the address that asks back: it was right."""
        self.app.take_back(limit, self.address)

    def throttle_account(self, limit: Limit, email: str | None = None) -> None:
        """Count one more try by who asks, or for the account of *email*, whether or not it is.

        Raises TooManyRequests.
        """
        self.app.throttle(limit, self.user.id if email is None else account_of(email))

    def throttle_sign_in(self, email: str) -> None:
        """Count one more try at a password. Raises TooManyRequests."""
        self.app.throttle_sign_in(account_of(email), self.address)

    def welcome(self, user: User) -> None:
        """Take the tries of one who knew his password back."""
        self.app.welcome(account_of(user.email), self.address)

    def ask(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run a use case that only reads."""
        return self.app.ask(usecase, command)


def account_of(email: str) -> str:
    """Tell the account that *email* names, however it is written; any that is none is one."""
    try:
        return normalise_email(email)
    except InvalidEmail:
        return "-"


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """Open the desk for a request. Raises MalformedParameter for a key that is none."""
    state = request.app.state
    return Desk(
        app=state.gate.app,
        gate=state.gate,
        spelling=state.spelling,
        key=_key(request),
        found=request.state.get("caller"),
        address=neighbourhood(client_address(request.scope, state.trusted_proxies)),
    )


def _key(request: Request[Any, Any, Any]) -> str | None:
    key: str | None = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        reason = "must be 1 to 255 visible ASCII characters"
        raise MalformedParameter(parameter=IDEMPOTENCY_KEY, reason=reason)
    return key


TheDesk: TypeAlias = NamedDependency[SkipValidation[Desk]]
