"""A history done again, without the people who made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import attrs

from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator.acts import Act
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
            for act in acts:
                world.agenda.at(act.at, partial(world.run, act))
            if acts:
                world.agenda.run_until(acts[-1].at + AFTERWARDS)
            wrong = disagreements(world)
            if not wrong and settles:
                wrong = _wind_up(world)
    except Broken as broken:
        return Outcome(found=broken.found, laws=broken.laws)
    return Outcome(found=wrong, laws=kinds_of(wrong), history_hash=world.fingerprint.digest)


def kinds_of(found: Sequence[str]) -> frozenset[str]:
    """Tell what kinds of things are wrong: the first word of each sentence is the thing."""
    return frozenset(one.partition(" ")[0] for one in found)


def _wind_up(world: World) -> tuple[str, ...]:
    stage = Stage(world, Dice(world.seed), audit=lambda: None, first=NUMBERS_FREE)
    return settle(stage, Operator(stage, Dice(world.seed), worth=lambda _: None))
