"""The state machine on memory, for as long as a quick test may take; `make machine` goes on."""

from __future__ import annotations

import pytest

from reviewcore.domain import errors
from reviewcore.testing.machine import MarketMachine, Tally, differential
from reviewcore.testing.machine.running import fresh_seed, run
from reviewcore.testing.machine.tally import UNREACHABLE, leaf_errors, use_cases

EXAMPLES = 100
STEPS = 50


def test_no_market_breaks_a_law(capsys: pytest.CaptureFixture[str]) -> None:
    seed = fresh_seed()
    machine = differential({}, tally=Tally())

    with capsys.disabled():
        print(f"\n{MarketMachine.__name__}: REVIEWCORE_MACHINE_SEED={seed}")
    run(machine, examples=EXAMPLES, steps=STEPS, seed_number=seed)

    with capsys.disabled():
        print(machine.tally)
    assert machine.tally.runs >= EXAMPLES


def test_the_tally_knows_every_use_case_and_every_error() -> None:
    assert {"check_out", "deliver_event", "wake_tracks"} <= set(use_cases())
    assert {"StoreUnavailable", "OwnTrack"} <= set(leaf_errors())
    assert "Throttled" not in leaf_errors()


def test_only_errors_that_exist_are_excused() -> None:
    assert set(UNREACHABLE) <= set(leaf_errors())
    assert all(hasattr(errors, name) for name in UNREACHABLE)


def test_a_run_that_reached_nothing_is_all_gaps() -> None:
    tally = Tally()

    gaps = tally.gaps()

    assert len(gaps) == len(use_cases()) + len(leaf_errors()) - len(UNREACHABLE)
