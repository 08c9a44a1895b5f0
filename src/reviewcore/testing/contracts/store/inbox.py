"""The inbox: what the processor told is kept once, handled, and forgotten in time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import attrs
import pytest

from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_webhook_event
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.races import PAUSE_SECONDS, at_once
from reviewcore.testing.contracts.store.scene import Interrupted, Scene, StoreFixtures, interrupt

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
EVENT = a_webhook_event(id="evt_1")


def keep_slowly(store: Store, kept: threading.Event, *, fails: bool) -> None:
    """Receive `EVENT`, tell that it was done, and end the block a while later."""
    with store.begin() as tx:
        assert tx.inbox.receive(EVENT)
        kept.set()
        time.sleep(PAUSE_SECONDS)
        if fails:
            raise Interrupted


class InboxContract(StoreFixtures):
    """Every event is kept once, however often and at how many places at once it is told."""

    def test_an_event_is_received_once_and_as_it_was_told_first(self, store: Store) -> None:
        again = attrs.evolve(EVENT, object_id="re_other", received_at=START + MINUTE)

        with store.begin() as tx:
            first = tx.inbox.receive(EVENT)
        with store.begin() as tx:
            second = tx.inbox.receive(again)

        assert (first, second) == (True, False)
        with store.read() as tx:
            assert list(tx.inbox.all()) == [EVENT]

    def test_a_block_that_receives_an_event_twice_keeps_it_once(self, store: Store) -> None:
        with store.begin() as tx:
            received = [tx.inbox.receive(EVENT) for _ in range(2)]

        assert received == [True, False]
        with store.read() as tx:
            assert list(tx.inbox.all()) == [EVENT]

    def test_what_was_handled_is_not_received_again(self, store: Store) -> None:
        handled = EVENT.handle(START)
        with store.begin() as tx:
            tx.inbox.receive(EVENT)
            tx.inbox.update(handled)

        with store.begin() as tx:
            assert not tx.inbox.receive(EVENT)

        with store.read() as tx:
            assert tx.inbox.get(EVENT.id) == handled

    def test_what_a_block_received_and_lost_is_received_again(self, store: Store) -> None:
        interrupt(store, lambda tx: tx.inbox.receive(EVENT))

        with store.begin() as tx:
            assert tx.inbox.find(EVENT.id) is None
            assert tx.inbox.receive(EVENT)

    @pytest.mark.parametrize("fails", [False, True])
    def test_who_receives_an_event_waits_for_another_who_is_at_it(
        self, store: Store, *, fails: bool
    ) -> None:
        kept = threading.Event()

        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(keep_slowly, store, kept, fails=fails)
            assert kept.wait(timeout=10)
            with store.begin() as tx:
                received = tx.inbox.receive(EVENT)
            failure = other.exception()

        assert received is fails
        assert isinstance(failure, Interrupted) is fails
        with store.read() as tx:
            assert list(tx.inbox.all()) == [EVENT]

    def test_of_many_who_receive_an_event_one_keeps_it(self, store: Store) -> None:
        def receive() -> bool:
            with store.begin() as tx:
                return tx.inbox.receive(EVENT)

        assert at_once(receive).count(True) == 1

    @pytest.mark.parametrize("is_handled", [None, True, False])
    def test_what_was_told_is_paged_in_order_of_id(
        self, store: Store, scene: Scene, *, is_handled: bool | None
    ) -> None:
        events = [scene.event(is_handled=number % 2 == 1) for number in range(6)]
        expected = [event for event in events if is_handled in (None, event.is_handled)]

        with store.read() as tx:
            first = tx.inbox.page(is_handled=is_handled, after=None, limit=2)
            rest = tx.inbox.page(is_handled=is_handled, after=first[-1].id, limit=9)

        assert [*first, *rest] == expected
        assert len(first) == 2

    def test_what_was_given_up_is_still_listed_and_not_leased(
        self, store: Store, scene: Scene
    ) -> None:
        event = scene.event(attempts=40, failure="no answer", next_attempt_at=None)

        with store.begin() as tx:
            leased = tx.inbox.lease(START + MINUTE, until=START + 2 * MINUTE, limit=9)
            listed = tx.inbox.page(is_handled=False, after=None, limit=9)
            waiting = tx.inbox.waiting()

        assert list(leased) == []
        assert list(listed) == [event]
        assert waiting == 0

    def test_an_empty_inbox_has_no_newest_event(self, store: Store) -> None:
        with store.read() as tx:
            assert tx.inbox.newest() is None

    def test_the_newest_event_is_so_by_the_clock_of_the_processor(
        self, store: Store, scene: Scene
    ) -> None:
        newest = START + 3 * MINUTE
        for created_at in (START, newest, START + MINUTE):
            scene.event(created_at=created_at)
        scene.event(created_at=START - MINUTE, received_at=START + 9 * MINUTE)

        with store.read() as tx:
            assert tx.inbox.newest() == newest

    def test_the_newest_may_be_what_the_block_received(self, store: Store, scene: Scene) -> None:
        scene.event()

        with store.begin() as tx:
            tx.inbox.receive(a_webhook_event(created_at=START + MINUTE, is_handled=True))
            assert tx.inbox.newest() == START + MINUTE

    def test_only_old_events_that_were_handled_are_forgotten(
        self, store: Store, scene: Scene
    ) -> None:
        old, older = START - INSTANT, START - MINUTE
        for received_at in (old, older):
            scene.event(is_handled=True, received_at=received_at)
        kept = [
            scene.event(is_handled=True),
            scene.event(received_at=older),
            scene.event(received_at=older, next_attempt_at=None, failure="given up"),
            # However long ago the processor made it: it may be told again.
            scene.event(is_handled=True, created_at=older),
        ]

        with store.begin() as tx:
            forgotten = tx.inbox.purge(START, limit=9)

        assert forgotten == 2
        with store.read() as tx:
            assert list(tx.inbox.all()) == kept

    def test_what_was_handled_in_the_block_is_forgotten_with_the_rest(
        self, store: Store, scene: Scene
    ) -> None:
        event = scene.event()

        with store.begin() as tx:
            tx.inbox.update(tx.inbox.lock(event.id).handle(START))
            forgotten = tx.inbox.purge(START + INSTANT, limit=9)

        assert forgotten == 1
        with store.read() as tx:
            assert list(tx.inbox.all()) == []
