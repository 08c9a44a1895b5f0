"""What the unit tests plant in views, planted in databases: query and predicate must agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from reviewcore.adapters.sql import SqlStore, maps
from reviewcore.adapters.sql.audit import CHECKS
from reviewcore.adapters.sql.maps import EntryHead, EntryPosting
from reviewcore.adapters.sql.transaction import SqlTransaction
from reviewcore.domain.laws import LAWS, MarketView, violations
from reviewcore.domain.ledger import Entry
from reviewcore.testing.clock import START
from tests.unit.domain.test_laws import PLANTED, lost_market, market

VIEWS: dict[str, Callable[[], MarketView]] = {
    "in-order": market,
    "lost": lost_market,
    **{f"{number}-{planted[0]}": planted[2] for number, planted in enumerate(PLANTED)},
}


def fill(tx: SqlTransaction, view: MarketView) -> None:
    """Put the rows of a view into the database as they are."""
    tx.artists.add(*view.artists)
    tx.reviewers.add(*view.reviewers)
    tx.tracks.add(*view.tracks)
    tx.slots.add(*view.slots)
    tx.reviews.add(*view.reviews)
    tx.queue.add(*view.queue)
    tx.flags.add(*view.flags)
    tx.payments.add(*view.payments)
    tx.refunds.add(*view.refunds)
    tx.disputes.add(*view.disputes)
    tx.payouts.add(*view.payouts)
    tx.reversals.add(*view.reversals)
    for entry in view.entries:
        book(tx, entry)


def book(tx: SqlTransaction, entry: Entry) -> None:
    """Add an entry under its own id, whether or not it balances."""
    head = EntryHead(
        id=entry.id,
        kind=entry.kind,
        cause=entry.cause,
        at=entry.at,
        rules_version=entry.rules_version,
    )
    # The ledger's own door gives ids, and takes only what balances.
    unit = tx.ledger._unit
    unit.add(maps.ENTRIES, head)
    for number, one in enumerate(entry.postings, 1):
        posting = EntryPosting(
            entry_id=entry.id, number=number, account=one.account, amount=one.amount
        )
        unit.add(maps.POSTINGS, posting)


def test_every_law_is_asked_in_sql() -> None:
    assert set(CHECKS) == set(LAWS)
    assert all(CHECKS.values())


@pytest.mark.parametrize("name", VIEWS)
def test_query_and_predicate_tell_the_same(connection: Connection, name: str) -> None:
    view = VIEWS[name]()

    with SqlStore.join(connection, rules=view.rules, clock=lambda: START) as tx:
        fill(tx, view)
        tx.flush()
        asked = {one for law in LAWS for one in tx.audit.judge(law)}

    assert asked == set(violations(view))
