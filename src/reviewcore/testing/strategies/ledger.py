"""Drafts of the ledger: every row of the money table, made of entities that could be its cause."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain import ledger
from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.ledger import Draft, EntryKind, Move, Posting
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.slots import Slot
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.entities import drawn
from reviewcore.testing.strategies.recipes import money, tracks

ACCOUNTS = st.one_of(
    st.sampled_from((ledger.PROCESSOR, ledger.REVENUE, ledger.LOSSES, ledger.FEES)),
    values.ids("track").map(ledger.deferred),
    values.ids("reviewer").map(ledger.payable),
)

_RECIPES = {recipe.kind: recipe for recipe in (*money.RECIPES, *tracks.RECIPES)}


def _a(kind: type, **given: Any) -> st.SearchStrategy[Any]:
    return drawn(_RECIPES[kind], given)


_PAID = _a(CheckoutAttempt, status=AttemptStatus.PAID)
_DONE = _a(Review, status=ReviewStatus.COMPLETED)
_FREE = st.booleans()


def _free(draft: Any) -> st.SearchStrategy[Draft]:
    return st.builds(lambda review, is_free: draft(review, is_free=is_free), _DONE, _FREE)


def _returned(status: RefundStatus) -> st.SearchStrategy[Any]:
    return _a(Refund, status=status)


BY_KIND: Mapping[EntryKind, st.SearchStrategy[Draft]] = MappingProxyType(
    {
        EntryKind.PAYMENT_APPLIED: st.builds(
            ledger.payment_applied, _a(Payment, status=PaymentStatus.COMPLETED), _PAID
        ),
        EntryKind.PAYMENT_NOT_APPLIED: _PAID.map(
            lambda attempt: ledger.payment_not_applied(attempt, attempt.amount)
        ),
        EntryKind.FEE_KNOWN: st.builds(ledger.fee_known, values.ids("attempt"), values.cents()),
        EntryKind.REVIEW_COMPLETED: _free(ledger.review_completed),
        EntryKind.FLAG_OPENED: _free(ledger.flag_opened),
        EntryKind.FLAG_UPHELD: _DONE.map(ledger.flag_upheld),
        EntryKind.FLAG_DISMISSED: _free(ledger.flag_dismissed),
        EntryKind.REFUND_INTENDED: st.builds(
            lambda refund, applied: ledger.refund_intended(refund, applied=applied),
            _returned(RefundStatus.PENDING),
            st.booleans(),
        ),
        EntryKind.REFUND_COMPLETED: _returned(RefundStatus.COMPLETED).map(ledger.refund_completed),
        EntryKind.REFUND_RETURNED: _returned(RefundStatus.RETURNED).map(ledger.refund_returned),
        EntryKind.REFUND_DROPPED: _returned(RefundStatus.DROPPED).map(ledger.refund_dropped),
        EntryKind.REFUND_SETTLED: _returned(RefundStatus.SETTLED).map(ledger.refund_settled),
        EntryKind.REFUND_DOUBLED: _returned(RefundStatus.DOUBLED).map(ledger.refund_doubled),
        EntryKind.REFUND_UNDOUBLED: _returned(RefundStatus.SETTLED).map(ledger.refund_undoubled),
        EntryKind.DISPUTE_OPENED: _a(Dispute).map(ledger.dispute_opened),
        EntryKind.DISPUTE_WON: _a(Dispute, status=DisputeStatus.WON).map(ledger.dispute_won),
        EntryKind.SLOT_LOST: _a(Slot, is_lost=True).map(ledger.slot_lost),
        EntryKind.PAYOUT_REQUESTED: _a(Payout, status=PayoutStatus.PENDING).map(
            ledger.payout_requested
        ),
        EntryKind.PAYOUT_COMPLETED: _a(Payout, status=PayoutStatus.COMPLETED).map(
            ledger.payout_completed
        ),
        EntryKind.PAYOUT_FAILED: _a(Payout, status=PayoutStatus.FAILED).map(ledger.payout_failed),
        EntryKind.PAYOUT_REVERSED: _a(PayoutReversal).map(ledger.payout_reversed),
        EntryKind.BALANCE_FORFEITED: st.builds(
            ledger.balance_forfeited, values.ids("reviewer"), values.cents()
        ),
    }
)
"""Drafts by the row of the money table."""


def drafts(kind: EntryKind | None = None) -> st.SearchStrategy[Draft]:
    """Draw drafts of one *kind*, or of any."""
    if kind is not None:
        return BY_KIND[kind]
    return st.sampled_from(EntryKind).flatmap(lambda one: BY_KIND[one])


def moves() -> st.SearchStrategy[Move]:
    """Draw moves between any two accounts, of nothing and backwards too."""
    return st.builds(Move, ACCOUNTS, ACCOUNTS, values.cents(-1000, 10**9))


def postings() -> st.SearchStrategy[Posting]:
    """Draw postings that change an account."""
    return st.builds(Posting, ACCOUNTS, values.cents() | values.cents(-1000, -1))
