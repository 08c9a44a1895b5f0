"""Markets that nobody has seen before: fresh seeds for as long as there is time, all laws kept.

The seeds are printed, and a failure brings the test that replays it. More of them, and longer:
``make simulate SEEDS=50 STEPS=20000``.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest

from reviewcore.testing.simulator import simulate, simulate_rough

SECONDS = float(os.environ.get("REVIEWCORE_SIMULATE_SECONDS", "15"))
"""Of CPU; a market that was begun is finished."""

STEPS = 6_000
DAYS_MAX = 365
MEMORY_MAX_KIB = 2 * 1024 * 1024


def peak_kib() -> int:
    """Tell how much memory this process ever held."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not tell a process's memory")
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1])


@pytest.mark.timeout(600)
def test_markets_of_fresh_seeds_keep_all_laws() -> None:
    end = time.process_time() + SECONDS
    markets = steps = 0

    while markets < 2 or time.process_time() < end:
        seed = secrets.randbits(32)
        live = simulate_rough if markets % 2 else simulate
        report = live(seed=seed, days=DAYS_MAX, steps_max=STEPS)
        print(f"{live.__name__} {seed}: {report.steps} steps, {report.crashes} crashes")
        report.require_lawful()
        markets, steps = markets + 1, steps + report.steps

    print(f"{markets} markets, {steps} steps")
    assert steps >= STEPS * markets


def test_a_market_fits_in_two_gibibytes() -> None:
    simulate(seed=1, days=2)

    assert peak_kib() < MEMORY_MAX_KIB
