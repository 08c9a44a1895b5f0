"""What a law looks at: the market, or the part of it that hangs together, at one instant."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.ids import (
    ArtistId,
    DisputeId,
    EntryId,
    PaymentId,
    PayoutId,
    RefundId,
    ReversalId,
    ReviewerId,
    ReviewId,
    TrackId,
)
from reviewcore.domain.ledger import EARNED, SPENT, Entry, EntryKind
from reviewcore.domain.payments import Payment
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewStatus
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track

K = TypeVar("K")
V = TypeVar("V")


@attrs.frozen(kw_only=True)
class Record:
    """What a reviewer's reviews and flags add up to, by the names his profile has for it."""

    total_reviews: int = 0
    rating_sum: int = 0
    rating_count: int = 0
    gem_count: int = 0
    flag_count: int = 0
    active_count: int = 0

    def plus(self, other: Record, times: int = 1) -> Record:
        """Add what *other* adds up to, or take it away when *times* is -1."""
        return Record(
            total_reviews=self.total_reviews + times * other.total_reviews,
            rating_sum=self.rating_sum + times * other.rating_sum,
            rating_count=self.rating_count + times * other.rating_count,
            gem_count=self.gem_count + times * other.gem_count,
            flag_count=self.flag_count + times * other.flag_count,
            active_count=self.active_count + times * other.active_count,
        )


BLANK = Record()
"""The record of a reviewer who has done nothing yet."""


def record_of_review(review: Review) -> Record:
    """Tell what one review adds to its reviewer's record."""
    kept = review.status is ReviewStatus.COMPLETED and review.flag_status is not FlagStatus.UPHELD
    rating = review.artist_rating if kept else None
    return Record(
        total_reviews=int(kept),
        rating_sum=rating or 0,
        rating_count=int(rating is not None),
        gem_count=int(kept and review.is_gem),
        active_count=int(review.is_active),
    )


def record_of_flag(flag: Flag) -> Record:
    """Tell what one flag adds to the record of the reviewer whom it blames."""
    return Record(flag_count=int(flag.status is not FlagStatus.DISMISSED))


class View(Protocol):
    """What laws may look up. Mappings lack the keys of things that have none of a kind."""

    @property
    def rules(self) -> MarketRules:
        """The numbers by which the market was run."""
        ...

    @property
    def artist(self) -> Mapping[ArtistId, ArtistProfile]:
        """The artists by id."""
        ...

    @property
    def reviewer(self) -> Mapping[ReviewerId, ReviewerProfile]:
        """The reviewers by id."""
        ...

    @property
    def track(self) -> Mapping[TrackId, Track]:
        """The tracks by id."""
        ...

    @property
    def review(self) -> Mapping[ReviewId, Review]:
        """The reviews by id."""
        ...

    @property
    def row(self) -> Mapping[ReviewId, ReviewQueue]:
        """The rows of the queue by review."""
        ...

    @property
    def payment(self) -> Mapping[PaymentId, Payment]:
        """The payments by id."""
        ...

    @property
    def refund(self) -> Mapping[RefundId, Refund]:
        """The refunds by id."""
        ...

    @property
    def dispute(self) -> Mapping[DisputeId, Dispute]:
        """The disputes by id."""
        ...

    @property
    def payout(self) -> Mapping[PayoutId, Payout]:
        """The payouts by id."""
        ...

    @property
    def reversal(self) -> Mapping[ReversalId, PayoutReversal]:
        """What came back of payouts, by id."""
        ...

    @property
    def entry(self) -> Mapping[EntryId, Entry]:
        """The entries of the ledger by id."""
        ...

    @property
    def tracks_of(self) -> Mapping[ArtistId, Sequence[Track]]:
        """The tracks by artist."""
        ...

    @property
    def slots_of(self) -> Mapping[TrackId, Sequence[Slot]]:
        """The slots by track."""
        ...

    @property
    def reviews_of(self) -> Mapping[TrackId, Sequence[Review]]:
        """The reviews by track."""
        ...

    @property
    def active_of(self) -> Mapping[ReviewerId, Sequence[Review]]:
        """The reviews that reviewers have before them."""
        ...

    @property
    def record_of(self) -> Mapping[ReviewerId, Record]:
        """What each reviewer's reviews and flags add up to."""
        ...

    @property
    def flag_of(self) -> Mapping[ReviewId, Flag]:
        """The flags by review."""
        ...

    @property
    def payment_of(self) -> Mapping[TrackId, Payment]:
        """The payments by track."""
        ...

    @property
    def refunds_of(self) -> Mapping[PaymentId, Sequence[Refund]]:
        """The refunds by payment."""
        ...

    @property
    def disputes_of(self) -> Mapping[TrackId, Sequence[Dispute]]:
        """The disputes by track."""
        ...

    @property
    def reversals_of(self) -> Mapping[PayoutId, Sequence[PayoutReversal]]:
        """What came back, by payout."""
        ...

    @property
    def balances(self) -> Mapping[str, int]:
        """The sum of the postings of every account."""
        ...

    @property
    def earned(self) -> Mapping[str, int]:
        """What was earned less what was taken back, by payable account."""
        ...

    @property
    def spent(self) -> Mapping[str, int]:
        """What was paid less what went back, by deferred account."""
        ...

    @property
    def booked(self) -> Mapping[tuple[EntryKind, str], int]:
        """How many entries there are of each kind and cause."""
        ...


