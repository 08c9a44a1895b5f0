"""What `simulate` returns, as a value and as JSON."""

from __future__ import annotations

from typing import Any

import attrs

from reviewcore.testing.simulator.acts import Act
from reviewcore.testing.simulator.measures import Measures


class SimulationFailed(AssertionError):
    """A simulated market broke a law; the message holds the seed and a test that replays it."""


@attrs.frozen(kw_only=True)
class Failure:
    """How a law was broken.

    Attributes:
        found: what is wrong, one sentence for each thing.
        laws: the laws that were broken; of what was left undone, its kinds.
        acts: the shortest history found that still breaks one of them.
        recorded: how many acts there were before it was shortened.
        test: a test to paste, which replays the acts.
    """

    found: tuple[str, ...]
    laws: tuple[str, ...]
    acts: tuple[Act, ...]
    recorded: int
    test: str


@attrs.frozen(kw_only=True)
class Report:
    """What came of a simulation.

    Attributes:
        history_hash: SHA-256 over the canonical encoding of all events, in order.
        steps: use cases that were run, by people and workers.
        acts: what was done, a batch of a worker counting once.
        refusals: acts that were refused.
        crashes: acts in the middle of which the process died.
        events: how many events of each type there are.
        failure: how a law was broken; None when none was.
        measures: what the market came to on its last day.
    """

    seed: int
    days: int
    rules_version: str
    history_hash: str
    steps: int
    acts: int
    refusals: int
    crashes: int
    events: dict[str, int]
    failure: Failure | None
    measures: Measures

    @property
    def violations(self) -> tuple[str, ...]:
        """What broke a law; nothing, if all is well."""
        return self.failure.found if self.failure is not None else ()

    @property
    def fill_rate(self) -> float:
        """Share of the slots that were paid for that have a counted review."""
        return self.measures.fill_rate

    def require_lawful(self) -> None:
        """Raise SimulationFailed unless all laws held."""
        if self.failure is not None:
            found = "\n".join(self.failure.found)
            raise SimulationFailed(f"seed {self.seed}:\n{found}\n\n{self.failure.test}")

    def as_json(self) -> dict[str, Any]:
        """Tell everything as JSON-ready values."""
        told = {
            name: getattr(self, name)
            for name in ("seed", "days", "rules_version", "history_hash", "steps", "acts")
        }
        told |= {
            "refusals": self.refusals,
            "crashes": self.crashes,
            "violations": list(self.violations),
            "fill_rate": self.fill_rate,
            "events": dict(sorted(self.events.items())),
            "measures": attrs.asdict(self.measures),
        }
        if self.failure is not None:
            told["failure"] = {
                "laws": list(self.failure.laws),
                "recorded": self.failure.recorded,
                "shortened": len(self.failure.acts),
                "test": self.failure.test,
            }
        return told
