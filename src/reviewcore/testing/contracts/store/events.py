"""The event log: numbered per aggregate, delivered in that order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from reviewcore.domain import events
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import EventId, ReviewerId, TrackId
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.scene import StoreFixtures, interrupt

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)

ONE, TWO = TrackId("track-1"), TrackId("track-2")


def tell(store: Store, *told: events.Event) -> None:
    """Append events in a block of their own."""
    with store.begin() as tx:
        tx.events.add(*told)


def records(store: Store) -> list[EventRecord]:
    """Read the whole log."""
    with store.read() as tx:
        return list(tx.events.all())


def lease(store: Store, now: datetime = START, *, limit: int = 10) -> Sequence[EventRecord]:
    """Take what is due for a minute."""
    with store.begin() as tx:
        return tx.events.lease(now, until=now + MINUTE, limit=limit)


def deliver(store: Store, *ids: EventId) -> None:
    """Record a delivery."""
    with store.begin() as tx:
        tx.events.mark_delivered(ids, at=START)


def fail(store: Store, event_id: EventId, *, again: datetime | None) -> None:
    """Record a failed delivery."""
    with store.begin() as tx:
        tx.events.mark_failed(event_id, failure="no answer", next_attempt_at=again)


class EventsContract(StoreFixtures):
    """The audit trail and outbox."""

    def test_a_record_says_who_what_when_and_under_which_rules(
        self, store: Store, clock: ManualClock, rules: MarketRules
    ) -> None:
        granted = events.TierGranted(
            reviewer_id=ReviewerId("r1"), tier="PRO", until=START + timedelta(days=9)
        )

        with store.begin(actor="admin-1") as tx:
            tx.events.add(granted)

        (record,) = records(store)
        assert (record.aggregate, record.sequence) == ("reviewer:r1", 1)
        assert record.type == "TierGranted"
        assert record.payload == {
            "reviewer_id": "r1",
            "tier": "PRO",
            "until": "2026-01-14T12:00:00.000000+00:00",
        }
        assert (record.actor, record.at) == ("admin-1", clock())
        assert record.rules_version == rules.version
        assert record.delivered_at is None
        assert (record.attempts, record.failure) == (0, None)

    def test_events_are_numbered_per_aggregate_without_gaps(self, store: Store) -> None:
        queued, started = events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE)
        other = events.TrackQueued(track_id=TWO)

        tell(store, queued, other, started)
        interrupt(store, lambda tx: tx.events.add(queued, other))
        tell(store, queued)
        with store.begin() as tx:
            tx.events.add(started)
            tx.events.add(other, queued)

        told = [(record.aggregate, record.sequence) for record in records(store)]
        assert told == [
            ("track:track-1", 1),
            ("track:track-2", 1),
            ("track:track-1", 2),
            ("track:track-1", 3),
            ("track:track-1", 4),
            ("track:track-2", 2),
            ("track:track-1", 5),
        ]

    def test_events_are_paged_in_order_of_id(self, store: Store) -> None:
        tell(store, *(events.TrackQueued(track_id=ONE) for _ in range(5)))
        everything = records(store)

        with store.read() as tx:
            first = tx.events.page(after=None, limit=2)
            rest = tx.events.page(after=first[-1].id, limit=10)

        assert [*first, *rest] == everything
        assert len(first) == 2
        assert [one.id for one in everything] == sorted(one.id for one in everything)

    def test_only_the_first_undelivered_event_of_an_aggregate_is_leased(self, store: Store) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE))
        tell(store, events.TrackQueued(track_id=TWO))
        first, second, other = records(store)

        leased = lease(store)

        assert [one.id for one in leased] == [first.id, other.id]
        assert {one.leased_until for one in leased} == {START + MINUTE}
        assert list(lease(store)) == []
        deliver(store, first.id, other.id)
        assert [one.id for one in lease(store)] == [second.id]
        deliver(store, second.id)
        assert list(lease(store, START + timedelta(days=9))) == []
        assert {one.delivered_at for one in records(store)} == {START}

    def test_a_delivery_counts_as_an_attempt(self, store: Store) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackQueued(track_id=TWO))
        first, second = records(store)

        fail(store, first.id, again=START)
        deliver(store, first.id, second.id)

        told = [(one.attempts, one.failure, one.leased_until) for one in records(store)]
        assert told == [(2, "no answer", None), (1, None, None)]

    def test_a_lease_ends_at_its_time(self, store: Store) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE))
        (first,) = lease(store)

        assert list(lease(store, START + MINUTE - INSTANT)) == []
        assert [one.id for one in lease(store, START + MINUTE)] == [first.id]

    def test_a_lease_takes_no_more_than_asked_in_order(self, store: Store) -> None:
        tell(store, *(events.TrackQueued(track_id=TrackId(f"track-{n}")) for n in range(5)))
        everything = [one.id for one in records(store)]

        assert [one.id for one in lease(store, limit=2)] == everything[:2]
        assert [one.id for one in lease(store)] == everything[2:]

    def test_a_failed_event_holds_its_aggregate_until_it_is_tried_again(self, store: Store) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE))
        (first,) = lease(store)
        again = START + timedelta(seconds=10)

        fail(store, first.id, again=again)

        failed = records(store)[0]
        assert (failed.attempts, failed.failure) == (1, "no answer")
        assert failed.next_attempt_at == again
        assert failed.delivered_at is None
        assert list(lease(store, again - INSTANT)) == []
        # The lease is over with the failure: the retry need not wait for it.
        assert [one.id for one in lease(store, again)] == [first.id]

    def test_an_event_that_was_given_up_stays_listed_and_lets_the_next_pass(
        self, store: Store
    ) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE))
        first, second = records(store)
        for _ in range(2):
            fail(store, first.id, again=START)

        fail(store, first.id, again=None)

        assert [one.id for one in lease(store)] == [second.id]
        given_up = records(store)[0]
        assert (given_up.attempts, given_up.failure) == (3, "no answer")
        assert (given_up.delivered_at, given_up.next_attempt_at) == (None, None)

    def test_an_event_is_revived_whoever_holds_it_unless_it_was_delivered(
        self, store: Store
    ) -> None:
        tell(store, events.TrackQueued(track_id=ONE), events.TrackStarted(track_id=ONE))
        (first,) = lease(store)

        def revive(event_id: str) -> bool:
            with store.begin() as tx:
                return tx.events.revive(EventId(event_id), at=START)

        assert revive(first.id)
        assert [one.id for one in lease(store)] == [first.id]
        fail(store, first.id, again=None)
        assert revive(first.id)
        revived = records(store)[0]
        assert (revived.attempts, revived.failure) == (1, "no answer")
        assert [one.id for one in lease(store)] == [first.id]
        deliver(store, first.id)
        assert not revive(first.id)
        assert not revive("nothing")

    def test_an_event_told_while_another_is_leased_waits(self, store: Store) -> None:
        tell(store, events.TrackQueued(track_id=ONE))
        (first,) = lease(store)

        tell(store, events.TrackStarted(track_id=ONE))

        assert list(lease(store)) == []
        deliver(store, first.id)
        assert len(lease(store)) == 1
