"""Create payments, refunds, payouts and the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    ledger_entries()
    ledger_postings()
    payouts()
    payments()
    checkout_attempts()
    refunds()


def downgrade() -> None:
    op.drop_table("refunds")
    op.drop_table("checkout_attempts")
    op.drop_table("payments")
    op.drop_table("payouts")
    op.drop_table("ledger_postings")
    op.drop_table("ledger_entries")


def ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rules_version", KEY, nullable=False),
        sa.CheckConstraint(
            "kind IN ('PAYMENT_APPLIED', 'PAYMENT_NOT_APPLIED', 'FEE_KNOWN', "
            "'REVIEW_COMPLETED', 'FLAG_OPENED', 'FLAG_UPHELD', 'FLAG_DISMISSED', "
            "'REFUND_INTENDED', 'REFUND_COMPLETED', 'REFUND_RETURNED', 'REFUND_DROPPED', "
            "'DISPUTE_OPENED', 'DISPUTE_WON', 'SLOT_LOST', 'PAYOUT_REQUESTED', "
            "'PAYOUT_COMPLETED', 'PAYOUT_FAILED', 'PAYOUT_REVERSED', 'BALANCE_FORFEITED')",
            name=op.f("ck_ledger_entries_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_cause"), "ledger_entries", ["cause"])


def ledger_postings() -> None:
    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_postings_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_ledger_postings")),
    )
    op.create_index(
        op.f("ix_ledger_postings_account_entry_id"), "ledger_postings", ["account", "entry_id"]
    )


def payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("method", KEY, nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("reversed_amount", sa.BigInteger(), nullable=False),
        sa.Column("processed_at", INSTANT, nullable=True),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payouts_amount")),
        sa.CheckConstraint(
            "method IN ('PAYPAL', 'STRIPE_CONNECT', 'MANUAL')", name=op.f("ck_payouts_method")
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED')",
            name=op.f("ck_payouts_status"),
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_payouts_number")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_payouts_attempts")),
        sa.CheckConstraint("look_ups >= 0", name=op.f("ck_payouts_look_ups")),
        sa.CheckConstraint("reversed_amount >= 0", name=op.f("ck_payouts_reversed_amount")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer_profiles.id"], name=op.f("fk_payouts_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
    )
    op.create_index(
        op.f("ix_payouts_due"),
        "payouts",
        ["next_attempt_at", "id"],
        **where("status IN ('PENDING', 'PROCESSING')"),
    )
    op.create_index(op.f("ix_payouts_reviewer_id_id"), "payouts", ["reviewer_id", "id"])
    op.create_index(op.f("ix_payouts_status_id"), "payouts", ["status", "id"])


def payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("stripe_session_id", KEY, nullable=True),
        sa.Column("stripe_payment_id", KEY, nullable=True),
        sa.Column("applied_attempt_id", KEY, nullable=True),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("refunded_amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint(
            "status IN ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED')",
            name=op.f("ck_payments_status"),
        ),
        sa.CheckConstraint("refunded_amount >= 0", name=op.f("ck_payments_refunded_amount")),
        sa.CheckConstraint(
            "refunded_amount <= amount", name=op.f("ck_payments_refunded_at_most_once")
        ),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_payments_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(
        op.f("uq_payments_session"),
        "payments",
        ["stripe_session_id"],
        unique=True,
        **where("stripe_session_id IS NOT NULL"),
    )
    op.create_index(op.f("uq_payments_track"), "payments", ["track_id"], unique=True)


def checkout_attempts() -> None:
    op.create_table(
        "checkout_attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("session_id", KEY, nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("external_payment_id", KEY, nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("unwanted", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("number >= 0", name=op.f("ck_checkout_attempts_number")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_checkout_attempts_amount")),
        sa.CheckConstraint(
            "status IN ('INTENDED', 'OPEN', 'PAID', 'EXPIRED', 'FAILED')",
            name=op.f("ck_checkout_attempts_status"),
        ),
        sa.CheckConstraint("looks >= 0", name=op.f("ck_checkout_attempts_looks")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_checkout_attempts_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_checkout_attempts_track_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_attempts")),
    )
    op.create_index(
        op.f("ix_checkout_attempts_due"),
        "checkout_attempts",
        ["next_attempt_at", "id"],
        **where("status <> 'PAID' AND next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        op.f("uq_attempts_number"), "checkout_attempts", ["payment_id", "number"], unique=True
    )
    op.create_index(
        op.f("uq_attempts_session"),
        "checkout_attempts",
        ["session_id"],
        unique=True,
        **where("session_id IS NOT NULL"),
    )


def refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", KEY, nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("external_id", KEY, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "reason IN ('CANCELLED', 'CLOSED', 'SLOT', 'UNAPPLIED')", name=op.f("ck_refunds_reason")
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'RETURNED', 'DROPPED')",
            name=op.f("ck_refunds_status"),
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_refunds_number")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_refunds_attempts")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["checkout_attempts.id"], name=op.f("fk_refunds_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")
        ),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_refunds_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(
        op.f("ix_refunds_due"),
        "refunds",
        ["next_attempt_at", "id"],
        **where("status IN ('PENDING', 'PROCESSING')"),
    )
    op.create_index(op.f("ix_refunds_payment_id_id"), "refunds", ["payment_id", "id"])
