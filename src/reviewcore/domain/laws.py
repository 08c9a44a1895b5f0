"""The laws of the market: what holds after every step, in every store.

Each law is a function of a `MarketView` that yields a `Violation` for each thing that breaks it,
with the ids at fault. Everything is recomputed from reviews, slots and postings, never from
another stored counter. A view may hold the whole market or the part that was touched, provided
that what hangs together is there together: a track with its slots, reviews and payment, a reviewer
with all his reviews, an artist with all his tracks, and every entry of their accounts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar

import attrs

from reviewcore.domain import ledger
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute, DisputeStatus, standing_of
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.ids import ArtistId, AttemptId, PaymentId, ReviewerId, TrackId, UserId
from reviewcore.domain.ledger import EARNED, SPENT, Entry, EntryKind
from reviewcore.domain.payments import Payment, PaymentStatus, Refund, RefundStatus
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import (
    EndReason,
    Review,
    ReviewQueue,
    ReviewStatus,
    slot_states,
)
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import Slot, SlotState
from reviewcore.domain.tracks import Track, TrackStatus, status_of

K = TypeVar("K")
V = TypeVar("V")


@attrs.frozen(kw_only=True)
class Violation:
    """Something breaks a law; *ids* are the things at fault, *told* says how."""

    law: str
    ids: tuple[str, ...]
    told: str


@attrs.frozen(kw_only=True)
class MarketView:
    """The market, or a part of it that hangs together, at one instant."""

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

    @cached_property
    def slots_of(self) -> dict[TrackId, list[Slot]]:
        """The slots by track."""
        return _group(self.slots, lambda slot: slot.track_id)

    @cached_property
    def reviews_of(self) -> dict[TrackId, list[Review]]:
        """The reviews by track."""
        return _group(self.reviews, lambda review: review.track_id)

    @cached_property
    def reviews_by(self) -> dict[ReviewerId, list[Review]]:
        """The reviews by reviewer."""
        return _group(self.reviews, lambda review: review.reviewer_id)

    @cached_property
    def tracks_of(self) -> dict[ArtistId, list[Track]]:
        """The tracks by artist."""
        return _group(self.tracks, lambda track: track.artist_id)

    @cached_property
    def applied(self) -> dict[TrackId, AttemptId | None]:
        """The attempt that paid for each track with a payment, None for one that none did."""
        return {payment.track_id: payment.applied_attempt_id for payment in self.payments}

    @cached_property
    def disputes_of(self) -> dict[TrackId, list[Dispute]]:
        """The disputes by track."""
        return _group(self.disputes, lambda dispute: dispute.track_id)

    @cached_property
    def currency_of(self) -> dict[PaymentId, str]:
        """What each payment is booked in: money of another currency is recorded, not posted."""
        return {payment.id: payment.currency for payment in self.payments}

    def is_posted(self, thing: Refund | Dispute) -> bool:
        """Whether a refund or dispute stands in the books."""
        return thing.currency == self.currency_of.get(thing.payment_id)

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

    def states(self, track: Track) -> dict[int, SlotState]:
        """Tell where each slot of a track stands."""
        return slot_states(
            self.slots_of.get(track.id, []),
            self.reviews_of.get(track.id, []),
            is_closed=track.is_shut,
        )

    def _sums(self, kinds: frozenset[EntryKind]) -> Counter[str]:
        sums: Counter[str] = Counter()
        for entry in self.entries:
            if entry.kind in kinds:
                for posting in entry.postings:
                    sums[posting.account] += posting.amount
        return sums


def _group(things: tuple[V, ...], key: Callable[[V], K]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = defaultdict(list)
    for thing in things:
        grouped[key(thing)].append(thing)
    return dict(grouped)


Law = Callable[[MarketView], Iterator[Violation]]


def _broken(law: str, *ids: str, told: str) -> Violation:
    return Violation(law=law, ids=ids, told=told)


def _compare(law: str, thing: str, **pairs: tuple[object, object]) -> Iterator[Violation]:
    """Yield a violation for each named pair (stored, recomputed) that differs."""
    for name, (stored, recomputed) in pairs.items():
        if stored != recomputed:
            yield _broken(law, thing, told=f"{name} is {stored}, recomputed {recomputed}")


# ── 1 and 2: money ───────────────────────────────────────────────────────────────────────────


def entries_balance(view: MarketView) -> Iterator[Violation]:
    """Law 1: the postings of every entry sum to 0."""
    for entry in view.entries:
        if sum(posting.amount for posting in entry.postings):
            yield _broken("entries_balance", entry.id, told=f"{entry.kind} does not balance")


def totals_equal_ledger(view: MarketView) -> Iterator[Violation]:
    """Law 2: what profiles say was spent, earned and is pending equals the ledger."""
    law = "totals_equal_ledger"
    for artist in view.artists:
        tracks = view.tracks_of.get(artist.id, [])
        spent = sum(view.spent[ledger.deferred(track.id)] for track in tracks)
        yield from _compare(law, artist.id, total_spent=(artist.total_spent, spent))
    for reviewer in view.reviewers:
        account = ledger.payable(reviewer.id)
        yield from _compare(
            law,
            reviewer.id,
            pending_balance=(reviewer.pending_balance, view.balances[account]),
            total_earnings=(reviewer.total_earnings, view.earned[account]),
        )


def deferred_equals_slots(view: MarketView) -> Iterator[Violation]:
    """Law 2: what is deferred for a paid track is the price of its open, held, active slots.

    A slot that a lost dispute ended is deferred no longer: its price made up for the loss.
    """
    waiting = {SlotState.OPEN, SlotState.HELD, SlotState.ACTIVE}
    for track in view.tracks:
        if track.paid_at is None:
            due = 0
        else:
            states = view.states(track)
            slots = view.slots_of.get(track.id, [])
            due = sum(slot.price for slot in slots if states[slot.number] in waiting)
        deferred = view.balances[ledger.deferred(track.id)]
        yield from _compare("deferred_equals_slots", track.id, deferred=(deferred, due))


def market_accounts_follow_reviews(view: MarketView) -> Iterator[Violation]:
    """Law 2: revenue, losses and promotion are what reviews and disputes, all of them, make."""
    is_free = {track.id: track.is_free for track in view.tracks}
    due = Counter({ledger.REVENUE: 0, ledger.LOSSES: 0, ledger.PROMOTION: 0})
    for review in view.reviews:
        if review.status is not ReviewStatus.COMPLETED:
            continue
        if not review.counts_toward_completion:
            # Its pay is lost to the market, unless the flag was right and took it back.
            taken_back = review.flag_status is FlagStatus.UPHELD
            due[ledger.LOSSES] -= 0 if taken_back else review.offered_amount
        elif is_free[review.track_id]:
            due[ledger.PROMOTION] -= review.offered_amount
        else:
            due[ledger.REVENUE] += review.slot_price - review.offered_amount
    for dispute in filter(view.is_posted, view.disputes):
        due[ledger.LOSSES] -= dispute.amount - min(dispute.amount, dispute.reinstated_amount)
    due[ledger.LOSSES] += sum(slot.price for slot in view.slots if slot.is_lost)
    due[ledger.LOSSES] += sum(
        refund.amount
        for refund in filter(view.is_posted, view.refunds)
        if refund.status is RefundStatus.DROPPED
    )
    for account, amount in due.items():
        booked = view.balances[account]
        yield from _compare("market_accounts_follow_reviews", account, balance=(booked, amount))


# ── 3 and 6: slots ───────────────────────────────────────────────────────────────────────────


def queue_mirrors_active(view: MarketView) -> Iterator[Violation]:
    """Law 3: a queue row exists exactly while its review is active, with the same deadline."""
    law = "queue_mirrors_active"
    rows = {row.id: row for row in view.queue}
    active = {review.id: review for review in view.reviews if review.is_active}
    for review_id in rows.keys() ^ active.keys():
        yield _broken(law, review_id, told="queue row and active review do not go together")
    for review_id in rows.keys() & active.keys():
        row, review = rows[review_id], active[review_id]
        yield from _compare(
            law,
            review_id,
            reviewer_id=(row.reviewer_id, review.reviewer_id),
            expires_at=(row.expires_at, review.expires_at),
        )


def one_holder_a_slot(view: MarketView) -> Iterator[Violation]:
    """Laws 3 and 6: a slot is refunded, or has one active or counted review, or none."""
    law = "one_holder_a_slot"
    refunded = {(slot.track_id, slot.number): slot.is_refunded for slot in view.slots}
    holders: dict[tuple[TrackId, int], str] = {}
    for review in view.reviews:
        if not review.holds_slot:
            continue
        slot = (review.track_id, review.slot_number)
        if slot in holders:
            yield _broken(law, holders[slot], review.id, told="two reviews hold one slot")
        if refunded.get(slot, True):
            yield _broken(law, review.id, told="holds a slot that is refunded or does not exist")
        holders[slot] = review.id
    for track in view.tracks:
        if track.paid_at is not None:
            slots = len(view.slots_of.get(track.id, []))
            yield from _compare(law, track.id, slots=(slots, track.reviews_requested))


# ── 4: counts ────────────────────────────────────────────────────────────────────────────────


def tracks_count_right(view: MarketView) -> Iterator[Violation]:
    """Law 4: a track's counts and status follow from its slots and reviews."""
    for track in view.tracks:
        reviews = view.reviews_of.get(track.id, [])
        counted = sum(review.counts_toward_completion for review in reviews)
        refunded = sum(slot.is_refunded for slot in view.slots_of.get(track.id, []))
        since = track.source_updated_at
        reports = sum(
            review.end_reason is EndReason.UNPLAYABLE
            and review.ended_at is not None
            and (since is None or review.ended_at > since)
            for review in reviews
        )
        yield from _compare(
            "tracks_count_right",
            track.id,
            reviews_completed=(track.reviews_completed, counted),
            slots_refunded=(track.slots_refunded, refunded),
            unplayable_reports=(track.unplayable_reports, reports),
            is_completed=(track.status is TrackStatus.COMPLETED, track.completed_at is not None),
        )
        if track.paid_at is not None:
            status = status_of(
                requested=track.reviews_requested, counted=counted, refunded=refunded
            )
            yield from _compare("tracks_count_right", track.id, status=(track.status, status))


