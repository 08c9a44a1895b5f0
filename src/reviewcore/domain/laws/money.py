"""Laws of money: what is booked balances, moved once, and equals what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reviewcore.domain import ledger
from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.laws.law import Breach, Scope, breach, compare, law
from reviewcore.domain.laws.slots import states_of
from reviewcore.domain.laws.view import View
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.slots import SlotState

WAITING = frozenset({SlotState.OPEN, SlotState.HELD, SlotState.ACTIVE})
"""Slots whose price is not earned yet, and not given back."""


@law(1)
def entries_balance(view: View, scope: Scope) -> Iterator[Breach]:
    """The postings of every entry sum to 0."""
    for entry in scope.of(view.entry):
        if sum(posting.amount for posting in entry.postings):
            yield breach(entry.id, told=f"{entry.kind} does not balance")


@law(2)
def totals_equal_ledger(view: View, scope: Scope) -> Iterator[Breach]:
    """What profiles say was spent, earned and is pending equals the ledger."""
    for artist in scope.of(view.artist):
        tracks = view.tracks_of.get(artist.id, ())
        spent = sum(view.spent.get(ledger.deferred(track.id), 0) for track in tracks)
        yield from compare(artist.id, total_spent=(artist.total_spent, spent))
    for reviewer in scope.of(view.reviewer):
        account = ledger.payable(reviewer.id)
        yield from compare(
            reviewer.id,
            pending_balance=(reviewer.pending_balance, view.balances.get(account, 0)),
            total_earnings=(reviewer.total_earnings, view.earned.get(account, 0)),
        )


@law(2)
def deferred_equals_slots(view: View, scope: Scope) -> Iterator[Breach]:
    """What is deferred for a paid track is the price of its open, held and active slots.

    A slot that a lost dispute ended is deferred no longer: its price made up for the loss.
    """
    for track in scope.of(view.track):
        due = 0
        if track.paid_at is not None:
            states = states_of(view, track)
            slots = view.slots_of.get(track.id, ())
            due = sum(slot.price for slot in slots if states[slot.number] in WAITING)
        deferred = view.balances.get(ledger.deferred(track.id), 0)
        yield from compare(track.id, deferred=(deferred, due))


@law(2)
def market_accounts_follow_reviews(view: View, scope: Scope) -> Iterator[Breach]:
    """Revenue, losses and promotion are what reviews and disputes, all of them, make.

    Nothing less than everything can be judged by it.
    """
    if not scope.is_everything:
        return
    due = Counter({ledger.REVENUE: 0, ledger.LOSSES: 0, ledger.PROMOTION: 0})
    for review in view.review.values():
        account, amount = _made_by(review, is_free=view.track[review.track_id].is_free)
        due[account] += amount
    due[ledger.LOSSES] += _lost_to_banks(view)
    for account, amount in due.items():
        yield from compare(account, balance=(view.balances.get(account, 0), amount))


def _made_by(review: Review, *, is_free: bool) -> tuple[str, int]:
    """Tell which account of the market a review moved, and by how much."""
    if review.status is not ReviewStatus.COMPLETED:
        return ledger.REVENUE, 0
    if not review.counts_toward_completion:
        # Its pay is lost to the market, unless the flag was right and took it back.
        taken_back = review.flag_status is FlagStatus.UPHELD
        return ledger.LOSSES, 0 if taken_back else -review.offered_amount
    if is_free:
        return ledger.PROMOTION, -review.offered_amount
    return ledger.REVENUE, review.slot_price - review.offered_amount


def _lost_to_banks(view: View) -> int:
    """Add up what disputes took, less what slots that they ended and refunds not made kept.

    What the processor paid besides, after all, is lost as well.
    """
    taken = sum(
        dispute.amount - min(dispute.amount, dispute.reinstated_amount)
        for dispute in view.dispute.values()
        if _is_posted(view, dispute)
    )
    kept = sum(slot.price for slots in view.slots_of.values() for slot in slots if slot.is_lost)
    dropped = sum(
        refund.amount
        for refund in view.refund.values()
        if _was_dropped(refund) and _is_posted(view, refund)
    )
    doubled = sum(
        refund.amount
        for refund in view.refund.values()
        if refund.status is RefundStatus.DOUBLED and _is_posted(view, refund)
    )
    return kept + dropped - taken - doubled


def _was_dropped(refund: Refund) -> bool:
    doubled = refund.status is RefundStatus.DOUBLED and refund.reference is None
    return doubled or refund.status is RefundStatus.DROPPED


@law(4)
def payments_count_right(view: View, scope: Scope) -> Iterator[Breach]:
    """What a payment says was refunded is what completed and settled refunds gave back."""
    for payment in scope.of(view.payment):
        refunded = sum(
            refund.amount
            for refund in view.refunds_of.get(payment.id, ())
            if refund.is_paid_back and refund.attempt_id == payment.applied_attempt_id
        )
        applied = payment.status in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED}
        yield from compare(
            payment.id,
            refunded_amount=(payment.refunded_amount, refunded),
            completed_at=(payment.completed_at is not None, applied),
        )


@law(5)
def the_lost_are_not_refunded(view: View, scope: Scope) -> Iterator[Breach]:
    """Nobody gets his money back twice: a lost dispute gave the payer his.

    With the verdict every refund of the applied payment that was never sent is dropped, and none
    begins after it. What the payer's bank took although a refund was under way is its doing.
    """
    for track in scope.of(view.track):
        payment = view.payment_of.get(track.id)
        if payment is None or track.dispute_status is not DisputeStatus.LOST:
            continue
        for refund in view.refunds_of.get(payment.id, ()):
            applied = refund.attempt_id == payment.applied_attempt_id
            # What was sent and refused waits for its turn, and is dropped then.
            unsent = refund.status is RefundStatus.PENDING and refund.number == 1
            if applied and unsent:
                told = "is to be sent though a lost dispute gave it back"
                yield breach(refund.id, told=told)


@law(5)
def money_moves_once(view: View, scope: Scope) -> Iterator[Breach]:
    """Each cause is in the ledger once a kind; rows and ledger tell the same story."""
    for kind, cause in _booked(view, scope):
        times = view.booked[kind, cause]
        if times > 1:
            yield breach(cause, told=f"{kind} {times} times")
    for stories in (_reviews, _payouts, _refunds, _disputes, _lost_slots):
        yield from stories(view, scope)


def _booked(view: View, scope: Scope) -> Iterator[tuple[EntryKind, str]]:
    if scope.is_everything:
        yield from view.booked
    else:
        yield from {(entry.kind, entry.cause): None for entry in scope.of(view.entry)}


def _reviews(view: View, scope: Scope) -> Iterator[Breach]:
    for review in scope.of(view.review):
        done = review.status is ReviewStatus.COMPLETED
        yield from compare(
            review.id,
            completed=(done, (EntryKind.REVIEW_COMPLETED, review.id) in view.booked),
            paid_amount=(review.paid_amount, review.offered_amount if done else None),
        )


def _payouts(view: View, scope: Scope) -> Iterator[Breach]:
    for reversal in scope.of(view.reversal):
        told = (EntryKind.PAYOUT_REVERSED, reversal.id) in view.booked
        yield from compare(reversal.id, booked=(True, told))
    for payout in scope.of(view.payout):
        completed = payout.status is PayoutStatus.COMPLETED
        failed = payout.status is PayoutStatus.FAILED
        back = sum(reversal.amount for reversal in view.reversals_of.get(payout.id, ()))
        yield from compare(
            payout.id,
            completed=(completed, (EntryKind.PAYOUT_COMPLETED, payout.id) in view.booked),
            failed=(failed, (EntryKind.PAYOUT_FAILED, payout.id) in view.booked),
            requested=(True, (EntryKind.PAYOUT_REQUESTED, payout.id) in view.booked),
            reversed_amount=(payout.reversed_amount, back),
        )


def _refunds(view: View, scope: Scope) -> Iterator[Breach]:
    for refund in scope.of(view.refund):
        posted = _is_posted(view, refund)
        completed = refund.external_id is not None
        doubled = refund.duplicate_id is not None
        due = {
            "intended": (EntryKind.REFUND_INTENDED, True),
            "completed": (EntryKind.REFUND_COMPLETED, completed),
            "returned": (
                EntryKind.REFUND_RETURNED,
                completed and refund.status is not RefundStatus.COMPLETED,
            ),
            "dropped": (EntryKind.REFUND_DROPPED, _was_dropped(refund)),
            "settled": (EntryKind.REFUND_SETTLED, refund.reference is not None),
            "doubled": (EntryKind.REFUND_DOUBLED, doubled),
            "undoubled": (
                EntryKind.REFUND_UNDOUBLED,
                doubled and refund.status is not RefundStatus.DOUBLED,
            ),
        }
        pairs = {
            name: (posted and happened, (kind, refund.id) in view.booked)
            for name, (kind, happened) in due.items()
        }
        yield from compare(refund.id, **pairs)


def _disputes(view: View, scope: Scope) -> Iterator[Breach]:
    for dispute in scope.of(view.dispute):
        posted = _is_posted(view, dispute)
        opened = posted and not dispute.is_inquiry
        won = posted and dispute.status is DisputeStatus.WON and dispute.reinstated_amount > 0
        yield from compare(
            dispute.id,
            opened=(opened, (EntryKind.DISPUTE_OPENED, dispute.id) in view.booked),
            won=(won, (EntryKind.DISPUTE_WON, dispute.id) in view.booked),
        )


def _lost_slots(view: View, scope: Scope) -> Iterator[Breach]:
    for track in scope.of(view.track):
        for slot in view.slots_of.get(track.id, ()):
            cause = f"{slot.track_id}/{slot.number}"
            if slot.is_lost != ((EntryKind.SLOT_LOST, cause) in view.booked):
                told = "slot and ledger do not agree on whether it was lost"
                yield breach(cause, told=told)


def _is_posted(view: View, thing: Refund | Dispute) -> bool:
    """Tell whether it stands in the books: money of another currency is recorded, not posted."""
    payment = view.payment.get(thing.payment_id)
    return payment is not None and thing.currency == payment.currency


LAWS = (
    entries_balance,
    totals_equal_ledger,
    deferred_equals_slots,
    market_accounts_follow_reviews,
    payments_count_right,
    the_lost_are_not_refunded,
    money_moves_once,
)
