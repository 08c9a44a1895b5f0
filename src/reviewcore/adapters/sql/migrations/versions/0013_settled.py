"""Let an administrator end refunds that the processor cannot make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

STATUSES = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "RETURNED", "DROPPED"]
MORE_STATUSES = ["SETTLED", "DOUBLED"]
KINDS = [
    *("PAYMENT_APPLIED", "PAYMENT_NOT_APPLIED", "FEE_KNOWN", "REVIEW_COMPLETED", "FLAG_OPENED"),
    *("FLAG_UPHELD", "FLAG_DISMISSED", "REFUND_INTENDED", "REFUND_COMPLETED", "REFUND_RETURNED"),
    "REFUND_DROPPED",
]
MORE_KINDS = ["REFUND_SETTLED", "REFUND_DOUBLED", "REFUND_UNDOUBLED"]
OTHER_KINDS = [
    *("DISPUTE_OPENED", "DISPUTE_WON", "SLOT_LOST", "PAYOUT_REQUESTED", "PAYOUT_COMPLETED"),
    *("PAYOUT_FAILED", "PAYOUT_REVERSED", "BALANCE_FORFEITED"),
]
COLUMNS = ("look_ups", "reference", "duplicate_id")
"""What a refund has more than before."""


def upgrade() -> None:
    kinds, statuses = [*KINDS, *MORE_KINDS, *OTHER_KINDS], [*STATUSES, *MORE_STATUSES]
    if op.get_bind().dialect.name == "sqlite":
        rebuild_refunds(statuses, more=True)
        rebuild_ledger(kinds)
    else:
        # With a default for the rows that are there; the code always says.
        zero = sa.Column("look_ups", sa.Integer(), nullable=False, server_default="0")
        op.add_column("refunds", zero)
        op.alter_column("refunds", "look_ups", server_default=None)
        op.create_check_constraint(op.f("ck_refunds_look_ups"), "refunds", "look_ups >= 0")
        op.add_column("refunds", sa.Column("reference", sa.Text(), nullable=True))
        op.add_column("refunds", sa.Column("duplicate_id", KEY, nullable=True))
        know("refunds", "status", statuses)
        know("ledger_entries", "kind", kinds)
    op.create_index(op.f("ix_refunds_status_id"), "refunds", ["status", "id"])


def downgrade() -> None:
    require_none("refunds", "status", MORE_STATUSES)
    require_none("ledger_entries", "kind", MORE_KINDS)
    op.drop_index(op.f("ix_refunds_status_id"), table_name="refunds")
    kinds = [*KINDS, *OTHER_KINDS]
    if op.get_bind().dialect.name == "sqlite":
        rebuild_refunds(STATUSES, more=False)
        rebuild_ledger(kinds)
    else:
        know("refunds", "status", STATUSES)
        know("ledger_entries", "kind", kinds)
        for column in COLUMNS:
            op.drop_column("refunds", column)


def one_of(column: str, words: Sequence[str]) -> str:
    """Write the condition that a column holds one of *words*."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def know(table: str, column: str, words: Sequence[str]) -> None:
    """Have a column hold one of *words*, and no others."""
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, one_of(column, words))


def require_none(table: str, column: str, words: Sequence[str]) -> None:
    """Refuse to go on where rows say what the older schema has no words for: it is money."""
    found = op.get_bind().execute(
        sa.text(f"SELECT count(*) FROM {table} WHERE {one_of(column, words)}")  # noqa: S608 - constants
    )
    if number := found.scalar_one():
        message = f"cannot go below 0013: {number} rows of {table} are {' or '.join(words)}"
        raise RuntimeError(message)


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────
# It can change no condition of a table, so we copy. What refers to a table that is renamed is
# changed with it; what refers to one that is dropped would be in the way, so children go first.


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"sqlite_where": sa.text(condition)}


def copy(table: str, columns: Sequence[str], **constants: str) -> None:
    """Fill ``{table}_copy``: with what *columns* hold, and *constants* in others."""
    names = ", ".join([*columns, *constants])
    told = ", ".join([*columns, *constants.values()])
    op.execute(f"INSERT INTO {table}_copy ({names}) SELECT {told} FROM {table}")  # noqa: S608 - names of ours


def rebuild_refunds(statuses: Sequence[str], *, more: bool) -> None:
    """Make refunds anew, with what they have *more*, or without it."""
    added = [
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("duplicate_id", KEY, nullable=True),
        sa.CheckConstraint("look_ups >= 0", name=op.f("ck_refunds_look_ups")),
    ]
    kept = refund_columns()
    op.create_table(
        "refunds_copy",
        *kept,
        *(added if more else ()),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint(
            "reason IN ('CANCELLED', 'CLOSED', 'SLOT', 'UNAPPLIED')", name=op.f("ck_refunds_reason")
        ),
        sa.CheckConstraint(one_of("status", statuses), name=op.f("ck_refunds_status")),
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
    copy("refunds", [column.name for column in kept], **({"look_ups": "0"} if more else {}))
    op.drop_table("refunds")
    op.rename_table("refunds_copy", "refunds")
    op.create_index(
        op.f("ix_refunds_due"),
        "refunds",
        ["next_attempt_at", "id"],
        **where("status IN ('PENDING', 'PROCESSING')"),
    )
    op.create_index(op.f("ix_refunds_payment_id_id"), "refunds", ["payment_id", "id"])
    op.create_index(
        op.f("ix_refunds_unsettled"),
        "refunds",
        ["id"],
        **where("status IN ('PENDING', 'PROCESSING', 'FAILED', 'RETURNED')"),
    )


def refund_columns() -> list[sa.Column[Any]]:
    """Tell the columns that refunds have had from the beginning."""
    return [
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
    ]


def rebuild_ledger(kinds: Sequence[str]) -> None:
    """Make the ledger anew, with entries of these *kinds*."""
    op.create_table(
        "ledger_entries_copy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("cause", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rules_version", KEY, nullable=False),
        sa.CheckConstraint(one_of("kind", kinds), name=op.f("ck_ledger_entries_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_table(
        "ledger_postings_copy",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries_copy.id"], name=op.f("fk_ledger_postings_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_ledger_postings")),
    )
    copy("ledger_entries", ["id", "kind", "cause", "at", "rules_version"])
    copy("ledger_postings", ["entry_id", "number", "account", "amount"])
    for table in ("ledger_postings", "ledger_entries"):
        op.drop_table(table)
    for table in ("ledger_entries", "ledger_postings"):
        op.rename_table(f"{table}_copy", table)
    op.create_index(op.f("ix_ledger_entries_cause"), "ledger_entries", ["cause"])
    op.create_index(
        op.f("ix_ledger_postings_account_entry_id"), "ledger_postings", ["account", "entry_id"]
    )
