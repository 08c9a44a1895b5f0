"""What holds when several threads write at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

import attrs
import pytest

from reviewcore.domain import events
from reviewcore.domain.errors import Busy, EmailTaken
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import TrackId
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.ports.store import IdempotencyRecord, Store
from reviewcore.testing.builders import a_user
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.payments import LEASED
from reviewcore.testing.contracts.store.scene import SLOTS, Scene, StoreFixtures

T = TypeVar("T")

THREADS = 8
TURNS = 10
PAUSE_SECONDS = 0.2
"""Long enough for a thread that does not wait to get ahead of one that should go first."""

GAP_SECONDS = 0.001
"""What a block does between its lock and its write; whoever has no lock comes in between."""

TRIES_MAX = 200
HISTORY = TrackId("track-1")

RECORD = IdempotencyRecord(
    actor="artist-1", use_case="rate_review", key="key-1", digest="d1", created_at=START
)


def patiently(action: Callable[[], T]) -> T:
    """Do something again while the store is Busy, as it may be: nothing was done then."""
    for _ in range(TRIES_MAX):
        try:
            return action()
        except Busy:
            time.sleep(GAP_SECONDS)
    return action()


def at_once(action: Callable[[], T], *, times: int = THREADS) -> list[T]:
    """Run *action* in several threads that start together."""
    start = threading.Barrier(times)

    def run() -> T:
        start.wait()
        return patiently(action)

    with ThreadPoolExecutor(times) as pool:
        return [done.result() for done in [pool.submit(run) for _ in range(times)]]


def _told(scene: Scene) -> EventRecord:
    """Tell an event of a track of its own."""
    with scene.store.begin() as tx:
        tx.events.add(events.TrackQueued(track_id=TrackId(tx.new_id())))
    with scene.store.read() as tx:
        return list(tx.events.all())[-1]


DUE: dict[str, Callable[[Scene], Any]] = {**LEASED, "leads": Scene.lead, "events": _told}
"""By repository: how to add a row that is due."""


class RacesContract(StoreFixtures):
    """Locks, claims and unique keys under concurrency."""

    def test_no_update_of_a_locked_row_is_lost(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()

        def count() -> None:
            with store.begin() as tx:
                fresh = tx.artists.lock(artist.id)
                time.sleep(GAP_SECONDS)
                tx.artists.update(attrs.evolve(fresh, total_tracks=fresh.total_tracks + 1))

        at_once(lambda: [patiently(count) for _ in range(TURNS)])

        with store.read() as tx:
            assert tx.artists.get(artist.id).total_tracks == THREADS * TURNS

    def test_no_update_is_lost_under_the_lock_of_a_review(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        reviews = [scene.review(scene.track(), reviewer) for _ in range(2)]

        def gem(review: Review) -> None:
            with store.begin() as tx:
                fresh = tx.reviews.lock(review.id).reviewer
                time.sleep(GAP_SECONDS)
                tx.reviewers.update(attrs.evolve(fresh, gem_count=fresh.gem_count + 1))

        at_once(lambda: [patiently(lambda: gem(review)) for review in reviews * 3])  # noqa: B023 - called at once

        with store.read() as tx:
            assert tx.reviewers.get(reviewer.id).gem_count == THREADS * 6

    def test_of_many_who_want_a_unique_key_one_gets_it(self, store: Store) -> None:
        def sign_up() -> bool:
            try:
                with store.begin() as tx:
                    tx.users.add(a_user(email="same@example.com"))
            except EmailTaken:
                return False
            return True

        won = at_once(sign_up)

        assert won.count(True) == 1
        with store.read() as tx:
            assert len(list(tx.users.all())) == 1

    def test_a_lock_waits_and_sees_what_the_other_wrote(self, store: Store, scene: Scene) -> None:
        review = scene.review()
        locked = threading.Event()

        def start_listening() -> None:
            with store.begin() as tx:
                (mine,) = tx.reviews.lock_active(review.reviewer_id)
                locked.set()
                time.sleep(PAUSE_SECONDS)
                tx.reviews.update(attrs.evolve(mine, listen_duration=9))

        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(start_listening)
            assert locked.wait(timeout=10)
            with store.begin() as tx:
                seen = tx.reviews.lock(review.id).review
            other.result()

        assert seen.status is ReviewStatus.ASSIGNED
        assert seen.listen_duration == 9

    def test_a_claim_waits_for_the_one_who_is_using_the_key(self, store: Store) -> None:
        claimed = threading.Event()
        finished = attrs.evolve(RECORD, result="done")

        def use() -> None:
            with store.begin() as tx:
                assert tx.idempotency.claim(RECORD) is None
                claimed.set()
                time.sleep(PAUSE_SECONDS)
                tx.idempotency.finish(finished)

        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(use)
            assert claimed.wait(timeout=10)
            with store.begin() as tx:
                earlier = tx.idempotency.claim(RECORD)
            other.result()

        assert earlier == finished

    def test_a_claim_succeeds_when_the_one_before_rolls_back(self, store: Store) -> None:
        claimed = threading.Event()

        def refuse() -> None:
            with store.begin() as tx:
                tx.idempotency.claim(RECORD)
                claimed.set()
                time.sleep(PAUSE_SECONDS)
                raise KeyError

        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(refuse)
            assert claimed.wait(timeout=10)
            with store.begin() as tx:
                earlier = tx.idempotency.claim(RECORD)
            assert isinstance(other.exception(), KeyError)

        assert earlier is None

    def test_of_many_who_claim_a_key_one_gets_it(self, store: Store) -> None:
        def use() -> bool:
            with store.begin() as tx:
                return tx.idempotency.claim(RECORD) is None

        assert at_once(use).count(True) == 1

    def test_slots_are_counted_under_the_lock_of_their_track(
        self, store: Store, scene: Scene
    ) -> None:
        track = scene.track()

        def refund() -> bool:
            with store.begin() as tx:
                tx.tracks.lock(track.id)
                left = [slot for slot in tx.slots.of_track(track.id) if not slot.is_refunded]
                time.sleep(GAP_SECONDS)
                if left:
                    tx.slots.update(left[0].refund(START))
                return bool(left)

        told = at_once(refund)

        assert told.count(True) == SLOTS

    def test_events_that_are_told_at_once_are_numbered_without_gaps(self, store: Store) -> None:
        def tell() -> None:
            with store.begin() as tx:
                tx.events.add(events.TrackQueued(track_id=HISTORY))
                tx.flush()
                time.sleep(GAP_SECONDS)
                tx.events.add(events.TrackStarted(track_id=HISTORY))

        at_once(lambda: [patiently(tell) for _ in range(3)])

        with store.read() as tx:
            told = [one.sequence for one in tx.events.about(f"track:{HISTORY}")]
        assert told == list(range(1, THREADS * 6 + 1))

    @pytest.mark.parametrize("name", DUE)
    def test_what_is_due_is_leased_to_one(self, store: Store, scene: Scene, name: str) -> None:
        make: Callable[[Scene], Any] = DUE[name]
        wanted = sorted(make(scene).id for _ in range(2 * THREADS))
        until = START + timedelta(minutes=1)

        def lease() -> list[str]:
            with store.begin() as tx:
                due = getattr(tx, name).lease(START, until=until, limit=3)
                time.sleep(GAP_SECONDS)
                return [one.id for one in due]

        told = at_once(lease)

        # Who skips what others hold may come back with less than there is.
        rest = [lease() for _ in range(THREADS)]
        assert sorted(one for some in (*told, *rest) for one in some) == wanted
