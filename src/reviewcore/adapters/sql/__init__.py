"""The market in a SQL database: PostgreSQL or SQLite."""

from reviewcore.adapters.sql.store import SqlStore

__all__ = ["SqlStore"]
