"""Joining a host's transaction: its rows and ours are committed together, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from sqlalchemy import Engine, create_engine, event, text

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.users import User
from reviewcore.testing.builders import a_user
from reviewcore.testing.clock import START
from tests.integration.markets import copy_market, migrate
from tests.integration.postgres import Server

RULES = MarketRules()


class HostGaveUp(Exception):
    """What a host may raise after our block."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'market.db'}"
        migrate(made)
        yield made
        return
    postgres: Server = request.getfixturevalue("postgres")
    made = copy_market(postgres)
    yield made
    postgres.drop_database(made)


@pytest.fixture
def host(url: str) -> Iterator[Engine]:
    """An engine of the host's own, with a table of its own."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id TEXT PRIMARY KEY)"))
    yield engine
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url, rules=RULES)
    yield store
    store.close()


def _orders(host: Engine) -> list[str]:
    with host.connect() as connection:
        return list(connection.execute(text("SELECT id FROM orders ORDER BY id")).scalars())


def _users(store: SqlStore) -> list[User]:
    with store.read() as tx:
        return list(tx.users.all())


def test_the_hosts_rows_and_ours_are_committed_together(host: Engine, store: SqlStore) -> None:
    user = a_user()

    with host.begin() as connection:
        connection.execute(text("INSERT INTO orders VALUES ('one')"))
        with SqlStore.join(connection, rules=RULES, clock=lambda: START) as tx:
            tx.users.add(user)
            assert tx.now == START
            assert tx.rules == RULES
        told = connection.execute(text("SELECT count(*) FROM users")).scalar()

    assert told == 1
    assert _users(store) == [user]
    assert _orders(host) == ["one"]


@pytest.mark.parametrize("writes_first", [True, False])
def test_what_the_host_undoes_is_undone_for_us_too(
    host: Engine, store: SqlStore, writes_first: bool
) -> None:
    with pytest.raises(HostGaveUp), host.begin() as connection:  # noqa: PT012 - the host gives up after our block
        if writes_first:
            connection.execute(text("INSERT INTO orders VALUES ('one')"))
        with SqlStore.join(connection, rules=RULES) as tx:
            tx.users.add(a_user())
        raise HostGaveUp

    assert _users(store) == []
    assert _orders(host) == []


def test_a_refusal_undoes_the_block_and_leaves_the_host_its_transaction(
    host: Engine, store: SqlStore
) -> None:
    user = a_user()

    with host.begin() as connection:
        connection.execute(text("INSERT INTO orders VALUES ('one')"))
        with SqlStore.join(connection, rules=RULES) as tx:
            tx.users.add(user)
        with (  # noqa: PT012 - the block is what is refused
            pytest.raises(EmailTaken),
            SqlStore.join(connection, rules=RULES, actor="host") as tx,
        ):
            tx.users.update(attrs.evolve(user, name="Other"))
            tx.users.add(a_user(email=user.email))
        connection.execute(text("INSERT INTO orders VALUES ('two')"))

    assert _users(store) == [user]
    assert _orders(host) == ["one", "two"]


def test_times_are_utc_on_a_connection_of_another_zone(host: Engine, store: SqlStore) -> None:
    user = a_user()
    if host.dialect.name == "postgresql":

        @event.listens_for(host, "begin")
        def move(connection: object) -> None:
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'Asia/Tokyo'")  # type: ignore[attr-defined]  # SQLAlchemy's

    with host.begin() as connection, SqlStore.join(connection, rules=RULES) as tx:
        tx.users.add(user)
        tx.flush()
        found = tx.users.by_email(user.email)

    assert found == user
    assert found.created_at.utcoffset() == START.utcoffset()
    assert _users(store) == [user]
