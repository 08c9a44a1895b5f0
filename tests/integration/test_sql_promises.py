"""What only a SQL store promises: order of locks, round trips, joining a host's transaction."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
from psycopg.pq import Trace
from sqlalchemy import URL, Engine

from reviewcore.adapters.sql import SqlStore, statements
from reviewcore.adapters.sql.driving import PREPARED_MAX, Directly
from reviewcore.adapters.sql.flush import WRITES_TOGETHER_MAX
from reviewcore.adapters.sql.postgres import PostgresDoors
from reviewcore.domain import events, ledger
from reviewcore.domain.errors import Busy, EmailTaken, StoreUnavailable
from reviewcore.domain.ids import GenreId, ReviewId, TrackId
from reviewcore.domain.matching import Search, standing
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import (
    a_reviewer,
    a_slot,
    a_timestamp,
    a_user,
    an_id,
    some_feedback,
)
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene
from tests.integration.markets import Markets, copy_market, migrate
from tests.integration.postgres import Server

HOUSE = GenreId("house")
WAIT_SECONDS = 0.3
"""Long enough for a statement that does not wait to be answered."""


@pytest.fixture
def postgres_market(durable_markets: Markets) -> Iterator[str]:
    with durable_markets.lend() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'market.db'}"
        migrate(url)
        return url
    told: str = request.getfixturevalue("postgres_market")
    return told


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url)
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_market: str) -> Iterator[SqlStore]:
    store = SqlStore(postgres_market)
    yield store
    store.close()


def _dsn(url: str) -> str:
    return url.replace("+psycopg", "")


def _active_review(scene: Scene) -> Any:
    review = scene.review(
        status=ReviewStatus.IN_PROGRESS,
        listen_duration=200,
        last_heartbeat=START,
        minimum_listen_seconds=180,
    )
    scene.queue(review)
    with scene.store.begin() as tx:
        bench = tx.reviews.lock(review.id)
        tx.reviewers.update(attrs.evolve(bench.reviewer, active_count=1, last_assigned_at=START))
    return review


def complete(tx: Transaction, review_id: ReviewId) -> None:
    """Do what completing a review does to the store."""
    track, review, reviewer = tx.reviews.lock(review_id)
    tx.identities.kin_of_artist(track.artist_id)
    done = attrs.evolve(
        review,
        status=ReviewStatus.COMPLETED,
        ended_at=tx.now,
        paid_amount=review.offered_amount,
        counts_toward_completion=True,
        share_id=tx.new_token()[:8],
        feedback=some_feedback(),
    )
    counted, story = track.count(tx.now)
    paid, moved = reviewer.earn(done.offered_amount, rules=tx.rules, at=tx.now)

    tx.reviews.update(done)
    tx.timestamps.add(*(a_timestamp(review_id=done.id, number=number) for number in (1, 2)))
    tx.queue.remove(done.id)
    tx.tracks.update(counted)
    tx.reviewers.update(paid)
    tx.ledger.add(ledger.review_completed(done, is_free=False))
    told = events.ReviewCompleted(
        review_id=done.id,
        track_id=track.id,
        reviewer_id=reviewer.id,
        paid_amount=done.offered_amount,
    )
    tx.events.add(told, *story, *moved)


# ── round trips ──────────────────────────────────────────────────────────────────────────────


def test_completing_a_review_takes_three_trips(postgres_market: str) -> None:
    store = SqlStore(postgres_market, pool_size=1)
    scene = Scene(store)
    # Statements are compiled and prepared once, by the first of a kind.
    reviews = [_active_review(scene) for _ in range(3)]
    for review in reviews[:2]:
        with store.begin() as tx:
            complete(tx, review.id)
    compiled = statements.together.cache_info().misses

    with store.begin() as tx:
        tx.flush()
        pgconn = tx.unit.link._connection.pgconn  # type: ignore[attr-defined]  # the wire
    with tempfile.TemporaryFile("w+") as file:
        pgconn.trace(file.fileno())
        pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        with store.begin() as tx:
            complete(tx, reviews[2].id)
        pgconn.untrace()
        file.seek(0)
        trips = [line for line in file if "ReadyForQuery" in line]
    store.close()

    assert len(trips) == 3, "BEGIN and lock, kin, flush and COMMIT"
    assert statements.together.cache_info().misses == compiled


# ── locks ────────────────────────────────────────────────────────────────────────────────────


def _table_waited_for(url: str) -> str:
    """Tell the table of the row that some transaction waits for."""
    question = (
        "SELECT l.relation::regclass::text FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'tuple' AND a.datname = current_database()"
    )
    deadline = time.monotonic() + 10
    with psycopg.connect(_dsn(url), autocommit=True) as watcher:
        while time.monotonic() < deadline:
            row = watcher.execute(question).fetchone()
            if row is not None:
                return str(row[0])
            time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize(
    ("held", "free"),
    [
        ("tracks", ["reviews", "reviewer_profiles"]),
        ("reviews", ["reviewer_profiles"]),
        ("reviewer_profiles", []),
    ],
)
def test_a_bench_is_locked_track_first_then_review_then_reviewer(
    postgres_store: SqlStore, postgres_market: str, held: str, free: list[str]
) -> None:
    scene = Scene(postgres_store)
    review = scene.review()
    ids = {
        "tracks": review.track_id,
        "reviews": review.id,
        "reviewer_profiles": review.reviewer_id,
    }
    order = ["tracks", "reviews", "reviewer_profiles"]

    def lock_bench() -> None:
        with postgres_store.begin() as tx:
            tx.reviews.lock(review.id)

    def try_lock(table: str) -> bool:
        with psycopg.connect(_dsn(postgres_market)) as other:
            row = other.execute(
                f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED",
                [ids[table]],
            ).fetchone()
            return row is not None

    with ThreadPoolExecutor(1) as pool, psycopg.connect(_dsn(postgres_market)) as holder:
        holder.execute(
            f"SELECT 1 FROM {held} WHERE id = %s FOR NO KEY UPDATE",
            [ids[held]],
        )
        waiting = pool.submit(lock_bench)
        assert _table_waited_for(postgres_market) == held
        taken = [table for table in order if table != held and not try_lock(table)]
        holder.rollback()
        waiting.result(timeout=10)

    # What comes before the held row is locked already, what comes after is not.
    assert taken == order[: order.index(held)]
    assert [table for table in order if table not in (*taken, held)] == free


@pytest.mark.parametrize("changed", ["tracks", "reviews", "reviewer_profiles"])
def test_a_bench_is_fresh_after_waiting(
    postgres_store: SqlStore, postgres_market: str, changed: str
) -> None:
    scene = Scene(postgres_store)
    review = scene.review()
    changes = {
        "tracks": ("title", "Other", review.track_id),
        "reviews": ("listen_duration", 77, review.id),
        "reviewer_profiles": ("gem_count", 7, review.reviewer_id),
    }

    def lock_bench() -> Any:
        with postgres_store.begin() as tx:
            return tx.reviews.lock(review.id)

    with ThreadPoolExecutor(1) as pool, psycopg.connect(_dsn(postgres_market)) as holder:
        # The track is held, so that the statement has read all three rows before they change.
        holder.execute("SELECT 1 FROM tracks FOR NO KEY UPDATE")
        waiting = pool.submit(lock_bench)
        _table_waited_for(postgres_market)
        column, value, row_id = changes[changed]
        holder.execute(
            f"UPDATE {changed} SET {column} = %s WHERE id = %s",
            [value, row_id],
        )
        holder.commit()
        bench = waiting.result(timeout=10)

    seen = (bench.track.title, bench.review.listen_duration, bench.reviewer.gem_count)
    assert value in seen


def test_adding_a_review_does_not_wait_for_who_holds_its_artist(
    postgres_store: SqlStore,
) -> None:
    scene = Scene(postgres_store)
    track, reviewer = scene.track(), scene.reviewer()

    with ThreadPoolExecutor(1) as pool, postgres_store.begin() as tx:
        tx.artists.lock(track.artist_id)
        tx.tracks.lock(track.id)
        added = pool.submit(scene.review, track, reviewer)
        added.result(timeout=10)


# ── candidates ───────────────────────────────────────────────────────────────────────────────


def test_eight_assigners_never_overload_anybody(postgres_market: str) -> None:
    rules = MarketRules()
    store = SqlStore(postgres_market, rules=rules, pool_size=8)
    scene = Scene(store)
    reviewers = [scene.reviewer() for _ in range(10)]
    tracks = [scene.track() for _ in range(16)]
    room = len(reviewers) * rules.active_assignments_max_normal
    start = threading.Barrier(8)

    def assign(mine: list[Any]) -> int:
        start.wait()
        given = 0
        for track in mine:
            with store.begin() as tx:
                tx.tracks.lock(track.id)
                search = Search(track_id=track.id, genres=frozenset({HOUSE}))
                for one in tx.reviewers.candidates(search, limit=2):
                    tx.reviewers.update(one.take(tx.now))
                    given += 1
        return given

    with ThreadPoolExecutor(8) as pool:
        shares = [pool.submit(assign, tracks[number::8]) for number in range(8)]
        given = sum(share.result() for share in shares)

    with store.read() as tx:
        loads = [tx.reviewers.get(one.id).active_count for one in reviewers]
    store.close()
    assert sum(loads) == given > room // 2
    assert max(loads) <= rules.active_assignments_max_normal


def test_a_search_goes_on_behind_those_whom_others_hold(postgres_store: SqlStore) -> None:
    scene = Scene(postgres_store)
    track = scene.track()
    reviewers = [scene.reviewer() for _ in range(12)]
    search = Search(track_id=track.id, genres=frozenset({HOUSE}))

    def find() -> list[Any]:
        with postgres_store.begin() as tx:
            return list(tx.reviewers.candidates(search, limit=2))

    with ThreadPoolExecutor(1) as pool, postgres_store.begin() as tx:
        tx.reviewers.lock_many([one.id for one in reviewers[:7]])
        found = pool.submit(find).result(timeout=10)

    assert found == reviewers[7:9]


def test_candidates_stand_in_the_order_of_the_domain(store: SqlStore) -> None:
    scene = Scene(store)
    track = scene.track()
    users = [a_user() for _ in range(200)]
    reviewers = [_varied(number, user.id) for number, user in enumerate(users)]
    with store.begin() as tx:
        tx.users.add(*users)
        tx.reviewers.add(*reviewers)
    rules = store.rules
    able = [one for one in reviewers if one.active_count < rules.active_assignments_max(one.tier)]
    new = [one for one in able if one.rating_count < rules.exploration_ratings_max]
    genres = frozenset({HOUSE, GenreId("techno")})

    with store.begin() as tx:
        search = Search(track_id=track.id, genres=genres)
        found = tx.reviewers.candidates(search, limit=30)
        newcomers = tx.reviewers.candidates(
            attrs.evolve(search, ratings_below=rules.exploration_ratings_max), limit=30
        )
        pros = tx.reviewers.candidates(attrs.evolve(search, tier=Tier.PRO), limit=30)
        survey = tx.reviewers.survey(search, limit=30)

    assert list(found) == sorted(able, key=standing)[:30]
    assert list(newcomers) == sorted(new, key=standing)[:30]
    assert list(pros) == sorted((o for o in able if o.tier is Tier.PRO), key=standing)[:30]
    assert list(survey) == sorted(reviewers, key=standing)[:30]


def _varied(number: int, user_id: Any) -> Any:
    count = number * 7 % 23
    return a_reviewer(
        user_id=user_id,
        genres=(HOUSE, GenreId("techno")) if number % 3 else (HOUSE,),
        tier=Tier.PRO if number % 4 == 0 else Tier.NORMAL,
        active_count=number % 6,
        rating_count=count,
        rating_sum=count + number % (4 * count + 1),
        gem_count=number % 5,
        last_assigned_at=None if number % 2 else START.replace(microsecond=number * 31 % 977),
    )


# ── flushing ─────────────────────────────────────────────────────────────────────────────────


def test_a_flush_of_very_much_arrives_whole(store: SqlStore) -> None:
    scene = Scene(store)
    track = scene.track()
    users = [a_user() for _ in range(WRITES_TOGETHER_MAX * 50)]
    slots = [a_slot(track_id=track.id, number=number) for number in range(10, 100)]

    with store.begin() as tx:
        tx.users.add(*users)
        tx.slots.add(*slots)
        tx.flush()
        tx.users.update(*(attrs.evolve(user, name="Other") for user in users))
        tx.events.add(*(events.TrackQueued(track_id=track.id) for _ in range(100)))

    with store.read() as tx:
        told = list(tx.users.all())
        assert [user.id for user in told if user.name == "Other"] == [user.id for user in users]
        assert len(tx.slots.of_track(track.id)) == len(slots) + 5
        numbers = [record.sequence for record in tx.events.all()]
    assert numbers == list(range(1, 101))


def test_an_error_that_is_swallowed_still_undoes_the_block(store: SqlStore) -> None:
    taken, other = a_user(), a_user()
    with store.begin() as tx:
        tx.users.add(taken)

    with pytest.raises(EmailTaken), store.begin() as tx:  # noqa: PT012 - raised at the end
        tx.users.add(a_user(email=taken.email))
        with pytest.raises(EmailTaken):
            tx.flush()
        tx.users.add(other)

    with store.read() as tx:
        assert tx.users.find(other.id) is None


def test_only_what_changed_is_written(store: SqlStore) -> None:
    scene = Scene(store)
    track = scene.track()

    with store.begin() as tx:
        seen = tx.tracks.lock(track.id)
        tx.tracks.update(attrs.evolve(seen, title="Other"))
        tx.tracks.update(seen)
        tx.flush()
        count = statements.alone.cache_info(), statements.together.cache_info()
        tx.tracks.update(seen)
        tx.flush()

        assert (statements.alone.cache_info(), statements.together.cache_info()) == count


def test_two_writers_of_one_history_do_not_both_append(postgres_store: SqlStore) -> None:
    told = events.TrackQueued(track_id=TrackId(an_id("track")))

    def append() -> None:
        with postgres_store.begin() as tx:
            tx.events.add(told)

    with ThreadPoolExecutor(1) as pool, postgres_store.begin() as tx:
        tx.events.add(told)
        tx.flush()
        other = pool.submit(append)
        time.sleep(WAIT_SECONDS)
        tx.flush()
        assert not other.done()
    with pytest.raises(Busy):
        other.result(timeout=10)


def test_a_deadlock_is_busy_for_one_of_the_two(postgres_store: SqlStore) -> None:
    scene = Scene(postgres_store)
    first, second = scene.artist(), scene.artist()
    both_hold = threading.Barrier(2)

    def lock(one: Any, other: Any) -> bool:
        try:
            with postgres_store.begin() as tx:
                tx.artists.lock(one.id)
                both_hold.wait()
                tx.artists.lock(other.id)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        turns = [pool.submit(lock, first, second), pool.submit(lock, second, first)]
        assert sorted(turn.result() for turn in turns) == [False, True]


def test_a_restart_of_the_server_costs_no_transaction_that_begins_after_it(
    postgres_market: str, postgres: Server
) -> None:
    store = SqlStore(postgres_market, pool_size=3)
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"

    def end_connections() -> None:
        with postgres.connect() as admin:
            admin.execute(end_all, [postgres_market.rpartition("/")[2]])

    with store.read(), store.read():
        pass
    end_connections()
    with store.begin() as tx:
        tx.users.add(a_user())

    with pytest.raises(StoreUnavailable), store.begin() as tx:  # noqa: PT012 - raised at the end
        tx.users.by_email("nobody@example.com")
        end_connections()
        tx.users.by_email("nobody@example.com")
    with store.read():
        pass
    end_connections()
    with store.glance() as tx:
        assert tx.users.by_email("nobody@example.com") is None
    with store.read() as tx:
        assert len(list(tx.users.all())) == 1
    store.close()


def test_a_glance_takes_one_trip(postgres_market: str) -> None:
    store = SqlStore(postgres_market, pool_size=1)
    with store.glance() as tx:
        tx.users.by_email("nobody@example.com")
    with store.begin() as tx:
        tx.flush()
        pgconn = tx.unit.link._connection.pgconn  # type: ignore[attr-defined]  # the wire

    with tempfile.TemporaryFile("w+") as file:
        pgconn.trace(file.fileno())
        with store.glance() as tx:
            tx.users.by_email("nobody@example.com")
        pgconn.untrace()
        file.seek(0)
        trips = [line for line in file if "ReadyForQuery" in line]
    store.close()

    assert len(trips) == 1


# ── without the driver's cursor ──────────────────────────────────────────────────────────────


def test_a_connection_keeps_so_many_plans_and_no_more(postgres_market: str) -> None:
    with psycopg.connect(_dsn(postgres_market), autocommit=True) as connection:
        way = Directly(connection)
        for number in range(PREPARED_MAX + 3):
            assert way.fetch(f"SELECT {number}, $1::text", ["told"]) == [(number, "told")]
        kept = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        again = way.fetch("SELECT 0, $1::text", [None])

    assert kept == (PREPARED_MAX,)
    assert again == [(0, None)]


class Meddled(SqlStore):
    """A store whose connections a test lays hands on."""

    engine: Engine

    def _open(self, url: URL, *, pool_size: int) -> PostgresDoors:
        doors = PostgresDoors(url, pool_size=pool_size)
        self.engine = doors.engine
        return doors


@pytest.mark.parametrize(
    "change",
    ["DEALLOCATE ALL", "ALTER TABLE users ALTER COLUMN name TYPE varchar(77)"],
)
def test_a_plan_that_serves_no_more_costs_one_try(postgres: Server, change: str) -> None:
    """As after a migration while the store is in use."""
    url = copy_market(postgres)
    store = Meddled(url, pool_size=1)

    def meddle() -> None:
        with store.begin() as tx:
            assert tx.users.by_email("nobody@example.com") is None
        pooled = store.engine.raw_connection()
        pooled.cursor().execute(change)
        pooled.close()

    meddle()
    with pytest.raises(Busy), store.begin() as tx:
        tx.users.by_email("nobody@example.com")
    with store.begin() as tx:
        tx.users.add(a_user(email="nova@example.com"))
    meddle()
    with store.glance() as tx:
        assert tx.users.by_email("nobody@example.com") is None
    store.close()
    postgres.drop_database(url)


def test_a_text_with_nul_is_refused_and_not_cut(postgres_market: str) -> None:
    with psycopg.connect(_dsn(postgres_market), autocommit=True) as connection:
        way = Directly(connection)

        with pytest.raises(psycopg.DataError):
            way.fetch("SELECT $1::text", ["told\0more"])