def artists_count_right(view: MarketView) -> Iterator[Violation]:
    """Laws 4 and 9: tracks ever queued are counted, credits are not below 0."""
    for artist in view.artists:
        queued = sum(track.paid_at is not None for track in view.tracks_of.get(artist.id, []))
        yield from _compare(
            "artists_count_right", artist.id, total_tracks=(artist.total_tracks, queued)
        )
        if artist.free_review_credits < 0:
            yield _broken("artists_count_right", artist.id, told="credits are below 0")


def reviewers_count_right(view: MarketView) -> Iterator[Violation]:
    """Law 4: a reviewer's counts equal what they count."""
    flags = Counter(
        flag.reviewer_id for flag in view.flags if flag.status is not FlagStatus.DISMISSED
    )
    for reviewer in view.reviewers:
        reviews = view.reviews_by.get(reviewer.id, [])
        kept = [
            review
            for review in reviews
            if review.status is ReviewStatus.COMPLETED
            and review.flag_status is not FlagStatus.UPHELD
        ]
        ratings = [one.artist_rating for one in kept if one.artist_rating is not None]
        yield from _compare(
            "reviewers_count_right",
            reviewer.id,
            total_reviews=(reviewer.total_reviews, len(kept)),
            rating_sum=(reviewer.rating_sum, sum(ratings)),
            rating_count=(reviewer.rating_count, len(ratings)),
            gem_count=(reviewer.gem_count, sum(review.is_gem for review in kept)),
            flag_count=(reviewer.flag_count, flags[reviewer.id]),
            active_count=(reviewer.active_count, sum(review.is_active for review in reviews)),
        )


