"""Money in: a track's payment, the attempts to pay it, and what goes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition, TooEarlyToResolve
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import AttemptId, PaymentId, RefundId, TrackId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.texts import require_line


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


class RefundStatus(StrEnum):
    """Where a refund stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RETURNED = "RETURNED"
    DROPPED = "DROPPED"
    SETTLED = "SETTLED"
    DOUBLED = "DOUBLED"


# PENDING     intended; nothing was sent, or what was sent was refused for now.
# PROCESSING  may have been sent. Only a definite answer leaves this state, or a person's word
#             once the processor was asked in vain for long.
# COMPLETED   the processor took it. The payer's bank may return it yet.
# FAILED      the processor refused for good: the money waits in `refunding` for a person. Should
#             it have made the refund all the same, that is believed.
# RETURNED    taken, and then not delivered; the money waits there, too.
# DROPPED     it was not made when a lost dispute gave the payer his money.
# SETTLED     the processor could not make it, and an administrator paid it another way.
# DOUBLED     SETTLED or DROPPED, and then the processor made it after all: the payer has it twice.
#             It is what it was before once that, too, comes back.
REFUND_NEXT: Mapping[RefundStatus, frozenset[RefundStatus]] = MappingProxyType(
    {
        RefundStatus.PENDING: frozenset({RefundStatus.PROCESSING, RefundStatus.DROPPED}),
        RefundStatus.PROCESSING: frozenset(
            {
                RefundStatus.PENDING,
                RefundStatus.COMPLETED,
                RefundStatus.FAILED,
                RefundStatus.DROPPED,
                RefundStatus.SETTLED,
            }
        ),
        RefundStatus.COMPLETED: frozenset({RefundStatus.RETURNED}),
        RefundStatus.FAILED: frozenset(
            {RefundStatus.COMPLETED, RefundStatus.DROPPED, RefundStatus.SETTLED}
        ),
        RefundStatus.RETURNED: frozenset({RefundStatus.DROPPED, RefundStatus.SETTLED}),
        RefundStatus.DROPPED: frozenset({RefundStatus.DOUBLED}),
        RefundStatus.SETTLED: frozenset({RefundStatus.DOUBLED}),
        RefundStatus.DOUBLED: frozenset({RefundStatus.DROPPED, RefundStatus.SETTLED}),
    }
)

OWED = frozenset(
    {RefundStatus.PENDING, RefundStatus.PROCESSING, RefundStatus.FAILED, RefundStatus.RETURNED}
)
"""Refunds whose payer has not got his money, as far as we know."""

LOOK_FIRST = timedelta(seconds=2)
LOOK_SLOWEST = timedelta(hours=1)
PARK_FIRST = timedelta(minutes=1)
SESSION_LIFE = timedelta(hours=24)
"""How long a processor keeps a checkout session open, and so how long a key is surely kept."""

SAME_KEY_FOR = timedelta(hours=23)
"""A key is resent only while younger: Stripe, for one, may forget keys after 24 h."""

SETTLED_AFTER = timedelta(hours=24)
LOOKS_MIN = 2
"""How long after its last sending, and after how many look-ups, a thing may be called absent."""


def backoff(tries: int) -> timedelta:
    """Tell how long to wait after *tries* tries (1 or more): 2 s, doubling, at most an hour."""
    doubled: int = 2 ** min(tries - 1, 16)
    return min(LOOK_FIRST * doubled, LOOK_SLOWEST)


def parked_for(number: int) -> timedelta:
    """Tell how long the *number*-th key (2 or more) waits: a minute, doubling, at most an hour."""
    doubled: int = 2 ** min(number - 2, 16)
    return min(PARK_FIRST * doubled, LOOK_SLOWEST)


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


class RefundReason(StrEnum):
    """Why money goes back."""

    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"
    SLOT = "SLOT"
    UNAPPLIED = "UNAPPLIED"


