"""Money out: a reviewer's withdrawal, from reservation to the processor's last word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import (
    BelowMinimumPayout,
    DestinationRequired,
    InsufficientBalance,
    InvalidTransition,
    PayoutAccountNotReady,
    PayoutAccountTooNew,
    TooEarlyToResolve,
)
from reviewcore.domain.ids import PayoutId, ReversalId, ReviewerId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.sending import LOOKS_MIN, SAME_KEY_FOR, SETTLED_AFTER, backoff, parked_for
from reviewcore.domain.texts import require_line


class PayoutMethod(StrEnum):
    """How a reviewer is paid. `PAYPAL` and `MANUAL` are settled by an administrator."""

    PAYPAL = "PAYPAL"
    STRIPE_CONNECT = "STRIPE_CONNECT"
    MANUAL = "MANUAL"


class PayoutStatus(StrEnum):
    """Where a payout stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


# PENDING     the amount is reserved; nothing was sent, or what was sent was refused for now.
# PROCESSING  the transfer may have been sent. Only a definite answer leaves this state.
# COMPLETED, FAILED are final; FAILED has given the amount back to the balance.
NEXT: Mapping[PayoutStatus, frozenset[PayoutStatus]] = MappingProxyType(
    {
        PayoutStatus.PENDING: frozenset(
            {PayoutStatus.PROCESSING, PayoutStatus.COMPLETED, PayoutStatus.FAILED}
        ),
        PayoutStatus.PROCESSING: frozenset(
            {PayoutStatus.PENDING, PayoutStatus.COMPLETED, PayoutStatus.FAILED}
        ),
        PayoutStatus.COMPLETED: frozenset(),
        PayoutStatus.FAILED: frozenset(),
    }
)


