"""Support tickets, their messages, leads, and uploads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reviewcore.domain.leads import REMIND_AFTER, LeadCapture
from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.uploads import INCOMING, Upload, UploadStatus
from reviewcore.testing.builders.fields import Fields, an_id
from reviewcore.testing.clock import START


def a_ticket(**changes: Any) -> SupportTicket:
    """Make an open ticket."""
    fields: Fields = {
        "id": an_id("ticket"),
        "user_id": an_id("user"),
        "subject": "Where is my payout?",
        "status": TicketStatus.OPEN,
        "created_at": START,
        "updated_at": START,
    }
    return SupportTicket(**(fields | changes))


def a_message(**changes: Any) -> SupportMessage:
    """Make a user's message."""
    fields: Fields = {
        "id": an_id("message"),
        "ticket_id": an_id("ticket"),
        "author_type": AuthorType.USER,
        "author_id": an_id("user"),
        "body": "I asked for it on Monday.",
        "created_at": START,
    }
    return SupportMessage(**(fields | changes))


def a_lead(**changes: Any) -> LeadCapture:
    """Make a lead left a day before `START`, whose reminder is due then."""
    lead_id = changes.get("id") or an_id("lead")
    fields: Fields = {
        "id": lead_id,
        "email": f"{lead_id}@example.com",
        "artist_name": "The Samples",
        "source": "landing",
        "created_at": START - timedelta(days=1),
        "next_attempt_at": START - timedelta(days=1) + REMIND_AFTER,
    }
    return LeadCapture(**(fields | changes))


def an_upload(**changes: Any) -> Upload:
    """Make an upload whose file is awaited."""
    upload_id = changes.get("id") or an_id("upload")
    fields: Fields = {
        "id": upload_id,
        "artist_id": an_id("artist"),
        "key": f"{INCOMING}/{upload_id}",
        "filename": "demo.mp3",
        "content_type": "audio/mpeg",
        "content_length": 1_000_000,
        "status": UploadStatus.STARTED,
        "created_at": START,
    }
    return Upload(**(fields | changes))
