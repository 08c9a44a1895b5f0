"""Ids and tokens that come of the act in which they are made, and of nothing before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reviewcore.sources import ALPHABET, Clock
from reviewcore.testing.simulator.dice import Lot

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)


class ActNames:
    """Makes ids of 26 letters: milliseconds, the act's number, and a count within the act.

    They sort like those of `TimeIds`: later ones after earlier ones.
    """

    def __init__(self, seed: int, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._act = 0
        self._made = 0
        self.lot = Lot(seed, 0)

    def enter(self, act: int, lot: Lot) -> tuple[int, int, Lot]:
        """Make names for an act from now on; return what `leave` needs to go back."""
        outer = (self._act, self._made, self.lot)
        self._act, self._made, self.lot = act, 0, lot
        return outer

    def leave(self, outer: tuple[int, int, Lot]) -> None:
        """Go on making names for the act outside."""
        self._act, self._made, self.lot = outer

    def new_id(self) -> str:
        """Make the next id."""
        self._made += 1
        milliseconds = (self._clock() - EPOCH) // MILLISECOND
        number = (milliseconds << 40 | self._act) << 40 | self._made
        return "".join([_PAIRS[number >> bits & 1023] for bits in range(120, -10, -10)])

    def token(self) -> str:
        """Make the next token."""
        return self.lot.token()
