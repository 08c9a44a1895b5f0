"""All that the server knows: objects by kind and account, money booked, events told."""

from __future__ import annotations

import copy
import heapq
import itertools
import json
import string
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random, SystemRandom
from typing import Any

import attrs

from reviewcore.sources import Clock
from reviewcore.testing.stripe.errors import missing

Json = dict[str, Any]
"""An object as it travels: what Stripe's reference calls a hash."""

API_VERSION = "2026-10-28.endive"
LETTERS = string.ascii_letters + string.digits
ID_LETTERS = 24
DAY_SECONDS = 24 * 3600


def standard_fee(amount: int) -> int:
    """Take 2.9 % and 30 cents, rounded half up: Stripe's list price for cards in the US."""
    return (amount * 29 + 500) // 1_000 + 30


@attrs.define(kw_only=True)
class Link:
    """Where an account's owner was sent; it opens once, and not after *expires_at*."""

    account: str
    expires_at: int
    return_url: str
    refresh_url: str
    opened: bool = False
    finished: bool = False


@attrs.frozen(kw_only=True)
class Cause:
    """The request that makes things happen now; nothing in it when a person or a bank does."""

    id: str | None = None
    idempotency_key: str | None = None


class World:
    """The state behind one lock: hold `lock` around whatever reads or changes it."""

    def __init__(
        self,
        *,
        clock: Clock,
        settle_seconds: int,
        fee: Callable[[int], int],
        api_version: str,
        chance: Random | None = None,
    ) -> None:
        self._chance = SystemRandom() if chance is None else chance
        self.lock = threading.RLock()
        self.url = ""
        self.api_version = api_version
        self.settle_seconds = settle_seconds
        self.fee = fee
        self.platform = self.new_id("acct", letters=16)
        self.refund_status: deque[str] = deque()
        self.notes: dict[str, Json] = {}
        self.links: dict[str, Link] = {}
        self.logins: dict[str, str] = {}
        self.deauthorized: set[str] = set()
        self.listeners: list[Callable[[Json], None]] = []
        self.ahead_seconds = 0
        self._clock = clock
        self._shelves: dict[tuple[str, str], dict[str, Json]] = {}
        self._owners: dict[str, str] = {}
        self._objects: dict[str, Json] = {}
        self._cause = Cause()
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def now(self) -> int:
        """Tell the time in whole seconds, as every object carries it."""
        return int(self._clock().timestamp()) + self.ahead_seconds

    def new_id(self, prefix: str, *, letters: int = ID_LETTERS) -> str:
        """Make an id as Stripe's look: unordered, and never twice."""
        return f"{prefix}_" + "".join(self._chance.choices(LETTERS, k=letters))

    def keep(self, made: Json, *, account: str) -> Json:
        """Add an object to what *account* owns."""
        self._shelves.setdefault((account, made["object"]), {})[made["id"]] = made
        self._objects[made["id"]] = made
        self._owners[made["id"]] = account
        return made

    def later(self, at: int, act: Callable[[], None]) -> None:
        """Do something when the time *at* (seconds) has come."""
        heapq.heappush(self._agenda, (at, next(self._numbers), act))

    def pass_time(self) -> None:
        """Do what has become due, in order; no request is the cause of it."""
        with self.caused_by(Cause()):
            while self._agenda and self._agenda[0][0] <= self.now():
                _, _, act = heapq.heappop(self._agenda)
                act()

    def all(self, noun: str, *, account: str) -> list[Json]:
        """List what *account* owns of a kind, oldest first."""
        return list(self._shelves.get((account, noun), {}).values())

    def everywhere(self, noun: str) -> list[Json]:
        """List what all accounts own of a kind, oldest first within each."""
        return [
            made
            for (_, kind), shelf in self._shelves.items()
            if kind == noun
            for made in shelf.values()
        ]

    def get(self, noun: str, id: str, *, account: str | None = None, param: str = "id") -> Json:
        """Find an object, of any account unless one is named. Raises Refusal (404)."""
        made = self._objects.get(id)
        if made is None or made["object"] != noun:
            raise missing(noun, id, param=param)
        if account is not None and self._owners[id] != account:
            raise missing(noun, id, param=param)
        return made

    def find(self, id: str) -> Json | None:
        """Find an object of any kind and account."""
        return self._objects.get(id)

    def owner(self, id: str) -> str:
        """Tell which account owns an object."""
        return self._owners[id]

    @contextmanager
    def caused_by(self, cause: Cause) -> Iterator[None]:
        """Name *cause* in the events of this block; only under the lock."""
        self._cause, before = cause, self._cause
        try:
            yield
        finally:
            self._cause = before

    def emit(
        self, kind: str, made: Json, *, previous: Json | None = None, account: str | None = None
    ) -> Json:
        """Tell listeners that something became of *made*, with a copy of what it is now.

        The event belongs to the owner of *made* unless *account* says otherwise; an account's own
        events are its own.
        """
        if account is None:
            account = made["id"] if made["object"] == "account" else self._owners[made["id"]]
        event: Json = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": self.api_version,
            "created": self.now(),
            "data": {"object": snapshot(made)},
            "livemode": False,
            "pending_webhooks": 0,
            "request": attrs.asdict(self._cause),
            "type": kind,
        }
        if previous is not None:
            event["data"]["previous_attributes"] = snapshot(previous)
        if account != self.platform:
            event["account"] = account
        self.keep(event, account=account)
        for listener in self.listeners:
            listener(event)
        return event

    def change(self, made: Json, **changes: Any) -> Json:
        """Change fields of an object; return what they were before, where they differ."""
        previous = {name: made.get(name) for name in changes if made.get(name) != changes[name]}
        previous = snapshot(previous)
        made.update(changes)
        return previous


def snapshot(made: Json) -> Json:
    """Copy an object all the way down."""
    return copy.deepcopy(made)


def encode(body: Json) -> bytes:
    """Write JSON as Stripe does: indented by two, in UTF-8."""
    return json.dumps(body, indent=2, ensure_ascii=False).encode()
