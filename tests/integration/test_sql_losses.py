"""A connection that is lost on the way: what was not committed is, at most, begun anew once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import pytest

from reviewcore.domain.errors import StoreUnavailable
from reviewcore.domain.laws import LAWS
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_mark, a_session, a_user
from tests.integration.markets import Markets
from tests.integration.wire import Lost, Meddled, Wire, wired

Act = Callable[[Transaction, User], None]


@pytest.fixture
def line(durable_markets: Markets) -> Iterator[tuple[Wire, Meddled]]:
    """A wire and a store at its end, of one connection."""
    with durable_markets.lend() as url, wired(url) as (wire, other_end):
        store = Meddled(other_end, pool_size=1)
        yield wire, store
        store.close()


def change_one(tx: Transaction, user: User) -> None:
    """Change a row that is held: a write by itself."""
    tx.users.update(attrs.evolve(tx.users.lock(user.id), name="Other"))


def change_two(tx: Transaction, user: User) -> None:
    """Change and add rows: writes that go together."""
    change_one(tx, user)
    tx.identities.add(a_mark(user_id=user.id, value="other@example.com"))


def change_twice(tx: Transaction, user: User) -> None:
    """Change a row, read it, and add another."""
    change_one(tx, user)
    assert tx.users.by_email(user.email) is not None
    tx.identities.add(a_mark(user_id=user.id, value="other@example.com"))


def change_unread(tx: Transaction, user: User) -> None:
    """Change a row without a word before: BEGIN goes with the write."""
    tx.users.update(attrs.evolve(user, name="Other"))


def add_alone(tx: Transaction, user: User) -> None:
    """Add a row without a word before: BEGIN might go with the write, and COMMIT as well."""
    tx.sessions.add(a_session(user_id=user.id))


ACTS: list[Act] = [change_one, change_two, change_twice, change_unread, add_alone]


def known(store: Meddled) -> User:
    """Add a user; the store has prepared all statements then."""
    user, other = a_user(), a_user()
    with store.begin() as tx:
        tx.users.add(user, other)
    for act in ACTS:
        with store.begin() as tx:
            act(tx, other)
        with store.begin() as tx:
            tx.users.update(other)
            tx.identities.remove(*tx.identities.of_user(other.id))
            tx.sessions.remove_all(other.id)
    return user


def new(store: Meddled) -> User:
    """Add a user; the store has prepared nothing else."""
    user = a_user()
    with store.begin() as tx:
        tx.users.add(user)
    return user


def is_changed(store: Meddled, user: User) -> bool:
    with store.read() as tx:
        return tx.users.get(user.id).name == "Other" or len(tx.sessions.of_user(user.id)) == 1


@pytest.mark.parametrize("prepare", [known, new])
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lost", Lost)
def test_what_is_lost_with_its_commit_is_not_sent_again(
    line: tuple[Wire, Meddled], lost: Lost, act: Act, prepare: Callable[[Meddled], User]
) -> None:
    """Nobody knows whether the server has committed, so the caller is told."""
    wire, store = line
    user = prepare(store)

    wire.cut("COMMIT\0", lost)
    with pytest.raises(StoreUnavailable), store.begin() as tx:
        act(tx, user)

    assert wire.cuts == 1
    assert is_changed(store, user) is (lost is Lost.ANSWER)
    with store.begin() as tx:
        change_one(tx, user)
    assert is_changed(store, user)


@pytest.mark.parametrize("prepare", [known, new])
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lost", Lost)
def test_what_is_lost_with_its_begin_begins_elsewhere(
    line: tuple[Wire, Meddled], lost: Lost, act: Act, prepare: Callable[[Meddled], User]
) -> None:
    """What was not committed has not happened."""
    wire, store = line
    user = prepare(store)

    wire.cut("BEGIN", lost)
    with store.begin() as tx:
        act(tx, user)

    assert wire.cuts == 1
    assert is_changed(store, user)


@pytest.mark.parametrize("lost", Lost)
def test_many_rows_and_streams_begin_elsewhere_too(line: tuple[Wire, Meddled], lost: Lost) -> None:
    wire, store = line
    users = [a_user() for _ in range(500)]
    with store.begin():
        pass

    wire.cut("BEGIN", lost)
    with store.begin() as tx:
        tx.users.add(*users)
    wire.cut("BEGIN", lost)
    with store.read() as tx:
        broken = list(tx.audit.judge(LAWS[0]))

    assert wire.cuts == 2
    assert broken == []
    with store.read() as tx:
        assert list(tx.users.all()) == users


def test_a_connection_lost_after_the_first_statement_is_told(
    line: tuple[Wire, Meddled],
) -> None:
    """What was read is no basis for going on in another transaction."""
    wire, store = line
    user = known(store)

    with pytest.raises(StoreUnavailable), store.begin() as tx:  # noqa: PT012 - the second fails
        change_one(tx, user)
        wire.cut("Other", Lost.ANSWER)
        tx.users.by_email(user.email)

    assert wire.cuts == 1
    assert not is_changed(store, user)


def test_a_store_whose_server_stays_away_finds_it_when_it_is_back(
    line: tuple[Wire, Meddled],
) -> None:
    wire, store = line
    user = known(store)

    for _ in range(3):
        wire.is_down = True
        wire.cut("BEGIN", Lost.QUESTION)
        with pytest.raises(StoreUnavailable), store.begin() as tx:
            change_one(tx, user)
        wire.is_down = False
        with store.read() as tx:
            assert tx.users.get(user.id) == user
