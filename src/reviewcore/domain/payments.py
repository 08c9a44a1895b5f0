"""Money in: a track's payment, and the attempts to pay it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import AttemptId, PaymentId, TrackId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.sending import LOOK_FIRST, backoff


class PaymentStatus(StrEnum):
    """Where the payment of a track stands."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


# PENDING    the price is known; no money was applied. Attempts may be open.
# COMPLETED  one attempt's money was applied, once (or nothing was due: a free track).
# FAILED     the last attempt failed, or the track was cancelled unpaid. May be tried again.
# REFUNDED   all of it went back; COMPLETED again when the payer's bank returns a refund.
PAYMENT_NEXT: Mapping[PaymentStatus, frozenset[PaymentStatus]] = MappingProxyType(
    {
        PaymentStatus.PENDING: frozenset({PaymentStatus.COMPLETED, PaymentStatus.FAILED}),
        PaymentStatus.FAILED: frozenset({PaymentStatus.PENDING, PaymentStatus.COMPLETED}),
        PaymentStatus.COMPLETED: frozenset({PaymentStatus.REFUNDED}),
        PaymentStatus.REFUNDED: frozenset({PaymentStatus.COMPLETED}),
    }
)


class AttemptStatus(StrEnum):
    """Where one attempt to pay stands."""

    INTENDED = "INTENDED"
    OPEN = "OPEN"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


# INTENDED  committed before the call; the processor may or may not have a session.
# OPEN      the processor has a session that can be paid.
# PAID      final: money came. It was applied, or goes back in full.
# EXPIRED   the session ended unpaid.  FAILED  the processor or the payer's bank refused.
#           Money can still come late, so both may become PAID.
ATTEMPT_NEXT: Mapping[AttemptStatus, frozenset[AttemptStatus]] = MappingProxyType(
    {
        AttemptStatus.INTENDED: frozenset(
            {AttemptStatus.OPEN, AttemptStatus.PAID, AttemptStatus.EXPIRED, AttemptStatus.FAILED}
        ),
        AttemptStatus.OPEN: frozenset(
            {AttemptStatus.PAID, AttemptStatus.EXPIRED, AttemptStatus.FAILED}
        ),
        AttemptStatus.EXPIRED: frozenset({AttemptStatus.PAID}),
        AttemptStatus.FAILED: frozenset({AttemptStatus.PAID}),
        AttemptStatus.PAID: frozenset(),
    }
)

CHECKOUT_LIFE = timedelta(hours=24)
"""How long a processor keeps a checkout session open, at most."""


@attrs.frozen(kw_only=True)
class Payment:
    """What a track costs and what became of it; one a track. Amounts in cents of *currency*.

    *refunded_amount* counts completed refunds of the applied attempt only.
    """

    id: PaymentId
    track_id: TrackId
    amount: Cents
    currency: str
    status: PaymentStatus
    created_at: datetime
    stripe_session_id: str | None = None
    stripe_payment_id: str | None = None
    applied_attempt_id: AttemptId | None = None
    completed_at: datetime | None = None
    refunded_amount: Cents = ZERO
    fee: Cents | None = None

    def reprice(self, amount: Cents) -> Self:
        """Ask for *amount*: the track was checked out (again)."""
        if self.status is PaymentStatus.PENDING:
            return evolve(self, amount=amount)
        self._require(PaymentStatus.PENDING)
        return evolve(self, amount=amount, status=PaymentStatus.PENDING)

    def session(self, session_id: str) -> Self:
        """Have the newest session."""
        return evolve(self, stripe_session_id=session_id)

    def apply(self, attempt: CheckoutAttempt, at: datetime) -> Self:
        """Be paid by *attempt*, once. Raises InvalidTransition."""
        self._require_due()
        return evolve(
            self,
            status=PaymentStatus.COMPLETED,
            applied_attempt_id=attempt.id,
            stripe_session_id=attempt.session_id,
            stripe_payment_id=attempt.external_payment_id,
            completed_at=at,
        )

    def waive(self, at: datetime) -> Self:
        """Be complete with nothing due: a free track."""
        self._require_due()
        return evolve(self, amount=ZERO, status=PaymentStatus.COMPLETED, completed_at=at)

    def fail(self) -> Self:
        """Record that the last attempt came to nothing; harmless when it did not matter."""
        if self.status is not PaymentStatus.PENDING:
            return self
        return evolve(self, status=PaymentStatus.FAILED)

    def refund(self, amount: Cents) -> Self:
        """Count a completed refund; REFUNDED once all of it is back."""
        refunded = Cents(self.refunded_amount + amount)
        assert refunded <= self.amount, "more was refunded than was paid"
        status = PaymentStatus.REFUNDED if refunded == self.amount else self.status
        return evolve(self, refunded_amount=refunded, status=status)

    def take_back(self, amount: Cents) -> Self:
        """Count a refund no longer: the payer's bank returned it."""
        assert amount <= self.refunded_amount, "more was returned than was refunded"
        return evolve(
            self,
            refunded_amount=Cents(self.refunded_amount - amount),
            status=PaymentStatus.COMPLETED,
        )

    def learn_fee(self, fee: Cents) -> Self:
        """Record the processor's fee."""
        return evolve(self, fee=fee)

    def _require_due(self) -> None:
        # REFUNDED may become COMPLETED too, but never by being paid again.
        if self.status not in {PaymentStatus.PENDING, PaymentStatus.FAILED}:
            raise InvalidTransition(
                entity="Payment", status=self.status, wanted=PaymentStatus.COMPLETED
            )

    def _require(self, wanted: PaymentStatus) -> None:
        if wanted not in PAYMENT_NEXT[self.status]:
            raise InvalidTransition(entity="Payment", status=self.status, wanted=wanted)


