"""The state machine on a database beside memory: equal answers, errors, rows and events."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewcore.testing.machine import StoreMaker, Tally, differential
from reviewcore.testing.machine.running import fresh_seed, run
from reviewcore.testing.machine.sqlstores import postgresql, sqlite

STEPS = 40


def test_sqlite_does_what_memory_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _compare({"sqlite": sqlite(tmp_path)}, examples=25, capsys=capsys)


def test_postgresql_does_what_memory_does(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # What it answers is compared, not whether it survives a power cut: commits need not wait.
    hasty = f"{postgres_url}?options=-csynchronous_commit%3Doff"
    _compare({"postgresql": postgresql(hasty)}, examples=10, capsys=capsys)


def _compare(
    stores: dict[str, StoreMaker], *, examples: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = fresh_seed()
    machine = differential(stores, tally=Tally())

    with capsys.disabled():
        print(f"\n{' '.join(stores)} beside memory: REVIEWCORE_MACHINE_SEED={seed}")
    run(machine, examples=examples, steps=STEPS, seed_number=seed)

    with capsys.disabled():
        print(f"{machine.tally.runs} markets, {machine.tally.steps} steps")
    assert machine.tally.runs >= examples
