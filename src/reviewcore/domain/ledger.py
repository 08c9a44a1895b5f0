"""The ledger: every movement of money as an entry whose postings sum to zero.

"a → b" takes an amount out of account a and puts it into account b. Entries are only ever added;
a mistake is corrected by another entry. Each function below is one row of the money table.

Accounts   processor, bank              the world outside; negative while we hold its money
           deferred:{track}             paid by the artist, not yet earned by anybody
           payable:{reviewer}           earned, not yet withdrawn
           in_transit:{payout}          withdrawn, not yet known to have arrived
           unapplied:{attempt}          money that no track can use, to be refunded
           refunding:{refund}           on its way back to a payer
           revenue, losses, fees, promotion, forfeited   the market's own
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from reviewcore.domain.ids import AttemptId, EntryId, RefundId, ReviewerId, TrackId
from reviewcore.domain.money import Cents

if TYPE_CHECKING:
    from reviewcore.domain.disputes import Dispute
    from reviewcore.domain.payments import CheckoutAttempt, Payment
    from reviewcore.domain.payouts import Payout, PayoutReversal
    from reviewcore.domain.refunds import Refund
    from reviewcore.domain.reviews import Review
    from reviewcore.domain.slots import Slot

PROCESSOR = "processor"
BANK = "bank"
REVENUE = "revenue"
LOSSES = "losses"
FEES = "fees"
PROMOTION = "promotion"
FORFEITED = "forfeited"


def deferred(track_id: TrackId) -> str:
    """Name the account of what a track's artist paid and nobody has earned."""
    return f"deferred:{track_id}"


def payable(reviewer_id: ReviewerId) -> str:
    """Name the account of what a reviewer has earned and not withdrawn."""
    return f"payable:{reviewer_id}"


def in_transit(payout: Payout) -> str:
    """Name the account of a payout under way."""
    return f"in_transit:{payout.id}"


def unapplied(attempt_id: AttemptId) -> str:
    """Name the account of money that no track can use."""
    return f"unapplied:{attempt_id}"


def refunding(refund_id: RefundId) -> str:
    """Name the account of a refund under way."""
    return f"refunding:{refund_id}"


class EntryKind(StrEnum):
    """Which row of the money table an entry is."""

    PAYMENT_APPLIED = "PAYMENT_APPLIED"
    PAYMENT_NOT_APPLIED = "PAYMENT_NOT_APPLIED"
    FEE_KNOWN = "FEE_KNOWN"
    REVIEW_COMPLETED = "REVIEW_COMPLETED"
    FLAG_OPENED = "FLAG_OPENED"
    FLAG_UPHELD = "FLAG_UPHELD"
    FLAG_DISMISSED = "FLAG_DISMISSED"
    REFUND_INTENDED = "REFUND_INTENDED"
    REFUND_COMPLETED = "REFUND_COMPLETED"
    REFUND_RETURNED = "REFUND_RETURNED"
    REFUND_DROPPED = "REFUND_DROPPED"
    REFUND_SETTLED = "REFUND_SETTLED"
    REFUND_DOUBLED = "REFUND_DOUBLED"
    REFUND_UNDOUBLED = "REFUND_UNDOUBLED"
    DISPUTE_OPENED = "DISPUTE_OPENED"
    DISPUTE_WON = "DISPUTE_WON"
    SLOT_LOST = "SLOT_LOST"
    PAYOUT_REQUESTED = "PAYOUT_REQUESTED"
    PAYOUT_COMPLETED = "PAYOUT_COMPLETED"
    PAYOUT_FAILED = "PAYOUT_FAILED"
    PAYOUT_REVERSED = "PAYOUT_REVERSED"
    BALANCE_FORFEITED = "BALANCE_FORFEITED"


@attrs.frozen
class Posting:
    """A change of one account, in cents."""

    account: str
    amount: Cents


@attrs.frozen
class Move:
    """*amount* cents out of *source* into *target*."""

    source: str
    target: str
    amount: Cents


@attrs.frozen(kw_only=True)
class Draft:
    """An entry that has no id and time yet; `tx.ledger.add` gives them."""

    kind: EntryKind
    cause: str
    postings: tuple[Posting, ...]


