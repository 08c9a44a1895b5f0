"""What the machine finds is told in a few steps, which can be pasted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reviewcore.domain.ledger import Draft, EntryKind
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.sources import Clock, Ids, Tokens
from reviewcore.testing.machine import MarketMachine, StoreMaker, Tally, machine_of
from reviewcore.testing.machine.running import run
from tests.unit.kit.stores import Twisted, method

CPU_SECONDS_MAX = 60
STEP = re.compile(r"^state\.(?!nothing_is_wrong|teardown)", re.MULTILINE)


def losing(kind: EntryKind) -> StoreMaker:
    """Make stores that never book what is of this kind."""

    def without(*drafts: Draft) -> list[Draft]:
        return [draft for draft in drafts if draft.kind is not kind]

    twist = method("ledger", "add", lambda _, add: lambda *drafts: add(*without(*drafts)))

    @contextmanager
    def make(*, rules: MarketRules, clock: Clock, ids: Ids, tokens: Tokens) -> Iterator[Store]:
        yield Twisted(twist, rules=rules, clock=clock, ids=ids, tokens=tokens)

    return make


def told(machine: type[MarketMachine]) -> str:
    """Search until a market breaks a law, and return what is printed of it."""
    with pytest.raises(AssertionError) as failure:
        run(machine, examples=200, steps=30, seed_number=1)
    return "\n".join((str(failure.value), *getattr(failure.value, "__notes__", ())))


def test_a_broken_law_is_told_in_a_step_that_can_be_pasted() -> None:
    machine = machine_of({"wrong": losing(EntryKind.REVIEW_COMPLETED)}, tally=Tally())
    began = time.process_time()

    story = told(machine)

    assert len(STEP.findall(story)) == 1, story
    assert "rules=SMALLEST, seed=0" in story
    assert time.process_time() - began < CPU_SECONDS_MAX
    imports = re.findall(r"^# (from \S+ import .+)$", story, re.MULTILINE)
    steps = re.findall(r"^state\b.*$", story, re.MULTILINE)
    pasted = "\n".join((*imports, *steps))
    with pytest.raises(AssertionError, match="totals_equal_ledger"):
        exec(pasted, {"MachineOfStores": machine})
