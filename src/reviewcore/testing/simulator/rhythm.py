"""When people do things: more in the evening than at night, more on some days than on others."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from reviewcore.testing.simulator.dice import Dice

DAY_SECONDS = 86_400.0
TRIES_MAX = 200

DAILY: tuple[float, ...] = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2),
    *(0.4, 0.6, 0.8, 0.9, 1.0, 1.0),
    *(1.2, 1.1, 1.0, 1.0, 1.1, 1.3),
    *(1.7, 2.0, 2.2, 2.1, 1.6, 0.8),
)
"""How much of an average hour's doings falls into each hour of the day, from midnight on (UTC)."""

WEEKLY: tuple[float, ...] = (0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.0)
"""The same for the days of the week, from Monday on."""


@attrs.frozen(kw_only=True)
class Rhythm:
    """How doings spread over the day and the week, relative to an even spread.

    Attributes:
        daily: 24 weights, of the hours from midnight UTC on.
        weekly: 7 weights, of the days from Monday on.
    """

    daily: tuple[float, ...] = DAILY
    weekly: tuple[float, ...] = WEEKLY

    def next(self, now: datetime, *, times_a_day: float, dice: Dice) -> datetime:
        """Draw when somebody who does something so often does it next."""
        peak = max(self.daily) * max(self.weekly)
        at = now
        # Thinning: draw at the rate of the busiest hour, and keep what the hour's own rate keeps.
        for _ in range(TRIES_MAX):
            at += timedelta(seconds=dice.wait(DAY_SECONDS / (times_a_day * peak)))
            weight = self.daily[at.hour] * self.weekly[at.weekday()]
            if dice.chance(weight / peak):
                break
        return at


EVENINGS = Rhythm()
"""What most people's days and weeks are like."""
