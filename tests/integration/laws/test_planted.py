"""What the unit tests plant in views, planted in databases: query and predicate must agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.audit import CHECKS
from reviewcore.domain.laws import LAWS, MarketView, violations
from reviewcore.testing.clock import START
from tests.integration.laws.filling import fill
from tests.unit.domain.test_laws import PLANTED, lost_market, market, settled_market

VIEWS: dict[str, Callable[[], MarketView]] = {
    "in-order": market,
    "lost": lost_market,
    "settled": settled_market,
    **{f"{number}-{planted[0]}": planted[2] for number, planted in enumerate(PLANTED)},
}


def test_every_law_is_asked_in_sql() -> None:
    assert set(CHECKS) == set(LAWS)
    assert all(CHECKS.values())


@pytest.mark.parametrize("name", VIEWS)
def test_query_and_predicate_tell_the_same(connection: Connection, name: str) -> None:
    view = VIEWS[name]()

    with SqlStore.join(connection, rules=view.rules, clock=lambda: START) as tx:
        fill(tx, view)
        asked = {one for law in LAWS for one in tx.audit.judge(law)}

    assert asked == set(violations(view))
