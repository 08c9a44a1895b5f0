"""Runs of the machine: by examples for a test, by the clock for a long search."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from reviewcore.testing.machine import MarketMachine

Report = Callable[[str], object]
"""Takes one line, or some, for whoever watches."""

SEED_BITS = 32


def fresh_seed() -> int:
    """Tell the seed that REVIEWCORE_MACHINE_SEED names, or a new one."""
    return int(os.environ.get("REVIEWCORE_MACHINE_SEED", secrets.randbits(SEED_BITS)))


def run(machine: type[MarketMachine], *, examples: int, steps: int, seed_number: int) -> None:
    """Run *examples* markets of *steps* steps; raises what Hypothesis raises of a failing one.

    The same seed gives the same markets. REVIEWCORE_MACHINE_EXAMPLES and _STEPS replace the
    numbers given.
    """
    examples = int(os.environ.get("REVIEWCORE_MACHINE_EXAMPLES", examples))
    steps = int(os.environ.get("REVIEWCORE_MACHINE_STEPS", steps))
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # To explain a failure, Hypothesis watches every line of every run once one has failed: a
        # market then takes twenty times as long, and its story is not made short in time.
        phases=[Phase.generate, Phase.shrink],
        # One story told well is worth more than several that share the time.
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(seed_number)(machine), settings=chosen)


def run_for(
    machine: type[MarketMachine],
    minutes: float,
    *,
    examples: int,
    steps: int,
    seed_number: int,
    report: Report,
) -> None:
    """Run rounds of *examples* markets, each with the next seed, until the minutes are over."""
    ends = time.monotonic() + minutes * 60
    number = seed_number
    while time.monotonic() < ends:
        report(f"seed {number}: {machine.tally.runs} markets, {machine.tally.steps} steps so far")
        run(machine, examples=examples, steps=steps, seed_number=number)
        number += 1
