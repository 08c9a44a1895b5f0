"""The contract of stores catches SQL stores that are wrong in what only a database can show."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.dialects import Row
from reviewcore.adapters.sql.postgres import PooledLink, PostgresDoors
from reviewcore.adapters.sql.sqlite import SqliteDoors, SqliteLink
from reviewcore.adapters.sql.store import Doors
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import Capability, StoreContract
from reviewcore.testing.contracts.store.scene import OpenAgain
from tests.integration.markets import Markets, migrate
from tests.unit.kit.judging import Verdicts, Wrong, judged, require_caught

pytestmark = [
    # Whoever a wrong store keeps waiting is left behind, with his connection.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CLAIMED = frozenset({Capability.DURABLE, Capability.SHARED, Capability.PARALLEL})
LOCK = re.compile(r"\s+FOR (NO KEY )?UPDATE(?P<of> OF [\w, ]+)?(?P<skip> SKIP LOCKED)?", re.DOTALL)


class Unlocked(PooledLink):
    """`lock` reads without a lock."""

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        return super().fetch(LOCK.sub("", sql), arguments)


class Unskipping(PooledLink):
    """Waits for rows that it should pass by."""

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        return super().fetch(sql.replace(" SKIP LOCKED", ""), arguments)


class ReadFirst(PooledLink):
    """Reads, then locks, and goes on with what it read."""

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        if LOCK.search(sql) is None:
            return super().fetch(sql, arguments)
        early = super().fetch(LOCK.sub("", sql), arguments)
        super().fetch(sql, arguments)
        return early


class Coarse(PooledLink):
    """Locks so much that rows which refer to the locked one wait."""

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        return super().fetch(sql.replace("FOR NO KEY UPDATE", "FOR UPDATE"), arguments)


class Moving(PooledLink):
    """A snapshot sees at every statement what was committed until then."""

    def begin(self, sql: str) -> None:
        super().begin(sql.replace("REPEATABLE READ", "READ COMMITTED"))


class Committing(PooledLink):
    """A block that fails is committed."""

    def end(self, sql: str) -> None:
        super().end("COMMIT" if sql == "ROLLBACK" else sql)


class Undone(PooledLink):
    """What is committed is so for this connection alone: nothing is ever written."""

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        return self.change(sql, arguments)

    def end(self, sql: str) -> None:
        super().end("ROLLBACK" if sql == "COMMIT" else sql)


class OneAtATime(PooledLink):
    """Blocks go one after the other, whatever they are about."""

    def begin(self, sql: str) -> None:
        super().begin(sql)
        if "READ COMMITTED" in sql:
            self.command("SELECT pg_advisory_xact_lock(1)")


def on(link: type[PooledLink]) -> type[SqlStore]:
    class OnIt(SqlStore):
        def _open(self, url: URL, *, pool_size: int) -> Doors:
            return PostgresDoors(url, pool_size=pool_size, link=link)

    return OnIt


LOST = "test_no_update_of_a_locked_row_is_lost"
WAITED = "test_a_lock_is_waited_for_and_tells_what_was_committed_meanwhile"
POSTGRES: list[tuple[str, str, type[PooledLink]]] = [
    ("locks nothing", LOST, Unlocked),
    ("locks nothing", "test_no_update_is_lost_under_the_lock_of_a_review", Unlocked),
    ("locks nothing", "test_slots_are_counted_under_the_lock_of_their_track", Unlocked),
    ("locks nothing", WAITED, Unlocked),
    ("locks nothing", "test_locks_by_what_belongs_together_are_waited_for_too", Unlocked),
    ("leases without a lock", "test_what_is_due_is_leased_to_one", Unlocked),
    ("locks nothing between two stores", "test_no_update_is_lost_between_the_two", Unlocked),
    ("reads before it locks", LOST, ReadFirst),
    ("reads before it locks", WAITED, ReadFirst),
    ("waits where it should pass by",
     "test_a_lease_passes_by_what_another_block_is_at", Unskipping),
    ("waits where it should pass by",
     "test_a_search_passes_by_whom_another_block_holds", Unskipping),
    ("locks what refers to a row",
     "test_a_row_that_is_referred_to_may_be_held_by_another", Coarse),
    ("lets snapshots move", "test_a_snapshot_stands_still_while_others_write", Moving),
    ("lets snapshots move", "test_a_snapshot_sees_nothing_that_came_after_it_began", Moving),
    ("keeps what a failed block wrote", "test_an_exception_rolls_everything_back", Committing),
    ("commits nothing", "test_a_block_commits_when_it_ends", Undone),
    ("goes one block at a time", "test_blocks_about_different_rows_go_side_by_side", OneAtATime),
]  # fmt: skip


class Deferred(SqliteDoors):
    """Begins to lock with the first write, which is after it has read."""

    @contextlib.contextmanager
    def write(self) -> Iterator[SqliteLink]:
        with self._transaction("BEGIN DEFERRED") as link:
            yield link


class InMemory(SqlStore):
    """Each store is a place of its own."""

    def __init__(self, url: str, **parts: Any) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        own = path.with_name(f"{id(self)}.db")
        with contextlib.closing(sqlite3.connect(own)):
            pass
        super().__init__(f"sqlite:///{own}", **parts)
        self.migrate()


class DeferredStore(SqlStore):
    def _open(self, url: URL, *, pool_size: int) -> Doors:
        return Deferred(url, pool_size=pool_size)


SQLITE: list[tuple[str, str, type[SqlStore]]] = [
    ("begins to lock too late", WAITED, DeferredStore),
    ("is another place when opened again",
     "test_what_was_committed_is_there_when_the_store_is_opened_again", InMemory),
    ("is two places when open twice", "test_what_one_commits_the_other_sees", InMemory),
]  # fmt: skip


def wrong(name: str, promise: str, make: type[SqlStore], places: Callable[[], Any]) -> Wrong:
    """Put a SQL store through the contract, each time in a place of its own."""

    class OnIt(StoreContract):
        capabilities = CLAIMED

        @pytest.fixture
        def url(self) -> Iterator[str]:
            with places() as url:
                yield url

        @pytest.fixture
        def store(self, clock: ManualClock, rules: MarketRules, url: str) -> Iterator[SqlStore]:
            store = make(url, rules=rules, clock=clock)
            yield store
            store.close()

        @pytest.fixture
        def open_again(self, clock: ManualClock, rules: MarketRules, url: str) -> OpenAgain:
            return lambda: make(url, rules=rules, clock=clock)

    return Wrong(name, promise, OnIt)


@pytest.fixture(scope="module")
def wrongs(markets: Markets, tmp_path_factory: pytest.TempPathFactory) -> list[Wrong]:
    @contextlib.contextmanager
    def file() -> Iterator[str]:
        url = f"sqlite:///{tmp_path_factory.mktemp('wrong') / 'market.db'}"
        migrate(url)
        yield url

    return [
        *(wrong(name, promise, on(link), markets.lend) for name, promise, link in POSTGRES),
        *(wrong(name, promise, make, file) for name, promise, make in SQLITE),
    ]


@pytest.fixture(scope="module")
def verdicts(wrongs: list[Wrong], tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judged(wrongs, tmp_path_factory.mktemp("judged"))


NAMES = [f"{name}: {promise}" for name, promise, _ in (*POSTGRES, *SQLITE)]


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_wrong_sql_store_is_caught(verdicts: Verdicts, wrongs: list[Wrong], number: int) -> None:
    require_caught(verdicts, wrongs, wrongs[number])