@attrs.frozen(kw_only=True)
class Refund:
    """Money on its way back to the payer of *attempt_id*.

    *key* is the call's idempotency key, the *number*-th: a new one is made only after a refusal.
    *look_ups* found nothing. *external_id* is the processor's refund if it ever took one, and
    *reference* proves that an administrator paid instead; *duplicate_id* is what the processor made
    although it had been settled or dropped.
    """

    id: RefundId
    attempt_id: AttemptId
    payment_id: PaymentId
    track_id: TrackId
    amount: Cents
    currency: str
    reason: RefundReason
    status: RefundStatus
    key: str
    created_at: datetime
    number: int = 1
    attempts: int = 0
    sent_at: datetime | None = None
    look_ups: int = 0
    external_id: str | None = None
    reference: str | None = None
    duplicate_id: str | None = None
    ended_at: datetime | None = None
    failure_reason: str | None = None
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to send."""
        return self.status not in {RefundStatus.PENDING, RefundStatus.PROCESSING}

    @property
    def is_paid_back(self) -> bool:
        """Whether the payer has it from us, by the processor or by hand."""
        return self.status is RefundStatus.COMPLETED or self.reference is not None

    def knows(self, external_id: str) -> bool:
        """Whether this refund of the processor's is one that was heard of."""
        return external_id in {self.external_id, self.duplicate_id}

    def send(self, at: datetime) -> Self:
        """Be handed to the processor (again, with the same key)."""
        tries = self.attempts + 1
        sent = evolve(
            self,
            attempts=tries,
            sent_at=self.sent_at or at,
            next_attempt_at=at + backoff(tries),
        )
        if self.status is RefundStatus.PROCESSING:
            return sent
        self._require(RefundStatus.PROCESSING)
        return evolve(sent, status=RefundStatus.PROCESSING)

    def key_is_fresh(self, at: datetime) -> bool:
        """Whether the processor surely still knows the key."""
        return self.sent_at is None or at - self.sent_at < SAME_KEY_FOR

    def park(self, reason: str, at: datetime) -> Self:
        """Have been refused for now: it waits, and then goes out under a new key."""
        self._require(RefundStatus.PENDING)
        number = self.number + 1
        return evolve(
            self,
            status=RefundStatus.PENDING,
            number=number,
            key=f"rf:{self.id}:a{number}",
            sent_at=None,
            look_ups=0,
            failure_reason=reason,
            next_attempt_at=at + parked_for(number),
            leased_until=None,
        )

    def miss(self) -> Self:
        """Have been looked for at the processor, and surely not been found."""
        return evolve(self, look_ups=self.look_ups + 1)

    def is_absent(self, at: datetime) -> bool:
        """Whether the processor was asked long and often enough for what it never tells of.

        That is after two look-ups that found nothing, at least 24 h after the key was last sent.
        """
        return self.look_ups >= LOOKS_MIN and at >= self._resolvable_at()

    def wait(self, at: datetime) -> Self:
        """Stay unsent for another hour: its payment is disputed."""
        return evolve(self, next_attempt_at=at + LOOK_SLOWEST, leased_until=None)

    def go_on(self, at: datetime) -> Self:
        """Be sent as soon as can be: its payment is disputed no longer."""
        return evolve(self, next_attempt_at=at)

    def drop(self, at: datetime) -> Self:
        """Never be made: a lost dispute gave the payer his money.

        Raises InvalidTransition, and TooEarlyToResolve while it may have been made.
        """
        self._require_unmade(RefundStatus.DROPPED, at)
        return evolve(
            self, status=RefundStatus.DROPPED, ended_at=at, next_attempt_at=None, leased_until=None
        )

    def complete(self, external_id: str, at: datetime) -> Self:
        """Have been taken by the processor."""
        self._require(RefundStatus.COMPLETED)
        return evolve(
            self,
            status=RefundStatus.COMPLETED,
            external_id=external_id,
            ended_at=at,
            next_attempt_at=None,
        )

    def fail(self, reason: str, at: datetime) -> Self:
        """Have been refused for good."""
        self._require(RefundStatus.FAILED)
        return evolve(
            self,
            status=RefundStatus.FAILED,
            failure_reason=reason,
            ended_at=at,
            next_attempt_at=None,
        )

    def come_back(self, at: datetime) -> Self:
        """Have been returned after it had been taken: the payer has not got it."""
        self._require(RefundStatus.RETURNED)
        return evolve(self, status=RefundStatus.RETURNED, failure_reason="returned", ended_at=at)

    def settle(self, reference: str, at: datetime) -> Self:
        """Have been paid another way, proved by *reference*, 1 to 200 characters.

        Raises InvalidText, InvalidTransition unless the processor cannot make it, and
        TooEarlyToResolve while it may have made what was sent.
        """
        told = require_line("reference", reference, longest=200)
        self._require_unmade(RefundStatus.SETTLED, at)
        return evolve(
            self,
            status=RefundStatus.SETTLED,
            reference=told,
            ended_at=at,
            next_attempt_at=None,
            leased_until=None,
        )

    def double(self, external_id: str) -> Self:
        """Have been made by the processor besides. Raises InvalidTransition."""
        self._require(RefundStatus.DOUBLED)
        # Of yet another only a person can make sense.
        if self.duplicate_id is not None:
            raise InvalidTransition(
                entity="Refund", status=self.status, wanted=RefundStatus.DOUBLED
            )
        return evolve(self, status=RefundStatus.DOUBLED, duplicate_id=external_id)

    def undouble(self) -> Self:
        """Be as before: what the processor made besides came back."""
        before = RefundStatus.DROPPED if self.reference is None else RefundStatus.SETTLED
        if self.status is not RefundStatus.DOUBLED:
            raise InvalidTransition(entity="Refund", status=self.status, wanted=before)
        return evolve(self, status=before)

    def _require_unmade(self, wanted: RefundStatus, at: datetime) -> None:
        # DOUBLED goes back to either, but nothing ends it a second time.
        if self.status is RefundStatus.DOUBLED:
            raise InvalidTransition(entity="Refund", status=self.status, wanted=wanted)
        self._require(wanted)
        if self.status is RefundStatus.PROCESSING and not self.is_absent(at):
            raise TooEarlyToResolve(resolvable_at=self._resolvable_at())

    def _resolvable_at(self) -> datetime:
        assert self.sent_at is not None, "what is being processed was sent"
        return self.sent_at + SAME_KEY_FOR + SETTLED_AFTER

    def _require(self, wanted: RefundStatus) -> None:
        if wanted not in REFUND_NEXT[self.status]:
            raise InvalidTransition(entity="Refund", status=self.status, wanted=wanted)
