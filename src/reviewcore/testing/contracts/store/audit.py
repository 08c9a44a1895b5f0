"""The audit: a store judges its market as the laws themselves would."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

import attrs
import pytest

from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.laws import LAWS, Law, Violation
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import ReviewQueue, ReviewStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import some_feedback
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.store.scene import Interrupted, Scene, StoreFixtures
from reviewcore.usecases import (
    AssignReviewers,
    CheckOut,
    CompleteReview,
    FlagReview,
    RateReview,
    RecordHeartbeat,
    SubmitTrack,
    assign_reviewers,
    check_out,
    complete_review,
    flag_review,
    rate_review,
    record_heartbeat,
    submit_track,
)
from reviewcore.usecases.check_laws import view_of

C = TypeVar("C")
R = TypeVar("R")


def _artists(tx: Transaction) -> None:
    tx.artists.update(*(attrs.evolve(one, total_tracks=7) for one in tx.artists.all()))


def _earnings(tx: Transaction) -> None:
    richer = (attrs.evolve(one, total_earnings=Cents(7)) for one in tx.reviewers.all())
    tx.reviewers.update(*richer)


def _ratings(tx: Transaction) -> None:
    tx.reviewers.update(*(attrs.evolve(one, rating_sum=70) for one in tx.reviewers.all()))


def _restrictions(tx: Transaction) -> None:
    tx.reviewers.update(*(attrs.evolve(one, is_restricted=True) for one in tx.reviewers.all()))


def _statuses(tx: Transaction) -> None:
    changed = (attrs.evolve(one, status=TrackStatus.QUEUED) for one in tx.tracks.all())
    tx.tracks.update(*changed)


def _searches(tx: Transaction) -> None:
    tx.tracks.update(*(attrs.evolve(one, assign_at=None) for one in tx.tracks.all()))


def _vain_searches(tx: Transaction) -> None:
    tx.tracks.update(*(attrs.evolve(one, assign_at=tx.now) for one in tx.tracks.all()))


def _closings(tx: Transaction) -> None:
    active = (one for one in tx.reviews.all() if one.is_active)
    tx.reviews.update(*(attrs.evolve(one, status=ReviewStatus.EXPIRED) for one in active))
    tx.tracks.update(*(attrs.evolve(one, closed_at=tx.now) for one in tx.tracks.all()))


def _queue(tx: Transaction) -> None:
    late = (
        attrs.evolve(one, expires_at=one.expires_at + timedelta(seconds=1))
        for one in tx.queue.all()
    )
    tx.queue.update(*late)


def _slots(tx: Transaction) -> None:
    tx.slots.update(*(attrs.evolve(one, refunded_at=tx.now) for one in tx.slots.all()))


def _lost_slots(tx: Transaction) -> None:
    tx.slots.update(*(attrs.evolve(one, is_lost=True) for one in tx.slots.all()))


def _payments(tx: Transaction) -> None:
    reviews = (attrs.evolve(one, paid_amount=Cents(7)) for one in tx.reviews.all())
    tx.reviews.update(*reviews)


def _prices(tx: Transaction) -> None:
    tx.slots.update(*(attrs.evolve(one, price=Cents(7)) for one in tx.slots.all()))


def _offers(tx: Transaction) -> None:
    tx.reviews.update(*(attrs.evolve(one, offered_amount=Cents(7)) for one in tx.reviews.all()))


def _flags(tx: Transaction) -> None:
    tx.flags.update(*(attrs.evolve(one, status=FlagStatus.DISMISSED) for one in tx.flags.all()))


PLANTS: Mapping[str, tuple[Callable[[Transaction], None], ...]] = {
    "artists_count_right": (_artists,),
    "totals_equal_ledger": (_earnings,),
    "reviewers_count_right": (_ratings, _flags),
    "reviewers_are_fit": (_restrictions,),
    "tracks_count_right": (_statuses, _slots),
    "open_slots_are_sought_for": (_searches, _vain_searches),
    "closed_tracks_have_no_open_slot": (_closings,),
    "queue_mirrors_active": (_queue,),
    "one_holder_a_slot": (_slots,),
    "deferred_equals_slots": (_prices,),
    "disputes_are_mirrored": (_lost_slots,),
    "money_moves_once": (_payments, _lost_slots),
    "market_accounts_follow_reviews": (_offers,),
    "flags_are_mirrored": (_flags,),
}
"""What can be planted by way of repositories, by a law that it breaks."""


def judged(tx: Transaction, *laws: Law) -> set[Violation]:
    """Tell what the store finds."""
    return {violation for law in laws for violation in tx.audit.judge(law)}


class AuditContract(StoreFixtures):
    """The laws hold of what use cases make, and the store sees what breaks one."""

    @pytest.fixture
    def market(self, store: Store, scene: Scene, clock: ManualClock) -> Store:
        """A store with tracks on credit: reviews delivered, rated, flagged, and active ones."""
        artists = [scene.artist() for _ in range(3)]
        for _ in range(3):
            scene.reviewer()
        clock.advance(days=2)
        for artist in artists:
            submission = SubmitTrack(
                artist_id=artist.id,
                title="First Light",
                source_url="https://soundcloud.com/the-band/first-light",
                genres=("house",),
            )
            track = self._do(store, submit_track, submission)
            paid = CheckOut(track_id=track.id, artist_id=artist.id, use_free_credit=True)
            self._do(store, check_out, paid)
            self._do(store, assign_reviewers, AssignReviewers(track_id=track.id))
        with store.read() as tx:
            rated, flagged, *_ = tx.queue.all()
        for row in (rated, flagged):
            self._deliver(store, clock, row)
        with store.read() as tx:
            rated_of, flagged_of = (
                tx.tracks.get(row.track_id).artist_id for row in (rated, flagged)
            )
        rating = RateReview(review_id=rated.id, artist_id=rated_of, rating=5)
        self._do(store, rate_review, rating)
        flag = FlagReview(review_id=flagged.id, artist_id=flagged_of, reason=FlagReason.SPAM)
        self._do(store, flag_review, flag)
        return store

    def test_what_use_cases_make_breaks_no_law(self, market: Store) -> None:
        with market.read() as tx:
            assert judged(tx, *LAWS) == set()
            assert len(list(tx.reviews.all())) == 3

    @pytest.mark.parametrize("name", PLANTS)
    def test_what_is_planted_is_told_as_the_law_would(self, market: Store, name: str) -> None:
        (law,) = (one for one in LAWS if one.name == name)

        for plant in PLANTS[name]:
            with contextlib.suppress(Interrupted), market.begin() as tx:
                plant(tx)
                assert judged(tx, law) == set(law(view_of(tx))) != set()
                raise Interrupted

        with market.read() as tx:
            assert judged(tx, law) == set()

    def test_who_has_seen_enough_may_stop(self, market: Store) -> None:
        (law,) = (one for one in LAWS if one.name == "artists_count_right")

        with contextlib.suppress(Interrupted), market.begin() as tx:
            _artists(tx)
            some = tx.audit.judge(law)
            assert next(some).law == law.name
            del some
            assert len(judged(tx, law)) == 3
            raise Interrupted

    def _do(self, store: Store, usecase: Callable[[Transaction, C], R], command: C) -> R:
        with store.begin() as tx:
            return usecase(tx, command)

    def _deliver(self, store: Store, clock: ManualClock, row: ReviewQueue) -> None:
        beat = RecordHeartbeat(review_id=row.id, reviewer_id=row.reviewer_id)
        while not self._do(store, record_heartbeat, beat).heard_enough:
            clock.advance(seconds=10)
        command = CompleteReview(
            review_id=row.id, reviewer_id=row.reviewer_id, feedback=some_feedback()
        )
        self._do(store, complete_review, command)