@attrs.frozen(kw_only=True)
class Entry:
    """A movement of money. *cause* is the id of what caused it: a review, an attempt, a payout."""

    id: EntryId
    kind: EntryKind
    cause: str
    at: datetime
    rules_version: str
    postings: tuple[Posting, ...]


@attrs.frozen(kw_only=True)
class BalanceLine:
    """One posting behind a balance, with its cause."""

    entry_id: EntryId
    kind: EntryKind
    cause: str
    at: datetime
    amount: Cents


def draft(kind: EntryKind, cause: str, *moves: Move) -> Draft:
    """Make an entry of *moves*: one posting an account, none of 0, and a sum of 0."""
    sums: dict[str, int] = {}
    for move in moves:
        sums[move.source] = sums.get(move.source, 0) - move.amount
        sums[move.target] = sums.get(move.target, 0) + move.amount
    assert sum(sums.values()) == 0, "an entry must balance"
    postings = tuple(Posting(account, Cents(amount)) for account, amount in sums.items() if amount)
    return Draft(kind=kind, cause=cause, postings=postings)


# ── money in ─────────────────────────────────────────────────────────────────────────────────


def payment_applied(payment: Payment, attempt: CheckoutAttempt) -> Draft:
    """The artist's money is the track's."""
    paid = Move(PROCESSOR, deferred(payment.track_id), payment.amount)
    return draft(EntryKind.PAYMENT_APPLIED, attempt.id, paid)


def payment_not_applied(attempt: CheckoutAttempt, amount: Cents) -> Draft:
    """Money came that the track cannot use."""
    paid = Move(PROCESSOR, unapplied(attempt.id), amount)
    return draft(EntryKind.PAYMENT_NOT_APPLIED, attempt.id, paid)


def fee_known(attempt_id: AttemptId, fee: Cents) -> Draft:
    """The processor kept its fee of what an attempt paid, whether or not that was applied."""
    return draft(EntryKind.FEE_KNOWN, attempt_id, Move(FEES, PROCESSOR, fee))


def refund_intended(refund: Refund, *, applied: bool) -> Draft:
    """Slot prices, or all of what was never applied, start on their way back."""
    source = deferred(refund.track_id) if applied else unapplied(refund.attempt_id)
    back = Move(source, refunding(refund.id), refund.amount)
    return draft(EntryKind.REFUND_INTENDED, refund.id, back)


def refund_completed(refund: Refund) -> Draft:
    """The processor gave it back."""
    back = Move(refunding(refund.id), PROCESSOR, refund.amount)
    return draft(EntryKind.REFUND_COMPLETED, refund.id, back)


def refund_returned(refund: Refund) -> Draft:
    """The processor took it and could not deliver it."""
    returned = Move(PROCESSOR, refunding(refund.id), refund.amount)
    return draft(EntryKind.REFUND_RETURNED, refund.id, returned)


def refund_dropped(refund: Refund) -> Draft:
    """A lost dispute paid it; what was set aside makes up for a part of the loss."""
    dropped = Move(refunding(refund.id), LOSSES, refund.amount)
    return draft(EntryKind.REFUND_DROPPED, refund.id, dropped)


def refund_settled(refund: Refund) -> Draft:
    """The processor could not make it, and it left the bank by hand."""
    paid = Move(refunding(refund.id), BANK, refund.amount)
    return draft(EntryKind.REFUND_SETTLED, refund.id, paid)


def refund_doubled(refund: Refund) -> Draft:
    """The processor made what had been paid otherwise: until it comes back, it is lost."""
    lost = Move(LOSSES, PROCESSOR, refund.amount)
    return draft(EntryKind.REFUND_DOUBLED, refund.id, lost)


def refund_undoubled(refund: Refund) -> Draft:
    """What the processor made besides came back."""
    back = Move(PROCESSOR, LOSSES, refund.amount)
    return draft(EntryKind.REFUND_UNDOUBLED, refund.id, back)


# ── disputes ─────────────────────────────────────────────────────────────────────────────────


def dispute_opened(dispute: Dispute) -> Draft:
    """The disputed money and the fee for it have left the balance."""
    taken = Move(LOSSES, PROCESSOR, dispute.amount)
    return draft(EntryKind.DISPUTE_OPENED, dispute.id, taken, Move(FEES, PROCESSOR, dispute.fee))


