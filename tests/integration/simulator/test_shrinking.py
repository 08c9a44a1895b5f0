"""A market that is broken on purpose: it is found out, made short, and told as a test."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reviewcore.testing.simulator import (
    Failure,
    SimulationFailed,
    replay,
    simulate,
)
from reviewcore.testing.simulator.shrinking import reduced
from tests.integration.simulator.saboteurs import ForgetfulStore

SEED = 3


@pytest.fixture(scope="module")
def failure() -> Failure:
    report = simulate(seed=SEED, days=10, make_store=ForgetfulStore)
    assert report.failure is not None
    with pytest.raises(SimulationFailed, match=f"seed {SEED}"):
        report.require_lawful()
    return report.failure


def test_a_dropped_entry_breaks_the_laws_of_money(failure: Failure) -> None:
    assert failure.laws == ("money_moves_once", "totals_equal_ledger")
    assert all("recomputed" in one for one in failure.found)


def test_the_history_is_as_short_as_a_story(failure: Failure) -> None:
    assert failure.recorded > 500
    assert len(failure.acts) < 50
    names = [getattr(act.deed, "usecase", None) for act in failure.acts]
    assert getattr(names[-1], "__name__", "") == "complete_review"


def test_every_act_that_is_left_is_needed(failure: Failure) -> None:
    for place in range(len(failure.acts)):
        fewer = (*failure.acts[:place], *failure.acts[place + 1 :])
        assert replay(fewer, seed=SEED, make_store=ForgetfulStore) == ()


def test_the_history_is_lawful_in_a_store_that_forgets_nothing(failure: Failure) -> None:
    assert replay(failure.acts, seed=SEED) == ()


def test_the_written_test_fails_as_long_as_the_fault_is_there(failure: Failure) -> None:
    namespace: dict[str, object] = {}
    exec(failure.test, namespace)
    test = namespace["test_seed_3_keeps_money_moves_once_and_totals_equal_ledger"]
    assert callable(test)

    with pytest.raises(AssertionError):
        test()


def test_the_written_test_passes_once_the_fault_is_gone(failure: Failure) -> None:
    namespace: dict[str, object] = {}
    mended = failure.test.replace("        make_store=ForgetfulStore,\n", "")
    exec(mended, namespace)

    test = namespace["test_seed_3_keeps_money_moves_once_and_totals_equal_ledger"]
    assert callable(test)
    test()


@pytest.mark.parametrize("needed", [{7}, {0, 99}, {13, 14, 15}, set(range(0, 100, 9))])
def test_what_is_not_needed_goes(needed: set[int]) -> None:
    def fails(numbers: Sequence[int]) -> bool:
        return needed <= set(numbers)

    assert set(reduced(range(100), fails, spent=lambda: False)) == needed


def test_what_is_left_when_the_budget_is_spent_still_fails() -> None:
    tries = iter(range(10))

    left = reduced(range(100), lambda few: 7 in few, spent=lambda: next(tries, 9) == 9)

    assert 7 in left
