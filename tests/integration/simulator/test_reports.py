from __future__ import annotations

import json
import re

import attrs
import pytest

from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator import (
    Failure,
    Report,
    as_comparison,
    as_page,
    as_text,
    compared,
    simulate,
)
from reviewcore.testing.simulator.lines import LINES
from reviewcore.testing.simulator.measures import Spread, gini, spread


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate(seed=4, days=5)


@pytest.fixture(scope="module")
def generous(report: Report) -> Report:
    measures = attrs.evolve(report.measures, fill_rate=1.0, flags=0)
    return attrs.evolve(report, rules_version="generous", measures=measures)


@pytest.fixture(scope="module")
def broken(report: Report) -> Report:
    failure = Failure(
        found=("deferred_equals_slots: <t1>: 5",),
        laws=("x",),
        acts=(),
        recorded=9,
        test="def test():",
    )
    return attrs.evolve(report, failure=failure)


@pytest.mark.parametrize(
    ("incomes", "expected"),
    [((), 0.0), ((0, 0), 0.0), ((5, 5, 5), 0.0), ((0, 0, 0, 100), 0.75), ((1, 3), 0.25)],
)
def test_gini_is_how_unequal_incomes_are(incomes: tuple[int, ...], expected: float) -> None:
    assert gini(incomes) == pytest.approx(expected)


def test_a_spread_is_of_numbers_that_occur() -> None:
    told = spread([4, 1, 3, 2])

    assert told == Spread(count=4, mean=2.5, quarter=2, median=3, three_quarters=4, nine_tenths=4)
    assert spread([]) == Spread()


def test_measures_agree_with_the_events(report: Report) -> None:
    measures, events = report.measures, report.events

    # The market is wound up after it was measured, so that a few more may have happened.
    assert 0 < measures.reviews_completed <= events["ReviewCompleted"]
    assert 0 < measures.tracks_queued == events["TrackQueued"]
    assert 0 < measures.flags <= events["ReviewFlagged"]
    assert sum(one.reviews for one in measures.personas) == 2 * measures.reviews_completed
    assert sum(measures.income_cents) > 0
    assert 0 < measures.fill_rate <= 1


def test_the_text_tells_every_number_and_the_history(report: Report) -> None:
    text = as_text(report)

    assert all(line.name in text for line in LINES)
    assert report.history_hash in text
    assert "all laws held" in text


def test_the_json_has_what_others_rely_on(report: Report) -> None:
    told = json.loads(json.dumps(report.as_json()))

    assert told["history_hash"] == report.history_hash
    assert told["violations"] == []
    assert told["steps"] == report.steps
    assert told["fill_rate"] == report.fill_rate


def test_a_failure_is_told_everywhere(broken: Report) -> None:
    assert broken.as_json()["violations"] == ["deferred_equals_slots: <t1>: 5"]
    assert broken.as_json()["failure"]["recorded"] == 9
    assert "def test():" in as_text(broken)
    assert "&lt;t1&gt;" in as_page([broken])


def test_a_comparison_shows_what_differs(report: Report, generous: Report) -> None:
    told = compared(report, generous)

    assert told["history_hash"] == report.history_hash
    assert told["differences"].keys() == {"fill rate", "flags"}
    assert told["differences"]["flags"] == [report.measures.flags, 0]
    assert f"-{report.measures.flags}" in as_comparison(report, generous)


@pytest.mark.parametrize("count", [1, 2])
def test_the_page_opens_without_a_network(report: Report, generous: Report, count: int) -> None:
    page = as_page([report, generous][:count])

    assert page.count("<svg") == 7
    assert page.count("<svg") == page.count("</svg>")
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!#)""", page.replace('xlink:href="#', ""))
    assert "@import" not in page
    assert report.history_hash in page


def test_rules_change_what_happens() -> None:
    usual = simulate(seed=4, days=2)
    strict = simulate(seed=4, days=2, rules=MarketRules(reviewer_account_age_hours=48))

    assert strict.rules_version != usual.rules_version
    assert strict.measures.reviews_completed == 0 < usual.measures.reviews_completed
