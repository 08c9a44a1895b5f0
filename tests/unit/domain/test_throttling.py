from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.errors import TooManyRequests
from reviewcore.domain.throttling import MOST, MOST_MAX, WINDOWS, Limit, RateLimit
from reviewcore.testing.clock import START


@pytest.mark.parametrize("limit", Limit)
def test_every_limit_has_a_number_and_a_window(limit: Limit) -> None:
    assert 1 <= MOST[limit] <= MOST_MAX
    assert WINDOWS[limit] in {timedelta(minutes=1), timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(seconds=60), 60),
        (timedelta(seconds=59, microseconds=1), 60),
        (timedelta(seconds=1), 1),
        (timedelta(microseconds=1), 1),
        (timedelta(0), 1),
    ],
)
def test_whoever_returns_when_told_is_let_in(left: timedelta, seconds: int) -> None:
    counter = RateLimit(key="x", count=3, reset_at=START + left)

    with pytest.raises(TooManyRequests) as told:
        counter.require_within(2, START)

    assert told.value.retry_after_seconds == seconds
    counter.require_within(3, START)
