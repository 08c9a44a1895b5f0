"""A state machine that does to a market whatever people, processors and time can do to it.

`MarketMachine` runs on memory and the sandbox; `machine_of` makes one for a host's stores,
processor and mail, and `differential` one that runs stores beside memory. Several stores must have
equal answers, errors, rows and events. Needs Hypothesis.
"""

from __future__ import annotations

from collections.abc import Mapping

from reviewcore.testing.auditing.books import Books
from reviewcore.testing.machine.outside import (
    SANDBOX,
    Outside,
    Players,
    Post,
    Processor,
    ProcessorMaker,
    Sent,
    sandbox,
)
from reviewcore.testing.machine.repeats import Repeats
from reviewcore.testing.machine.stores import StoreMaker, memory
from reviewcore.testing.machine.tally import Tally

__all__ = [
    "SANDBOX",
    "Books",
    "MarketMachine",
    "Outside",
    "Players",
    "Post",
    "Processor",
    "ProcessorMaker",
    "Sent",
    "StoreMaker",
    "Tally",
    "differential",
    "machine_of",
    "memory",
    "sandbox",
]


class MarketMachine(Repeats):
    """Every use case, rightly and wrongly used, in any order; all laws after every step.

    `tally` counts what was reached: give a subclass its own to count runs apart.
    """

    tally = Tally()


def machine_of(
    stores: Mapping[str, StoreMaker], *, tally: Tally, outside: Outside = SANDBOX
) -> type[MarketMachine]:
    """Make a machine that runs *stores*, by name, side by side, each with an *outside* its own."""
    parts = {"stores": dict(stores), "tally": tally, "outside": outside}
    return type("MachineOfStores", (MarketMachine,), parts)


def differential(
    others: Mapping[str, StoreMaker], *, tally: Tally, outside: Outside = SANDBOX
) -> type[MarketMachine]:
    """Make a machine that runs memory first and *others*, by name, beside it."""
    return machine_of({"memory": memory, **others}, tally=tally, outside=outside)
