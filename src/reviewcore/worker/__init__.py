"""The market's own work, in bounded batches that any number of workers may take at once.

No job queue: what is to be done stands in the rows of the domain (undelivered events, deadlines,
open slots, unsettled payments). A batch is leased or locked with rows that others hold skipped, so
that two workers share the work instead of doing it twice; and where both do, the use cases make
the second harmless.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from reviewcore.domain.uploads import UNUSED_FOR
from reviewcore.domain.users import TOKENS_KEPT_FOR
from reviewcore.domain.webhooks import KEPT_FOR
from reviewcore.ports.store import Transaction
from reviewcore.worker.money import Money
from reviewcore.worker.outbox import DELIVERIES_MAX, Outbox
from reviewcore.worker.reviewing import Reviewing
from reviewcore.worker.steps import LEASE, Runner, Tally

__all__ = ["DELIVERIES_MAX", "LEASE", "Runner", "Tally", "Worker"]

LOOK_AHEAD = timedelta(days=1)
FORGET_EVERY = timedelta(hours=1)
FORGET_BATCH = 1_000
"""So few rows of each kind at a time that nobody waits for it."""

PURGES: tuple[Callable[[Transaction], int], ...] = (
    lambda tx: tx.sessions.purge(tx.now, limit=FORGET_BATCH),
    lambda tx: tx.email_tokens.purge(tx.now - TOKENS_KEPT_FOR, limit=FORGET_BATCH),
    lambda tx: tx.reset_tokens.purge(tx.now - TOKENS_KEPT_FOR, limit=FORGET_BATCH),
    lambda tx: tx.idempotency.purge(
        tx.now - timedelta(days=tx.rules.idempotency_days), limit=FORGET_BATCH
    ),
    lambda tx: tx.inbox.purge(tx.now - KEPT_FOR, limit=FORGET_BATCH),
    lambda tx: tx.rate_limits.purge(tx.now, limit=FORGET_BATCH),
    lambda tx: tx.uploads.purge(tx.now - UNUSED_FOR, limit=FORGET_BATCH),
)
"""How each kind of row that has had its time is forgotten."""

TICK_SECONDS = 0.25


class Worker(Outbox, Reviewing, Money):
    """One worker of an app. Each step does one batch and returns how much it did."""

    def __init__(self, app: Runner) -> None:
        super().__init__(app)
        self.steps: tuple[Callable[[], int], ...] = (
            self.remind,
            self.deliver,
            self.expire,
            self.sweep,
            self.assign,
            self.reconcile,
            self.handle_events,
            self.follow_checkouts,
            self.send_refunds,
            self.send_payouts,
            self.close,
            self.lapse,
            self.forget,
        )
        self.slow_steps: tuple[Callable[[], int], ...] = (
            self.reconcile,
            self.handle_events,
            self.follow_checkouts,
            self.send_refunds,
            self.send_payouts,
        )
        self.tallies = {step.__name__: Tally() for step in self.steps}
        self._forgot_at: datetime | None = None
        self._reconciled_at: datetime | None = None

    def tick(self) -> int:
        """Do one batch of everything that is due; a step that fails does not stop the others."""
        return sum(self._guarded(step) for step in self.steps)

    def drain(self) -> int:
        """Do everything that can be done now, in batches, until a round does nothing.

        Tracks that wait for reviewers, open checkouts and the processor's news are looked at once
        even if their time to be looked at again has not come.
        """
        self._block(lambda tx: tx.tracks.wake(None, now=tx.now, limit=1_000_000))
        self.catch_up()
        done = self.follow_checkouts(ahead=LOOK_AHEAD, limit=1_000)
        while did := sum(step() for step in self.steps):
            done += did
        return done

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set; what is under way is finished first.

        The processor is waited for in a thread apart: while it gives no answer tracks are still
        assigned and mails sent.
        """
        waiting = threading.Thread(
            target=self._repeat, args=(self.slow_steps, stop), name="worker-processor", daemon=True
        )
        waiting.start()
        self._repeat([step for step in self.steps if step not in self.slow_steps], stop)
        waiting.join()

    def _repeat(self, steps: Collection[Callable[[], int]], stop: threading.Event) -> None:
        while not stop.is_set():
            if not sum(self._guarded(step) for step in steps):
                stop.wait(TICK_SECONDS)

    def forget(self) -> int:
        """Forget what is of no use any more, and unused uploads; looked at once an hour.

        While a batch is full the next is taken in the next round.
        """
        now = self._app.store.now()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return 0
        forgotten = [self._block(purge) for purge in PURGES]
        if max(forgotten) < FORGET_BATCH:
            # Before the files: if they are away, the rest is not done again at once.
            self._forgot_at = now
            self._app.files.sweep(now - UNUSED_FOR)
        return sum(forgotten)
