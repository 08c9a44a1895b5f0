"""The smallest market is the one that is drawn first."""

from __future__ import annotations

from hypothesis import Phase, find, settings

from reviewcore.testing.machine.market import SMALLEST, small_rules


def test_rules_shrink_to_the_smallest_market() -> None:
    first = settings(max_examples=1, phases=[Phase.generate], database=None)

    assert find(small_rules(), lambda _: True, settings=first) == SMALLEST
