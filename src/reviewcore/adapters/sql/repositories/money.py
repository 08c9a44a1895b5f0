"""Payments, attempts to pay them, refunds, disputes, payouts and what came back of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from reviewcore.adapters.sql import maps
from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.repositories.base import ByKey, Pages, SqlRepository, every, pages
from reviewcore.adapters.sql.repositories.leases import due, lease
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.ids import (
    AttemptId,
    DisputeId,
    PaymentId,
    PayoutId,
    RefundId,
    ReviewerId,
    TrackId,
)
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus


def _unsettled(rows: RowMap[Any], condition: str) -> Query:
    """Make the query for a page of rows for which *condition* holds; text, as in `due`."""
    # In parentheses, or an OR in it would let rows of earlier pages in again.
    held = text(f"({condition})")
    return Query(pages(select(*rows.selected).where(held), rows.table.c.id))


_PAYMENTS = ByKey(maps.PAYMENTS)
_PAYMENT_OF_TRACK = _PAYMENTS.by("track_id")
_LOCK_PAYMENT_OF_TRACK = _PAYMENTS.lock_by("track_id")

_ATTEMPTS = ByKey(maps.ATTEMPTS)
_ATTEMPTS_OF_PAYMENT = _ATTEMPTS.by("payment_id", order=("number",))
_BY_SESSION = _ATTEMPTS.by("session_id")
_UNSETTLED_ATTEMPTS = _unsettled(
    maps.ATTEMPTS, "status IN ('INTENDED', 'OPEN') OR (status = 'PAID' AND fee IS NULL)"
)
_DUE_ATTEMPTS = due(maps.ATTEMPTS, "status <> 'PAID' AND next_attempt_at IS NOT NULL")

_REFUNDS = ByKey(maps.REFUNDS)
_REFUNDS_OF_PAYMENT = _REFUNDS.by("payment_id")
_REFUND_PAGES = Pages(maps.REFUNDS, "status")
_UNSETTLED_REFUNDS = _unsettled(
    maps.REFUNDS, "status IN ('PENDING', 'PROCESSING', 'FAILED', 'RETURNED')"
)
_DUE_REFUNDS = due(maps.REFUNDS, "status IN ('PENDING', 'PROCESSING')")

_PAYOUTS = ByKey(maps.PAYOUTS)
_PAYOUT_PAGES = Pages(maps.PAYOUTS, "reviewer_id", "status")
_UNSETTLED_PAYOUTS = _unsettled(maps.PAYOUTS, "status IN ('PENDING', 'PROCESSING')")
_DUE_PAYOUTS = due(
    maps.PAYOUTS, "status IN ('PENDING', 'PROCESSING') AND method = 'STRIPE_CONNECT'"
)


class SqlPayments(SqlRepository[Payment, PaymentId]):
    """Payments, one a track."""

    _keyed = _PAYMENTS

    def of_track(self, track_id: TrackId) -> Payment | None:
        return self._unit.entity(maps.PAYMENTS, _PAYMENT_OF_TRACK, track_id=track_id)

    def lock_of_track(self, track_id: TrackId) -> Payment | None:
        found = self._unit.locked(maps.PAYMENTS, _LOCK_PAYMENT_OF_TRACK, track_id=track_id)
        return found[0] if found else None


class SqlAttempts(SqlRepository[CheckoutAttempt, AttemptId]):
    """Attempts to pay."""

    _keyed = _ATTEMPTS

    def of_payment(self, payment_id: PaymentId) -> Sequence[CheckoutAttempt]:
        return self._unit.entities(maps.ATTEMPTS, _ATTEMPTS_OF_PAYMENT, payment_id=payment_id)

    def by_session(self, session_id: str) -> CheckoutAttempt | None:
        return self._unit.entity(maps.ATTEMPTS, _BY_SESSION, session_id=session_id)

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[CheckoutAttempt]:
        return self._unit.entities(
            maps.ATTEMPTS, _UNSETTLED_ATTEMPTS, after=after or "", limit=limit
        )

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[CheckoutAttempt]:
        return lease(self._unit, maps.ATTEMPTS, _DUE_ATTEMPTS, now=now, until=until, limit=limit)


class SqlRefunds(SqlRepository[Refund, RefundId]):
    """Refunds."""

    _keyed = _REFUNDS

    def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        return self._unit.entities(maps.REFUNDS, _REFUNDS_OF_PAYMENT, payment_id=payment_id)

    def page(
        self, *, status: RefundStatus | None, after: str | None, limit: int
    ) -> Sequence[Refund]:
        return _REFUND_PAGES.get(self._unit, after=after, limit=limit, status=status)

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Refund]:
        return self._unit.entities(maps.REFUNDS, _UNSETTLED_REFUNDS, after=after or "", limit=limit)

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Refund]:
        return lease(self._unit, maps.REFUNDS, _DUE_REFUNDS, now=now, until=until, limit=limit)


class SqlPayouts(SqlRepository[Payout, PayoutId]):
    """Payouts."""

    _keyed = _PAYOUTS

    def page(
        self,
        *,
        reviewer_id: ReviewerId | None,
        status: PayoutStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Payout]:
        return _PAYOUT_PAGES.get(
            self._unit, after=after, limit=limit, reviewer_id=reviewer_id, status=status
        )

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Payout]:
        return self._unit.entities(maps.PAYOUTS, _UNSETTLED_PAYOUTS, after=after or "", limit=limit)

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Payout]:
        return lease(self._unit, maps.PAYOUTS, _DUE_PAYOUTS, now=now, until=until, limit=limit)


_DISPUTES = ByKey(maps.DISPUTES)
_DISPUTES_OF_PAYMENT = _DISPUTES.by("payment_id")
_BY_EXTERNAL_ID = _DISPUTES.by("external_id")
_OPEN_DISPUTES = _unsettled(maps.DISPUTES, "status = 'OPEN'")

_REVERSALS = ByKey(maps.REVERSALS)
_REVERSALS_OF_PAYOUT = _REVERSALS.by("payout_id")


class SqlDisputes(SqlRepository[Dispute, DisputeId]):
    """Disputes."""

    _keyed = _DISPUTES

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Dispute]:
        return self._unit.entities(maps.DISPUTES, _OPEN_DISPUTES, after=after or "", limit=limit)

    def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        return self._unit.entities(maps.DISPUTES, _DISPUTES_OF_PAYMENT, payment_id=payment_id)

    def by_external_id(self, external_id: str) -> Dispute | None:
        return self._unit.entity(maps.DISPUTES, _BY_EXTERNAL_ID, external_id=external_id)


class SqlReversals:
    """Reversals of payouts."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_payout(self, payout_id: PayoutId) -> Sequence[PayoutReversal]:
        return self._unit.entities(maps.REVERSALS, _REVERSALS_OF_PAYOUT, payout_id=payout_id)

    def add(self, *reversals: PayoutReversal) -> None:
        self._unit.add(maps.REVERSALS, *reversals)

    def all(self) -> Iterator[PayoutReversal]:
        return every(self._unit, maps.REVERSALS, _REVERSALS.next)
