"""Find in the log what a person did, for whoever asks what is held about him."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BY_SOMEBODY = "actor <> 'SYSTEM'"


def upgrade() -> None:
    op.create_index(
        op.f("ix_events_by_actor"),
        "events",
        ["actor", "id"],
        postgresql_where=sa.text(BY_SOMEBODY),
        sqlite_where=sa.text(BY_SOMEBODY),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_events_by_actor"), "events")
