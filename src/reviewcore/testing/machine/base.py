"""The frame of the machine: commands in all lanes, and the audit after every step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from reviewcore.app import actor_of, owner_of
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.auditing.audit import leftovers, misfiled, wrongs
from reviewcore.testing.auditing.snapshot import Snapshot, differences, snapshot_of
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine.lanes import Lane, Lanes, Refusal
from reviewcore.testing.machine.market import small_rules
from reviewcore.testing.machine.outside import SANDBOX, Outside
from reviewcore.testing.machine.printing import Printed
from reviewcore.testing.machine.stores import StoreMaker, memory
from reviewcore.testing.machine.tally import Tally

KEYED_SHARE = 2
"""One command in so many carries an idempotency key."""

QUIET_SHARE = 4
"""What is not the market's heart is possible in one step of so many."""

PLAIN_SHARE = 2
"""Single commands are possible in one step of so many; in the others, whole stories alone."""

ROUNDS_MAX = 12
HOURS_A_ROUND = 5


class Done(NamedTuple):
    """A command that succeeded under a key, and what it answered."""

    usecase: Callable[..., Any]
    command: Any
    key: str
    answer: Any
    at: datetime


class MachineFrame(RuleBasedStateMachine):
    """Holds the lanes of one run; what happens in it is added by the parts."""

    stores: ClassVar[Mapping[str, StoreMaker]] = {"memory": memory}
    outside: ClassVar[Outside] = SANDBOX
    tally: ClassVar[Tally] = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.strays: set[str] = set()
        self.commands = 0
        self._done: list[Done] = []
        self.overdraft: Cents | None = None
        self.scene = ""
        self.steps = 0
        self._lanes: Lanes | None = None
        self._printed = Printed()
        self._now: Snapshot | None = None
        self._before: Snapshot | None = None

    @initialize(
        rules=small_rules(),
        seed=st.integers(0, 2**16),
        scene=st.sampled_from(("EMPTY", "QUEUED", "REVIEWED", "EARNED")),
        overdraft=st.sampled_from((None, None, ZERO)),
    )
    def open_market(
        self, rules: MarketRules, seed: int, scene: str, overdraft: Cents | None
    ) -> None:
        self.scene = scene
        self.overdraft = overdraft
        self._lanes = Lanes(
            self.stores,
            rules=rules,
            clock=self.clock,
            seed=seed,
            overdraft=overdraft,
            outside=self.outside,
            tally=self.tally,
        )
        self.tally.runs += 1
        self.settle_in()

    def settle_in(self) -> None:
        """Populate the new market."""

    # ── what the parts say and see ───────────────────────────────────────────────────────────

    @property
    def lanes(self) -> Lanes:
        """The lanes; the market is open."""
        assert self._lanes is not None, "the market opens first"
        return self._lanes

    @property
    def is_quiet(self) -> bool:
        """Whether something may happen that would drown the rest if it happened as often."""
        return self.steps % QUIET_SHARE == 0

    @property
    def is_plain(self) -> bool:
        """Whether it is the turn of single commands."""
        return self.steps % PLAIN_SHARE == 0

    @property
    def rules_in_force(self) -> MarketRules:
        """The rules of this run's market."""
        return self.lanes.first.app.store.rules

    @property
    def now(self) -> Snapshot:
        """The market as it stands, read from the first lane."""
        if self._now is None:
            self._now = snapshot_of(self.lanes.first.app.store)
        return self._now

    @property
    def keyed(self) -> list[Done]:
        """What was done under a key, in order, as far as the market still knows the key."""
        since = self.clock() - timedelta(days=self.rules_in_force.idempotency_days)
        return [one for one in self._done if one.at >= since]

    def forget_keys(self, people: Collection[str]) -> None:
        """Know that the market has forgotten what was done by and told about those who leave."""
        self._done = [
            one
            for one in self._done
            if {actor_of(one.command), owner_of(one.answer)}.isdisjoint(people)
        ]

    @contextmanager
    def weather(self, fault: Fault) -> Iterator[None]:
        """Have every call to the processor within the block meet *fault*."""
        with ExitStack() as lifted:
            for lane in self.lanes.all:
                lifted.enter_context(lane.weather.steady(fault))
            yield

    def perform(self, usecase: Callable[..., Any], command: Any) -> Any:
        """Run a use case in a transaction; return its answer, or the Refusal.

        Every other command carries a key of its own. A refusal must leave no trace.
        """
        self.commands += 1
        key = f"key {self.commands}" if self.commands % KEYED_SHARE == 0 else None
        return self.perform_with(usecase, command, key=key)

    def perform_with(self, usecase: Callable[..., Any], command: Any, *, key: str | None) -> Any:
        """Run a use case under *key*."""
        before = self.now
        answer = self.act(
            lambda lane: lane.app.perform(usecase, command, key=key),
            told=f"perform {usecase.__name__}: {command}, key={key!r}",
        )
        if isinstance(answer, Refusal):
            assert self.now == before, f"the refusal of {command} left a trace"
        elif key is not None:
            self._done.append(Done(usecase, command, key, answer, self.clock()))
        return answer

    def drive(self, usecase: Callable[..., Any], command: Any) -> Any:
        """Run a use case that waits on the outside world; return its answer, or the Refusal."""
        return self.act(
            lambda lane: lane.app.drive(usecase, command),
            told=f"drive {usecase.__name__}: {command}",
        )

    def ask(self, usecase: Callable[..., Any], command: Any) -> Any:
        """Ask a question; return its answer, or the Refusal."""
        return self.lanes.each(
            lambda lane: lane.app.ask(usecase, command), told=f"ask {usecase.__name__}: {command}"
        )

    def act(self, act: Callable[[Lane], object], *, told: str) -> Any:
        """Do something in every lane that may change the market."""
        _note(told)
        self._now = None
        answer = self.lanes.each(act, told=told)
        if isinstance(answer, Refusal):
            _note(f"    refused: {answer.kind.__name__} {answer.extras}")
        return answer

    def run_pending(self) -> None:
        """Have the workers do all there is."""

        def drain(lane: Lane) -> None:
            # How much that was is the store's own affair: some mark rows to find them faster.
            lane.app.run_pending()

        self.act(drain, told="run_pending()")

    def reached(self, moment: str) -> None:
        """Count that the run has come to something rare."""
        self.tally.moments[moment] += 1

    def _pretty_print(self, value: object) -> str:
        # Hypothesis asks this of its machines; what it would write itself cannot be pasted.
        return self._printed.of(value)

    # ── audit ────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Audit the first lane, and compare the others with it."""
        self.tally.steps += 1
        self.steps += 1
        self.keep_up()
        self._audit()

    def keep_up(self) -> None:
        """Do what no market leaves undone for long."""

    def teardown(self) -> None:
        """Stop all faults, let time pass, and look at what is left."""
        # A run that failed, or that Hypothesis gave up, is not to be judged once more.
        is_over = sys.exc_info()[0] is None
        try:
            if self._lanes is not None and is_over:
                self._end()
        finally:
            _note(self._printed.imports())
            if self._lanes is not None:
                self._lanes.close()

    def _audit(self) -> None:
        lanes, now = self.lanes, self.now
        for lane in lanes.all:
            mine = now if lane is lanes.first else snapshot_of(lane.app.store)
            other = differences(now, mine) if mine is not now else ()
            assert not other, f"{lane.name} differs from {lanes.first.name}: {other}"
            wrong = wrongs(self._before if mine is now else None, mine, lane.processor.books)
            assert not wrong, f"{lane.name}: {wrong}"
            letters = lane.mail.letters == lanes.first.mail.letters
            assert letters, f"{lane.name} wrote other letters"
            assert lane.files.held() == lanes.first.files.held(), f"{lane.name} has other files"
        self._before = now

    def _end(self) -> None:
        for lane in self.lanes.all:
            lane.weather.clear()
            lane.mail.refusals = lane.files.refusals = 0
        self.settle_outside()
        for _ in range(ROUNDS_MAX):
            self.settle_inside()
            self.run_pending()
            left = self._leftovers()
            if not left:
                break
            self.clock.advance(hours=HOURS_A_ROUND)
        assert not left, left
        self.take_leave()
        self._audit()
        self.tally.history(self.now.events)

    def settle_outside(self) -> None:
        """Have the world decide what it has left open."""

    def settle_inside(self) -> None:
        """Have administrators do what only they can."""

    def take_leave(self) -> None:
        """Look at what may stay as it is."""

    def _leftovers(self) -> tuple[str, ...]:
        return tuple(
            f"{lane.name}: {one}" for lane in self.lanes.all for one in self._leftovers_of(lane)
        )

    def _leftovers_of(self, lane: Lane) -> tuple[str, ...]:
        snapshot = snapshot_of(lane.app.store)
        left = leftovers(
            snapshot,
            lane.processor.books,
            at=self.clock(),
            overdraft=self.overdraft,
            strays=self.strays,
        )
        return (*left, *misfiled(snapshot, lane.files.held()))


def _note(told: str) -> None:
    # A story that was printed may be pasted into a test of its own, where nobody takes notes.
    if currently_in_test_context():
        note("\n".join(f"# {line}" for line in told.splitlines()))