def payments_count_right(view: MarketView) -> Iterator[Violation]:
    """Law 4: what a payment says was refunded is what completed refunds gave back."""
    law = "payments_count_right"
    back: Counter[str] = Counter()
    for refund in view.refunds:
        if refund.status is RefundStatus.COMPLETED:
            back[refund.attempt_id] += refund.amount
    for payment in view.payments:
        refunded = back[payment.applied_attempt_id] if payment.applied_attempt_id else 0
        yield from _compare(law, payment.id, refunded_amount=(payment.refunded_amount, refunded))
        applied = payment.status in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED}
        yield from _compare(
            law, payment.id, completed_at=(payment.completed_at is not None, applied)
        )


# ── 5: once ──────────────────────────────────────────────────────────────────────────────────


def money_moves_once(view: MarketView) -> Iterator[Violation]:
    """Law 5: each cause is in the ledger once a kind; rows and ledger tell the same story."""
    law = "money_moves_once"
    seen = Counter((entry.kind, entry.cause) for entry in view.entries)
    for (kind, cause), times in seen.items():
        if times > 1:
            yield _broken(law, cause, told=f"{kind} {times} times")
    booked = frozenset(seen)
    for stories in (_reviews, _payouts, _refunds, _disputes, _lost_slots):
        yield from stories(law, view, booked)


