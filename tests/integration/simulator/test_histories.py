"""One seed is one history: on this machine, on any other, in every version of Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator import DEFAULT_MIX, Faults, simulate
from reviewcore.testing.simulator.replaying import Setting, outcome_of
from reviewcore.testing.simulator.running import Market
from reviewcore.testing.simulator.world import SimulatedStore

SEED = 20_260_105
DAYS = 4

KNOWN = "e08ef0c0b2b82bdaf6b6f7bff2189c94407bbcd41cf53d88e04d8a243ac8cb05"
"""The history of this seed. It changes with whatever changes what a market does, and with the
simulator's people; it must not change with anything else. See docs/testing.md."""

PROGRAM = f"""
from reviewcore.testing.simulator import simulate
report = simulate(seed={SEED}, days={DAYS})
assert not report.violations, report.violations
print(report.history_hash)
"""


def history_in_a_process(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_one_seed_is_one_history_in_every_process(hash_seed: str) -> None:
    assert history_in_a_process(hash_seed) == KNOWN


def test_another_seed_is_another_history() -> None:
    assert simulate(seed=SEED + 1, days=1).history_hash != simulate(seed=SEED, days=1).history_hash


@pytest.mark.parametrize("seed", [1, 6])
def test_a_history_replays_without_the_people_who_made_it(seed: int) -> None:
    # Slow calls, so that people act in the middle of others' acts, and several times in a row.
    faults = Faults(crashes=0.05, lost_after=0.2, slow_seconds=20)
    market = Market(
        seed=seed,
        rules=MarketRules(),
        personas=DEFAULT_MIX,
        faults=faults,
        make_store=SimulatedStore,
    )
    assert market.live_through(8) is None

    setting = Setting(seed=seed, rules=MarketRules(), faults=faults)
    outcome = outcome_of(market.stage.history, setting)

    assert outcome.found == ()
    assert outcome.history_hash == market.world.fingerprint.digest
