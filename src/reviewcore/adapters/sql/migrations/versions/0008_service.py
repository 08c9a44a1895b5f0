"""Create accounts at providers, password resets, support, leads, uploads and throttles."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

TABLES = (
    "uploads",
    "lead_captures",
    "rate_limits",
    "support_messages",
    "support_tickets",
    "accounts",
    "password_reset_tokens",
)


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    password_reset_tokens()
    accounts()
    support_tickets()
    support_messages()
    rate_limits()
    lead_captures()
    uploads()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def password_reset_tokens() -> None:
    op.create_table(
        "password_reset_tokens",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("token_hash", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_password_reset_tokens_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset_tokens")),
    )
    op.create_index(op.f("ix_password_reset_tokens_user_id"), "password_reset_tokens", ["user_id"])
    op.create_index(
        op.f("uq_reset_tokens_token"), "password_reset_tokens", ["token_hash"], unique=True
    )


def accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("provider", KEY, nullable=False),
        sa.Column("provider_account_id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_user_id"), "accounts", ["user_id"])
    op.create_index(
        op.f("uq_accounts_identity"), "accounts", ["provider", "provider_account_id"], unique=True
    )


def support_tickets() -> None:
    op.create_table(
        "support_tickets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('OPEN', 'NEEDS_INFO', 'RESOLVED', 'CLOSED')",
            name=op.f("ck_support_tickets_status"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_support_tickets_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_tickets")),
    )
    op.create_index(op.f("ix_support_tickets_user_id_id"), "support_tickets", ["user_id", "id"])
    op.create_index(op.f("ix_support_tickets_status_id"), "support_tickets", ["status", "id"])


def support_messages() -> None:
    op.create_table(
        "support_messages",
        sa.Column("id", KEY, nullable=False),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("author_type", KEY, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "author_type IN ('USER', 'ADMIN')", name=op.f("ck_support_messages_author_type")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["support_tickets.id"], name=op.f("fk_support_messages_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_messages")),
    )
    op.create_index(
        op.f("ix_support_messages_ticket_id_id"), "support_messages", ["ticket_id", "id"]
    )


def rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("key", KEY, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reset_at", INSTANT, nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_rate_limits_count")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_reset_at"), "rate_limits", ["reset_at"])


def lead_captures() -> None:
    op.create_table(
        "lead_captures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=False),
        sa.Column("artist_name", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("reminded", INSTANT, nullable=True),
        sa.Column("converted", INSTANT, nullable=True),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_captures")),
    )
    op.create_index(
        op.f("ix_lead_captures_due"),
        "lead_captures",
        ["next_attempt_at", "id"],
        **where("reminded IS NULL AND next_attempt_at IS NOT NULL"),
    )
    op.create_index(op.f("uq_leads_email"), "lead_captures", ["email"], unique=True)


def uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", KEY, nullable=False),
        sa.Column("artist_id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", KEY, nullable=False),
        sa.Column("content_length", sa.Integer(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint("content_length >= 0", name=op.f("ck_uploads_content_length")),
        sa.CheckConstraint(
            "status IN ('STARTED', 'ACCEPTED', 'REFUSED')", name=op.f("ck_uploads_status")
        ),
        sa.CheckConstraint("duration >= 0", name=op.f("ck_uploads_duration")),
        sa.ForeignKeyConstraint(
            ["artist_id"], ["artist_profiles.id"], name=op.f("fk_uploads_artist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_artist_id_id"), "uploads", ["artist_id", "id"])
