from __future__ import annotations

from typing import Any

import pytest

from reviewcore.domain.errors import FeedbackTooThin, InvalidText, OutOfRange
from reviewcore.domain.feedback import AddressedNote, FirstImpression
from reviewcore.domain.rules import MarketRules
from reviewcore.testing import builders as make
from reviewcore.testing.builders.tracks import BEST_PART

RULES = MarketRules()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vocal_score": None},
        {"production_score": 1, "originality_score": 5, "vocal_score": 1},
        {"best_part_timestamp": None, "weakest_timestamp": 0},
        {"weakest_timestamp": 86_400},
        {"similar_artists": "", "additional_notes": "x" * 5000},
    ],
)
def test_feedback_that_says_something_is_accepted(changes: dict[str, Any]) -> None:
    make.some_feedback(**changes).require_substance(RULES)


@pytest.mark.parametrize("field", ["production_score", "originality_score", "vocal_score"])
@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_out_of_range_is_refused_by_name(field: str, score: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        make.some_feedback(**{field: score}).require_substance(RULES)

    assert refusal.value.extras == {"field": field, "minimum": 1, "maximum": 5}


@pytest.mark.parametrize("field", ["best_part_timestamp", "weakest_timestamp"])
@pytest.mark.parametrize("moment", [-1, 86_401])
def test_a_moment_lies_in_the_track(field: str, moment: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        make.some_feedback(**{field: moment}).require_substance(RULES)

    assert refusal.value.extras == {"field": field, "minimum": 0, "maximum": 86_400}


@pytest.mark.parametrize(
    "field", ["perceived_genre", "similar_artists", "additional_notes", "next_actions"]
)
@pytest.mark.parametrize("text", ["x" * 5001, "a\x00b"])
def test_a_text_that_cannot_be_kept_is_refused_by_name(field: str, text: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        make.some_feedback(**{field: text}).require_substance(RULES)

    assert refusal.value.field == field


@pytest.mark.parametrize("field", ["best_part", "weakest_part"])
def test_both_parts_must_say_enough(field: str) -> None:
    with pytest.raises(FeedbackTooThin) as refusal:
        make.some_feedback(**{field: " ".join(BEST_PART.split()[:29])}).require_substance(RULES)

    assert (refusal.value.section, refusal.value.reason) == (field, "words")
    assert (refusal.value.minimum, refusal.value.actual) == (30, 29)


@pytest.mark.parametrize("field", ["best_part", "weakest_part"])
@pytest.mark.parametrize("text", ["word " * 1100, BEST_PART + "\x00"])
def test_a_part_that_cannot_be_kept_is_refused(field: str, text: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        make.some_feedback(**{field: text}).require_substance(RULES)

    assert refusal.value.field == field


@pytest.mark.parametrize("field", ["best_part", "weakest_part"])
@pytest.mark.parametrize(
    ("text", "reason", "minimum"),
    [
        (" ", "words", 30),
        ("one two three four five six seven " * 5, "different words", 8),
        (BEST_PART + " again" * 200, "percent different words", 30),
    ],
)
def test_each_floor_of_the_rules_is_kept_by_each_part(
    field: str, text: str, reason: str, minimum: int
) -> None:
    with pytest.raises(FeedbackTooThin) as refusal:
        make.some_feedback(**{field: text}).require_substance(RULES)

    told = refusal.value
    assert (told.section, told.reason, told.minimum) == (field, reason, minimum)


def test_the_form_offers_what_the_specification_says() -> None:
    assert list(FirstImpression) == ["STRONG_HOOK", "DECENT", "LOST_INTEREST"]
    assert list(AddressedNote) == ["YES", "PARTIALLY", "NO"]
