"""Money out again: what goes back to a payer, and how far it got."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition, TooEarlyToResolve
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import AttemptId, PaymentId, RefundId, TrackId
from reviewcore.domain.money import Cents
from reviewcore.domain.sending import (
    LOOK_SLOWEST,
    LOOKS_MIN,
    SAME_KEY_FOR,
    SETTLED_AFTER,
    backoff,
    parked_for,
)
from reviewcore.domain.texts import require_line


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
