"""Ask whether the market keeps its own laws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import attrs

from reviewcore.domain.errors import UnknownLaw
from reviewcore.domain.laws import LAWS, Law, MarketView, Violation
from reviewcore.domain.texts import require_range
from reviewcore.ports.store import Transaction

LIMIT_MAX = 100_000
"""Violations that are told at once; whoever has so many needs no more to know where he stands."""


@attrs.frozen(kw_only=True)
class CheckLaws:
    """An operator, a test or a monitor asks.

    *law* is the name of the only law to judge by (None: all of them), *limit* how many violations
    are told at most, from 1 to `LIMIT_MAX`.
    """

    law: str | None = None
    limit: int = 1000


def check_laws(tx: Transaction, command: CheckLaws) -> tuple[Violation, ...]:
    """Recompute everything from reviews, slots and postings; return what breaks a law.

    Raises UnknownLaw, and OutOfRange for a limit that is none.
    """
    limit = require_range("limit", command.limit, 1, LIMIT_MAX)
    laws = _laws_by(command.law)

    found = (violation for law in laws for violation in tx.audit.judge(law))
    return tuple(islice(found, limit))


def _laws_by(name: str | None) -> Sequence[Law]:
    laws = [law for law in LAWS if name in {None, law.name}]
    if name is not None and not laws:
        raise UnknownLaw(law=name)
    return laws


def view_of(tx: Transaction) -> MarketView:
    """Read the whole market into a view, for who judges a small one in other ways than by laws."""
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
