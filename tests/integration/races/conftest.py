"""Fixtures of the races: a fresh market on each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.clock import ManualClock
from tests.integration.markets import Markets, migrate
from tests.integration.races.overlap import Overlap, watching
from tests.integration.races.world import REPORTS, RULES, World

MakeWorld = Callable[..., World]

POOL_SIZE = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def make_world(request: pytest.FixtureRequest) -> Iterator[MakeWorld]:
    """Make markets of rules; memory too where a test asks for it by parametrising."""
    kind: str = request.param
    with ExitStack() as stack:

        def make(rules: MarketRules = RULES, *, bank_file: Path | None = None) -> World:
            clock = ManualClock()
            store: Store
            if kind == "memory":
                store = MemoryStore(rules=rules, clock=clock)
            else:
                url = stack.enter_context(fresh_database(request, kind))
                store = SqlStore(url, rules=rules, clock=clock, pool_size=POOL_SIZE)
            stack.callback(store.close)
            bank = SandboxBank(bank_file or ":memory:", clock=clock)
            stack.callback(bank.close)
            return World.on(store, name=kind, clock=clock, bank=bank)

        yield make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A market whose rules stand in nobody's way."""
    return make_world()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def overlap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Overlap]:
    """One market for all moments of a module."""
    kind: str = request.param
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("overlap")
        url = stack.enter_context(fresh_database(request, kind, folder=folder))
        clock = ManualClock()
        store = SqlStore(url, rules=RULES, clock=clock)
        stack.callback(store.close)
        bank = SandboxBank(clock=clock)
        stack.callback(bank.close)
        world = World.on(store, name=kind, clock=clock, bank=bank)
        yield Overlap(world=world, waits=stack.enter_context(watching(url)))


@contextmanager
def fresh_database(
    request: pytest.FixtureRequest, kind: str, *, folder: Path | None = None
) -> Iterator[str]:
    """Have an empty, migrated database until the block ends."""
    if kind == "sqlite":
        folder = folder or request.getfixturevalue("tmp_path")
        url = f"sqlite:///{folder / f'market-{len(list(folder.iterdir()))}.db'}"
        migrate(url)
        yield url
        return
    markets: Markets = request.getfixturevalue("durable_markets")
    with markets.lend() as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORTS:
        terminalreporter.section("races")
        for told, sums in REPORTS.items():
            terminalreporter.write_line(
                f"{told}: {sums['runs']} runs, {sums['retries']} retries,"
                f" {sums['milliseconds'] / 1000:.2f} s"
            )
        REPORTS.clear()
