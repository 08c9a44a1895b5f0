"""What the sandbox bank shows besides its ports: to payer and payee, and to auditors."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from reviewcore.domain.money import ZERO, Cents
from reviewcore.ports.processor import RefundState, SessionState


class PayerOutcome(StrEnum):
    """What the payer does on the checkout page."""

    PAY = "pay"
    DECLINE = "decline"
    ABANDON = "abandon"


class PayeeOutcome(StrEnum):
    """What the payee does on the account page."""

    COMPLETE = "complete"
    REFUSE = "refuse"


class AccountState(StrEnum):
    """Where a payout account stands; only a ready one is paid."""

    NEW = "NEW"
    READY = "READY"
    REFUSED = "REFUSED"


@attrs.frozen(kw_only=True)
class CheckoutPage:
    """What the payer sees; the URLs are where each end leads him."""

    session_id: str
    title: str
    amount: Cents
    currency: str
    state: SessionState
    success_url: str
    cancel_url: str

    @property
    def return_url(self) -> str:
        """Where the payer goes now that the session is over."""
        return self.success_url if self.state is SessionState.PAID else self.cancel_url


@attrs.frozen(kw_only=True)
class Transferred:
    """A transfer in the books: *amount* cents went to *account_id* for our *payout_id*.

    *reversed_amount* of them came back.
    """

    external_id: str
    payout_id: str
    account_id: str
    amount: Cents
    currency: str
    made_at: datetime
    reversed_amount: Cents = ZERO


@attrs.frozen(kw_only=True)
class AccountPage:
    """What the payee sees: his account, and on its dashboard what he was paid, in order."""

    account_id: str
    reviewer_id: str
    country: str
    state: AccountState
    return_url: str
    transfers: tuple[Transferred, ...] = ()


@attrs.frozen(kw_only=True)
class Paid:
    """A payment in the books: *amount* cents came in for our *attempt_id*, less *fee*."""

    session_id: str
    attempt_id: str
    track_id: str
    payment_id: str
    amount: Cents
    fee: Cents
    currency: str
    paid_at: datetime


@attrs.frozen(kw_only=True)
class Refunded:
    """A refund in the books: *amount* cents of *payment_id* went back for our *refund_id*.

    Those of a FAILED one are ours again.
    """

    external_id: str
    refund_id: str
    payment_id: str
    amount: Cents
    currency: str
    made_at: datetime
    state: RefundState = RefundState.TAKEN
