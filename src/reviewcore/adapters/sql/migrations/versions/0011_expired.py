"""Find sessions and tokens that have expired, to forget them."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("sessions", "email_verification_tokens", "password_reset_tokens")


def upgrade() -> None:
    for table in TABLES:
        op.create_index(op.f(f"ix_{table}_expires_at"), table, ["expires_at"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(op.f(f"ix_{table}_expires_at"), table_name=table)
