"""Tables of money: payments, refunds, disputes, payouts and the ledger."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import (
    KEY,
    balance,
    count,
    instant,
    key,
    metadata,
    money,
    primary,
    reference,
    text,
    word,
    yes,
)
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.refunds import RefundReason, RefundStatus

payments = Table(
    "payments",
    metadata,
    primary("id"),
    reference("track_id", "tracks.id"),
    money("amount"),
    key("currency"),
    word("status", PaymentStatus),
    instant("created_at", nullable=False),
    key("stripe_session_id", nullable=True),
    key("stripe_payment_id", nullable=True),
    # No reference: attempts name their payment, and two tables must not wait for each other.
    key("applied_attempt_id", nullable=True),
    instant("completed_at"),
    money("refunded_amount"),
    Column("fee", BigInteger()),
    CheckConstraint("refunded_amount <= amount", name="refunded_at_most_once"),
)

checkout_attempts = Table(
    "checkout_attempts",
    metadata,
    primary("id"),
    reference("payment_id", "payments.id"),
    reference("track_id", "tracks.id"),
    count("number"),
    key("key"),
    text("title"),
    money("amount"),
    key("currency"),
    text("return_url"),
    word("status", AttemptStatus),
    instant("created_at", nullable=False),
    instant("sent_at"),
    key("session_id", nullable=True),
    text("url", nullable=True),
    key("external_payment_id", nullable=True),
    Column("fee", BigInteger()),
    instant("expires_at"),
    instant("ended_at"),
    yes("unwanted"),
    count("looks"),
    instant("next_attempt_at"),
    instant("leased_until"),
    text("failure_reason", nullable=True),
    Index(
        "ix_checkout_attempts_due",
        "next_attempt_at",
        "id",
        postgresql_where=sql("status <> 'PAID' AND next_attempt_at IS NOT NULL"),
        sqlite_where=sql("status <> 'PAID' AND next_attempt_at IS NOT NULL"),
    ),
    Index(
        "ix_checkout_attempts_unsettled",
        "id",
        postgresql_where=sql("status IN ('INTENDED', 'OPEN') OR (status = 'PAID' AND fee IS NULL)"),
        sqlite_where=sql("status IN ('INTENDED', 'OPEN') OR (status = 'PAID' AND fee IS NULL)"),
    ),
)

refunds = Table(
    "refunds",
    metadata,
    primary("id"),
    reference("attempt_id", "checkout_attempts.id"),
    reference("payment_id", "payments.id"),
    reference("track_id", "tracks.id"),
    money("amount"),
    key("currency"),
    word("reason", RefundReason),
    word("status", RefundStatus),
    key("key"),
    instant("created_at", nullable=False),
    count("number"),
    count("attempts"),
    instant("sent_at"),
    count("look_ups"),
    key("external_id", nullable=True),
    text("reference", nullable=True),
    key("duplicate_id", nullable=True),
    instant("ended_at"),
    text("failure_reason", nullable=True),
    instant("next_attempt_at"),
    instant("leased_until"),
    Index(None, "payment_id", "id"),
    Index(None, "status", "id"),
    Index(
        "ix_refunds_unsettled",
        "id",
        postgresql_where=sql("status IN ('PENDING', 'PROCESSING', 'FAILED', 'RETURNED')"),
        sqlite_where=sql("status IN ('PENDING', 'PROCESSING', 'FAILED', 'RETURNED')"),
    ),
    Index(
        "ix_refunds_due",
        "next_attempt_at",
        "id",
        postgresql_where=sql("status IN ('PENDING', 'PROCESSING')"),
        sqlite_where=sql("status IN ('PENDING', 'PROCESSING')"),
    ),
)

disputes = Table(
    "disputes",
    metadata,
    primary("id"),
    key("external_id"),
    reference("attempt_id", "checkout_attempts.id"),
    reference("payment_id", "payments.id"),
    reference("track_id", "tracks.id"),
    money("amount"),
    money("fee"),
    key("currency"),
    word("status", DisputeStatus),
    instant("opened_at", nullable=False),
    instant("closed_at"),
    money("reinstated_amount"),
    Index(None, "payment_id", "id"),
    Index(
        "ix_disputes_unsettled",
        "id",
        postgresql_where=sql("status = 'OPEN'"),
        sqlite_where=sql("status = 'OPEN'"),
    ),
)

payouts = Table(
    "payouts",
    metadata,
    primary("id"),
    reference("reviewer_id", "reviewer_profiles.id"),
    money("amount"),
    key("currency"),
    word("method", PayoutMethod),
    text("destination"),
    word("status", PayoutStatus),
    key("key"),
    instant("created_at", nullable=False),
    count("number"),
    count("attempts"),
    instant("sent_at"),
    count("look_ups"),
    key("external_id", nullable=True),
    text("reference", nullable=True),
    text("failure_reason", nullable=True),
    money("reversed_amount"),
    instant("processed_at"),
    instant("next_attempt_at"),
    instant("leased_until"),
    Index(None, "reviewer_id", "id"),
    Index(None, "status", "id"),
    Index(
        "ix_payouts_unsettled",
        "id",
        postgresql_where=sql("status IN ('PENDING', 'PROCESSING')"),
        sqlite_where=sql("status IN ('PENDING', 'PROCESSING')"),
    ),
    Index(
        "ix_payouts_due",
        "next_attempt_at",
        "id",
        postgresql_where=sql("status IN ('PENDING', 'PROCESSING')"),
        sqlite_where=sql("status IN ('PENDING', 'PROCESSING')"),
    ),
)

payout_reversals = Table(
    "payout_reversals",
    metadata,
    primary("id"),
    reference("payout_id", "payouts.id"),
    reference("reviewer_id", "reviewer_profiles.id"),
    key("external_id"),
    money("amount"),
    instant("at", nullable=False),
    Index(None, "payout_id", "id"),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    primary("id"),
    word("kind", EntryKind),
    key("cause"),
    instant("at", nullable=False),
    key("rules_version"),
    Index(None, "cause"),
)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_id", KEY, ForeignKey("ledger_entries.id"), primary_key=True),
    Column("number", Integer(), primary_key=True, autoincrement=False),
    key("account"),
    balance("amount"),
    Index(None, "account", "entry_id"),
)
