from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.money import ZERO, Cents, split, total

amounts = st.integers(min_value=0, max_value=10**9).map(Cents)
weights = st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=60)


def test_nothing_adds_up_to_zero() -> None:
    assert total([]) == ZERO


def test_amounts_add_up() -> None:
    assert total([Cents(1), Cents(-3), Cents(10)]) == 8


def test_a_remainder_goes_to_the_largest_fractions_and_then_to_the_first() -> None:
    assert split(Cents(100), [1, 1, 1]) == (34, 33, 33)
    assert split(Cents(10), [1, 2, 4]) == (1, 3, 6)
    assert split(Cents(1495), [150, 150, *[50] * 8]) == (
        320,
        320,
        107,
        107,
        107,
        *[107] * 3,
        107,
        106,
    )


@given(amounts, weights)
def test_a_split_loses_nothing(whole: Cents, parts: list[int]) -> None:
    shares = split(whole, parts)

    assert sum(shares) == whole
    assert len(shares) == len(parts)


@given(amounts, weights)
def test_a_share_is_within_a_cent_of_its_proportion(whole: Cents, parts: list[int]) -> None:
    shares = split(whole, parts)

    for share, part in zip(shares, parts, strict=True):
        assert 0 <= share * sum(parts) - whole * part + sum(parts) <= 2 * sum(parts)


@given(amounts, weights)
def test_equal_weights_differ_by_a_cent_at_most(whole: Cents, parts: list[int]) -> None:
    shares = split(whole, [7] * len(parts))

    assert max(shares) - min(shares) <= 1
    assert list(shares) == sorted(shares, reverse=True)


@pytest.mark.parametrize("parts", [[], [0], [3, -1]])
def test_a_split_among_nobody_is_our_bug(parts: list[int]) -> None:
    with pytest.raises(AssertionError):
        split(Cents(5), parts)
