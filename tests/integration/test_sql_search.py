"""The search for reviewers in SQL: what it reads, and what it knows of accounts in a race."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import Engine, create_engine, text

from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.ids import GenreId
from reviewcore.domain.matching import Search
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_reviewer, a_user
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.scene import Scene
from reviewcore.worker import Worker
from tests.integration.markets import copy_market, migrate
from tests.integration.postgres import Server

HOUSE = GenreId("house")
JAZZ = GenreId("jazz")
DAY = timedelta(days=1)
PAUSE_SECONDS = 0.3
"""Long enough for a block that does not wait to be over."""

FEW, MANY = 200, 1_000


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    url = copy_market(postgres)
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'market.db'}"
        migrate(url)
        return url
    told: str = request.getfixturevalue("postgres_url")
    return told


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[SqlStore]:
    store = SqlStore(url, clock=clock)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str, clock: ManualClock) -> Iterator[SqlStore]:
    store = SqlStore(postgres_url, clock=clock)
    yield store
    store.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


# ── accounts in a race ───────────────────────────────────────────────────────────────────────


def _verify(reviewer: ReviewerProfile) -> Callable[[Transaction], None]:
    def act(tx: Transaction) -> None:
        user = tx.users.lock(reviewer.user_id)
        tx.users.update(attrs.evolve(user, email_verified=START))

    return act


def _play_jazz(reviewer: ReviewerProfile) -> Callable[[Transaction], None]:
    def act(tx: Transaction) -> None:
        fresh = tx.reviewers.lock(reviewer.id)
        tx.reviewers.update(attrs.evolve(fresh, genres=(JAZZ,)))

    return act


@pytest.mark.parametrize(
    "acts",
    [(_verify, _play_jazz), (_play_jazz, _verify)],
    ids=["verified first", "other genres first"],
)
def test_an_address_verified_while_genres_change_is_known_in_the_new_ones(
    postgres_store: SqlStore, acts: tuple[Any, Any]
) -> None:
    scene = Scene(postgres_store)
    track = scene.track()
    user = scene.user(email_verified=None)
    reviewer = scene.reviewer(user_id=user.id)
    first, second = (act(reviewer) for act in acts)
    begun = threading.Event()

    def come_second() -> None:
        with postgres_store.begin() as tx:
            begun.set()
            second(tx)

    with ThreadPoolExecutor(1) as pool:
        with postgres_store.begin() as tx:
            first(tx)
            tx.flush()
            done = pool.submit(come_second)
            begun.wait()
            time.sleep(PAUSE_SECONDS)
            assert not done.done()
        done.result(timeout=10)

    search = Search(track_id=track.id, genres=frozenset({JAZZ}))
    with postgres_store.begin() as tx:
        assert [one.id for one in tx.reviewers.candidates(search, limit=5)] == [reviewer.id]


def test_whoever_is_held_comes_of_age_the_next_time(
    postgres_store: SqlStore, postgres_url: str
) -> None:
    scene = Scene(postgres_store)
    held, free = scene.reviewer(), scene.reviewer()

    def come_of_age() -> int:
        with postgres_store.begin() as tx:
            return tx.reviewers.come_of_age(START, limit=100)

    with ThreadPoolExecutor(1) as pool, postgres_store.begin() as tx:
        tx.reviewers.lock(held.id)
        marked = pool.submit(come_of_age).result(timeout=10)
    again = come_of_age()

    assert marked == len(free.genres)
    assert again == len(held.genres)


# ── what is read ─────────────────────────────────────────────────────────────────────────────


def _fill(store: SqlStore, crowd: int, *, head: dict[str, Any], account: dict[str, Any]) -> None:
    """Add reviewers of whom nine in ten stand before the others but cannot be assigned."""
    for start in range(0, crowd, 100):
        with store.begin() as tx:
            for number in range(start, start + 100):
                is_able = number % 10 == 0
                user = a_user(**({} if is_able else account))
                tx.users.add(user)
                first = {"rating_count": 20, "rating_sum": 100, "gem_count": 9}
                changes = {"rating_count": 20, "rating_sum": 60} if is_able else first | head
                tx.reviewers.add(a_reviewer(user_id=user.id, genres=(HOUSE,), **changes))


def _rows_read(store: SqlStore, search: Search) -> int:
    """Count the rows that a search reads from its table or an index of it."""
    with store.begin() as tx:
        before = _rows_read_by(tx)
        assert len(tx.reviewers.candidates(search, limit=20)) == 20
        return _rows_read_by(tx) - before


def _rows_read_by(tx: Transaction) -> int:
    """Count what this connection has read and not yet reported, of earlier blocks as well."""
    [(told,)] = tx.unit.link.fetch(  # type: ignore[attr-defined]  # the wire
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
        " WHERE relname = 'reviewer_genres'",
        [],
    )
    return int(told)


@pytest.mark.parametrize(
    ("head", "account"),
    [
        ({}, {"created_at": START}),
        ({}, {"email_verified": None}),
        ({"is_restricted": True}, {}),
        ({"completed_onboarding": False}, {}),
        ({"active_count": 3}, {}),
    ],
    ids=["too new", "not verified", "restricted", "not onboarded", "fully loaded"],
)
@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_whoever_cannot_be_assigned_is_not_read_however_many_they_are(
    postgres_url: str, head: dict[str, Any], account: dict[str, Any], plans: str
) -> None:
    store = SqlStore(f"{postgres_url}?options=-c%20plan_cache_mode%3D{plans}")
    scene = Scene(store)
    track = scene.track()
    search = Search(track_id=track.id, genres=frozenset({HOUSE}), account_before=START - DAY)
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    read = []
    for crowd in (FEW, MANY - FEW):
        _fill(store, crowd, head=head, account=account)
        with store.begin() as tx:
            tx.reviewers.come_of_age(START - DAY, limit=MANY)
        with engine.connect() as connection:
            connection.execute(text("VACUUM (ANALYZE) reviewer_genres"))
        read.append(_rows_read(store, search))
    engine.dispose()
    store.close()

    assert read[1] <= read[0] + 20


# ── who marks ────────────────────────────────────────────────────────────────────────────────


def test_a_worker_marks_those_who_have_come_of_age(
    store: SqlStore, engine: Engine, clock: ManualClock
) -> None:
    scene = Scene(store)
    plain = in_memory()
    app = App(
        store=store,
        payments=plain.payments,
        payouts=plain.payouts,
        mail=plain.mail,
        passwords=plain.passwords,
    )
    hours = store.rules.reviewer_account_age_hours
    for age in (hours, hours - 1):
        user = scene.user(created_at=START - timedelta(hours=age))
        scene.reviewer(user_id=user.id, genres=(HOUSE,))
    worker = Worker(app)

    def marked() -> int:
        with engine.connect() as connection:
            told = connection.execute(text("SELECT count(*) FROM reviewer_genres WHERE of_age"))
            return int(told.scalar_one())

    counts = [(worker.sweep(), marked()), (worker.sweep(), marked())]
    clock.advance(hours=1)
    counts.append((worker.sweep(), marked()))

    assert counts == [(1, 1), (0, 1), (1, 2)]
