"""Tables of what happened: the event log, the idempotency records, the processor's events."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import (
    count,
    instant,
    key,
    metadata,
    primary,
    text,
    word,
)
from reviewcore.domain.webhooks import Subject

UNDELIVERED = "{0}delivered_at IS NULL AND ({0}attempts = 0 OR {0}next_attempt_at IS NOT NULL)"
"""Events that are still to be delivered: neither delivered nor given up."""

BY_SOMEBODY = "actor <> 'SYSTEM'"
"""Events that a person brought about."""

_WHERE = sql(UNDELIVERED.format(""))

events = Table(
    "events",
    metadata,
    primary("id"),
    key("aggregate"),
    count("sequence"),
    key("type"),
    text("payload"),
    key("actor"),
    instant("at", nullable=False),
    key("rules_version"),
    instant("delivered_at"),
    count("attempts"),
    instant("next_attempt_at"),
    instant("leased_until"),
    text("failure", nullable=True),
    # Two writers of one aggregate cannot both append the same number: the second runs again.
    Index("uq_events_sequence", "aggregate", "sequence", unique=True),
    Index(
        "ix_events_undelivered",
        "aggregate",
        "sequence",
        postgresql_where=_WHERE,
        sqlite_where=_WHERE,
    ),
    Index(
        "ix_events_due",
        "id",
        postgresql_where=_WHERE,
        sqlite_where=_WHERE,
    ),
    # For what is told of a person who asks; most events are the market's own.
    Index(
        "ix_events_by_actor",
        "actor",
        "id",
        postgresql_where=sql(BY_SOMEBODY),
        sqlite_where=sql(BY_SOMEBODY),
    ),
)

idempotency_records = Table(
    "idempotency_records",
    metadata,
    primary("actor"),
    primary("use_case"),
    primary("key"),
    key("digest"),
    instant("created_at", nullable=False),
    text("result", nullable=True),
    key("about", nullable=True),
    Index(None, "created_at"),
    Index(
        None,
        "about",
        postgresql_where=sql("about IS NOT NULL"),
        sqlite_where=sql("about IS NOT NULL"),
    ),
)

_UNHANDLED = sql("handled_at IS NULL")
_DUE = sql("handled_at IS NULL AND next_attempt_at IS NOT NULL")

stripe_webhook_events = Table(
    "stripe_webhook_events",
    metadata,
    primary("id"),
    key("type"),
    word("subject", Subject),
    key("object_id"),
    key("account_id", nullable=True),
    instant("created_at", nullable=False),
    instant("received_at", nullable=False),
    instant("handled_at"),
    count("attempts"),
    text("failure", nullable=True),
    instant("next_attempt_at"),
    instant("leased_until"),
    Index(None, "created_at"),
    Index(None, "received_at"),
    Index(
        "ix_stripe_webhook_events_unhandled",
        "id",
        postgresql_where=_UNHANDLED,
        sqlite_where=_UNHANDLED,
    ),
    Index(
        "ix_stripe_webhook_events_due",
        "next_attempt_at",
        "id",
        postgresql_where=_DUE,
        sqlite_where=_DUE,
    ),
)
