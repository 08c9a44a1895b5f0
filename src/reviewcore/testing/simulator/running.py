"""Run one market from its first day to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.events import EventRecord
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import START
from reviewcore.testing.simulator.cast import Cast
from reviewcore.testing.simulator.courier import Courier
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.ending import disagreements, settle
from reviewcore.testing.simulator.faults import Faults
from reviewcore.testing.simulator.labour import Labour
from reviewcore.testing.simulator.measures import Measures, measure
from reviewcore.testing.simulator.personas import DEFAULT_MIX, Persona
from reviewcore.testing.simulator.replaying import Setting, kinds_of
from reviewcore.testing.simulator.report import Failure, Report
from reviewcore.testing.simulator.shrinking import Shrinker
from reviewcore.testing.simulator.source import as_test
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import Broken, SimulatedStore, World, quietly

DAYS = 14
SLICE = timedelta(hours=6)
"""How often progress is told."""

Progress = Callable[[float, int], None]
"""Is told which share of the days is over, and how many use cases there were."""

MakeStore = Callable[..., SimulatedStore]


def simulate(
    *,
    seed: int,
    rules: MarketRules | None = None,
    days: int = DAYS,
    personas: Sequence[Persona] = DEFAULT_MIX,
    faults: Faults | None = None,
    steps_max: int | None = None,
    progress: Progress | None = None,
    make_store: MakeStore = SimulatedStore,
) -> Report:
    """Have *personas* live in a market for *days* of its own time, with *faults*.

    One seed is one history, on every machine. All laws that an act touches are checked after
    each transaction, all others now and then and at the end; a broken one is in the report, with
    the shortest history that was found to break it. *steps_max* ends the days early, once so many
    use cases were run. *make_store* makes the store of the market.
    """
    market = Market(
        seed=seed,
        rules=rules if rules is not None else MarketRules(),
        personas=personas,
        faults=faults if faults is not None else Faults(),
        make_store=make_store,
    )
    failure = market.live_through(days, steps_max=steps_max, progress=progress)
    return market.report(days, failure)


class Market:
    """A world with its people, workers and courier."""

    def __init__(
        self,
        *,
        seed: int,
        rules: MarketRules,
        personas: Sequence[Persona],
        faults: Faults,
        make_store: MakeStore,
    ) -> None:
        self.seed = seed
        self.rules = rules
        self.faults = faults
        self.make_store = make_store
        self.world = World(seed=seed, rules=rules, faults=faults, make_store=make_store)
        dice = Dice(seed)
        self.stage = Stage(self.world, dice.fork(), audit=self.audit)
        self._labour = Labour(self.stage)
        self._courier = Courier(self.stage, dice.fork())
        self.cast = Cast(self.stage, personas, dice.fork())
        self._moves: Counter[str] = Counter()
        self._measures: Measures | None = None
        self._lived = 0
        self.world.watchers.append(self._count_moves)

    def live_through(
        self, days: int, *, steps_max: int | None = None, progress: Progress | None = None
    ) -> Failure | None:
        """Let the days pass and wind the market up; return how a law was broken, if one was."""
        try:
            with quietly():
                self._labour.begin()
                self.cast.begin()
                self._pass(days, steps_max=steps_max, progress=progress)
                self._measures = self.measure()
                self._lived = len(self.stage.history)
                left = settle(self.stage, self.cast.operator)
                self.audit()
        except Broken as broken:
            return self._explain(broken.found, broken.laws, settles=False)
        return self._explain(left, kinds_of(left), settles=True) if left else None

    def audit(self) -> None:
        """Audit everything. Raises Broken."""
        wrong = disagreements(self.world)
        if wrong:
            raise Broken(wrong, laws=kinds_of(wrong))

    def measure(self) -> Measures:
        """Measure the market as it stands."""
        return measure(self.world.live, moves=self._moves, persona_of=self.cast.persona_of)

    def report(self, days: int, failure: Failure | None) -> Report:
        """Tell what came of it."""
        world = self.world
        return Report(
            seed=self.seed,
            days=days,
            rules_version=self.rules.version,
            history_hash=world.fingerprint.digest,
            steps=world.app.steps,
            acts=world.acts,
            refusals=world.refusals,
            crashes=world.crashes,
            events=dict(world.fingerprint.events),
            failure=failure,
            measures=self._measures if self._measures is not None else self.measure(),
        )

    def _pass(self, days: int, *, steps_max: int | None, progress: Progress | None) -> None:
        end = START + timedelta(days=days)
        while self.world.clock() < end:
            steps = self.world.app.steps
            if steps_max is not None and steps >= steps_max:
                return
            self.stage.agenda.run_until(min(end, self.world.clock() + SLICE))
            if progress is not None:
                over = (self.world.clock() - START) / (end - START)
                progress(min(1.0, over), self.world.app.steps)

    def _count_moves(self, changes: Sequence[Change]) -> None:
        for kind, _, before, after in changes:
            if kind is EventRecord and before is None and after.type == "TierChanged":
                self._moves[after.payload["after"]] += 1

    def _explain(self, found: tuple[str, ...], laws: frozenset[str], *, settles: bool) -> Failure:
        setting = Setting(
            seed=self.seed, rules=self.rules, faults=self.faults, make_store=self.make_store
        )
        history = self.stage.history
        # To wind a market up is part of the replay then.
        lived = history[: self._lived] if settles else history
        acts = Shrinker(setting, laws, settles=settles).shorten(lived)
        return Failure(
            found=found,
            laws=tuple(sorted(laws)),
            acts=acts,
            recorded=len(history),
            test=as_test(acts, setting, laws=tuple(laws), settles=settles),
        )
