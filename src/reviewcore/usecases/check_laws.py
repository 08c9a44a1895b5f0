"""Ask whether the market keeps its own laws."""

from __future__ import annotations

import attrs

from reviewcore.domain.laws import MarketView, Violation, violations
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class CheckLaws:
    """An operator, a test or a monitor asks."""


def check_laws(tx: Transaction, command: CheckLaws) -> tuple[Violation, ...]:  # noqa: ARG001 - a use case takes its command, also an empty one
    """Recompute everything from reviews, slots and postings; return what breaks a law."""
    return violations(view_of(tx))


def view_of(tx: Transaction) -> MarketView:
    """Read the whole market into a view."""
    return MarketView(
        rules=tx.rules,
        artists=tuple(tx.artists.all()),
        reviewers=tuple(tx.reviewers.all()),
        tracks=tuple(tx.tracks.all()),
        slots=tuple(tx.slots.all()),
        reviews=tuple(tx.reviews.all()),
        queue=tuple(tx.queue.all()),
        flags=tuple(tx.flags.all()),
        payments=tuple(tx.payments.all()),
        refunds=tuple(tx.refunds.all()),
        disputes=tuple(tx.disputes.all()),
        payouts=tuple(tx.payouts.all()),
        reversals=tuple(tx.reversals.all()),
        entries=tuple(tx.ledger.all()),
    )
