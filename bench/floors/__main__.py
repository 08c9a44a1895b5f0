"""Write the floors anew: ``python -m bench.floors``."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL

from bench import load, market
from bench.database import CACHE, FLOORS
from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.postgres import PooledLink, PostgresDoors
from reviewcore.adapters.sql.statements import MISSED
from reviewcore.adapters.sql.store import Doors
from tests.integration.postgres import SETTINGS, Server, running_server

LOGGING = MappingProxyType(
    {
        **SETTINGS,
        "logging_collector": "on",
        "log_destination": "jsonlog",
        "log_statement": "all",
    }
)
OPERATIONS = ("complete_review", "record_heartbeat")
TIMES_BEFORE = 12
"""Enough for psycopg and PostgreSQL to have prepared what they will."""

CELL = TIMES_BEFORE + 1
SENT = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)
VALUE = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
HOLE = re.compile(r"\$(\d+)")
REFUSAL = re.compile(rf"ELSE '[^']*{MISSED}'")
FORGIVEN = "ELSE '1'"
"""pgbench takes cells more than once, and what it has taken out already is missed then."""

HEAD = """\
-- {operation}, {form}: {count} statements that the library was logged to send.
-- Written by python -m bench.floors; run by pgbench with -D first=… -D last=…
\\set n random(:first, :last)
\\set e random(1, 1000000000000)
"""

PIPELINE = "\\startpipeline\n{}{}\\endpipeline\n"

NUMBER = "lpad(:n::text, 9, '0')"
CLOCK = "lpad((extract(epoch FROM now()) * 1000000)::bigint::text, 17, '0')"
NEW_ID = f"{CLOCK} || lpad((:e::bigint % 100000000 * 10 + {{nth}})::text, 9, '0')"
TOKEN = "substr(md5(:e::text || :n::text), 1, 12)"

TOKENS = re.compile(
    rf"(?P<cell>{CELL:09d})"
    r"|(?P<id>(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{26}(?![0-9a-z]))"
    r"|(?P<share>~\d{7})"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?\+00(:00)?)"
)


def main() -> None:
    """Write a script for each operation and form."""
    with running_server(CACHE, settings=LOGGING) as server:
        url = server.create_database()
        store = SqlStore(url, rules=market.RULES)
        store.migrate()
        market.add_genres(store)
        market.add_cells(store, range(1, 2 * CELL + 1))
        store.close()
        for operation in OPERATIONS:
            for form in ("as sent", "one by one"):
                sent = list(_logged(server, url, operation, form))
                _write(operation, form, sent)


def _write(operation: str, form: str, sent: list[str]) -> None:
    told = HEAD.format(operation=operation, form=form, count=len(sent))
    lines = [f"{statement};\n" for statement in sent]
    if form == "as sent":
        # What the log does not show: BEGIN goes with the first and COMMIT with the last.
        lines = [PIPELINE.format(*lines[:2]), *lines[2:-2], PIPELINE.format(*lines[-2:])]
    told += "".join(lines)
    path = FLOORS / f"{operation}_{form.replace(' ', '_')}.sql"
    path.write_text(told)
    print(f"{path.name}: {len(sent)} statements")


def _logged(server: Server, url: str, operation: str, form: str) -> Iterator[str]:
    """Yield what one operation sends, in pgbench's words."""
    # Each database is its own, so that the operation finds cell CELL untouched.
    copy = server.create_database(template=url.rpartition("/")[2])
    tokens = itertools.count()
    kind = OneByOne if form == "one by one" else SqlStore
    app = load.app_of(
        kind(copy, rules=market.RULES, pool_size=1, tokens=lambda: f"~{next(tokens):07d}")
    )
    do = load.operation_of(app, operation)
    for number in range(1, TIMES_BEFORE + 1):
        do(number)
    with _log_of(server) as log:
        do(CELL)
    app.store.close()
    names = _Names()
    for entry in log:
        found = SENT.fullmatch(entry["message"])
        if found is not None and entry["dbname"] == copy.rpartition("/")[2]:
            yield names.substitute(found[1], entry.get("detail", ""))


class OneByOneLink(PooledLink):
    """A connection on which each write is a statement of its own."""

    sends_together = False


class OneByOne(SqlStore):
    """The store as it would be without the joint flush: what the first floor stands for."""

    def _open(self, url: URL, *, pool_size: int) -> Doors:
        return PostgresDoors(url, pool_size=pool_size, link=OneByOneLink)


class _log_of:  # noqa: N801 - reads as a context
    """What the server logs within the block."""

    def __init__(self, server: Server) -> None:
        with server.connect() as connection:
            row = connection.execute(
                "SELECT current_setting('data_directory'), pg_current_logfile('jsonlog')"
            ).fetchone()
        assert row is not None
        self._path = Path(*row)
        self._entries: list[dict[str, Any]] = []

    def __enter__(self) -> list[dict[str, Any]]:
        self._start = self._path.stat().st_size
        return self._entries

    def __exit__(self, *_: object) -> None:
        time.sleep(0.5)  # The collector writes behind.
        with self._path.open("rb") as log:
            log.seek(self._start)
            self._entries += [json.loads(line) for line in log.read().decode().splitlines()]


class _Names:
    """Values of one operation as expressions: the cell, new ids, the time, the rest as it is."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def substitute(self, statement: str, detail: str) -> str:
        """Put the values of a logged statement into it, on one line."""
        values = {int(place): value for place, value in VALUE.findall(detail)}
        told = HOLE.sub(lambda hole: self._expression(values[int(hole[1])]), statement)
        return " ".join(REFUSAL.sub(FORGIVEN, told).split())

    def _expression(self, value: str) -> str:
        if value == "NULL":
            return "NULL"
        text = value[1:-1].replace("''", "'")
        parts, end = [], 0
        for found in TOKENS.finditer(text):
            parts.append(_literal(text[end : found.start()]))
            parts.append(self._token(found))
            end = found.end()
        parts.append(_literal(text[end:]))
        told = [part for part in parts if part != "''"] or ["''"]
        if len(told) == 1 and told[0].startswith("'"):
            return told[0]
        return f"({' || '.join(told)})"

    def _token(self, found: re.Match[str]) -> str:
        match found.lastgroup:
            case "cell":
                return NUMBER
            case "id":
                nth = self._ids.setdefault(found[0], len(self._ids))
                return NEW_ID.format(nth=nth)
            case "share":
                return TOKEN
            case _:
                return "now()"


def _literal(text: str) -> str:
    """Quote *text*, so that pgbench sees no variable in it."""
    quoted = "'" + text.replace("'", "''") + "'"
    return re.sub(r":(?=[A-Za-z_])", ":' || '", quoted)


if __name__ == "__main__":
    main()
