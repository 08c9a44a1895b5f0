"""What the processor tells unasked."""

from __future__ import annotations

from typing import Any

from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.testing.builders.fields import Fields, an_id
from reviewcore.testing.clock import START


def a_webhook_event(*, is_handled: bool = False, **changes: Any) -> StripeWebhookEvent:
    """Make an event about a refund, made and received at `START`; due then unless handled."""
    fields: Fields = {
        "id": an_id("evt"),
        "type": "refund.updated",
        "subject": Subject.REFUND,
        "object_id": an_id("re"),
        "account_id": None,
        "created_at": START,
        "received_at": START,
        "handled_at": START if is_handled else None,
        "next_attempt_at": None if is_handled else START,
    }
    return StripeWebhookEvent(**(fields | changes))
