"""What can happen in the sandbox bank, in the words of Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from reviewcore.domain.webhooks import Subject


class News(StrEnum):
    """The types of the bank's events: the names that Stripe gives to the same."""

    SESSION_PAID = "checkout.session.completed"
    SESSION_FAILED = "checkout.session.async_payment_failed"
    SESSION_EXPIRED = "checkout.session.expired"
    REFUND_MADE = "refund.created"
    REFUND_FAILED = "refund.failed"
    DISPUTE_OPENED = "charge.dispute.created"
    DISPUTE_CLOSED = "charge.dispute.closed"
    TRANSFER_MADE = "transfer.created"
    TRANSFER_REVERSED = "transfer.reversed"
    ACCOUNT_CHANGED = "account.updated"
    DESTINATION_CHANGED = "account.external_account.created"


SUBJECTS: Mapping[News, Subject] = MappingProxyType(
    {
        News.SESSION_PAID: Subject.CHECKOUT,
        News.SESSION_FAILED: Subject.CHECKOUT,
        News.SESSION_EXPIRED: Subject.CHECKOUT,
        News.REFUND_MADE: Subject.REFUND,
        News.REFUND_FAILED: Subject.REFUND,
        News.DISPUTE_OPENED: Subject.DISPUTE,
        News.DISPUTE_CLOSED: Subject.DISPUTE,
        News.TRANSFER_MADE: Subject.TRANSFER,
        News.TRANSFER_REVERSED: Subject.TRANSFER,
        News.ACCOUNT_CHANGED: Subject.ACCOUNT,
        News.DESTINATION_CHANGED: Subject.DESTINATION,
    }
)
