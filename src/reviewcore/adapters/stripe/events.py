"""Stripe's types of events, and what each is about in our words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewcore.adapters.stripe.desk import Json, at, expanded
from reviewcore.domain.webhooks import ProcessorEvent, Subject

OUR_OWN: Mapping[str, Subject] = MappingProxyType(
    {
        "checkout.session.completed": Subject.CHECKOUT,
        "checkout.session.async_payment_succeeded": Subject.CHECKOUT,
        "checkout.session.async_payment_failed": Subject.CHECKOUT,
        "checkout.session.expired": Subject.CHECKOUT,
        "refund.created": Subject.REFUND,
        "refund.updated": Subject.REFUND,
        "refund.failed": Subject.REFUND,
        "charge.refund.updated": Subject.REFUND,
        "charge.dispute.created": Subject.DISPUTE,
        "charge.dispute.updated": Subject.DISPUTE,
        "charge.dispute.closed": Subject.DISPUTE,
        "charge.dispute.funds_withdrawn": Subject.DISPUTE,
        "charge.dispute.funds_reinstated": Subject.DISPUTE,
        "transfer.created": Subject.TRANSFER,
        "transfer.updated": Subject.TRANSFER,
        "transfer.reversed": Subject.TRANSFER,
    }
)
"""Of our own account. Stripe filters a list by at most 20 types."""

CONNECTED: Mapping[str, Subject] = MappingProxyType(
    {
        "account.updated": Subject.ACCOUNT,
        "account.application.deauthorized": Subject.DISCONNECTED,
        "account.external_account.created": Subject.DESTINATION,
        "account.external_account.updated": Subject.DESTINATION,
        "account.external_account.deleted": Subject.DESTINATION,
        "payout.failed": Subject.BANK_PAYOUT,
    }
)
"""Of a connected account. The same of our own is our bookkeeper's business."""


def event_view(told: Json) -> ProcessorEvent:
    """Read an event: ids and time only, whatever version of the API wrote it.

    Raises KeyError, TypeError, ValueError for what is no event.
    """
    account_id = _text(told["account"]) if told.get("account") is not None else None
    table = OUR_OWN if account_id is None else CONNECTED
    subject = table.get(_text(told["type"]), Subject.OTHER)
    # A balance, for one, has no id; nobody acts upon it.
    object_id = (expanded(told["data"]["object"]) or {}).get("id", "")
    if subject is not Subject.OTHER:
        _text(object_id)
    return ProcessorEvent(
        id=_text(told["id"]),
        type=told["type"],
        subject=subject,
        object_id=object_id if isinstance(object_id, str) else "",
        created_at=at(told["created"]),
        account_id=account_id,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value
