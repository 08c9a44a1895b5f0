"""Create disputes, reversals of payouts and the inbox of what the processor tells."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

UNSETTLED = {
    "checkout_attempts": "status IN ('INTENDED', 'OPEN') OR (status = 'PAID' AND fee IS NULL)",
    "refunds": "status IN ('PENDING', 'PROCESSING', 'FAILED', 'RETURNED')",
    "disputes": "status = 'OPEN'",
    "payouts": "status IN ('PENDING', 'PROCESSING')",
}


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    disputes()
    payout_reversals()
    stripe_webhook_events()
    for table, condition in UNSETTLED.items():
        op.create_index(op.f(f"ix_{table}_unsettled"), table, ["id"], **where(condition))


def downgrade() -> None:
    for table in UNSETTLED:
        op.drop_index(op.f(f"ix_{table}_unsettled"), table)
    op.drop_table("stripe_webhook_events")
    op.drop_table("payout_reversals")
    op.drop_table("disputes")


def disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("reinstated_amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_disputes_amount")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_disputes_fee")),
        sa.CheckConstraint("status IN ('OPEN', 'WON', 'LOST')", name=op.f("ck_disputes_status")),
        sa.CheckConstraint("reinstated_amount >= 0", name=op.f("ck_disputes_reinstated_amount")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["checkout_attempts.id"], name=op.f("fk_disputes_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id")
        ),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_disputes_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_payment_id_id"), "disputes", ["payment_id", "id"])
    op.create_index(op.f("uq_disputes_external"), "disputes", ["external_id"], unique=True)


def payout_reversals() -> None:
    op.create_table(
        "payout_reversals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("payout_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payout_reversals_amount")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name=op.f("fk_payout_reversals_payout_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["reviewer_profiles.id"],
            name=op.f("fk_payout_reversals_reviewer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_reversals")),
    )
    op.create_index(
        op.f("ix_payout_reversals_payout_id_id"), "payout_reversals", ["payout_id", "id"]
    )
    op.create_index(
        op.f("uq_payout_reversals_external"), "payout_reversals", ["external_id"], unique=True
    )


def stripe_webhook_events() -> None:
    op.create_table(
        "stripe_webhook_events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("type", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.CheckConstraint(
            "subject IN ('CHECKOUT', 'REFUND', 'DISPUTE', 'TRANSFER', 'ACCOUNT', 'DESTINATION', "
            "'DISCONNECTED', 'BANK_PAYOUT', 'OTHER')",
            name=op.f("ck_stripe_webhook_events_subject"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_stripe_webhook_events_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_webhook_events")),
    )
    op.create_index(
        op.f("ix_stripe_webhook_events_created_at"), "stripe_webhook_events", ["created_at"]
    )
    op.create_index(
        op.f("ix_stripe_webhook_events_received_at"), "stripe_webhook_events", ["received_at"]
    )
    op.create_index(
        op.f("ix_stripe_webhook_events_unhandled"),
        "stripe_webhook_events",
        ["id"],
        **where("handled_at IS NULL"),
    )
    op.create_index(
        op.f("ix_stripe_webhook_events_due"),
        "stripe_webhook_events",
        ["next_attempt_at", "id"],
        **where("handled_at IS NULL AND next_attempt_at IS NOT NULL"),
    )