Booked = frozenset[tuple[EntryKind, str]]


def _reviews(law: str, view: MarketView, booked: Booked) -> Iterator[Violation]:
    for review in view.reviews:
        done = review.status is ReviewStatus.COMPLETED
        yield from _compare(
            law,
            review.id,
            completed=(done, (EntryKind.REVIEW_COMPLETED, review.id) in booked),
            paid_amount=(review.paid_amount, review.offered_amount if done else None),
        )


def _payouts(law: str, view: MarketView, booked: Booked) -> Iterator[Violation]:
    back: Counter[str] = Counter()
    for reversal in view.reversals:
        back[reversal.payout_id] += reversal.amount
        told = (EntryKind.PAYOUT_REVERSED, reversal.id) in booked
        yield from _compare(law, reversal.id, booked=(True, told))
    for payout in view.payouts:
        completed = payout.status is PayoutStatus.COMPLETED
        failed = payout.status is PayoutStatus.FAILED
        yield from _compare(
            law,
            payout.id,
            completed=(completed, (EntryKind.PAYOUT_COMPLETED, payout.id) in booked),
            failed=(failed, (EntryKind.PAYOUT_FAILED, payout.id) in booked),
            requested=(True, (EntryKind.PAYOUT_REQUESTED, payout.id) in booked),
            reversed_amount=(payout.reversed_amount, back[payout.id]),
        )


def _refunds(law: str, view: MarketView, booked: Booked) -> Iterator[Violation]:
    for refund in view.refunds:
        posted = view.is_posted(refund)
        returned = posted and refund.status is RefundStatus.RETURNED
        completed = posted and refund.status is RefundStatus.COMPLETED
        dropped = posted and refund.status is RefundStatus.DROPPED
        yield from _compare(
            law,
            refund.id,
            intended=(posted, (EntryKind.REFUND_INTENDED, refund.id) in booked),
            completed=(completed or returned, (EntryKind.REFUND_COMPLETED, refund.id) in booked),
            returned=(returned, (EntryKind.REFUND_RETURNED, refund.id) in booked),
            dropped=(dropped, (EntryKind.REFUND_DROPPED, refund.id) in booked),
        )


def _disputes(law: str, view: MarketView, booked: Booked) -> Iterator[Violation]:
    for dispute in view.disputes:
        posted = view.is_posted(dispute)
        won = dispute.status is DisputeStatus.WON and dispute.reinstated_amount > 0
        yield from _compare(
            law,
            dispute.id,
            opened=(
                posted and not dispute.is_inquiry,
                (EntryKind.DISPUTE_OPENED, dispute.id) in booked,
            ),
            won=(posted and won, (EntryKind.DISPUTE_WON, dispute.id) in booked),
        )


def _lost_slots(law: str, view: MarketView, booked: Booked) -> Iterator[Violation]:
    lost = {f"{slot.track_id}/{slot.number}" for slot in view.slots if slot.is_lost}
    told = {cause for kind, cause in booked if kind is EntryKind.SLOT_LOST}
    for cause in lost ^ told:
        yield _broken(law, cause, told="slot and ledger do not agree on whether it was lost")


# ── 7: who ───────────────────────────────────────────────────────────────────────────────────


def reviewers_are_fit(view: MarketView) -> Iterator[Violation]:
    """Law 7: nobody reviews his own track or one twice; the restricted have nothing active."""
    law = "reviewers_are_fit"
    user_of_artist: dict[ArtistId, UserId] = {one.id: one.user_id for one in view.artists}
    pairs: Counter[tuple[TrackId, ReviewerId]] = Counter(
        (review.track_id, review.reviewer_id) for review in view.reviews
    )
    for (track_id, reviewer_id), times in pairs.items():
        if times > 1:
            yield _broken(law, track_id, reviewer_id, told=f"reviewed {times} times")
    for reviewer in view.reviewers:
        for review in view.reviews_by.get(reviewer.id, []):
            if user_of_artist.get(review.artist_id) == reviewer.user_id:
                yield _broken(law, review.id, told="is a review of the reviewer's own track")
            if reviewer.is_restricted and review.is_active:
                yield _broken(law, review.id, told="is active though its reviewer is restricted")


