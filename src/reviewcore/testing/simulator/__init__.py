"""A whole market, simulated: people with habits, workers that die, a processor that forgets.

Everything happens in one thread on a virtual clock, through real use cases on the memory store
and the sandbox bank, and all laws are checked as it goes. One seed is one exact history::

    report = simulate(seed=7, days=14, personas=(Honest(count=20), Demanding(), Farming()))
    report.require_lawful()

Read `personas` for who lives there, `faults` for what befalls them, `world` for how one act is
carried out, `live` for how laws are checked without reading everything, `shrinking` for how a
history that breaks one is made short.
"""

from __future__ import annotations

from reviewcore.testing.simulator.comparing import compared
from reviewcore.testing.simulator.faults import Faults
from reviewcore.testing.simulator.lines import as_comparison, as_text
from reviewcore.testing.simulator.page import as_page
from reviewcore.testing.simulator.personas import (
    DEFAULT_MIX,
    Absent,
    Artist,
    Cancelling,
    Colluding,
    Demanding,
    Expert,
    Farming,
    FlagAbusing,
    Generous,
    Honest,
    Lazy,
    Persona,
    Plain,
    Reviewer,
)
from reviewcore.testing.simulator.replaying import replay
from reviewcore.testing.simulator.report import Failure, Report, SimulationFailed
from reviewcore.testing.simulator.rhythm import Rhythm
from reviewcore.testing.simulator.rough import simulate_rough
from reviewcore.testing.simulator.running import simulate

__all__ = [
    "DEFAULT_MIX",
    "Absent",
    "Artist",
    "Cancelling",
    "Colluding",
    "Demanding",
    "Expert",
    "Failure",
    "Farming",
    "Faults",
    "FlagAbusing",
    "Generous",
    "Honest",
    "Lazy",
    "Persona",
    "Plain",
    "Report",
    "Reviewer",
    "Rhythm",
    "SimulationFailed",
    "as_comparison",
    "as_page",
    "as_text",
    "compared",
    "replay",
    "simulate",
    "simulate_rough",
]
