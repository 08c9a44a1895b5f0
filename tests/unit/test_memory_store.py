from __future__ import annotations

import gc
import weakref
from itertools import product
from typing import Any

import attrs
import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.memory.ordered import Ordered
from reviewcore.adapters.memory.store import Lazy, MemoryTransaction
from reviewcore.adapters.memory.table import Index, Table
from reviewcore.adapters.memory.tables import Tables
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_queue_row, a_user
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store import StoreContract
from reviewcore.testing.contracts.store.roundtrips import SAMPLES
from reviewcore.testing.contracts.store.scene import Scene, interrupt


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules) -> Store:
        return MemoryStore(rules=rules, clock=clock)


def place_of(index: Index[Any], row: Any) -> object:
    groups = tuple(index._groups(row))
    return (groups, index._rank(row)) if groups else ()


def samples_of(name: str) -> list[Any]:
    scene = Scene(MemoryStore(clock=ManualClock()))
    return SAMPLES[name](scene)


INDEXES = [
    (name, label)
    for name, table in vars(Tables()).items()
    if isinstance(table, Table) and name in SAMPLES
    for label in table.indexes
]


@pytest.mark.parametrize(("name", "label"), INDEXES, ids=str)
def test_an_index_watches_all_that_it_depends_on(name: str, label: str) -> None:
    index = getattr(Tables(), name).indexes[label]
    rows = samples_of(name)

    for row, other in product(rows, rows):
        for field in attrs.fields(type(row)):
            if field.name in index.watch:
                continue
            changed = attrs.evolve(row, **{field.name: getattr(other, field.name)})
            assert place_of(index, changed) == place_of(index, row), field.name


def test_what_is_ordered_stays_so_however_much_comes_and_goes() -> None:
    ordered = Ordered()
    numbers = [number * 7919 % 5003 for number in range(5003)]

    for number in numbers:
        ordered.add(number)
    for number in numbers[::2]:
        ordered.remove(number)

    left = sorted(numbers[1::2])
    assert list(ordered) == left
    assert ordered.last() == left[-1]
    assert list(ordered.after(left[99])) == left[100:]
    assert list(ordered.after(-1)) == left
    for number in left:
        ordered.remove(number)
    assert not ordered
    assert ordered.last() is None
    assert list(ordered.after(-1)) == []


def test_a_rolled_back_block_leaves_no_trace_in_an_index() -> None:
    store = MemoryStore(clock=ManualClock())
    before = a_user()
    with store.begin() as tx:
        tx.users.add(before)

    interrupt(
        store,
        lambda tx: tx.users.update(attrs.evolve(before, email="other@example.com")),
        lambda tx: tx.users.add(a_user()),
        lambda tx: tx.queue.add(a_queue_row()),
    )

    with store.read() as tx:
        assert tx.users.by_email("other@example.com") is None
        assert tx.users.by_email(before.email) == before
        assert list(tx.users.page(after=None, limit=9)) == [before]
        assert list(tx.queue.expired(START.replace(year=2100), limit=9)) == []


def test_a_naive_clock_is_refused_and_the_store_goes_on() -> None:
    naive = [START.replace(tzinfo=None), START]
    store = MemoryStore(clock=lambda: naive[0], ids=lambda: "id")

    with pytest.raises(ValueError, match="naive"), store.begin():
        pass
    naive.pop(0)

    with store.begin() as tx:
        assert tx.now == START


def test_a_block_that_has_ended_refuses_writes() -> None:
    store = MemoryStore()
    with store.begin() as tx:
        pass

    with pytest.raises(RuntimeError, match="reads"):
        tx.users.add(a_user())


def test_a_row_that_is_no_longer_due_may_keep_its_lease() -> None:
    scene = Scene(MemoryStore(clock=ManualClock()))
    attempt = scene.attempt(leased_until=START)

    with scene.store.begin() as tx:
        for next_attempt_at in (None, START, None):
            tx.attempts.update(attrs.evolve(attempt, next_attempt_at=next_attempt_at))
            tx.attempts.update(attrs.evolve(attempt, next_attempt_at=None, leased_until=None))

    with scene.store.begin() as tx:
        assert list(tx.attempts.lease(START, until=START, limit=9)) == []


def test_what_a_block_held_is_free_when_it_has_ended() -> None:
    store = MemoryStore(clock=ManualClock())

    gc.disable()
    try:
        with store.begin() as tx:
            for name, one in vars(MemoryTransaction).items():
                if isinstance(one, Lazy):
                    getattr(tx, name)
            tx.users.add(a_user())
        held = weakref.ref(tx)
        del tx

        assert held() is None
    finally:
        gc.enable()


def test_an_index_first_asked_in_a_block_that_is_undone_forgets_the_block() -> None:
    store = MemoryStore(clock=ManualClock())
    first, second = a_user(), a_user()
    with store.begin() as tx:
        tx.users.add(first)

    interrupt(
        store,
        lambda tx: tx.users.add(second),
        lambda tx: list(tx.users.page(after=None, limit=9)),
    )

    with store.read() as tx:
        assert list(tx.users.page(after=None, limit=9)) == [first]


def test_an_index_that_is_asked_late_does_not_confuse_those_asked_before() -> None:
    scene = Scene(MemoryStore(clock=ManualClock()))
    review = scene.review()

    with scene.store.begin() as tx:
        assert tx.reviews.active_of(review.reviewer_id) == [review]
        tx.reviews.update(review.end(EndReason.SKIP, START))
        assert len(tx.reviews.of_track(review.track_id)) == 1

    with scene.store.read() as tx:
        assert tx.reviews.active_of(review.reviewer_id) == []
        assert tx.reviews.count_ended(review.reviewer_id, EndReason.SKIP, since=START) == 1
