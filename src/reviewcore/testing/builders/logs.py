"""What is written down: the ledger's entries, the log of events, counters, and the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.ledger import PROCESSOR, BalanceLine, Entry, EntryKind, Posting
from reviewcore.domain.throttling import QUARTER, Limit, RateLimit
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.testing.builders.fields import Fields, an_id, begun, built
from reviewcore.testing.clock import START


def a_posting(**changes: Any) -> Posting:
    """Make a posting of 495 cents out of the processor's account. Raises Inconsistent."""
    fields: Fields = {"account": PROCESSOR, "amount": -495}
    return built(Posting, fields, changes)


def an_entry(**changes: Any) -> Entry:
    """Make the entry of a payment of 495 cents. Raises Inconsistent."""
    fields: Fields = {
        "id": an_id("entry"),
        "kind": EntryKind.PAYMENT_APPLIED,
        "cause": an_id("attempt"),
        "at": START,
        "rules_version": "builders",
        "postings": (a_posting(), a_posting(account=f"deferred:{an_id('track')}", amount=495)),
    }
    return built(Entry, fields, changes)


def a_balance_line(**changes: Any) -> BalanceLine:
    """Make the line of a completed review that paid 50 cents. Raises Inconsistent."""
    fields: Fields = {
        "entry_id": an_id("entry"),
        "kind": EntryKind.REVIEW_COMPLETED,
        "cause": an_id("review"),
        "at": START,
        "amount": 50,
    }
    return built(BalanceLine, fields, changes)


def an_event_record(**changes: Any) -> EventRecord:
    """Make the first event of a track, due at `START` unless it was delivered.

    Raises Inconsistent.
    """
    track_id = an_id("track")
    at = begun(changes, "delivered_at", at="at")
    fields: Fields = {
        "id": an_id("event"),
        "aggregate": f"track:{track_id}",
        "sequence": 1,
        "type": "TrackQueued",
        "payload": {"track_id": track_id},
        "actor": SYSTEM,
        "at": at,
        "rules_version": "builders",
        "next_attempt_at": at if changes.get("delivered_at") is None else None,
    }
    return built(EventRecord, fields, changes)


def a_rate_limit(**changes: Any) -> RateLimit:
    """Make a counter that was hit once, at `START`. Raises Inconsistent."""
    fields: Fields = {
        "key": f"{Limit.SIGN_IN}:{an_id('digest')}",
        "count": 1,
        "reset_at": START + QUARTER,
    }
    return built(RateLimit, fields, changes)


def a_webhook_event(*, is_handled: bool = False, **changes: Any) -> StripeWebhookEvent:
    """Make an event about a refund, made and received at `START`; due then unless handled.

    One that was tried in vain says why. Raises Inconsistent.
    """
    handled: datetime | None = changes.get("handled_at")
    received = begun(changes, "handled_at", at="received_at")
    due = not is_handled and handled is None
    fields: Fields = {
        "id": an_id("evt"),
        "type": "refund.updated",
        "subject": Subject.REFUND,
        "object_id": an_id("re"),
        "account_id": None,
        "created_at": START,
        "received_at": received,
        "handled_at": received if is_handled else None,
        "attempts": 0 if changes.get("failure") is None else 1,
        "failure": "Busy" if due and changes.get("attempts") else None,
        "next_attempt_at": received if due else None,
    }
    return built(StripeWebhookEvent, fields, changes)
