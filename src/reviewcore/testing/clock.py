"""A clock that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""A Monday at noon: the builders' times lie around it."""


class ManualClock:
    """Tells *start* until it is moved. Pass it to a store as its clock."""

    def __init__(self, start: datetime = START) -> None:
        self._now = _require_utc(start)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self._now

    def advance(self, **by: Any) -> datetime:
        """Move on by a `timedelta` of these keywords (``hours=48``) and tell the new time."""
        self._now += timedelta(**by)
        return self._now

    def set(self, at: datetime) -> None:
        """Jump to *at*, backwards too: clocks of machines do."""
        self._now = _require_utc(at)


def _require_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} is naive; times carry their zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)
