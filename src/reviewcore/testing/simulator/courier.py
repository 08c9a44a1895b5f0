"""The processor's side: it tells what happened, badly, and its customers change their minds."""

from __future__ import annotations

from reviewcore.domain.money import Cents
from reviewcore.domain.webhooks import ProcessorEvent
from reviewcore.ports.processor import Done
from reviewcore.testing.clock import START
from reviewcore.testing.simulator.acts import AtBank, Hear
from reviewcore.testing.simulator.agenda import Doing
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.faults import Faults
from reviewcore.testing.simulator.stage import Stage

BANK = "bank"
DAY = 86_400.0

DISPUTED_AFTER_DAYS = 4.0
DECIDED_AFTER_DAYS = 5.0
RETURNED_AFTER_DAYS = 2.0
LATE_SECONDS = 6 * 3600.0
FEWEST_CENTS_REVERSED = 2


class Courier:
    """Carries the processor's news to the market: late, twice, in any order, or not at all."""

    def __init__(self, stage: Stage, dice: Dice) -> None:
        self._stage = stage
        self._dice = dice
        self._read = 0
        stage.after_deeds.append(self._look)

    @property
    def _faults(self) -> Faults:
        return self._stage.world.weather.faults

    def _look(self) -> None:
        """Find out what happened at the bank since the last look."""
        world = self._stage.world
        if not world.bank_moved:
            return
        world.bank_moved = False
        while True:
            # The bank numbers its events from 1, and a cursor is the number of the last one read.
            page = world.bank.since(START, cursor=str(self._read))
            assert isinstance(page, Done), "the bank's books are in memory"
            for event in page.view.events:
                self._read += 1
                self._send(event)
                self._consider(event)
            if page.view.cursor is None:
                return

    def _send(self, event: ProcessorEvent) -> None:
        faults, dice = self._faults, self._dice
        if dice.chance(faults.webhooks_lost):
            return
        for _ in range(2 if dice.chance(faults.webhooks_repeated) else 1):
            late = dice.chance(faults.webhooks_late)
            seconds = dice.wait(LATE_SECONDS if late else faults.webhook_seconds)
            self._stage.agenda.after(
                1 + seconds, lambda: self._stage.do("processor", Hear(event=event))
            )

    def _consider(self, event: ProcessorEvent) -> None:
        """Let those whom an event concerns want something else."""
        dice, faults = self._dice, self._faults
        if event.type == "checkout.session.completed" and dice.chance(faults.disputes):
            self._later(DISPUTED_AFTER_DAYS, lambda: self._dispute(event.object_id))
        elif event.type == "refund.created" and dice.chance(faults.refunds_returned):
            self._later(RETURNED_AFTER_DAYS, lambda: self._act("fail_refund", event.object_id))
        elif event.type == "transfer.created" and dice.chance(faults.transfers_reversed):
            self._later(RETURNED_AFTER_DAYS, lambda: self._reverse(event.object_id))

    def _dispute(self, session_id: str) -> None:
        paid = self._stage.world.bank.session(session_id)
        assert isinstance(paid, Done), "the bank's books are in memory"
        dispute_id = self._act("open_dispute", paid.view.payment_id)
        if dispute_id is None:
            return
        won = self._dice.chance(self._faults.disputes_won)
        end = "win_dispute" if won else "lose_dispute"
        self._later(DECIDED_AFTER_DAYS, lambda: self._act(end, dispute_id))

    def _reverse(self, transfer_id: str) -> None:
        view = self._stage.world.bank.transfer_view(transfer_id)
        assert isinstance(view, Done), "the bank's books are in memory"
        part = Cents(max(FEWEST_CENTS_REVERSED, int(view.view.amount * self._dice.between(0, 1))))
        self._act("reverse_transfer", transfer_id, part)

    def _later(self, mean_days: float, doing: Doing) -> None:
        self._stage.agenda.after(60 + self._dice.wait(mean_days * DAY), doing)

    def _act(self, method: str, *arguments: object) -> str | None:
        answer = self._stage.do(BANK, AtBank(method=method, arguments=arguments))
        return answer if isinstance(answer, str) else None
