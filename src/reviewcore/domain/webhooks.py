"""The inbox of what the processor tells unasked: kept first, acted upon later, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import attrs

from reviewcore.domain.sending import backoff

KEPT_FOR = timedelta(days=30)
"""As long as Stripe can still tell of an event; a duplicate that comes later finds no trace."""

TRIES_MAX = 40
"""After so many failures, about a day and a half, an event waits for a person and stays listed."""


class Endpoint(StrEnum):
    """Which of the processor's two senders speaks: of our account, or of those connected to it."""

    ACCOUNT = "ACCOUNT"
    CONNECT = "CONNECT"


class Subject(StrEnum):
    """What an event is about, in our words; the processor's own are kept as its `type`."""

    CHECKOUT = "CHECKOUT"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    TRANSFER = "TRANSFER"
    ACCOUNT = "ACCOUNT"
    DESTINATION = "DESTINATION"
    DISCONNECTED = "DISCONNECTED"
    BANK_PAYOUT = "BANK_PAYOUT"
    OTHER = "OTHER"


# CHECKOUT     a session was paid, expired, or settled late; *object_id* is the session.
# REFUND       a refund was made, changed or failed; *object_id* is the refund.
# DISPUTE      a dispute was opened, changed or closed; *object_id* is the dispute.
# TRANSFER     a transfer was made or reversed; *object_id* is the transfer.
# ACCOUNT      a connected account changed; *account_id* is the account.
# DESTINATION  a connected account has another bank account; *account_id* is the account.
# DISCONNECTED a connected account was taken away; *account_id* is the account.
# BANK_PAYOUT  a payout from a connected account to its bank failed; *account_id* is the account.
# OTHER        nothing that the market acts upon.


@attrs.frozen(kw_only=True)
class ProcessorEvent:
    """Something the processor tells: ids only, what is true is asked for when it is handled."""

    id: str
    type: str
    subject: Subject
    object_id: str
    created_at: datetime
    account_id: str | None = None


@attrs.frozen(kw_only=True)
class StripeWebhookEvent:
    """An event of the processor in the inbox.

    *handled_at* is set only when all that it asks for was done; *next_attempt_at* is None once it
    was handled, or given up after `TRIES_MAX` failures.
    """

    id: str
    type: str
    subject: Subject
    object_id: str
    account_id: str | None
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None = None
    attempts: int = 0
    failure: str | None = None
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None

    @property
    def is_handled(self) -> bool:
        """Whether nothing is left to do."""
        return self.handled_at is not None

    def handle(self, at: datetime) -> Self:
        """Have been acted upon; harmless when repeated."""
        if self.is_handled:
            return self
        return attrs.evolve(
            self, handled_at=at, failure=None, next_attempt_at=None, leased_until=None
        )

    def fail(self, failure: str, at: datetime) -> Self:
        """Have failed; it is tried again after a growing while, at most an hour."""
        tries = self.attempts + 1
        again = at + backoff(tries) if tries < TRIES_MAX else None
        return attrs.evolve(
            self, attempts=tries, failure=failure, next_attempt_at=again, leased_until=None
        )

    def retry(self, at: datetime) -> Self:
        """Be tried again now, by a person's wish."""
        return attrs.evolve(self, next_attempt_at=at, leased_until=None)


def receive(told: ProcessorEvent, at: datetime) -> StripeWebhookEvent:
    """Put *told* in the inbox, to be handled at once."""
    return StripeWebhookEvent(
        id=told.id,
        type=told.type,
        subject=told.subject,
        object_id=told.object_id,
        account_id=told.account_id,
        created_at=told.created_at,
        received_at=at,
        handled_at=at if told.subject is Subject.OTHER else None,
        next_attempt_at=None if told.subject is Subject.OTHER else at,
    )
