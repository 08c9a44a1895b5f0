"""A market that use cases made, broken by statements: query and predicate must agree on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.laws import LAWS, MarketView, Violation, violations
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import START
from reviewcore.usecases.check_laws import view_of
from tests.integration.laws.breaks import BREAKS
from tests.integration.laws.filling import fill
from tests.integration.laws.story import CHAPTERS, RULES, QuietWorld


@pytest.fixture(scope="module")
def played() -> MarketView:
    world = QuietWorld(**RULES)
    for chapter in CHAPTERS:
        chapter(world)
    return world.look(view_of)


@pytest.fixture(scope="module")
def market(engine: Engine, played: MarketView) -> Iterator[MarketRules]:
    """The rules of the market that the database holds as long as these tests run."""
    rules = played.rules
    with (
        engine.begin() as connection,
        SqlStore.join(connection, rules=rules, clock=lambda: START) as tx,
    ):
        fill(tx, played)
    yield rules
    with engine.begin() as connection:
        for table in BROKEN_TABLES:
            connection.execute(text(f"DELETE FROM {table}"))


BROKEN_TABLES = (
    *("ledger_postings", "ledger_entries", "payout_reversals", "payouts", "disputes", "refunds"),
    *("payments", "flags", "review_queue", "reviews", "slots", "track_genres", "tracks"),
    *("reviewer_genres", "reviewer_profiles", "artist_profiles"),
)


def told(connection: Connection, rules: MarketRules) -> tuple[set[Violation], set[Violation]]:
    """What the predicates and what the queries say of the market."""
    with SqlStore.join(connection, rules=rules, clock=lambda: START) as tx:
        asked = [one for law in LAWS for one in tx.audit.judge(law)]
        seen = violations(view_of(tx))
    return set(seen), set(asked)


def test_a_market_that_use_cases_made_is_lawful(
    connection: Connection, market: MarketRules
) -> None:
    assert told(connection, market) == (set(), set())


@pytest.mark.parametrize(
    ("law", "statements"), BREAKS, ids=[f"{n}-{law}" for n, (law, _) in enumerate(BREAKS)]
)
def test_query_and_predicate_tell_the_same_of_what_was_broken(
    connection: Connection, market: MarketRules, law: str, statements: str
) -> None:
    for statement in statements.split("; "):
        assert connection.execute(text(statement)).rowcount > 0

    seen, asked = told(connection, market)

    assert asked == seen
    assert law in {one.law for one in seen}


def test_every_law_is_broken() -> None:
    assert {law for law, _ in BREAKS} == {law.name for law in LAWS}
