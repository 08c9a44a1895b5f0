"""Find uploads that came to nothing, to forget them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNUSED = sa.text("status <> 'ACCEPTED'")


def upgrade() -> None:
    op.create_index(
        op.f("ix_uploads_unused"),
        "uploads",
        ["created_at"],
        postgresql_where=UNUSED,
        sqlite_where=UNUSED,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_uploads_unused"), table_name="uploads")
