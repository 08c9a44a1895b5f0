"""Alembic's entrance: runs the revisions on the connection that `schema.py` passes."""

from __future__ import annotations

from alembic import context

from reviewcore.adapters.sql.schema import VERSION_TABLE
from reviewcore.adapters.sql.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    message = "run migrations through SqlStore.migrate or the command: reviewcore migrate"
    raise RuntimeError(message)

context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    compare_type=True,
    # SQLite cannot alter much of a table: Alembic copies it instead.
    render_as_batch=True,
)

# The caller holds the transaction, and with it the lock that keeps others waiting.
with context.begin_transaction():
    context.run_migrations()
