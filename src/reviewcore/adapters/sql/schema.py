"""The schema's revisions: bringing a database to the newest, and telling which it has."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from reviewcore.domain.errors import StoreNotMigrated

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0013"
"""The revision that this version of the code needs."""

VERSION_TABLE = "reviewcore_version"
"""Not Alembic's default: a host may keep revisions of its own in the same database."""

NOT_MIGRATED = "none"

# What keeps other processes waiting until the commit. The number is "review" in ASCII; sqlite3
# begins no transaction of its own before a change of the schema, so we begin it.
_ALONE = {
    "postgresql": ("READ COMMITTED", f"SELECT pg_advisory_xact_lock({0x7265_7669_6577})"),
    "sqlite": ("AUTOCOMMIT", "BEGIN IMMEDIATE"),
}

# Alembic keeps its configuration in globals while it runs.
_one_thread = threading.Lock()


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision; of several who try, one does and the rest wait."""
    # Alembic takes a quarter of a second to import, which only this needs.
    from alembic import command  # noqa: PLC0415 - see above

    isolation, alone = _ALONE[engine.dialect.name]
    with _one_thread, engine.connect() as plain:
        connection = plain.execution_options(isolation_level=isolation)
        with connection.begin():
            connection.execute(text(alone))
            command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """Make Alembic's configuration for the migrations of this package on *connection*."""
    from alembic.config import Config  # noqa: PLC0415 - see upgrade

    config = Config()
    config.set_main_option("script_location", "reviewcore.adapters.sql:migrations")
    config.attributes["connection"] = connection
    return config


def require_newest(engine: Engine) -> None:
    """Raise StoreNotMigrated unless the schema is the one that this version needs."""
    with engine.connect() as connection:
        found = NOT_MIGRATED
        if inspect(connection).has_table(VERSION_TABLE):
            told = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
            found = told.scalar() or NOT_MIGRATED
    if found != NEWEST:
        raise StoreNotMigrated(found=found, wanted=NEWEST)
