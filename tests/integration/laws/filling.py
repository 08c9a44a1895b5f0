"""Putting the rows of a view into a database as they are, whether or not they make sense."""

from __future__ import annotations

from reviewcore.adapters.sql import maps
from reviewcore.adapters.sql.maps import EntryHead, EntryPosting
from reviewcore.adapters.sql.transaction import SqlTransaction
from reviewcore.domain.laws import MarketView
from reviewcore.domain.ledger import Entry


def fill(tx: SqlTransaction, view: MarketView) -> None:
    """Add the rows of a view."""
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
        _book(tx, entry)
    tx.flush()


def _book(tx: SqlTransaction, entry: Entry) -> None:
    head = EntryHead(
        id=entry.id,
        kind=entry.kind,
        cause=entry.cause,
        at=entry.at,
        rules_version=entry.rules_version,
    )
    postings = [
        EntryPosting(entry_id=entry.id, number=number, account=one.account, amount=one.amount)
        for number, one in enumerate(entry.postings, 1)
    ]
    # The ledger's own door gives ids, and takes only what balances.
    unit = tx.ledger._unit
    unit.add(maps.ENTRIES, head)
    unit.add(maps.POSTINGS, *postings)
