"""Sending to a processor: how long to wait, and when what was sent is surely not there."""

from __future__ import annotations

from datetime import timedelta

LOOK_FIRST = timedelta(seconds=2)
LOOK_SLOWEST = timedelta(hours=1)
PARK_FIRST = timedelta(minutes=1)

SAME_KEY_FOR = timedelta(hours=23)
"""A key is resent only while younger: Stripe, for one, may forget keys after 24 h."""

SETTLED_AFTER = timedelta(hours=24)
"""How long after its key went stale a thing may be called absent, not before."""

LOOKS_MIN = 2
"""How many look-ups must have found nothing by then."""


def backoff(tries: int) -> timedelta:
    """Tell how long to wait after *tries* tries (1 or more): 2 s, doubling, at most an hour."""
    doubled: int = 2 ** min(tries - 1, 16)
    return min(LOOK_FIRST * doubled, LOOK_SLOWEST)


def parked_for(number: int) -> timedelta:
    """Tell how long the *number*-th key (2 or more) waits: a minute, doubling, at most an hour."""
    doubled: int = 2 ** min(number - 2, 16)
    return min(PARK_FIRST * doubled, LOOK_SLOWEST)
