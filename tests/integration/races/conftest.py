"""Fixtures of the races: a fresh market on each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.clock import ManualClock
from tests.integration.postgres import Server
from tests.integration.races.world import REPORTS, RULES, World

MakeWorld = Callable[..., World]

POOL_SIZE = 50


def migrate(url: str) -> None:
    store = SqlStore(url)
    store.migrate()
    store.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty market in SQLite, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "market.db"
    migrate(f"sqlite:///{path}")
    return path


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


class fresh_database:  # noqa: N801 - used as a function
    """An empty, migrated database; gone after the block."""

    def __init__(
        self, request: pytest.FixtureRequest, kind: str, *, folder: Path | None = None
    ) -> None:
        self._request = request
        self._kind = kind
        self._folder = folder
        self._server: Server | None = None

    def __enter__(self) -> str:
        if self._kind == "sqlite":
            source: Path = self._request.getfixturevalue("migrated_file")
            folder: Path = self._folder or self._request.getfixturevalue("tmp_path")
            path = folder / f"market-{len(list(folder.iterdir()))}.db"
            path.write_bytes(source.read_bytes())
            return f"sqlite:///{path}"
        self._server = self._request.getfixturevalue("postgres")
        self._url = self._server.create_database(
            template=self._server.template("migrated", migrate)
        )
        return self._url

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.drop_database(self._url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORTS:
        terminalreporter.section("races")
        for told, sums in REPORTS.items():
            terminalreporter.write_line(
                f"{told}: {sums['runs']} runs, {sums['retries']} retries,"
                f" {sums['milliseconds'] / 1000:.2f} s"
            )
        REPORTS.clear()
