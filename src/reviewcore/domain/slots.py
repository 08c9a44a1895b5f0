"""Slots: the single reviews that a package is made of, each with its price and its pay.

A slot ends exactly once: counted (a completed review holds it) or refunded, at its price or, once a
dispute was lost, at nothing. Until then it is open, held (its review's flag is being judged on a
track that is shut: closed, or lost in a dispute) or active (being reviewed).
Everything but its end is frozen at check-out, so that no later change of tier or rules can
move money.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import TrackId
from reviewcore.domain.money import ZERO, Cents, split
from reviewcore.domain.rules import MarketRules, Package, Tier


class SlotState(StrEnum):
    """Where a slot of a queued track stands; always derived, never stored (law 6)."""

    OPEN = "OPEN"
    HELD = "HELD"
    ACTIVE = "ACTIVE"
    COUNTED = "COUNTED"
    REFUNDED = "REFUNDED"


@attrs.frozen(kw_only=True)
class Slot:
    """One review to be had: *rate* is the reviewer's pay, *price* its share of the track's price.

    Both in cents; *number* counts from 1 within the track.
    """

    track_id: TrackId
    number: int
    tier: Tier
    rate: Cents
    price: Cents
    refunded_at: datetime | None = None
    is_lost: bool = False

    @property
    def is_refunded(self) -> bool:
        """Whether it was given up: its price went back, or was lost in a dispute."""
        return self.refunded_at is not None

    def refund(self, at: datetime) -> Self:
        """Give the slot up. Raises InvalidTransition when it was refunded before."""
        if self.is_refunded:
            raise InvalidTransition(entity="Slot", status="REFUNDED", wanted="REFUNDED")
        return evolve(self, refunded_at=at)

    def lose(self, at: datetime) -> Self:
        """Give the slot up for nothing: a lost dispute gave the payer his money.

        Raises InvalidTransition when it was refunded before.
        """
        return evolve(self.refund(at), is_lost=True)


def paid_slots(track_id: TrackId, package: Package, *, rules: MarketRules) -> tuple[Slot, ...]:
    """Make the slots of a bought *package*: PRO slots first, prices in proportion to the rates.

    The prices sum to the package's price to the cent (largest remainder).
    """
    normal = package.reviews - package.pro_min
    tiers = [Tier.PRO] * package.pro_min + [Tier.NORMAL] * normal
    rates = [rules.rate(tier) for tier in tiers]
    prices = split(package.price_cents, rates)
    return tuple(
        Slot(track_id=track_id, number=number, tier=tier, rate=rate, price=price)
        for number, (tier, rate, price) in enumerate(zip(tiers, rates, prices, strict=True), 1)
    )


def free_slots(track_id: TrackId, count: int, *, rules: MarketRules) -> tuple[Slot, ...]:
    """Make *count* NORMAL slots that cost the artist nothing and pay the reviewer as ever."""
    rate = rules.rate(Tier.NORMAL)
    return tuple(
        Slot(track_id=track_id, number=number, tier=Tier.NORMAL, rate=rate, price=ZERO)
        for number in range(1, count + 1)
    )
