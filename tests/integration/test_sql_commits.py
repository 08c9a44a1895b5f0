"""What the database refuses of a last statement, or of the COMMIT that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import psycopg
import pytest

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.errors import Busy, EmailTaken
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_mark, a_session, a_user
from tests.integration.markets import Markets, copy_market
from tests.integration.postgres import Server
from tests.integration.wire import Meddled, dsn_of, require_at_rest

REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', CONSTRAINT = 'uq_users_email'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse()
"""


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


def name_of(store: SqlStore, user: User) -> str:
    with store.read() as tx:
        return tx.users.get(user.id).name


def miss_alone(tx: Transaction) -> None:
    tx.sessions.update(a_session())


def miss_together(tx: Transaction) -> None:
    tx.sessions.update(a_session())
    tx.users.add(a_user(email="new@example.com"))


def miss_what_was_deleted(tx: Transaction) -> None:
    """Change a row that was held until the block itself deleted it."""
    user = a_user(email="new@example.com")
    session = a_session(user_id=user.id)
    tx.users.add(user)
    tx.sessions.add(session)
    tx.flush()
    tx.sessions.remove(session.id)
    tx.flush()
    tx.sessions.update(session)


def take_an_address(tx: Transaction) -> None:
    tx.users.add(a_user(email="taken@example.com"))


def take_an_address_together(tx: Transaction) -> None:
    take_an_address(tx)
    tx.identities.add(a_mark(value="new@example.com"))


def refer_to_nobody(tx: Transaction) -> None:
    tx.sessions.add(a_session())


def refer_to_nobody_together(tx: Transaction) -> None:
    refer_to_nobody(tx)
    tx.identities.add(a_mark(value="new@example.com"))


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (miss_alone, AssertionError),
        (miss_together, AssertionError),
        (miss_what_was_deleted, AssertionError),
        (take_an_address, EmailTaken),
        (take_an_address_together, EmailTaken),
        (refer_to_nobody, psycopg.errors.ForeignKeyViolation),
        (refer_to_nobody_together, psycopg.errors.ForeignKeyViolation),
    ],
)
@pytest.mark.parametrize("begins", ["with it", "before"])
def test_what_is_refused_with_its_commit_leaves_nothing(
    store: Meddled, url: str, act: Callable[[Transaction], None], refusal: type, begins: str
) -> None:
    taken = a_user(email="taken@example.com")
    with store.begin() as tx:
        tx.users.add(taken)

    with pytest.raises(refusal), store.begin() as tx:  # noqa: PT012 - raised at the end
        if begins == "before":
            rename(tx, taken)
            tx.flush()
        act(tx)

    assert name_of(store, taken) == taken.name
    with store.read() as tx:
        assert list(tx.users.all()) == [taken]
    require_at_rest(store, url)


def test_a_missed_row_is_named(store: Meddled) -> None:
    with pytest.raises(AssertionError, match="UPDATE of sessions") as told, store.begin() as tx:
        miss_together(tx)

    assert "INSERT of users" in str(told.value)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("unique_violation", EmailTaken),
        ("serialization_failure", Busy),
        ("deadlock_detected", Busy),
        ("foreign_key_violation", psycopg.errors.ForeignKeyViolation),
        ("division_by_zero", psycopg.errors.DivisionByZero),
    ],
)
def test_what_the_commit_itself_refuses_is_told_as_ever(
    postgres: Server, code: str, refusal: type
) -> None:
    url = copy_market(postgres)
    store, user = Meddled(url, pool_size=1), a_user()
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        connection.execute(REFUSE_AT_COMMIT.format(code=code).encode())
    with store.begin() as tx:
        tx.users.add(user)

    for _ in range(2):
        with pytest.raises(refusal), store.begin() as tx:
            rename(tx, user)

    assert name_of(store, user) == user.name
    require_at_rest(store, url)
    store.close()
    postgres.drop_database(url)


def rename_and_mark(tx: Transaction, user: User) -> None:
    rename(tx, user)
    tx.identities.add(a_mark(user_id=user.id))


def rename_then_mark(tx: Transaction, user: User) -> None:
    rename(tx, user)
    tx.flush()
    tx.identities.add(a_mark(user_id=user.id))


@pytest.mark.parametrize("act", [rename, rename_and_mark, rename_then_mark])
def test_a_plan_lost_with_the_commit_costs_one_try_and_writes_nothing(
    store: Meddled, url: str, user: User, act: Callable[[Transaction, User], None]
) -> None:
    connection = store.connection()
    with store.begin() as tx:
        act(tx, user)
        tx.flush()
        tx.users.update(user)
        tx.identities.remove(a_mark(user_id=user.id))

    with pytest.raises(Busy), store.begin() as tx:  # noqa: PT012 - raised at the end
        act(tx, user)
        connection.execute("DEALLOCATE ALL")

    assert name_of(store, user) == user.name
    with store.begin() as tx:
        act(tx, user)
    require_at_rest(store, url)
