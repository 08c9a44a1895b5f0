"""A history done again, without the people who made it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs

from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator.acts import Act
from reviewcore.testing.simulator.agenda import MILLISECOND, end_of_wait
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.ending import disagreements, settle
from reviewcore.testing.simulator.faults import Faults
from reviewcore.testing.simulator.operator import Operator
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import Broken, SimulatedStore, World, quietly

AFTERWARDS = timedelta(hours=1)
NUMBERS_FREE = 1_000_000_000
"""What is done after a replay is numbered from here, so that it meets no act of the history."""


@attrs.frozen(kw_only=True)
class Setting:
    """What besides its acts decides a history."""

    seed: int
    rules: MarketRules
    faults: Faults
    make_store: Callable[..., SimulatedStore] = SimulatedStore


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of a replay: what is wrong, what kinds of wrong these are, and its fingerprint."""

    found: tuple[str, ...] = ()
    laws: frozenset[str] = frozenset()
    history_hash: str = ""


def replay(
    acts: Sequence[Act],
    *,
    seed: int,
    rules: MarketRules | None = None,
    faults: Faults | None = None,
    make_store: Callable[..., SimulatedStore] = SimulatedStore,
    settles: bool = False,
) -> tuple[str, ...]:
    """Do *acts* in a new market; return what breaks a law, or nothing.

    An act that makes no sense without those that were left out is refused. With *settles* the
    market is wound up afterwards, and what is left undone is wrong, too.
    """
    setting = Setting(
        seed=seed,
        rules=rules if rules is not None else MarketRules(),
        faults=faults if faults is not None else Faults(),
        make_store=make_store,
    )
    return outcome_of(acts, setting, settles=settles).found


def outcome_of(acts: Sequence[Act], setting: Setting, *, settles: bool = False) -> Outcome:
    """Do *acts* in a new market, and tell what came of it."""
    world = World(
        seed=setting.seed,
        rules=setting.rules,
        faults=setting.faults,
        make_store=setting.make_store,
    )
    try:
        with quietly():
            Replay(world, acts).run()
            if acts:
                world.agenda.run_until(acts[-1].at + AFTERWARDS)
            wrong = disagreements(world)
            if not wrong and settles:
                wrong = _wind_up(world)
    except Broken as broken:
        return Outcome(found=broken.found, laws=broken.laws)
    return Outcome(found=wrong, laws=kinds_of(wrong), history_hash=world.fingerprint.digest)


class Replay:
    """Acts done in their order, each while the act waits that it was done during.

    One whose other act was left out is done when its turn comes.
    """

    def __init__(self, world: World, acts: Sequence[Act]) -> None:
        self._world = world
        self._under_way: list[int | None] = [None]
        self._during: defaultdict[int | None, deque[Act]] = defaultdict(deque)
        numbers = {act.number for act in acts}
        for act in acts:
            self._during[act.during if act.during in numbers else None].append(act)

    def run(self) -> None:
        """Do them. Raises Broken."""
        self._world.wait = self._wait
        self._rest_of(None)
        self._world.wait = self._world.agenda.pass_time

    def _do(self, act: Act) -> None:
        self._under_way.append(act.number)
        try:
            self._world.run(act)
        finally:
            self._under_way.pop()
        # With others left out, it may have waited less.
        self._rest_of(act.number)

    def _rest_of(self, number: int | None) -> None:
        while self._during[number]:
            self._do(self._during[number].popleft())

    def _wait(self, seconds: float) -> None:
        clock = self._world.clock
        end = end_of_wait(clock(), seconds)
        others = self._during[self._under_way[-1]]
        # Who acts twice in a row may do so beyond the end, and the waiting goes on until then.
        while others and (others[0].at < end or others[0].at <= clock()):
            self._do(others.popleft())
        clock.set(max(end, clock()) + MILLISECOND)


def kinds_of(found: Sequence[str]) -> frozenset[str]:
    """Tell what kinds of things are wrong: the first word of each sentence is the thing."""
    return frozenset(one.partition(" ")[0] for one in found)


def _wind_up(world: World) -> tuple[str, ...]:
    stage = Stage(world, Dice(world.seed), audit=lambda: None, first=NUMBERS_FREE)
    return settle(stage, Operator(stage, Dice(world.seed), worth=lambda _: None))