def dispute_won(dispute: Dispute) -> Draft:
    """What was reinstated is back; the fee is, too, where it is more than was disputed."""
    fee = Cents(max(0, dispute.reinstated_amount - dispute.amount))
    back = Move(PROCESSOR, LOSSES, Cents(dispute.reinstated_amount - fee))
    return draft(EntryKind.DISPUTE_WON, dispute.id, back, Move(PROCESSOR, FEES, fee))


def slot_lost(slot: Slot) -> Draft:
    """Nobody will fill the slot, and its payer has his money from the bank."""
    lost = Move(deferred(slot.track_id), LOSSES, slot.price)
    return draft(EntryKind.SLOT_LOST, f"{slot.track_id}/{slot.number}", lost)


# ── reviews ──────────────────────────────────────────────────────────────────────────────────


def review_completed(review: Review, *, is_free: bool) -> Draft:
    """The reviewer earned the slot's rate, the market the rest of its price."""
    rate, price = review.offered_amount, review.slot_price
    earned = payable(review.reviewer_id)
    if is_free:
        return draft(EntryKind.REVIEW_COMPLETED, review.id, Move(PROMOTION, earned, rate))
    source = deferred(review.track_id)
    return draft(
        EntryKind.REVIEW_COMPLETED,
        review.id,
        Move(source, earned, rate),
        Move(source, REVENUE, Cents(price - rate)),
    )


def flag_opened(review: Review, *, is_free: bool) -> Draft:
    """The slot's price is the track's again; until judged, the pay is the market's loss."""
    return draft(EntryKind.FLAG_OPENED, review.id, *_flag_moves(review, is_free=is_free))


def flag_dismissed(review: Review, *, is_free: bool) -> Draft:
    """The review counts again: what the flag moved goes back."""
    undone = [
        Move(move.target, move.source, move.amount) for move in _flag_moves(review, is_free=is_free)
    ]
    return draft(EntryKind.FLAG_DISMISSED, review.id, *undone)


def flag_upheld(review: Review) -> Draft:
    """The pay is taken back, below zero if need be."""
    taken = Move(payable(review.reviewer_id), LOSSES, review.offered_amount)
    return draft(EntryKind.FLAG_UPHELD, review.id, taken)


def _flag_moves(review: Review, *, is_free: bool) -> tuple[Move, ...]:
    rate, price = review.offered_amount, review.slot_price
    if is_free:
        return (Move(LOSSES, PROMOTION, rate),)
    target = deferred(review.track_id)
    return (Move(REVENUE, target, Cents(price - rate)), Move(LOSSES, target, rate))


# ── money out ────────────────────────────────────────────────────────────────────────────────


def payout_requested(payout: Payout) -> Draft:
    """The amount is reserved."""
    reserved = Move(payable(payout.reviewer_id), in_transit(payout), payout.amount)
    return draft(EntryKind.PAYOUT_REQUESTED, payout.id, reserved)


def payout_completed(payout: Payout) -> Draft:
    """The money has left: through the processor, or from the bank by hand."""
    target = PROCESSOR if payout.is_automatic else BANK
    sent = Move(in_transit(payout), target, payout.amount)
    return draft(EntryKind.PAYOUT_COMPLETED, payout.id, sent)


def payout_failed(payout: Payout) -> Draft:
    """The amount is the reviewer's again."""
    back = Move(in_transit(payout), payable(payout.reviewer_id), payout.amount)
    return draft(EntryKind.PAYOUT_FAILED, payout.id, back)


def payout_reversed(reversal: PayoutReversal) -> Draft:
    """The processor took money of a transfer back; the reviewer has it here again."""
    back = Move(PROCESSOR, payable(reversal.reviewer_id), reversal.amount)
    return draft(EntryKind.PAYOUT_REVERSED, reversal.id, back)


def balance_forfeited(reviewer_id: ReviewerId, amount: Cents) -> Draft:
    """A leaving reviewer gave his balance up."""
    given = Move(payable(reviewer_id), FORFEITED, amount)
    return draft(EntryKind.BALANCE_FORFEITED, reviewer_id, given)


EARNED = frozenset({EntryKind.REVIEW_COMPLETED, EntryKind.FLAG_UPHELD})
"""The kinds that make up total earnings: earned less taken back."""

SPENT = frozenset({EntryKind.PAYMENT_APPLIED, EntryKind.REFUND_INTENDED})
"""The kinds on deferred accounts that make up total spent."""
