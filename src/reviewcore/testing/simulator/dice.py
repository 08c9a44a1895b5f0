"""Chance that comes out the same on every machine and in every version of Python.

Only `Random.random` and `Random.getrandbits` are promised to give the same numbers for a seed in
all versions, so whatever is drawn is made of them here. What belongs to one act is drawn by
`Lot`, from the name of the act alone: the same act has the same luck however many acts before it
are left out.
"""

from __future__ import annotations

import hashlib
import math
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

SHARES = 1 << 48
"""How many different shares a lot draws."""


class Dice:
    """Draws numbers and choices, one after the other, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def chance(self, share: float) -> bool:
        """Tell whether something happens that happens in *share* (0 to 1) of all cases."""
        return self._random.random() < share

    def between(self, low: float, high: float) -> float:
        """Draw a number from *low* to *high*, each as likely."""
        return low + (high - low) * self._random.random()

    def below(self, count: int) -> int:
        """Draw a whole number from 0 to *count* - 1."""
        return int(self._random.random() * count)

    def choice(self, things: Sequence[T]) -> T:
        """Draw one of *things*."""
        return things[self.below(len(things))]

    def sample(self, things: Sequence[T], count: int) -> list[T]:
        """Draw *count* different ones of *things*, or all if there are not so many."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def weighted(self, weights: Sequence[tuple[T, float]]) -> T:
        """Draw one of the things in proportion to their weights."""
        point = self._random.random() * sum(weight for _, weight in weights)
        for thing, weight in weights:
            point -= weight
            if point < 0:
                return thing
        return weights[-1][0]

    def wait(self, mean: float) -> float:
        """Draw how long it takes until what comes at random comes, *mean* on average."""
        # Rounded, because the last bit of a logarithm is the C library's own affair.
        return round(-math.log(1.0 - self._random.random()) * mean, 3)

    def around(self, mean: float, spread: float) -> float:
        """Draw a number about *mean*, at most *spread* away, the nearer the likelier."""
        # The sum of three dice is near enough to a bell, and exact everywhere.
        draws = self._random.random() + self._random.random() + self._random.random()
        return mean + (draws / 1.5 - 1.0) * spread

    def fork(self) -> Dice:
        """Make dice of their own for somebody, so that others' draws do not change his."""
        return Dice(self._random.getrandbits(64))


class Lot:
    """What one act draws: the *n*-th draw depends on seed, act and *n* alone."""

    def __init__(self, seed: int, act: int) -> None:
        self._name = b"%d/%d/" % (seed, act)
        self._draws = 0

    def bits(self) -> bytes:
        """Draw 256 bits."""
        self._draws += 1
        return hashlib.sha256(b"%s%d" % (self._name, self._draws)).digest()

    def token(self) -> str:
        """Draw 256 bits as URL-safe text."""
        return urlsafe_b64encode(self.bits()).decode().rstrip("=")

    def share(self) -> float:
        """Draw a number from 0 to 1."""
        return int.from_bytes(self.bits()[:6], "big") / SHARES
