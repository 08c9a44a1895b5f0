"""What letting somebody in costs the database: one look-up by an index, and nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.dialects import Row
from reviewcore.adapters.sql.postgres import PooledLink, PostgresDoors
from reviewcore.domain.users import token_hash
from tests.integration.http.people import (
    Person,
    assignment,
    join_as_artist,
    join_as_reviewer,
    submit_and_pay,
)
from tests.integration.http.service import Service, ok, served

WRITES = ("INSERT", "UPDATE", "DELETE")
TIMES = 5

noted: list[str] = []
"""What was sent to the database, with writes of many rows once."""


class NotingLink(PooledLink):
    """Notes every statement."""

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        noted.append(sql)
        return super().fetch(sql, arguments)

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        noted.append(sql)
        return super().change(sql, arguments)

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        noted.append(sql)
        return super().finish(sql, arguments)

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        noted.append(sql)
        return super().change_many(sql, rows)

    def command(self, sql: str) -> None:
        noted.append(sql)
        super().command(sql)


class NotingStore(SqlStore):
    """A store on PostgreSQL that notes what it says there."""

    def _open(self, url: URL, *, pool_size: int) -> PostgresDoors:
        return PostgresDoors(url, pool_size=pool_size, link=NotingLink)


@pytest.fixture
def market(market_url: str, tmp_path: Path) -> Iterator[Service]:
    with served(market_url, tmp_path, keep=NotingStore) as running:
        yield running


def said(person: Person, method: str, path: str) -> list[str]:
    """Ask often, and tell what was said to the database between BEGIN and COMMIT."""
    ok(person.http.request(method, path))
    noted.clear()
    for _ in range(TIMES):
        ok(person.http.request(method, path))
    return list(noted)


def is_look_up(statement: str) -> bool:
    return "FROM sessions" in statement and "token_hash = " in statement


def test_who_is_let_in_costs_one_look_up_and_no_write(market: Service) -> None:
    reviewer = join_as_reviewer(market, "rea@example.com")

    # Its answer stands in the rules.
    statements = said(reviewer, "GET", "/v1/me/reviewer/quiz")

    assert len(statements) == TIMES
    assert all(map(is_look_up, statements))
    assert not any(word in one for one in statements for word in WRITES)


def test_a_heartbeat_asks_who_it_is_once(market: Service) -> None:
    artist = join_as_artist(market, "nova@example.com")
    reviewer = join_as_reviewer(market, "rea@example.com")
    submit_and_pay(artist)
    review_id = assignment(reviewer)["review_id"]

    statements = said(reviewer, "POST", f"/v1/reviews/{review_id}/heartbeat")

    assert sum(map(is_look_up, statements)) == TIMES
    assert not any("sessions" in one for one in statements if not is_look_up(one))
    assert any(word in one for one in statements for word in WRITES), "a control: beats are kept"


def test_the_look_up_reads_indexes_alone(market: Service, market_url: str) -> None:
    reviewer = join_as_reviewer(market, "rea@example.com")
    [look_up] = set(said(reviewer, "GET", "/v1/me/reviewer/quiz"))
    token = reviewer.http.headers["authorization"].split()[1]

    dsn = make_url(market_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        # So few rows are read faster without an index, where one may.
        connection.execute("SET enable_seqscan = off")
        with psycopg.RawCursor(connection) as cursor:
            cursor.execute(f"EXPLAIN {look_up}".encode(), [token_hash(token)])
            plan = "\n".join(row[0] for row in cursor)

    assert "uq_sessions_token" in plan
    assert "Seq Scan" not in plan