@attrs.frozen(kw_only=True)
class CheckoutAttempt:
    """One session at the processor, numbered within its payment.

    Its *key* is the idempotency key of the call; *title*, *amount*, *currency* and *return_url* are
    the exact parameters, so that a repeat says the same. *number* rises only after a definite end
    of the one before. *unwanted* once its track no longer
    needs it: the session is to be expired, and money that still comes goes back.
    """

    id: AttemptId
    payment_id: PaymentId
    track_id: TrackId
    number: int
    key: str
    title: str
    amount: Cents
    currency: str
    return_url: str
    status: AttemptStatus
    created_at: datetime
    sent_at: datetime | None = None
    session_id: str | None = None
    url: str | None = None
    external_payment_id: str | None = None
    fee: Cents | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    unwanted: bool = False
    looks: int = 0
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None
    failure_reason: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it may still be paid as far as we know."""
        return self.status in {AttemptStatus.INTENDED, AttemptStatus.OPEN}

    def send(self, at: datetime) -> Self:
        """Be handed to the processor."""
        return evolve(self, sent_at=self.sent_at or at, next_attempt_at=at + LOOK_FIRST)

    def open(self, *, session_id: str, url: str, expires_at: datetime) -> Self:
        """Have a session."""
        if self.session_id == session_id and self.status is not AttemptStatus.INTENDED:
            return self
        self._require(AttemptStatus.OPEN)
        return evolve(
            self,
            status=AttemptStatus.OPEN,
            session_id=session_id,
            url=url,
            expires_at=expires_at,
        )

    def pay(self, external_payment_id: str | None, at: datetime) -> Self:
        """Have been paid."""
        self._require(AttemptStatus.PAID)
        return evolve(
            self,
            status=AttemptStatus.PAID,
            external_payment_id=external_payment_id,
            ended_at=at,
            next_attempt_at=None,
        )

    def learn_fee(self, fee: Cents) -> Self:
        """Record what the processor kept of it, in cents."""
        return evolve(self, fee=fee)

    def end(self, status: AttemptStatus, at: datetime, *, reason: str | None = None) -> Self:
        """End unpaid: EXPIRED or FAILED."""
        self._require(status)
        return evolve(self, status=status, ended_at=at, next_attempt_at=None, failure_reason=reason)

    def drop(self, at: datetime) -> Self:
        """Be unwanted: the worker expires its session now."""
        return evolve(self, unwanted=True, next_attempt_at=at)

    def look_again(self, at: datetime) -> Self:
        """Be asked about again after a growing while, and when its session expires."""
        looks = self.looks + 1
        again = at + backoff(looks)
        if self.expires_at is not None and at < self.expires_at:
            # Until the end is known, opening a checkout returns this session.
            again = min(again, self.expires_at)
        return evolve(self, looks=looks, next_attempt_at=again, leased_until=None)

    def _require(self, wanted: AttemptStatus) -> None:
        if wanted not in ATTEMPT_NEXT[self.status]:
            raise InvalidTransition(entity="CheckoutAttempt", status=self.status, wanted=wanted)
