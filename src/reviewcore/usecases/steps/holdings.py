"""All of one kind that somebody has, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import ArtistId, ReviewerId, UserId
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.domain.support import SupportTicket
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction

PAGE = 200
"""How many rows a query returns at most."""


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """What the next page begins after."""
        ...


T = TypeVar("T", bound=Named)


def every_track(tx: Transaction, artist_id: ArtistId) -> Iterator[Track]:
    """Iterate over an artist's tracks in order of id."""
    return _every(
        lambda after: tx.tracks.page(artist_id=artist_id, status=None, after=after, limit=PAGE)
    )


def every_payout(
    tx: Transaction, reviewer_id: ReviewerId, *, status: PayoutStatus | None = None
) -> Iterator[Payout]:
    """Iterate over a reviewer's payouts, those at *status* if it is given, in order of id."""
    return _every(
        lambda after: tx.payouts.page(
            reviewer_id=reviewer_id, status=status, after=after, limit=PAGE
        )
    )


def every_ticket(tx: Transaction, user_id: UserId) -> Iterator[SupportTicket]:
    """Iterate over a user's tickets in order of id."""
    return _every(
        lambda after: tx.tickets.page(user_id=user_id, status=None, after=after, limit=PAGE)
    )


def every_deed(tx: Transaction, actor: str) -> Iterator[EventRecord]:
    """Iterate over the events that somebody brought about, in order of id."""
    return _every(lambda after: tx.events.by_actor(actor, after=after, limit=PAGE))


def _every(page: Callable[[str | None], Sequence[T]]) -> Iterator[T]:
    after: str | None = None
    while found := page(after):
        yield from found
        after = found[-1].id