@attrs.frozen(kw_only=True)
class Payout:
    """One withdrawal; amounts in cents.

    Its *key* is the idempotency key of the transfer, the *number*-th: a new one is made only after
    a refusal. *look_ups* found nothing. *reversed_amount* came back after it had left.
    """

    id: PayoutId
    reviewer_id: ReviewerId
    amount: Cents
    currency: str
    method: PayoutMethod
    destination: str
    status: PayoutStatus
    key: str
    created_at: datetime
    number: int = 1
    attempts: int = 0
    sent_at: datetime | None = None
    look_ups: int = 0
    external_id: str | None = None
    reference: str | None = None
    failure_reason: str | None = None
    reversed_amount: Cents = ZERO
    processed_at: datetime | None = None
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return not NEXT[self.status]

    @property
    def is_automatic(self) -> bool:
        """Whether the processor sends it; an administrator settles the others."""
        return self.method is PayoutMethod.STRIPE_CONNECT

    def is_by(self, external_id: str) -> bool:
        """Whether it has left by this transfer; a person may have found it without its id."""
        return self.status is PayoutStatus.COMPLETED and self.external_id in {None, external_id}

    def key_is_fresh(self, at: datetime) -> bool:
        """Whether the processor surely still knows the key."""
        return self.sent_at is None or at - self.sent_at < SAME_KEY_FOR

    def send(self, at: datetime) -> Self:
        """Be handed to the processor (again, with the same key)."""
        tries = self.attempts + 1
        sent = attrs.evolve(
            self, attempts=tries, sent_at=self.sent_at or at, next_attempt_at=at + backoff(tries)
        )
        if self.status is PayoutStatus.PROCESSING:
            return sent
        self._require(PayoutStatus.PROCESSING)
        return attrs.evolve(sent, status=PayoutStatus.PROCESSING)

    def look_up(self, at: datetime) -> Self:
        """Be looked for at the processor: its key is too old to be sent again."""
        return attrs.evolve(self, next_attempt_at=at + backoff(self.look_ups + 11))

    def miss(self) -> Self:
        """Have been looked for, and surely not been found."""
        return attrs.evolve(self, look_ups=self.look_ups + 1)

    def park(self, reason: str, at: datetime) -> Self:
        """Have been refused for now: it waits, and then goes out under a new key."""
        self._require(PayoutStatus.PENDING)
        number = self.number + 1
        return attrs.evolve(
            self,
            status=PayoutStatus.PENDING,
            number=number,
            key=f"wd:{self.id}:a{number}",
            sent_at=None,
            look_ups=0,
            failure_reason=reason,
            next_attempt_at=at + parked_for(number),
            leased_until=None,
        )

    def require_resolvable(self, at: datetime) -> None:
        """Raise unless nothing but a person's word is left to settle it.

        That is after two look-ups that found nothing, at least 24 h after the key was last sent.
        Raises InvalidTransition, TooEarlyToResolve.
        """
        if self.status is not PayoutStatus.PROCESSING:
            raise InvalidTransition(
                entity="Payout", status=self.status, wanted=PayoutStatus.COMPLETED
            )
        assert self.sent_at is not None, "what is being processed was sent"
        resolvable_at = self.sent_at + SAME_KEY_FOR + SETTLED_AFTER
        if at < resolvable_at or self.look_ups < LOOKS_MIN:
            raise TooEarlyToResolve(resolvable_at=resolvable_at)

    def reverse(self, amount: Cents) -> Self:
        """Have *amount* more cents come back."""
        assert self.reversed_amount + amount <= self.amount, "more came back than had left"
        return attrs.evolve(self, reversed_amount=Cents(self.reversed_amount + amount))

    def complete(self, external_id: str | None, at: datetime) -> Self:
        """Have left, by the transfer *external_id* if it is known."""
        self._require(PayoutStatus.COMPLETED)
        return attrs.evolve(
            self,
            status=PayoutStatus.COMPLETED,
            external_id=external_id,
            processed_at=at,
            next_attempt_at=None,
        )

    def fail(self, reason: str, at: datetime) -> Self:
        """Have been refused for good; the amount goes back to the balance."""
        self._require(PayoutStatus.FAILED)
        return attrs.evolve(
            self,
            status=PayoutStatus.FAILED,
            failure_reason=reason,
            processed_at=at,
            next_attempt_at=None,
        )

    def settle(self, reference: str, at: datetime) -> Self:
        """Have been paid by hand with *reference*, 1 to 200 characters.

        Raises InvalidTransition for a payout that the processor sends or that is final.
        """
        if self.is_automatic or self.status is not PayoutStatus.PENDING:
            raise InvalidTransition(
                entity="Payout", status=self.status, wanted=PayoutStatus.COMPLETED
            )
        return attrs.evolve(
            self,
            status=PayoutStatus.COMPLETED,
            reference=require_line("reference", reference, longest=200),
            processed_at=at,
        )

    def _require(self, wanted: PayoutStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise InvalidTransition(entity="Payout", status=self.status, wanted=wanted)


@attrs.frozen(kw_only=True)
class PayoutReversal:
    """Money of a payout that the processor took back, *amount* cents; the payout stays as it is."""

    id: ReversalId
    payout_id: PayoutId
    reviewer_id: ReviewerId
    external_id: str
    amount: Cents
    at: datetime


def withdrawable(reviewer: ReviewerProfile, *, held: Cents) -> Cents:
    """Tell what *reviewer* can withdraw: his balance less what is *held*, never below 0."""
    return Cents(max(0, reviewer.pending_balance - held))


def require_amount(amount: Cents | None, *, available: Cents, rules: MarketRules) -> Cents:
    """Return what to withdraw (None: all). Raises BelowMinimumPayout, InsufficientBalance."""
    wanted = available if amount is None else amount
    if wanted < rules.minimum_payout_cents:
        raise BelowMinimumPayout(minimum_cents=rules.minimum_payout_cents)
    if wanted > available:
        raise InsufficientBalance(withdrawable_cents=available)
    return wanted


def require_destination(
    reviewer: ReviewerProfile,
    method: PayoutMethod,
    destination: str | None,
    *,
    rules: MarketRules,
    at: datetime,
) -> str:
    """Return where the money goes: the connected account, or *destination* (3-254 characters).

    Raises PayoutAccountNotReady, PayoutAccountTooNew, DestinationRequired, InvalidText.
    """
    if method is not PayoutMethod.STRIPE_CONNECT:
        if destination is None or not destination.strip():
            raise DestinationRequired(method=method)
        return require_line("destination", destination, longest=254, shortest=3)
    if reviewer.stripe_account_id is None or not reviewer.payout_account_ready:
        raise PayoutAccountNotReady
    assert reviewer.payout_account_changed_at is not None, "an account was connected some time"
    payable_at = reviewer.payout_account_changed_at + timedelta(days=rules.payout_delay_days)
    if at < payable_at:
        raise PayoutAccountTooNew(payable_at=payable_at)
    return reviewer.stripe_account_id
