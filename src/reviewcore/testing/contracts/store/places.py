"""What holds of the place behind a store: it outlives the store, and several may be open on it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.ids import GenreId, TrackId
from reviewcore.ports.store import IdempotencyRecord, Store, Transaction
from reviewcore.testing.builders import a_user, a_webhook_event
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.store.ledger import PAID
from reviewcore.testing.contracts.store.payments import MINUTE
from reviewcore.testing.contracts.store.races import PAUSE_SECONDS, patiently
from reviewcore.testing.contracts.store.scene import OpenAgain, Scene, StoreFixtures, interrupt

T = TypeVar("T")

TURNS = 5
HISTORY = TrackId("track-1")
RECORD = IdempotencyRecord(
    actor="artist-1", use_case="rate_review", key="key-1", digest="d1", created_at=START
)


def by_turns(*acts: Callable[[], T]) -> list[T]:
    """Do each of *acts* in several threads that start together."""
    start = threading.Barrier(2 * len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        return patiently(act)

    with ThreadPoolExecutor(2 * len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts * 2]]


class PlacesContract(StoreFixtures):
    """Committed is committed, for whoever opens the place next or has it open as well."""

    # ── opened again ─────────────────────────────────────────────────────────────────────────

    @optional(Capability.DURABLE)
    def test_what_was_committed_is_there_when_the_store_is_opened_again(
        self, store: Store, scene: Scene, open_again: OpenAgain
    ) -> None:
        review, user = scene.review(), scene.user()
        event = a_webhook_event()
        with store.begin() as tx:
            tx.ledger.add(PAID)
            tx.events.add(events.TrackQueued(track_id=HISTORY))
            tx.idempotency.claim(RECORD)
            tx.inbox.receive(event)
            tx.rate_limits.hit("x", window=MINUTE)
        store.close()

        with contextlib.closing(open_again()) as opened:
            opened.check_ready()
            with opened.begin() as tx:
                assert tx.reviews.lock(review.id).review == review
                assert tx.users.by_email(user.email) == user
                assert [entry.cause for entry in tx.ledger.all()] == [PAID.cause]
                assert tx.idempotency.claim(RECORD) == RECORD
                assert not tx.inbox.receive(event)
                assert tx.rate_limits.hit("x", window=MINUTE).count == 2
                assert len(tx.genres.tree().related(review_genre(tx))) > 0
                tx.events.add(events.TrackStarted(track_id=HISTORY))
            with opened.read() as tx:
                assert [one.sequence for one in tx.events.about(f"track:{HISTORY}")] == [1, 2]

    @optional(Capability.DURABLE)
    def test_what_was_undone_is_not_there_when_the_store_is_opened_again(
        self, store: Store, scene: Scene, open_again: OpenAgain
    ) -> None:
        user = scene.user()
        interrupt(
            store,
            lambda tx: tx.users.update(attrs.evolve(user, name="Other")),
            lambda tx: tx.users.add(a_user()),
            lambda tx: tx.idempotency.claim(RECORD),
        )
        store.close()

        with contextlib.closing(open_again()) as opened, opened.begin() as tx:
            assert list(tx.users.all()) == [user]
            assert tx.idempotency.claim(RECORD) is None

    # ── open twice ───────────────────────────────────────────────────────────────────────────

    @optional(Capability.SHARED)
    def test_what_one_commits_the_other_sees(
        self, store: Store, scene: Scene, open_again: OpenAgain
    ) -> None:
        with contextlib.closing(open_again()) as other:
            user = scene.user()
            with other.begin() as tx:
                assert tx.users.get(user.id) == user
                tx.users.update(attrs.evolve(user, name="Other"))

            with store.read() as tx:
                assert tx.users.get(user.id).name == "Other"

    @optional(Capability.SHARED)
    def test_no_update_is_lost_between_the_two(
        self, store: Store, scene: Scene, open_again: OpenAgain
    ) -> None:
        artist = scene.artist()

        def counting(place: Store) -> Callable[[], object]:
            def once() -> None:
                with place.begin() as tx:
                    fresh = tx.artists.lock(artist.id)
                    time.sleep(0.001)
                    tx.artists.update(attrs.evolve(fresh, total_tracks=fresh.total_tracks + 1))

            return lambda: [patiently(once) for _ in range(TURNS)]

        with contextlib.closing(open_again()) as other:
            by_turns(counting(store), counting(other))

        with store.read() as tx:
            assert tx.artists.get(artist.id).total_tracks == 4 * TURNS

    @optional(Capability.SHARED)
    def test_a_unique_key_is_had_by_one_of_the_two(
        self, store: Store, open_again: OpenAgain
    ) -> None:
        def signing_up(place: Store) -> Callable[[], bool]:
            def sign_up() -> bool:
                try:
                    with place.begin() as tx:
                        tx.users.add(a_user(email="same@example.com"))
                except EmailTaken:
                    return False
                return True

            return sign_up

        with contextlib.closing(open_again()) as other:
            assert by_turns(signing_up(store), signing_up(other)).count(True) == 1

    @optional(Capability.SHARED)
    def test_a_claim_waits_for_whoever_uses_the_key_at_the_other(
        self, store: Store, open_again: OpenAgain
    ) -> None:
        claimed = threading.Event()
        finished = attrs.evolve(RECORD, result="done")

        def use() -> None:
            with store.begin() as tx:
                tx.idempotency.claim(RECORD)
                claimed.set()
                time.sleep(PAUSE_SECONDS)
                tx.idempotency.finish(finished)

        with contextlib.closing(open_again()) as other, ThreadPoolExecutor(1) as pool:
            using = pool.submit(use)
            assert claimed.wait(timeout=10)
            with other.begin() as tx:
                earlier = tx.idempotency.claim(RECORD)
            using.result()

        assert earlier == finished

    @optional(Capability.SHARED)
    def test_events_are_numbered_without_gaps_by_both(
        self, store: Store, open_again: OpenAgain
    ) -> None:
        def telling(place: Store) -> Callable[[], object]:
            def tell() -> None:
                with place.begin() as tx:
                    tx.events.add(events.TrackQueued(track_id=HISTORY))

            return lambda: [patiently(tell) for _ in range(TURNS)]

        with contextlib.closing(open_again()) as other:
            by_turns(telling(store), telling(other))

        with store.read() as tx:
            told = [one.sequence for one in tx.events.about(f"track:{HISTORY}")]
        assert told == list(range(1, 4 * TURNS + 1))

    @optional(Capability.SHARED)
    def test_what_is_due_is_leased_to_one_of_the_two(
        self, store: Store, scene: Scene, open_again: OpenAgain
    ) -> None:
        wanted = sorted(scene.payout().id for _ in range(8))

        def leasing(place: Store) -> Callable[[], list[str]]:
            def lease() -> list[str]:
                with place.begin() as tx:
                    due = tx.payouts.lease(START, until=START + MINUTE, limit=3)
                    return [one.id for one in due]

            return lease

        with contextlib.closing(open_again()) as other:
            told = by_turns(leasing(store), leasing(other))
            rest = [leasing(store)() for _ in range(3)]

        assert sorted(one for some in (*told, *rest) for one in some) == wanted


def review_genre(tx: Transaction) -> GenreId:
    """Tell a genre of some track."""
    return next(iter(tx.tracks.all())).genres[0]
