"""Exact money: integer minor units of one currency a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Sequence

Cents = NewType("Cents", int)
"""An amount in minor units (cents). Never a float, never of mixed currencies."""

ZERO = Cents(0)


def total(amounts: Sequence[Cents]) -> Cents:
    """Add up *amounts*; nothing adds up to 0."""
    return Cents(sum(amounts))


def split(whole: Cents, weights: Sequence[int]) -> tuple[Cents, ...]:
    """Share *whole* in proportion to *weights* by largest remainder; the shares sum to *whole*.

    Equal remainders favour the earlier share, so that a split is the same everywhere.
    *weights* are positive and at least one.
    """
    assert weights, "a split needs somebody to share with"
    assert min(weights) > 0, "a share needs a positive weight"
    weight = sum(weights)
    shares = [whole * part // weight for part in weights]
    rest = whole - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % weight), i))
    for lucky in by_remainder[:rest]:
        shares[lucky] += 1
    return tuple(Cents(share) for share in shares)
