"""How a story is told: on which database, with which faults, and where its process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from reviewcore.testing.stripe import Call, Fault
from tests.integration.markets import Markets
from tests.integration.races.conftest import fresh_database
from tests.integration.stripe.oracle import oracle
from tests.integration.stripe.recovery.dying import Way
from tests.integration.stripe.recovery.market import Market, market_at
from tests.integration.stripe.recovery.runs import Telling
from tests.integration.stripe.recovery.stories import STORIES, kind_of

AFTER_EXECUTION = (
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.RESET,
    Fault.HANG_UP,
    Fault.TRUNCATED,
    Fault.STALL,
)
STALL_SECONDS = 60.0
"""Longer than anybody waits; the server itself does not, once it is closed."""

TOLD: Counter[str] = Counter()
"""How many tellings there were, for the summary at the end."""


@attrs.frozen(kw_only=True)
class Hit:
    """A fault at the *nth* call of a method since the first act, which asked for *kind*."""

    fault: Fault
    kind: str
    nth: int

    def plan(self, market: Market) -> None:
        """Have it happen."""
        method, _, _ = self.kind.partition(" ")
        market.server.plan(self.fault, method=method, nth=self.nth, seconds=STALL_SECONDS)


def hits_of(calls: tuple[Call, ...], *, after: int = 0) -> list[Hit]:
    """Tell how each call after the first so many can go wrong once it was carried out."""
    met: Counter[str] = Counter()
    hits = []
    for place, call in enumerate(calls):
        met[call.method] += 1
        if place >= after:
            hits += [
                Hit(fault=fault, kind=kind_of(call), nth=met[call.method])
                for fault in AFTER_EXECUTION
            ]
    return hits


@contextmanager
def empty_database(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """Have a migrated, empty database."""
    if kind == "sqlite":
        with fresh_database(request, kind) as url:
            yield url
        return
    markets: Markets = request.getfixturevalue("markets")
    with markets.lend() as url:
        yield url


def tell(
    request: pytest.FixtureRequest,
    name: str,
    *hits: Hit,
    way: Way | None = None,
    late: bool = False,
    database: str = "postgresql",
) -> Telling:
    """Tell a story in this weather on a market of its own, and judge what is left of both."""
    way = way or Way()
    stalls = any(hit.fault is Fault.STALL for hit in hits)

    def prepare(market: Market) -> None:
        for hit in hits:
            hit.plan(market)

    with empty_database(request, database) as url, market_at(url, impatient=stalls) as market:
        telling = Telling(market=market, prepare=prepare, way=way, late=late, suspicious=stalls)
        try:
            telling.tell(STORIES[name])
        except BaseException as error:
            error.add_note(f"{name} on {database}, {hits}, {way}, late: {late}")
            raise
        TOLD["of all these, left to a person"] += bool(telling.listed)
        if not hits and not way.ends_at:
            assert oracle().judge(market.server) == []
        return telling


@attrs.frozen(kw_only=True)
class Known:
    """What a story is like in good weather."""

    calls: tuple[Call, ...]
    boundaries: int


_KNOWN: dict[str, Known] = {}


def known(request: pytest.FixtureRequest, name: str) -> Known:
    """Tell a story once, with nothing in its way, and remember what it was like."""
    if name not in _KNOWN:
        way = Way()
        calls = tell(request, name, way=way).calls
        _KNOWN[name] = Known(calls=calls, boundaries=way.crossed)
        TOLD["in good weather"] += 1
    return _KNOWN[name]
