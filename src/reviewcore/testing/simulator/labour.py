"""The market's own workers: who does which step when, and comes back after dying."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.events import EventRecord
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import Payout
from reviewcore.domain.refunds import Refund
from reviewcore.domain.tracks import Track
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.testing.simulator.acts import Work
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import DIED, WORKERS
from reviewcore.worker.steps import BATCH

ROUND_SECONDS = 3_600.0
"""How often every step is taken, whether or not anything calls for it."""

SOON = timedelta(seconds=0.4)

STEPS: tuple[str, ...] = (
    "remind",
    "deliver",
    "expire",
    "sweep",
    "assign",
    "reconcile",
    "handle_events",
    "follow_checkouts",
    "send_refunds",
    "send_payouts",
    "close",
    "lapse",
    "forget",
)

CALLED_BY: Mapping[type, tuple[str, str]] = MappingProxyType(
    {
        EventRecord: ("deliver", "next_attempt_at"),
        Track: ("assign", "assign_at"),
        CheckoutAttempt: ("follow_checkouts", "next_attempt_at"),
        Refund: ("send_refunds", "next_attempt_at"),
        Payout: ("send_payouts", "next_attempt_at"),
        StripeWebhookEvent: ("handle_events", "next_attempt_at"),
    }
)
"""Which step a row calls for, and which of its fields says when."""


class Labour:
    """Workers who take what is due, in turn, and look at everything from time to time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._due: dict[str, datetime] = {}
        self._away: dict[int, datetime] = {}
        self._turn = 0
        stage.world.watchers.append(self._watch)

    def begin(self) -> None:
        """Look at everything now, and again and again."""
        for step in STEPS:
            self._want(step, self._stage.world.clock())
        self._stage.agenda.after(ROUND_SECONDS, self.begin)

    def _watch(self, changes: Iterable[Change]) -> None:
        for kind, _, before, after in changes:
            called = CALLED_BY.get(kind)
            if called is None or after is None:
                continue
            step, field = called
            when = getattr(after, field)
            if when is None or (before is not None and getattr(before, field) == when):
                continue
            if kind is not Track or when <= self._stage.world.clock():
                # That nobody was found is looked at again in the next round, not every half
                # minute as in life: it would be most of what happens.
                self._want(step, when)

    def _want(self, step: str, when: datetime) -> None:
        """Have a step taken at a time, unless it will be sooner."""
        when = max(when, self._stage.world.clock() + SOON)
        if step not in self._due or when < self._due[step]:
            self._due[step] = when
            self._stage.agenda.at(when, lambda: self._take(step, when))

    def _take(self, step: str, when: datetime) -> None:
        if self._due.get(step) != when:
            # It was wanted sooner, and done.
            return
        del self._due[step]
        worker = self._next()
        if worker is None:
            return
        did: Any = self._stage.do(f"worker {worker}", Work(worker=worker, step=step))
        if did is DIED:
            away = timedelta(seconds=self._stage.world.weather.faults.restart_seconds)
            self._away[worker] = self._stage.world.clock() + away
        elif did >= BATCH and step != "forget":
            # There may be more. What failed calls for the step again by its row.
            self._want(step, self._stage.world.clock())

    def _next(self) -> int | None:
        """Choose who is there, in turn; None when all have died."""
        now = self._stage.world.clock()
        for _ in range(WORKERS):
            self._turn = (self._turn + 1) % WORKERS
            if self._away.get(self._turn, now) <= now:
                return self._turn
        return None
