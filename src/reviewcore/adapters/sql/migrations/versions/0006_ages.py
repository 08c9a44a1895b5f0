"""Know in the search for reviewers how old accounts are and whether they are verified."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

TABLE = "reviewer_genres"
BEST_FIRST: list[str | sa.TextClause] = [
    "active_count",
    sa.text("rating DESC"),
    sa.text("gem_count DESC"),
    "last_assigned_at",
    "reviewer_id",
]


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("account_since", INSTANT, nullable=True))
    op.add_column(
        TABLE, sa.Column("of_age", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # Nobody is of age yet: how old that is, is a rule. The workers' next sweeps will tell.
    op.execute(
        """
        UPDATE reviewer_genres SET account_since = (
            SELECT CASE WHEN users.email_verified IS NOT NULL THEN users.created_at END
            FROM reviewer_profiles JOIN users ON users.id = reviewer_profiles.user_id
            WHERE reviewer_profiles.id = reviewer_genres.reviewer_id
        )
        """
    )
    drop_indexes("best", "newcomers", "unavailable")
    ordered_indexes("available AND of_age", others="others")
    op.create_index(
        op.f("ix_reviewer_genres_coming"),
        TABLE,
        ["genre_id", "tier", "account_since"],
        **where("NOT of_age"),
    )
    op.create_index(
        op.f("ix_reviewer_genres_young"), TABLE, ["account_since"], **where("NOT of_age")
    )


def downgrade() -> None:
    drop_indexes("young", "coming", "best", "newcomers", "others")
    op.drop_column(TABLE, "of_age")
    op.drop_column(TABLE, "account_since")
    ordered_indexes("available", others="unavailable")


def drop_indexes(*names: str) -> None:
    for name in names:
        op.drop_index(op.f(f"ix_reviewer_genres_{name}"), TABLE)


def ordered_indexes(condition: str, *, others: str) -> None:
    """Make the indexes of those for whom *condition* holds, and of the *others*."""
    op.create_index(
        op.f("ix_reviewer_genres_best"),
        TABLE,
        ["genre_id", "tier", *BEST_FIRST],
        **where(condition),
    )
    op.create_index(
        op.f("ix_reviewer_genres_newcomers"),
        TABLE,
        ["genre_id", "tier", "rating_count", *BEST_FIRST],
        **where(condition),
    )
    negated = f"NOT ({condition})" if " " in condition else f"NOT {condition}"
    op.create_index(
        op.f(f"ix_reviewer_genres_{others}"),
        TABLE,
        ["genre_id", "tier", *BEST_FIRST],
        **where(negated),
    )
