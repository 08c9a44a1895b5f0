"""Create the event log and the idempotency records."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    events()
    idempotency_records()


def downgrade() -> None:
    op.drop_table("idempotency_records")
    op.drop_table("events")


def events() -> None:
    op.create_table(
        "events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("aggregate", KEY, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rules_version", KEY, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_events_sequence")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_events_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(
        op.f("ix_events_due"),
        "events",
        ["id"],
        **where("delivered_at IS NULL AND (attempts = 0 OR next_attempt_at IS NOT NULL)"),
    )
    op.create_index(
        op.f("ix_events_undelivered"),
        "events",
        ["aggregate", "sequence"],
        **where("delivered_at IS NULL AND (attempts = 0 OR next_attempt_at IS NOT NULL)"),
    )
    op.create_index(op.f("uq_events_sequence"), "events", ["aggregate", "sequence"], unique=True)


def idempotency_records() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("actor", KEY, nullable=False),
        sa.Column("use_case", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("actor", "use_case", "key", name=op.f("pk_idempotency_records")),
    )
    op.create_index(
        op.f("ix_idempotency_records_created_at"), "idempotency_records", ["created_at"]
    )
