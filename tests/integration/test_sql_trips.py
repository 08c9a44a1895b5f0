"""Fewer trips: BEGIN goes with the first statement, COMMIT with the last, and all else stays."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import psycopg
import pytest
from psycopg.pq import TransactionStatus

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.driving import Directly, way_of
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_mark, a_session, a_user
from tests.integration.markets import Markets
from tests.integration.wire import Meddled, dsn_of, require_at_rest, trips_of


@pytest.fixture
def url(durable_markets: Markets) -> Iterator[str]:
    with durable_markets.lend() as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Meddled]:
    store = Meddled(url, pool_size=1)
    yield store
    store.close()


@pytest.fixture
def user(store: Meddled) -> User:
    user = a_user()
    with store.begin() as tx:
        tx.users.add(user)
    return user


def rename(tx: Transaction, user: User) -> None:
    tx.users.update(attrs.evolve(tx.users.lock(user.id), name="Other"))


# ── how many trips ───────────────────────────────────────────────────────────────────────────


def change_twice(tx: Transaction, user: User) -> None:
    rename(tx, user)
    tx.flush()
    tx.identities.add(a_mark(user_id=user.id))


def read_after_a_flush(tx: Transaction, user: User) -> None:
    rename(tx, user)
    assert tx.users.by_email(user.email) is not None


def delete_alone(tx: Transaction, user: User) -> None:
    tx.users.lock(user.id)
    tx.sessions.remove(a_session().id)


def delete_together(tx: Transaction, user: User) -> None:
    delete_alone(tx, user)
    tx.identities.remove(a_mark(user_id=user.id))


def add_what_may_exist(tx: Transaction, user: User) -> None:
    delete_alone(tx, user)
    tx.identities.add(a_mark(user_id=user.id))


def verify(tx: Transaction, user: User) -> None:
    """Change what is copied for the search by statements of their own."""
    tx.users.update(attrs.evolve(tx.users.lock(user.id), email_verified=None))


def change_unheld(tx: Transaction, user: User) -> None:
    """Change a row that nobody keeps from being deleted: somebody has to count what was changed."""
    tx.users.update(attrs.evolve(tx.users.get(user.id), name="Other"))


TRIPS: list[tuple[Callable[[Transaction, User], object], int]] = [
    (lambda _tx, _user: None, 0),
    (lambda tx, user: tx.users.get(user.id), 2),
    (lambda tx, user: tx.identities.add(a_mark(user_id=user.id)), 2),
    (rename, 2),
    (change_twice, 3),
    (read_after_a_flush, 4),
    (delete_alone, 2),
    (delete_together, 2),
    (add_what_may_exist, 2),
    (change_unheld, 3),
    (verify, 5),
]


@pytest.mark.parametrize(("act", "trips"), TRIPS)
def test_a_block_takes_no_trip_to_begin_and_none_to_commit_what_it_sends_last(
    store: Meddled, user: User, act: Callable[[Transaction, User], object], trips: int
) -> None:
    def do() -> None:
        with store.begin() as tx:
            act(tx, user)

    do()
    with store.begin() as tx:
        tx.users.update(user)

    assert trips_of(store, do) == trips


def test_what_is_only_deleted_is_gone(store: Meddled, user: User) -> None:
    session, mark = a_session(user_id=user.id), a_mark(user_id=user.id)
    with store.begin() as tx:
        tx.sessions.add(session)
        tx.identities.add(mark)

    with store.begin() as tx:
        tx.sessions.remove(session.id)
        tx.identities.remove(mark)

    with store.read() as tx:
        assert tx.sessions.find(session.id) is None
        assert tx.identities.of_user(user.id) == []


# ── what fails before ────────────────────────────────────────────────────────────────────────


class GaveUp(Exception):
    """What a use case may raise anywhere in a block."""


@pytest.mark.parametrize("act", [act for act, _ in TRIPS])
@pytest.mark.parametrize("is_flushed", [True, False])
def test_a_block_that_raises_leaves_nothing(
    store: Meddled,
    url: str,
    user: User,
    act: Callable[[Transaction, User], object],
    is_flushed: bool,
) -> None:
    with pytest.raises(GaveUp), store.begin() as tx:  # noqa: PT012 - raised at the end
        act(tx, user)
        if is_flushed:
            tx.flush()
        raise GaveUp

    with store.read() as tx:
        assert list(tx.users.all()) == [user]
        assert tx.identities.of_user(user.id) == []
    require_at_rest(store, url)


def test_what_has_not_begun_does_not_begin_for_the_next(store: Meddled, url: str) -> None:
    with store.begin(), pytest.raises(RuntimeError), store.begin():
        pass
    with store.glance() as tx:
        tx.users.by_email("nobody@example.com")

    require_at_rest(store, url)


def test_who_was_interrupted_before_he_began_leaves_no_begin_behind(url: str) -> None:
    kept: dict[Any, Any] = {}
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        way_of(connection, kept).begin("BEGIN")
        way = way_of(connection, kept)

        way.fetch("SELECT 1", [])
        assert connection.info.transaction_status == TransactionStatus.IDLE


def test_a_first_statement_by_cursor_has_its_begin(url: str) -> None:
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        way = Directly(connection)
        told: list[TransactionStatus] = []
        asks: list[Callable[[], object]] = [
            lambda: way.fetch("SELECT $1::int[]", [[1, 2]]),
            lambda: way.finish("SELECT $1::int[]", [[1, 2]]),
            lambda: way.change_many("SELECT $1::int", [["1"], ["2"]]),
            lambda: way.command("SET LOCAL work_mem = '1MB'"),
            lambda: way.fetch("SELECT 7", []),
        ]
        for ask in asks:
            way.begin("BEGIN")
            ask()
            told.append(connection.info.transaction_status)
            way.end("COMMIT")
            told.append(connection.info.transaction_status)

    assert told == [TransactionStatus.INTRANS, TransactionStatus.IDLE] * len(asks)


# ── isolation ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_known", [True, False])
def test_blocks_are_isolated_as_their_begin_says(
    store: Meddled, user: User, is_known: bool
) -> None:
    isolation = "SELECT current_setting('transaction_isolation'), current_setting('{}')"
    told = []
    for _ in range(2 if is_known else 1):
        for door in (store.begin, store.read):
            with door() as tx:
                unit: Any = tx.unit
                told.append(unit.link.fetch(isolation.format("transaction_read_only"), []))
                unit.link.fetch("SELECT 1", [])

    assert told[-2:] == [[("read committed", "off")], [("repeatable read", "on")]]


def test_a_snapshot_is_taken_with_the_first_question(url: str) -> None:
    store = SqlStore(url, pool_size=2)
    for _ in range(2):
        with store.read() as tx:
            with store.begin() as other:
                other.users.add(a_user())
            before = len(list(tx.users.all()))
            with store.begin() as other:
                other.users.add(a_user())
            assert len(list(tx.users.all())) == before
    store.close()

    assert before == 3, "what was committed before the question is seen, and nothing after it"


# ── interrupted while it waits ───────────────────────────────────────────────────────────────


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Make SIGUSR1 an interrupt, as Ctrl-C is one where nobody tests."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, earlier)


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("when", ["with BEGIN", "with COMMIT"])
def test_who_is_interrupted_while_he_waits_commits_nothing(
    store: Meddled, url: str, user: User, when: str
) -> None:
    def act(tx: Transaction) -> None:
        if when == "with COMMIT":
            tx.users.by_email("nobody@example.com")
        else:
            tx.users.lock(user.id)
        tx.sessions.add(a_session(user_id=user.id))

    with store.begin() as tx:
        act(tx)
    main = threading.main_thread().ident
    assert main is not None
    with psycopg.connect(dsn_of(url)) as holder:
        # Whoever refers to a user has to wait for who wants to give him another key.
        holder.execute("SELECT 1 FROM users FOR UPDATE")
        later = threading.Timer(1, signal.pthread_kill, (main, signal.SIGUSR1))
        later.start()
        with pytest.raises(KeyboardInterrupt), store.begin() as tx:
            act(tx)

    with store.read() as tx:
        assert len(tx.sessions.of_user(user.id)) == 1
    require_at_rest(store, url)


def test_in_threads_transactions_keep_to_themselves(url: str) -> None:
    store = SqlStore(url, pool_size=4)

    def add(name: str) -> int:
        for number in range(20):
            with store.begin() as tx:
                assert tx.users.by_email(f"{name}{number}@example.com") is None
                tx.users.add(a_user(email=f"{name}{number}@example.com"))
            with store.glance() as tx:
                assert tx.users.by_email(f"{name}{number}@example.com") is not None
        return number

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, "abcdef"))
    with store.read() as tx:
        count = len(list(tx.users.all()))
    store.close()

    assert count == 120
