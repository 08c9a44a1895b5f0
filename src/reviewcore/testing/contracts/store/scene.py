"""The fixtures of the contract, and a scene: rows put into a store with all that they refer to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, queue_row
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.support import SupportTicket
from reviewcore.domain.tracks import Track
from reviewcore.domain.uploads import Upload
from reviewcore.domain.users import User
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import (
    GENRES,
    a_dispute,
    a_flag,
    a_lead,
    a_payment,
    a_payout,
    a_refund,
    a_reversal,
    a_review,
    a_reviewer,
    a_slot,
    a_ticket,
    a_track,
    a_user,
    a_webhook_event,
    an_artist,
    an_attempt,
    an_upload,
)
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.base import Contract

SLOTS = 5

OpenAgain = Callable[[], Store]


class Interrupted(Exception):
    """What a use case may raise in the middle of a block."""


def write(store: Store, *writes: Callable[[Transaction], object]) -> None:
    """Run *writes* in one block."""
    with store.begin() as tx:
        for one in writes:
            one(tx)


def interrupt(store: Store, *writes: Callable[[Transaction], object]) -> None:
    """Run *writes* in a block that fails after they have reached the database."""

    def fail(tx: Transaction) -> None:
        tx.flush()
        raise Interrupted

    with contextlib.suppress(Interrupted):
        write(store, *writes, fail)


class Scene:
    """Adds entities to *store*, each in a block of its own and after what it refers to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        wanted = {*GENRES, "deep-house", "jazz"}
        with store.begin() as tx:
            tx.genres.add(*(genre for genre in CATALOGUE if genre.id in wanted))

    def user(self, **changes: Any) -> User:
        user = a_user(**changes)
        with self.store.begin() as tx:
            tx.users.add(user)
        return user

    def artist(self, **changes: Any) -> ArtistProfile:
        if "user_id" not in changes:
            changes["user_id"] = self.user(is_artist=True).id
        artist = an_artist(**changes)
        with self.store.begin() as tx:
            tx.artists.add(artist)
        return artist

    def reviewer(self, **changes: Any) -> ReviewerProfile:
        if "user_id" not in changes:
            changes["user_id"] = self.user(is_reviewer=True).id
        reviewer = a_reviewer(**changes)
        with self.store.begin() as tx:
            tx.reviewers.add(reviewer)
        return reviewer

    def track(self, **changes: Any) -> Track:
        """Add a track with its five slots."""
        if "artist_id" not in changes:
            changes["artist_id"] = self.artist().id
        track = a_track(**changes)
        with self.store.begin() as tx:
            tx.tracks.add(track)
            tx.slots.add(*(a_slot(track_id=track.id, number=n + 1) for n in range(SLOTS)))
        return track

    def review(
        self, track: Track | None = None, reviewer: ReviewerProfile | None = None, **changes: Any
    ) -> Review:
        """Add a review, of slot 1 unless said otherwise; its queue row is another step."""
        track = track or self.track()
        reviewer = reviewer or self.reviewer()
        review = a_review(
            track_id=track.id, artist_id=track.artist_id, reviewer_id=reviewer.id, **changes
        )
        with self.store.begin() as tx:
            tx.reviews.add(review)
        return review

    def queue(self, review: Review, *, priority: int = 0) -> ReviewQueue:
        row = queue_row(review, priority=priority)
        with self.store.begin() as tx:
            tx.queue.add(row)
        return row

    def payment(self, track: Track | None = None, **changes: Any) -> Payment:
        payment = a_payment(track_id=(track or self.track()).id, **changes)
        with self.store.begin() as tx:
            tx.payments.add(payment)
        return payment

    def attempt(self, payment: Payment | None = None, **changes: Any) -> CheckoutAttempt:
        payment = payment or self.payment()
        attempt = an_attempt(payment_id=payment.id, track_id=payment.track_id, **changes)
        with self.store.begin() as tx:
            tx.attempts.add(attempt)
        return attempt

    def refund(self, attempt: CheckoutAttempt | None = None, **changes: Any) -> Refund:
        attempt = attempt or self.attempt()
        refund = a_refund(
            attempt_id=attempt.id,
            payment_id=attempt.payment_id,
            track_id=attempt.track_id,
            **changes,
        )
        with self.store.begin() as tx:
            tx.refunds.add(refund)
        return refund

    def dispute(self, attempt: CheckoutAttempt | None = None, **changes: Any) -> Dispute:
        attempt = attempt or self.attempt()
        dispute = a_dispute(
            attempt_id=attempt.id,
            payment_id=attempt.payment_id,
            track_id=attempt.track_id,
            **changes,
        )
        with self.store.begin() as tx:
            tx.disputes.add(dispute)
        return dispute

    def flag(self, review: Review, **changes: Any) -> Flag:
        flag = a_flag(
            review_id=review.id,
            track_id=review.track_id,
            reviewer_id=review.reviewer_id,
            **changes,
        )
        with self.store.begin() as tx:
            tx.flags.add(flag)
        return flag

    def ticket(self, user: User | None = None, **changes: Any) -> SupportTicket:
        ticket = a_ticket(user_id=(user or self.user()).id, **changes)
        with self.store.begin() as tx:
            tx.tickets.add(ticket)
        return ticket

    def upload(self, artist: ArtistProfile | None = None, **changes: Any) -> Upload:
        upload = an_upload(artist_id=(artist or self.artist()).id, **changes)
        with self.store.begin() as tx:
            tx.uploads.add(upload)
        return upload

    def lead(self, **changes: Any) -> LeadCapture:
        lead = a_lead(**changes)
        with self.store.begin() as tx:
            tx.leads.add(lead)
        return lead

    def payout(self, reviewer: ReviewerProfile | None = None, **changes: Any) -> Payout:
        payout = a_payout(reviewer_id=(reviewer or self.reviewer()).id, **changes)
        with self.store.begin() as tx:
            tx.payouts.add(payout)
        return payout

    def reversal(self, payout: Payout | None = None, **changes: Any) -> PayoutReversal:
        payout = payout or self.payout()
        reversal = a_reversal(payout_id=payout.id, reviewer_id=payout.reviewer_id, **changes)
        with self.store.begin() as tx:
            tx.reversals.add(reversal)
        return reversal

    def event(self, **changes: Any) -> StripeWebhookEvent:
        """Receive an event of the processor."""
        event = a_webhook_event(**changes)
        with self.store.begin() as tx:
            assert tx.inbox.receive(event)
        return event


class StoreFixtures(Contract):
    """What the parts of the contract share; override `store`, and `rules` if you like."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        """The store's clock."""
        return ManualClock()

    @pytest.fixture
    def rules(self) -> MarketRules:
        """The store's rules."""
        return MarketRules()

    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules) -> Store:
        """Make a fresh, migrated, empty store of *clock* and *rules*."""
        raise NotImplementedError

    @pytest.fixture
    def open_again(self, store: Store) -> OpenAgain:
        """Open *store* once more, as another process would, with its clock and rules.

        For DURABLE and SHARED; the tests close what they open.
        """
        raise NotImplementedError

    @pytest.fixture
    def scene(self, store: Store) -> Scene:
        """Put rows into the store with all that they refer to."""
        return Scene(store)
