"""Tables of service: support, leads, uploads, throttles."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import (
    count,
    instant,
    key,
    metadata,
    primary,
    reference,
    text,
    word,
)
from reviewcore.domain.support import AuthorType, TicketStatus
from reviewcore.domain.uploads import UploadStatus

support_tickets = Table(
    "support_tickets",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    text("subject"),
    word("status", TicketStatus),
    instant("created_at", nullable=False),
    instant("updated_at", nullable=False),
    Index(None, "user_id", "id"),
    Index(None, "status", "id"),
)

support_messages = Table(
    "support_messages",
    metadata,
    primary("id"),
    reference("ticket_id", "support_tickets.id"),
    word("author_type", AuthorType),
    key("author_id"),
    text("body"),
    instant("created_at", nullable=False),
    Index(None, "ticket_id", "id"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    primary("key"),
    count("count"),
    instant("reset_at", nullable=False),
    Index(None, "reset_at"),
)

_REMINDABLE = sql("reminded IS NULL AND next_attempt_at IS NOT NULL")

lead_captures = Table(
    "lead_captures",
    metadata,
    primary("id"),
    key("email"),
    text("artist_name", nullable=True),
    text("source", nullable=True),
    instant("created_at", nullable=False),
    instant("reminded"),
    instant("converted"),
    instant("next_attempt_at"),
    instant("leased_until"),
    Index(
        "ix_lead_captures_due",
        "next_attempt_at",
        "id",
        postgresql_where=_REMINDABLE,
        sqlite_where=_REMINDABLE,
    ),
)

_UNUSED = sql("status <> 'ACCEPTED'")

uploads = Table(
    "uploads",
    metadata,
    primary("id"),
    reference("artist_id", "artist_profiles.id"),
    key("key"),
    text("filename"),
    key("content_type"),
    count("content_length"),
    word("status", UploadStatus),
    instant("created_at", nullable=False),
    count("duration", nullable=True),
    text("refusal", nullable=True),
    Index(None, "artist_id", "id"),
    Index(
        "ix_uploads_unused",
        "created_at",
        postgresql_where=_UNUSED,
        sqlite_where=_UNUSED,
    ),
)
