"""What the market needs of a payment processor, and the three answers it can get.

A call ends *done*, *declined* (nothing happened) or *unknown* (it may have happened: a time-out, a
5xx, a lost connection). Unknown is never failure. Every call that moves money carries an
idempotency key: the same key with the same order always has the effect of one call, and the same
key with another order is unknown, for the first order may have gone through. A new key is right
only after a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, NoReturn, Protocol, TypeVar

import attrs

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent

V = TypeVar("V", covariant=True)


@attrs.frozen
class Done(Generic[V]):
    """The processor did it, or tells what is."""

    view: V


@attrs.frozen
class Declined:
    """The processor refused; *code* is its word, free of secrets. Nothing happened.

    *is_passing* when the same may be accepted later, under a new key: too little balance, say.
    """

    code: str
    is_passing: bool = False


@attrs.frozen
class Unknown:
    """No clear answer; *reason* is free of secrets. It may have happened."""

    reason: str


Outcome = Done[V] | Declined | Unknown


class SessionState(StrEnum):
    """What the processor says of a checkout session."""

    OPEN = "OPEN"
    PROCESSING = "PROCESSING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


@attrs.frozen(kw_only=True)
class CheckoutOrder:
    """What is to be paid: *amount* cents of *currency* for *title*, under our *attempt_id*.

    The payer comes back to *success_url* or *cancel_url*.
    """

    attempt_id: str
    track_id: str
    title: str
    amount: Cents
    currency: str
    key: str
    success_url: str
    cancel_url: str


@attrs.frozen(kw_only=True)
class SessionView:
    """A checkout session as the processor tells it; *amount* and *currency* are what was paid."""

    session_id: str
    attempt_id: str
    url: str
    state: SessionState
    amount: Cents
    currency: str
    expires_at: datetime
    payment_id: str | None = None
    fee: Cents | None = None


@attrs.frozen(kw_only=True)
class RefundOrder:
    """Give *amount* cents of the payment *payment_id* back, under our *refund_id*."""

    refund_id: str
    payment_id: str
    amount: Cents
    currency: str
    key: str


class RefundState(StrEnum):
    """What the processor says of a refund: taken (maybe still on its way), or failed after all."""

    TAKEN = "TAKEN"
    FAILED = "FAILED"


@attrs.frozen(kw_only=True)
class RefundView:
    """A refund as the processor tells it; *refund_id* is empty for one that is not ours."""

    external_id: str
    refund_id: str
    amount: Cents
    state: RefundState = RefundState.TAKEN


@attrs.frozen(kw_only=True)
class DisputeView:
    """A payer's dispute as the processor tells it; *attempt_id* is empty if it is not of ours.

    *amount* and *fee* have left our balance, *reinstated* has come back.
    """

    external_id: str
    attempt_id: str
    amount: Cents
    fee: Cents
    currency: str
    status: DisputeStatus
    reinstated: Cents = ZERO


@attrs.frozen(kw_only=True)
class AccountOrder:
    """Open a payout account for a reviewer in *country* (ISO 3166)."""

    reviewer_id: str
    country: str
    key: str


@attrs.frozen(kw_only=True)
class AccountView:
    """A payout account; *ready* when the processor can pay to it."""

    account_id: str
    ready: bool


@attrs.frozen(kw_only=True)
class TransferOrder:
    """Pay *amount* cents to *account_id*, under our *payout_id*."""

    payout_id: str
    account_id: str
    amount: Cents
    currency: str
    key: str


@attrs.frozen(kw_only=True)
class ReversalOrder:
    """Take *amount* cents of the transfer *external_id* back, under our *reversal_id*."""

    reversal_id: str
    external_id: str
    amount: Cents
    key: str


@attrs.frozen(kw_only=True)
class ReversalView:
    """Money of a transfer that came back, as the processor tells it."""

    external_id: str
    amount: Cents


@attrs.frozen(kw_only=True)
class TransferView:
    """A transfer as the processor tells it; *payout_id* is empty for one that is not ours."""

    external_id: str
    payout_id: str
    amount: Cents
    reversals: tuple[ReversalView, ...] = ()


class Payments(Protocol):
    """Money in."""

    def open_checkout(self, order: CheckoutOrder, /) -> Outcome[SessionView]:
        """Open a session that the payer can pay; the same key returns the same session."""
        ...

    def session(self, session_id: str, /) -> Outcome[SessionView]:
        """Tell how a session stands. An unknown id is Declined("not_found")."""
        ...

    def find_session(self, attempt_id: str, /) -> Outcome[SessionView | None]:
        """Look a session up by our id; None when there surely is none."""
        ...

    def expire_session(self, session_id: str, /) -> Outcome[SessionView]:
        """Close an open session; one that was paid or closed is told as it is."""
        ...

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        """Give money back; the same key gives it once. Declined when more than was paid."""
        ...

    def find_refund(self, refund_id: str, payment_id: str, /) -> Outcome[RefundView | None]:
        """Look a refund up by our id; None when there surely is none.

        Of several, the one that was taken: an attempt under an older key may have failed.
        """
        ...

    def refund_view(self, external_id: str, /) -> Outcome[RefundView]:
        """Tell how a refund stands. An unknown id is Declined("not_found")."""
        ...

    def fee(self, payment_id: str, /) -> Outcome[Cents | None]:
        """Tell what the processor kept of a payment; None while that is not known."""
        ...

    def dispute(self, external_id: str, /) -> Outcome[DisputeView]:
        """Tell how a dispute stands. An unknown id is Declined("not_found")."""
        ...


class Payouts(Protocol):
    """Money out."""

    def open_account(self, order: AccountOrder, /) -> Outcome[AccountView]:
        """Open an account; the same key returns the same account."""
        ...

    def account(self, account_id: str, /) -> Outcome[AccountView]:
        """Tell how an account stands."""
        ...

    def account_link(self, account_id: str, /, *, return_url: str) -> Outcome[str]:
        """Make a short-lived URL where the payee completes the account."""
        ...

    def dashboard_link(self, account_id: str, /) -> Outcome[str]:
        """Make a short-lived URL where the payee looks at the account."""
        ...

    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        """Pay; the same key pays once. Declined when the account cannot be paid."""
        ...

    def find_transfer(self, payout_id: str, /) -> Outcome[TransferView | None]:
        """Look a transfer up by our id; None when none was found."""
        ...

    def transfer_view(self, external_id: str, /) -> Outcome[TransferView]:
        """Tell how a transfer stands. An unknown id is Declined("not_found")."""
        ...

    def reverse(self, order: ReversalOrder, /) -> Outcome[ReversalView]:
        """Take money of a transfer back; the same key takes it once."""
        ...

    def available(self, currency: str, /) -> Outcome[Cents]:
        """Tell what can be paid out now."""
        ...


@attrs.frozen(kw_only=True)
class EventPage:
    """Events, oldest first; *cursor* is where the next page begins, None at the end."""

    events: Sequence[ProcessorEvent]
    cursor: str | None = None


class Webhooks(Protocol):
    """What the processor tells of itself, unasked."""

    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        """Return what *body* says, if the processor surely said it, and of this market's mode.

        Raises InvalidWebhook, which quotes nothing of the body.
        """
        ...

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        """Tell what happened from *at* on, also what was never delivered; 30 days back at most."""
        ...


class NoWebhooks:
    """A processor that never tells anything unasked."""

    def authenticate(self, endpoint: Endpoint, body: bytes, signature: str | None, /) -> NoReturn:
        """Refuse everything. Raises InvalidWebhook."""
        raise InvalidWebhook(reason="no processor sends events to this market")

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        """Tell that nothing happened."""
        return Done(EventPage(events=()))


@attrs.frozen(kw_only=True)
class Processor:
    """All that a market has of its processor."""

    payments: Payments
    payouts: Payouts
    webhooks: Webhooks
