"""Where people, workers and banks meet the market: every deed is numbered, kept and carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reviewcore.testing.simulator.acts import Act, Deed, Drive, Perform
from reviewcore.testing.simulator.agenda import Agenda
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.live import LiveView
from reviewcore.testing.simulator.world import World

REPEATED_AFTER_SECONDS = 8.0
AUDIT_EVERY = 2_000


class Stage:
    """A world with the history of what was done to it.

    *audit* is called about every 2,000 use cases, while nobody is in the middle of anything. Deeds
    are numbered after *first*.
    """

    def __init__(
        self, world: World, dice: Dice, *, audit: Callable[[], None], first: int = 0
    ) -> None:
        self.world = world
        self.dice = dice
        self.history: list[Act] = []
        self._audit = audit
        self._audited = 0
        self._numbers = first
        self._under_way: list[int] = []
        self.after_deeds: list[Callable[[], None]] = []

    @property
    def agenda(self) -> Agenda:
        """What is going to happen."""
        return self.world.agenda

    @property
    def live(self) -> LiveView:
        """The market as it stands."""
        return self.world.live

    def do(self, who: str, deed: Deed) -> Any:
        """Do something now; return its answer, a Refusal, or DIED. Raises Broken."""
        self._numbers += 1
        during = self._under_way[-1] if self._under_way else None
        act = Act(number=self._numbers, at=self.world.clock(), who=who, deed=deed, during=during)
        self.history.append(act)
        self._under_way.append(act.number)
        try:
            answer = self.world.run(act)
        finally:
            self._under_way.pop()
        for follow in self.after_deeds:
            follow()
        if not self._under_way and self.world.app.steps - self._audited >= AUDIT_EVERY:
            self._audited = self.world.app.steps
            self._audit()
        return answer

    def perform(self, who: str, usecase: Callable[..., Any], command: Any) -> Any:
        """Have a use case run under a key, and now and then once more, as if no answer came."""
        deed = Perform(usecase=usecase, command=command, key=f"{who} {self._numbers + 1}")
        answer = self.do(who, deed)
        if self.dice.chance(self.world.weather.faults.repeats):
            self.agenda.after(REPEATED_AFTER_SECONDS, lambda: self.do(who, deed))
        return answer

    def tell(self, who: str, usecase: Callable[..., Any], command: Any) -> Any:
        """Have a use case run without a key: what is harmless when repeated, like a heartbeat."""
        return self.do(who, Perform(usecase=usecase, command=command))

    def drive(self, who: str, usecase: Callable[..., Any], command: Any) -> Any:
        """Have a use case run that waits on the outside world."""
        return self.do(who, Drive(usecase=usecase, command=command))