# ── 8 and 9 ──────────────────────────────────────────────────────────────────────────────────


def flags_are_mirrored(view: MarketView) -> Iterator[Violation]:
    """Law 8: a review bears the traces of its flag, and none of a dismissed one."""
    law = "flags_are_mirrored"
    flags = {flag.review_id: flag for flag in view.flags}
    for review in view.reviews:
        flag = flags.get(review.id)
        status = flag.status if flag is not None else None
        blamed = status in {FlagStatus.OPEN, FlagStatus.UPHELD}
        yield from _compare(
            law,
            review.id,
            flag_status=(review.flag_status, status),
            was_flagged=(review.was_flagged, blamed),
        )
        if blamed and review.counts_toward_completion:
            yield _broken(law, review.id, told="counts though its flag is open or upheld")


def promos_are_used_once(view: MarketView) -> Iterator[Violation]:
    """Law 9: no artist has two tracks on one promo code, cancelled ones aside."""
    used = Counter(
        (track.artist_id, track.promo_code)
        for track in view.tracks
        if track.promo_code in view.rules.promo_codes and track.status is not TrackStatus.CANCELLED
    )
    for (artist_id, code), times in used.items():
        if times > 1:
            yield _broken("promos_are_used_once", artist_id, told=f"{code} {times} times")


def closed_tracks_have_no_open_slot(view: MarketView) -> Iterator[Violation]:
    """Law 6: an open slot that nobody will fill would keep its price for ever.

    So it is on a closed track, and on one that a lost dispute gave back to its payer.
    """
    for track in view.tracks:
        if not track.is_shut:
            continue
        for number, state in view.states(track).items():
            if state is SlotState.OPEN:
                told = f"slot {number} is open though nobody will fill it"
                yield _broken("closed_tracks_have_no_open_slot", track.id, told=told)


def open_slots_are_sought_for(view: MarketView) -> Iterator[Violation]:
    """Law 10, as far as a snapshot shows: a slot that may be filled waits for the worker.

    While the track's payment is disputed, and once it is lost, nobody looks.
    """
    law = "open_slots_are_sought_for"
    for track in view.tracks:
        if track.dispute_status is not None and track.assign_at is not None:
            yield _broken(law, track.id, told="somebody looks for reviewers in a dispute")
        if not track.takes_reviewers(view.rules):
            continue
        is_open = SlotState.OPEN in view.states(track).values()
        if is_open and track.assign_at is None:
            yield _broken(law, track.id, told="nobody looks for reviewers")


# ── disputes ─────────────────────────────────────────────────────────────────────────────────


def disputes_are_mirrored(view: MarketView) -> Iterator[Violation]:
    """Laws 5 and 6: a track stands as the disputes of its applied payment do.

    Only a dispute of what was applied moves it, and only a lost one may have ended a slot.
    """
    law = "disputes_are_mirrored"
    for track in view.tracks:
        disputes = view.disputes_of.get(track.id, [])
        standing = standing_of(disputes, attempt_id=view.applied.get(track.id))
        yield from _compare(law, track.id, dispute_status=(track.dispute_status, standing))
        lost = any(slot.is_lost for slot in view.slots_of.get(track.id, []))
        if lost and standing is not DisputeStatus.LOST:
            yield _broken(law, track.id, told="lost a slot without a lost dispute")
    for dispute in view.disputes:
        closed = dispute.closed_at is not None
        yield from _compare(law, dispute.id, is_closed=(closed, not dispute.is_open))


LAWS: tuple[Law, ...] = (
    entries_balance,
    totals_equal_ledger,
    deferred_equals_slots,
    market_accounts_follow_reviews,
    queue_mirrors_active,
    one_holder_a_slot,
    tracks_count_right,
    artists_count_right,
    reviewers_count_right,
    payments_count_right,
    money_moves_once,
    reviewers_are_fit,
    flags_are_mirrored,
    promos_are_used_once,
    closed_tracks_have_no_open_slot,
    open_slots_are_sought_for,
    disputes_are_mirrored,
)


def violations(view: MarketView) -> tuple[Violation, ...]:
    """Evaluate every law; an empty answer means that all hold."""
    return tuple(violation for law in LAWS for violation in law(view))
