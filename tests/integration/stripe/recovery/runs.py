"""Stories told through bad weather: whatever interrupts them is repaired, and they go on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import attrs

from reviewcore.app import App
from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.testing.stripe import Call
from reviewcore.usecases import PayoutTruth, ResolvePayout, resolve_payout
from reviewcore.worker.money import Money
from tests.integration.crashes.test_boundaries import Stop
from tests.integration.stripe.recovery.dying import Way
from tests.integration.stripe.recovery.market import Market

Act = Callable[[App], Any]
"""What somebody asks of the market, and asks again until he is answered."""

Story = Callable[[Market], Generator[Act, Any, None]]
"""Yields acts and is sent their answers; what it does itself, payers and their banks do.

What comes before its first act prepares it, and is never interrupted.
"""

PAUSES = tuple(timedelta(seconds=one) for one in (3, 60, 150, 600, 3_700, 3_700)) + tuple(
    timedelta(hours=one) for one in (4, 8, 12)
)
"""How the clock moves while something waits: past back-offs, leases, and the life of a key."""

AGAIN = (timedelta(), timedelta(), timedelta(minutes=1), timedelta(hours=1), timedelta(hours=25))
"""How long somebody waits before he asks again for what was not answered."""

LATE = timedelta(hours=25)
"""After so long Stripe has forgotten every key."""


class Listed(Exception):
    """Only a person can say how the story goes on, and he is told."""


@attrs.define(kw_only=True)
class Telling:
    """One telling of a story: *prepare* plans what goes wrong, *way* is that of the first process.

    With *late* nobody starts another for so long that all keys are forgotten. *left* is what the
    dead one had under way.
    """

    market: Market
    prepare: Callable[[Market], None] = lambda _: None
    way: Way = attrs.field(factory=Way)
    late: bool = False
    suspicious: bool = False
    died: bool = False
    left: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    _app: App = attrs.field(init=False)
    _seen: int = 0
    _began: int = 0

    def tell(self, story: Story) -> None:
        """Tell it to its end, or until only a person can go on; then judge."""
        self._app = self.market.app(self.way)
        telling = story(self.market)
        act = next(telling)
        self._began = self._seen = len(self.market.server.calls)
        self.prepare(self.market)
        try:
            while True:
                act = telling.send(self._have(act))
        except StopIteration:
            pass
        except Listed:
            self._resolve()
        self.market.server.clear_faults()
        self._recover()
        self.market.require_right()

    @property
    def calls(self) -> tuple[Call, ...]:
        """What was asked of Stripe since the first act."""
        return self.market.server.calls[self._began :]

    def _have(self, act: Act) -> Any:
        """Have an act answered, whatever comes between."""
        for pause in AGAIN:
            self.market.clock.advance(seconds=pause.total_seconds())
            try:
                answer = act(self._app)
            except Stop:
                self.died = True
                self.left = tuple(self.market.waiting())
                self.market.world.require_lawful()
                self._restart()
            except ProcessorUnavailable:
                self._recover()
            else:
                if self._was_troubled():
                    self._recover()
                return answer
        raise AssertionError("nobody would have asked so often")

    def _was_troubled(self) -> bool:
        """Whether a call since the last look went wrong: a worker says nothing of it."""
        fresh = self.market.server.calls[self._seen :]
        self._seen += len(fresh)
        return self.suspicious or any(call.fault is not None for call in fresh)

    def _restart(self) -> None:
        if self.late:
            self.market.clock.advance(seconds=LATE.total_seconds())
        self._app = self.market.app()
        self._recover()

    def _recover(self) -> None:
        """Let a fresh worker do what is left, for as long as something moves."""
        worker = Money(self.market.app())
        for pause in PAUSES:
            self.market.clock.advance(seconds=pause.total_seconds())
            work_off(worker)
            if not self.market.waiting():
                break
        self._seen = len(self.market.server.calls)
        self.market.world.require_lawful()
        self._require_listed()

    def _require_listed(self) -> None:
        """Require that a person is told of what was sent and came to nothing. Raises Listed."""
        waiting = self.market.waiting()
        findings = self.market.findings() if waiting else {}
        assert waiting.keys() <= findings.keys(), f"{waiting} waits, {findings} is told"
        stuck = tuple(id for id, status in waiting.items() if status == PayoutStatus.PROCESSING)
        if stuck and not self.listed:
            self.listed = stuck
            raise Listed

    def _resolve(self) -> None:
        """Do as a person who looks at Stripe and says what he found."""
        # Two look-ups and a day after the last sending.
        for _ in range(3):
            self.market.clock.advance(hours=25)
            work_off(Money(self._app))
        with self.market.store.read() as tx:
            stuck = [one for one in tx.payouts.all() if one.id in self.listed]
        (admin,) = self.market.world.users(1)
        transfers = self.market.server.objects("transfer")
        groups = {one["transfer_group"]: one["id"] for one in transfers}
        for payout in stuck:
            if payout.status is not PayoutStatus.PROCESSING:
                continue
            found = groups.get(payout.id)
            command = ResolvePayout(
                payout_id=payout.id,
                admin_id=admin.id,
                truth=PayoutTruth.ABSENT if found is None else PayoutTruth.FOUND,
                reason="looked at the dashboard",
                external_id=found,
            )
            self._app.perform(resolve_payout, command)


def work_off(worker: Money) -> int:
    """Do all that waits on the processor; the market's other work is in no story."""
    steps = (
        worker.reconcile,
        worker.handle_events,
        worker.follow_checkouts,
        worker.send_refunds,
        worker.send_payouts,
    )
    done = 0
    while did := sum(step() for step in steps):
        done += did
    return done
