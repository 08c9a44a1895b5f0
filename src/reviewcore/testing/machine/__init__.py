"""A state machine that does to a market whatever people, processors and time can do to it.

`MarketMachine` runs on memory; `differential` makes one that runs other stores beside memory and
demands equal answers, errors, rows and events. Needs Hypothesis.
"""

from __future__ import annotations

from collections.abc import Mapping

from reviewcore.testing.machine.repeats import Repeats
from reviewcore.testing.machine.stores import StoreMaker, memory
from reviewcore.testing.machine.tally import Tally

__all__ = ["MarketMachine", "StoreMaker", "Tally", "differential"]


class MarketMachine(Repeats):
    """Every use case, rightly and wrongly used, in any order; all laws after every step.

    `tally` counts what was reached: give a subclass its own to count runs apart.
    """

    tally = Tally()


def differential(others: Mapping[str, StoreMaker], *, tally: Tally) -> type[MarketMachine]:
    """Make a machine that runs memory first and *others*, by name, beside it."""
    stores = {"memory": memory, **others}
    return type("DifferentialMachine", (MarketMachine,), {"stores": stores, "tally": tally})
