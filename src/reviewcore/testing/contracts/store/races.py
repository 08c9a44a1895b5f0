"""What holds when several threads write at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import attrs

from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.ports.store import IdempotencyRecord, Store
from reviewcore.testing.builders import a_user
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

T = TypeVar("T")

THREADS = 8
TURNS = 10
PAUSE_SECONDS = 0.2
"""Long enough for a thread that does not wait to get ahead of one that should go first."""

RECORD = IdempotencyRecord(
    actor="artist-1", use_case="rate_review", key="key-1", digest="d1", created_at=START
)


def at_once(action: Callable[[], T], *, times: int = THREADS) -> list[T]:
    """Run *action* in several threads that start together."""
    start = threading.Barrier(times)

    def run() -> T:
        start.wait()
        return action()

    with ThreadPoolExecutor(times) as pool:
        return [done.result() for done in [pool.submit(run) for _ in range(times)]]


class RacesContract(StoreFixtures):
    """Locks, claims and unique keys under concurrency."""

    def test_no_update_of_a_locked_row_is_lost(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()

        def count() -> None:
            for _ in range(TURNS):
                with store.begin() as tx:
                    fresh = tx.artists.lock(artist.id)
                    tx.artists.update(attrs.evolve(fresh, total_tracks=fresh.total_tracks + 1))

        at_once(count)

        with store.read() as tx:
            assert tx.artists.get(artist.id).total_tracks == THREADS * TURNS

    def test_no_update_is_lost_under_the_lock_of_a_review(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        reviews = [scene.review(scene.track(), reviewer) for _ in range(2)]

        def gem() -> None:
            for review in reviews * 3:
                with store.begin() as tx:
                    fresh = tx.reviews.lock(review.id).reviewer
                    tx.reviewers.update(attrs.evolve(fresh, gem_count=fresh.gem_count + 1))

        at_once(gem)

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
