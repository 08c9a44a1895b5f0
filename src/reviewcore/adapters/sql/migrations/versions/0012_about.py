"""Tell of whom the answers are that are kept for keys, to forget them when he leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
TOLD = sa.text("about IS NOT NULL")


def upgrade() -> None:
    op.add_column("idempotency_records", sa.Column("about", KEY, nullable=True))
    op.create_index(
        op.f("ix_idempotency_records_about"),
        "idempotency_records",
        ["about"],
        postgresql_where=TOLD,
        sqlite_where=TOLD,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_records_about"), table_name="idempotency_records")
    op.drop_column("idempotency_records", "about")
