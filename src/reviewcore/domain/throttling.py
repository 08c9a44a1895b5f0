"""How often somebody may try: counters that all processes share."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from reviewcore.domain.errors import TooManyRequests


@attrs.frozen(kw_only=True)
class RateLimit:
    """How often *key* was hit until *reset_at*, when it starts again from nothing."""

    key: str
    count: int
    reset_at: datetime

    def require_within(self, most: int, at: datetime) -> None:
        """Raise TooManyRequests when it was hit more than *most* times; it says when to return."""
        if self.count > most:
            seconds = -((at - self.reset_at) // timedelta(seconds=1))
            raise TooManyRequests(retry_after_seconds=max(1, seconds))
