"""The laws on a market in memory: its tables are what a law looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reviewcore.domain.laws import Law, MarketView, Violation

if TYPE_CHECKING:
    from reviewcore.adapters.memory.work import Work
    from reviewcore.domain.rules import MarketRules


class MemoryAudit:
    """Judges the market as this block sees it."""

    def __init__(self, work: Work, rules: MarketRules) -> None:
        self._work = work
        self._rules = rules
        self._view: MarketView | None = None

    def judge(self, law: Law) -> Iterator[Violation]:
        return law(self._seen())

    def _seen(self) -> MarketView:
        if self._view is not None:
            return self._view
        view = self._look()
        if not self._work.is_writable:
            # What a snapshot shows stays as it is, for the next law as well.
            self._view = view
        return view

    def _look(self) -> MarketView:
        tables = self._work.tables
        return MarketView(
            rules=self._rules,
            artists=tuple(tables.artists.rows.values()),
            reviewers=tuple(tables.reviewers.rows.values()),
            tracks=tuple(tables.tracks.rows.values()),
            slots=tuple(tables.slots.rows.values()),
            reviews=tuple(tables.reviews.rows.values()),
            queue=tuple(tables.queue.rows.values()),
            flags=tuple(tables.flags.rows.values()),
            payments=tuple(tables.payments.rows.values()),
            refunds=tuple(tables.refunds.rows.values()),
            disputes=tuple(tables.disputes.rows.values()),
            payouts=tuple(tables.payouts.rows.values()),
            reversals=tuple(tables.reversals.rows.values()),
            entries=tuple(tables.entries.rows.values()),
        )
