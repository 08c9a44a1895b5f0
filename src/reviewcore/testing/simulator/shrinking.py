"""Histories made short: acts are left out as long as the same law is still broken.

Delta debugging (Zeller and Hildebrandt, 2002) in two passes: whole people first, because most of
them have nothing to do with it, then single acts. Nothing has to be mended when an act goes: those
that needed it are refused in the replay, as they would be in life, and go next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from reviewcore.testing.simulator.acts import Act
from reviewcore.testing.simulator.replaying import Setting, outcome_of

T = TypeVar("T")

BUDGET = 200_000
"""So many acts are replayed at most, in about a minute; the result is then as short as it is."""

WINDING_UP = 2_000
"""As much as so many acts is what it costs to wind a market up, with something left to wait for."""


class Shrinker:
    """Shortens one history that breaks one of *laws*."""

    def __init__(
        self, setting: Setting, laws: frozenset[str], *, settles: bool, budget: int = BUDGET
    ) -> None:
        self._setting = setting
        self._laws = laws
        self._settles = settles
        self._left = budget

    def shorten(self, acts: Sequence[Act]) -> tuple[Act, ...]:
        """Return the shortest history found; *acts* itself if even that does not break it again."""
        kept = tuple(acts)
        if not self.breaks(kept):
            return kept
        people = list(dict.fromkeys(act.who for act in kept))
        needed = set(
            reduced(people, lambda names: self.breaks(_by(kept, set(names))), spent=self._is_spent)
        )
        return tuple(reduced(_by(kept, needed), self.breaks, spent=self._is_spent))

    def breaks(self, acts: Sequence[Act]) -> bool:
        """Tell whether *acts* break one of the laws; what budget they cost is gone."""
        self._left -= len(acts) + (WINDING_UP if self._settles else 0)
        outcome = outcome_of(acts, self._setting, settles=self._settles)
        return not self._laws.isdisjoint(outcome.laws)

    def _is_spent(self) -> bool:
        return self._left <= 0


def reduced(
    things: Sequence[T], fails: Callable[[Sequence[T]], bool], *, spent: Callable[[], bool]
) -> Sequence[T]:
    """Leave out of *things*, which fail, what can be: halves first, then ever smaller parts."""
    size = (len(things) + 1) // 2
    while things and size:
        start = 0
        while start < len(things):
            if spent():
                return things
            fewer = [*things[:start], *things[start + size :]]
            if fails(fewer):
                things = fewer
            else:
                start += size
        if size == 1:
            break
        size = (size + 1) // 2
    return things


def _by(acts: Sequence[Act], names: set[str]) -> list[Act]:
    return [act for act in acts if act.who in names]
