from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reviewcore.domain.errors import InvalidCountry, InvalidText, OutOfRange
from reviewcore.domain.texts import (
    as_line,
    day_start,
    require_country,
    require_line,
    require_range,
    require_text,
)


def test_outer_space_is_dropped_and_inner_kept() -> None:
    assert require_text("note", "  two\nlines\there \n", longest=20) == "two\nlines\there"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("ab", "has fewer than 3 characters"),
        ("abcdef", "has more than 5 characters"),
        ("a\x00b", "holds a control character"),
        ("a\x1bb", "holds a control character"),
        ("a\x85b", "holds a control character"),
        ("a\ud800b", "holds a control character"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        require_text("note", text, longest=5, shortest=3)

    assert (refusal.value.field, refusal.value.reason) == ("note", reason)


def test_one_character_is_enough_unless_more_are_asked_for() -> None:
    assert require_text("note", "a", longest=5) == "a"
    assert require_line("note", "a", longest=5) == "a"


def test_a_text_may_be_allowed_to_be_empty() -> None:
    assert require_text("note", "  ", longest=5, shortest=0) == ""


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_readable_text_passes_and_passes_again(text: str) -> None:
    told = require_text("note", text, longest=40, shortest=0)

    assert require_text("note", told, longest=40, shortest=0) == told


BROKEN = {"\x0b": "holds a control character"}


@pytest.mark.parametrize("breaking", ["\n", "\r", "\r\n", "\t", "\u2028", "\u2029", "\x0b"])
def test_a_line_holds_no_break_that_could_start_a_mail_header(breaking: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        require_line("title", f"First{breaking}Bcc: all@example.com", longest=200)

    told = {"field": "title", "reason": BROKEN.get(breaking, "holds a line break or a tab")}
    assert refusal.value.extras == told


def test_a_line_is_stripped() -> None:
    assert require_line("title", " First Light\n", longest=200) == "First Light"


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Z"]), max_size=40))
@example(string.ascii_letters)
def test_a_line_may_hold_any_letter(text: str) -> None:
    assert require_line("title", text, longest=60, shortest=0) == text


def test_a_line_has_the_lengths_that_are_asked_for() -> None:
    assert require_line("title", "  ", longest=3, shortest=0) == ""
    assert require_line("title", "abc", longest=3, shortest=3) == "abc"
    for wrong, reason in (("abcd", "has more than 3 characters"), ("", "is empty")):
        with pytest.raises(InvalidText) as refusal:
            require_line("title", wrong, longest=3)
        assert refusal.value.extras == {"field": "title", "reason": reason}


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        ("  two\nlines\there ", 40, "two lines here"),
        ("a\x00b\u202ec", 40, "a b c"),
        ("one two", 7, "one two"),
        ("one two", 6, "one tw"),
        ("one two", 4, "one"),
        (" \x1b ", 40, ""),
    ],
)
def test_what_others_wrote_is_made_a_line(text: str, longest: int, line: str) -> None:
    assert as_line(text, longest=longest) == line
    assert require_line("note", line, longest=longest, shortest=0) == line


@pytest.mark.parametrize("value", [1, 3, 5])
def test_a_number_in_range_is_returned(value: int) -> None:
    assert require_range("rating", value, 1, 5) == value


@pytest.mark.parametrize("value", [0, 6])
def test_a_number_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        require_range("rating", value, 1, 5)

    assert refusal.value.extras == {"field": "rating", "minimum": 1, "maximum": 5}


@pytest.mark.parametrize(("typed", "kept"), [("DE", "DE"), (" gb ", "GB"), ("Us", "US")])
def test_a_country_is_kept_as_two_capitals(typed: str, kept: str) -> None:
    assert require_country(typed) == kept


@pytest.mark.parametrize("typed", ["", "D", "DEU", "D1", "Ää", "ＤＥ"])  # noqa: RUF001 (wide letters are the point)
def test_what_is_no_country_code_is_refused(typed: str) -> None:
    with pytest.raises(InvalidCountry) as refusal:
        require_country(typed)

    assert refusal.value.country == typed


def test_a_long_country_is_told_by_its_beginning() -> None:
    with pytest.raises(InvalidCountry) as refusal:
        require_country("Switzerland")

    assert refusal.value.country == "Switzerl"


def test_a_day_begins_at_midnight() -> None:
    noon = datetime(2026, 1, 5, 12, 34, 56, 789, tzinfo=UTC)

    assert day_start(noon) == datetime(2026, 1, 5, tzinfo=UTC)
