"""Leaving: what must be settled before a user can be erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import attrs

from reviewcore.domain.errors import CannotLeave
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import AttemptId, DisputeId, PayoutId, RefundId, ReviewId, TrackId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import MarketRules


@attrs.frozen(kw_only=True)
class Ties:
    """What still binds a user to the market, by id.

    *balance_cents* is owed to him, or by him when below 0. *refunds* are those whose payer has not
    got his money, those that failed among them.
    """

    balance_cents: Cents = ZERO
    tracks: tuple[TrackId, ...] = ()
    attempts: tuple[AttemptId, ...] = ()
    refunds: tuple[RefundId, ...] = ()
    disputes: tuple[DisputeId, ...] = ()
    payouts: tuple[PayoutId, ...] = ()
    flaggable_reviews: tuple[ReviewId, ...] = ()
    flagged_reviews: tuple[ReviewId, ...] = ()

    def forfeit(self) -> Self:
        """Give up what is owed to him; what he owes stays owed."""
        return attrs.evolve(self, balance_cents=Cents(min(self.balance_cents, 0)))

    def work(
        self,
        reviewer: ReviewerProfile,
        reviews: Iterable[Review],
        *,
        rules: MarketRules,
        at: datetime,
    ) -> Self:
        """Have those besides that come of *reviewer* and of all of his *reviews*."""
        told = tuple(reviews)
        return attrs.evolve(
            self,
            balance_cents=reviewer.pending_balance,
            flaggable_reviews=tuple(one.id for one in told if one.can_be_flagged(at, rules=rules)),
            flagged_reviews=tuple(one.id for one in told if one.flag_status is FlagStatus.OPEN),
        )

    def require_none(self) -> None:
        """Raise CannotLeave, which names all that is in the way at once."""
        ties = attrs.asdict(self)
        if any(ties.values()):
            raise CannotLeave(**ties)