@attrs.frozen(kw_only=True)
class MarketView:
    """A view of rows that were read together.

    It may hold the whole market or a part, provided that what is judged has all there that hangs
    on it: a track its slots, reviews, payment and disputes, a reviewer his reviews and flags, an
    artist his tracks, and each of them every entry of its accounts.
    """

    rules: MarketRules
    artists: tuple[ArtistProfile, ...]
    reviewers: tuple[ReviewerProfile, ...]
    tracks: tuple[Track, ...]
    slots: tuple[Slot, ...]
    reviews: tuple[Review, ...]
    queue: tuple[ReviewQueue, ...]
    flags: tuple[Flag, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    payouts: tuple[Payout, ...]
    reversals: tuple[PayoutReversal, ...]
    entries: tuple[Entry, ...]

    # ── by id ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def artist(self) -> dict[ArtistId, ArtistProfile]:
        """The artists."""
        return {one.id: one for one in self.artists}

    @cached_property
    def reviewer(self) -> dict[ReviewerId, ReviewerProfile]:
        """The reviewers."""
        return {one.id: one for one in self.reviewers}

    @cached_property
    def track(self) -> dict[TrackId, Track]:
        """The tracks."""
        return {one.id: one for one in self.tracks}

    @cached_property
    def review(self) -> dict[ReviewId, Review]:
        """The reviews."""
        return {one.id: one for one in self.reviews}

    @cached_property
    def row(self) -> dict[ReviewId, ReviewQueue]:
        """The rows of the queue."""
        return {one.id: one for one in self.queue}

    @cached_property
    def payment(self) -> dict[PaymentId, Payment]:
        """The payments."""
        return {one.id: one for one in self.payments}

    @cached_property
    def refund(self) -> dict[RefundId, Refund]:
        """The refunds."""
        return {one.id: one for one in self.refunds}

    @cached_property
    def dispute(self) -> dict[DisputeId, Dispute]:
        """The disputes."""
        return {one.id: one for one in self.disputes}

    @cached_property
    def payout(self) -> dict[PayoutId, Payout]:
        """The payouts."""
        return {one.id: one for one in self.payouts}

    @cached_property
    def reversal(self) -> dict[ReversalId, PayoutReversal]:
        """What came back of payouts."""
        return {one.id: one for one in self.reversals}

    @cached_property
    def entry(self) -> dict[EntryId, Entry]:
        """The entries of the ledger."""
        return {one.id: one for one in self.entries}

    # ── what hangs on what ───────────────────────────────────────────────────────────────────

    @cached_property
    def tracks_of(self) -> dict[ArtistId, list[Track]]:
        """The tracks by artist."""
        return _group(self.tracks, lambda track: track.artist_id)

    @cached_property
    def slots_of(self) -> dict[TrackId, list[Slot]]:
        """The slots by track."""
        return _group(self.slots, lambda slot: slot.track_id)

    @cached_property
    def reviews_of(self) -> dict[TrackId, list[Review]]:
        """The reviews by track."""
        return _group(self.reviews, lambda review: review.track_id)

    @cached_property
    def active_of(self) -> dict[ReviewerId, list[Review]]:
        """The reviews that reviewers have before them."""
        active = (review for review in self.reviews if review.is_active)
        return _group(active, lambda review: review.reviewer_id)

    @cached_property
    def record_of(self) -> dict[ReviewerId, Record]:
        """What each reviewer's reviews and flags add up to."""
        records: dict[ReviewerId, Record] = defaultdict(Record)
        for review in self.reviews:
            records[review.reviewer_id] = records[review.reviewer_id].plus(record_of_review(review))
        for flag in self.flags:
            records[flag.reviewer_id] = records[flag.reviewer_id].plus(record_of_flag(flag))
        return dict(records)

    @cached_property
    def flag_of(self) -> dict[ReviewId, Flag]:
        """The flags by review."""
        return {flag.review_id: flag for flag in self.flags}

    @cached_property
    def payment_of(self) -> dict[TrackId, Payment]:
        """The payments by track."""
        return {payment.track_id: payment for payment in self.payments}

    @cached_property
    def refunds_of(self) -> dict[PaymentId, list[Refund]]:
        """The refunds by payment."""
        return _group(self.refunds, lambda refund: refund.payment_id)

    @cached_property
    def disputes_of(self) -> dict[TrackId, list[Dispute]]:
        """The disputes by track."""
        return _group(self.disputes, lambda dispute: dispute.track_id)

    @cached_property
    def reversals_of(self) -> dict[PayoutId, list[PayoutReversal]]:
        """What came back, by payout."""
        return _group(self.reversals, lambda reversal: reversal.payout_id)

    # ── the ledger ───────────────────────────────────────────────────────────────────────────

    @cached_property
    def balances(self) -> Counter[str]:
        """The sum of the postings of every account."""
        return self._sums(frozenset(EntryKind))

    @cached_property
    def earned(self) -> Counter[str]:
        """What was earned less what was taken back, by payable account."""
        return self._sums(EARNED)

    @cached_property
    def spent(self) -> Counter[str]:
        """What was paid less what went back, by deferred account."""
        return self._sums(SPENT)

    @cached_property
    def booked(self) -> Counter[tuple[EntryKind, str]]:
        """How many entries there are of each kind and cause."""
        return Counter((entry.kind, entry.cause) for entry in self.entries)

    def _sums(self, kinds: frozenset[EntryKind]) -> Counter[str]:
        sums: Counter[str] = Counter()
        for entry in self.entries:
            if entry.kind in kinds:
                for posting in entry.postings:
                    sums[posting.account] += posting.amount
        return sums


def _group(things: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = defaultdict(list)
    for thing in things:
        grouped[key(thing)].append(thing)
    return dict(grouped)
