"""Disputes: a payer takes his money back through his bank, and the market may object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import AttemptId, DisputeId, PaymentId, TrackId
from reviewcore.domain.money import ZERO, Cents


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


# OPEN  the amount and the bank's fee have left the balance; nobody knows yet whose they are.
#       The track is neither cancelled nor closed nor given to new reviewers meanwhile.
# WON   final: what was reinstated is back, the track goes on.
# LOST  final: the payer has his money, so open slots end without a refund.
NEXT: Mapping[DisputeStatus, frozenset[DisputeStatus]] = MappingProxyType(
    {
        DisputeStatus.OPEN: frozenset({DisputeStatus.WON, DisputeStatus.LOST}),
        DisputeStatus.WON: frozenset(),
        DisputeStatus.LOST: frozenset(),
    }
)


@attrs.frozen(kw_only=True)
class Dispute:
    """One dispute of what *attempt_id* paid; amounts in cents of *currency*.

    *amount* and *fee* are 0 while it is a mere inquiry, for which nothing has left the balance.
    """

    id: DisputeId
    external_id: str
    attempt_id: AttemptId
    payment_id: PaymentId
    track_id: TrackId
    amount: Cents
    fee: Cents
    currency: str
    status: DisputeStatus
    opened_at: datetime
    closed_at: datetime | None = None
    reinstated_amount: Cents = ZERO

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet."""
        return self.status is DisputeStatus.OPEN

    @property
    def is_inquiry(self) -> bool:
        """Whether nothing has left the balance for it so far."""
        return not self.amount and not self.fee

    @property
    def awaits_money(self) -> bool:
        """Whether it was won and nothing has come back so far."""
        return self.status is DisputeStatus.WON and not self.reinstated_amount

    def take(self, *, amount: Cents, fee: Cents) -> Self:
        """Be an inquiry no longer: *amount* and *fee* cents have left the balance, once."""
        assert self.is_inquiry, "what a dispute takes is told once"
        return attrs.evolve(self, amount=amount, fee=fee)

    def reinstate(self, reinstated: Cents) -> Self:
        """Have *reinstated* cents back, some time after it was won, once."""
        assert self.awaits_money, "what a dispute gives back is told once"
        return attrs.evolve(self, reinstated_amount=reinstated)

    def win(self, reinstated: Cents, at: datetime) -> Self:
        """Be decided for the market: *reinstated* cents are back."""
        self._require(DisputeStatus.WON)
        return attrs.evolve(
            self, status=DisputeStatus.WON, reinstated_amount=reinstated, closed_at=at
        )

    def lose(self, at: datetime) -> Self:
        """Be decided for the payer."""
        self._require(DisputeStatus.LOST)
        return attrs.evolve(self, status=DisputeStatus.LOST, closed_at=at)

    def _require(self, wanted: DisputeStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise InvalidTransition(entity="Dispute", status=self.status, wanted=wanted)


def standing_of(
    disputes: Iterable[Dispute], *, attempt_id: AttemptId | None
) -> DisputeStatus | None:
    """Tell how the money of an attempt stands: LOST, OPEN, or None when nobody disputes it.

    One lost dispute outweighs open ones: nothing more goes back to the payer.
    """
    statuses = {dispute.status for dispute in disputes if dispute.attempt_id == attempt_id}
    return next((one for one in (DisputeStatus.LOST, DisputeStatus.OPEN) if one in statuses), None)
