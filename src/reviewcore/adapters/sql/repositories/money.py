"""Payments, attempts to pay them, refunds and payouts, and the leases of those that are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs
from sqlalchemy import bindparam, or_, select, text

from reviewcore.adapters.sql import maps
from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.repositories.base import (
    LIMIT,
    ByKey,
    Pages,
    SqlRepository,
    locking,
)
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import AttemptId, PaymentId, PayoutId, RefundId, ReviewerId, TrackId
from reviewcore.domain.payments import CheckoutAttempt, Payment, Refund
from reviewcore.domain.payouts import Payout, PayoutStatus

E = TypeVar("E", CheckoutAttempt, Refund, Payout)


def _due(rows: RowMap[Any], condition: str) -> Query:
    """Make the query that takes rows whose time has come and that nobody else is at.

    *condition* is text, because a partial index serves only what is known when planning.
    """
    table = rows.table
    free = or_(table.c.leased_until.is_(None), table.c.leased_until <= bindparam("now"))
    return locking(
        select(*rows.selected)
        .where(text(condition), table.c.next_attempt_at <= bindparam("now"), free)
        .order_by(table.c.next_attempt_at, table.c.id)
        .limit(LIMIT),
        skip_locked=True,
    )


def _lease(
    unit: Unit, rows: RowMap[E], due: Query, *, now: datetime, until: datetime, limit: int
) -> Sequence[E]:
    """Lease the longest due; they are returned in order of id."""
    found = unit.locked(rows, due, now=now, limit=limit)
    leased = [attrs.evolve(entity, leased_until=until) for entity in found]
    unit.update(rows, *leased)
    return sorted(leased, key=lambda entity: entity.id)


_PAYMENTS = ByKey(maps.PAYMENTS)
_PAYMENT_OF_TRACK = _PAYMENTS.by("track_id")
_LOCK_PAYMENT_OF_TRACK = _PAYMENTS.lock_by("track_id")

_ATTEMPTS = ByKey(maps.ATTEMPTS)
_ATTEMPTS_OF_PAYMENT = _ATTEMPTS.by("payment_id", order=("number",))
_BY_SESSION = _ATTEMPTS.by("session_id")
_DUE_ATTEMPTS = _due(maps.ATTEMPTS, "status <> 'PAID' AND next_attempt_at IS NOT NULL")

_REFUNDS = ByKey(maps.REFUNDS)
_REFUNDS_OF_PAYMENT = _REFUNDS.by("payment_id")
_DUE_REFUNDS = _due(maps.REFUNDS, "status IN ('PENDING', 'PROCESSING')")

_PAYOUTS = ByKey(maps.PAYOUTS)
_PAYOUT_PAGES = Pages(maps.PAYOUTS, "reviewer_id", "status")
_DUE_PAYOUTS = _due(
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

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[CheckoutAttempt]:
        return _lease(self._unit, maps.ATTEMPTS, _DUE_ATTEMPTS, now=now, until=until, limit=limit)


class SqlRefunds(SqlRepository[Refund, RefundId]):
    """Refunds."""

    _keyed = _REFUNDS

    def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        return self._unit.entities(maps.REFUNDS, _REFUNDS_OF_PAYMENT, payment_id=payment_id)

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Refund]:
        return _lease(self._unit, maps.REFUNDS, _DUE_REFUNDS, now=now, until=until, limit=limit)


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

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Payout]:
        return _lease(self._unit, maps.PAYOUTS, _DUE_PAYOUTS, now=now, until=until, limit=limit)
