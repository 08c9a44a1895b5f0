"""Money as those see it to whom it belongs; every amount in cents."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.usecases import Balance


@attrs.frozen(kw_only=True)
class UrlView:
    """Where to go on."""

    url: str


@attrs.frozen(kw_only=True)
class BalanceLineView:
    """One posting behind a balance, with what caused it."""

    entry_id: str
    kind: EntryKind
    cause: str
    at: datetime
    amount: int


@attrs.frozen(kw_only=True)
class BalanceView:
    """A reviewer's money; the amounts of *entries* sum to *pending_balance*."""

    pending_balance: int
    withdrawable: int
    held: int
    entries: tuple[BalanceLineView, ...]


@attrs.frozen(kw_only=True)
class PayoutView:
    """One withdrawal."""

    id: str
    reviewer_id: str
    amount: int
    currency: str
    method: PayoutMethod
    destination: str
    status: PayoutStatus
    external_id: str | None
    reference: str | None
    failure_reason: str | None
    reversed_amount: int
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    processed_at: datetime | None


@attrs.frozen(kw_only=True)
class RefundView:
    """Money on its way back; *duplicate_id* is what the processor paid besides *reference*."""

    id: str
    track_id: str
    payment_id: str
    attempt_id: str
    amount: int
    currency: str
    reason: RefundReason
    status: RefundStatus
    external_id: str | None
    reference: str | None
    duplicate_id: str | None
    failure_reason: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None


def balance_view(balance: Balance) -> BalanceView:
    """Show a balance."""
    entries = tuple(shape(BalanceLineView, line) for line in balance.entries)
    return shape(BalanceView, balance, entries=entries)


def payout_view(payout: Payout) -> PayoutView:
    """Show a payout."""
    return shape(PayoutView, payout)


def refund_view(refund: Refund) -> RefundView:
    """Show a refund."""
    return shape(RefundView, refund)
