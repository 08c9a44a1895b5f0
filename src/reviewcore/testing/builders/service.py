"""Support tickets, their messages, leads, and uploads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reviewcore.domain.leads import REMIND_AFTER, LeadCapture
from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.uploads import INCOMING, KEPT, Upload, UploadStatus
from reviewcore.testing.builders.fields import Fields, an_id, begun, built
from reviewcore.testing.clock import START

DAY = timedelta(days=1)


def a_ticket(*, status: TicketStatus = TicketStatus.OPEN, **changes: Any) -> SupportTicket:
    """Make a ticket. Raises Inconsistent."""
    created = begun(changes, "updated_at")
    fields: Fields = {
        "id": an_id("ticket"),
        "user_id": an_id("user"),
        "subject": "Where is my payout?",
        "status": status,
        "created_at": created,
        "updated_at": max(START, created),
    }
    return built(SupportTicket, fields, changes)


def a_message(**changes: Any) -> SupportMessage:
    """Make a user's message. Raises Inconsistent."""
    fields: Fields = {
        "id": an_id("message"),
        "ticket_id": an_id("ticket"),
        "author_type": AuthorType.USER,
        "author_id": an_id("user"),
        "body": "I asked for it on Monday.",
        "created_at": START,
    }
    return built(SupportMessage, fields, changes)


def a_lead(**changes: Any) -> LeadCapture:
    """Make a lead left a day before `START`, whose reminder is due then.

    None is due to who was *reminded* or *converted*. Raises Inconsistent.
    """
    lead_id = changes.get("id") or an_id("lead")
    created = changes.get("created_at") or begun(changes, "reminded", "converted") - DAY
    waits = changes.get("reminded") is None and changes.get("converted") is None
    fields: Fields = {
        "id": lead_id,
        "email": f"{lead_id}@example.com",
        "artist_name": "The Samples",
        "source": "landing",
        "created_at": created,
        "next_attempt_at": created + REMIND_AFTER if waits else None,
    }
    return built(LeadCapture, fields, changes)


def an_upload(*, status: UploadStatus = UploadStatus.STARTED, **changes: Any) -> Upload:
    """Make an upload of a million bytes; an accepted one plays for 200 seconds.

    Raises Inconsistent.
    """
    upload_id = changes.get("id") or an_id("upload")
    fields: Fields = {
        "id": upload_id,
        "artist_id": an_id("artist"),
        "key": f"{INCOMING}/{upload_id}",
        "filename": "demo.mp3",
        "content_type": "audio/mpeg",
        "content_length": 1_000_000,
        "status": status,
        "created_at": START,
    }
    match status:
        case UploadStatus.STARTED:
            told: Fields = {}
        case UploadStatus.ACCEPTED:
            told = {"key": f"{KEPT}/{upload_id}-digest", "duration": 200}
        case UploadStatus.REFUSED:
            told = {"refusal": "is no MP3"}
    return built(Upload, fields | told, changes)
