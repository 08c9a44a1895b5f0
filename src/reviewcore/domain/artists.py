"""Artists: those who submit tracks, pay and judge what they get."""

from __future__ import annotations

from typing import Self

import attrs

from reviewcore.domain.errors import NoFreeCredit
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import ArtistId, GenreId, UserId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.texts import require_line


@attrs.frozen(kw_only=True)
class ArtistProfile:
    """A user as an artist.

    *total_tracks* counts tracks ever queued; *total_spent* is payments applied less what was taken
    back for refunds; both equal what tracks and ledger say (laws 2 and 4).
    """

    id: ArtistId
    user_id: UserId
    artist_name: str
    genres: tuple[GenreId, ...]
    free_review_credits: int
    total_tracks: int = 0
    total_spent: Cents = ZERO

    def rename(self, artist_name: str, *, genres: tuple[GenreId, ...]) -> Self:
        """Change the name (1 to 100 characters) and the genres. Raises InvalidText."""
        return evolve(self, artist_name=require_artist_name(artist_name), genres=genres)

    def queue_track(self, spent: Cents) -> Self:
        """Count a track that was queued for *spent* cents (0 when it was free)."""
        return evolve(
            self, total_tracks=self.total_tracks + 1, total_spent=Cents(self.total_spent + spent)
        )

    def take_back(self, amount: Cents) -> Self:
        """Count *amount* as no longer spent: it is on its way back."""
        return evolve(self, total_spent=Cents(self.total_spent - amount))

    def erase(self) -> Self:
        """Leave for good: neither name nor genres are kept."""
        return evolve(self, artist_name="", genres=())

    def use_credit(self) -> Self:
        """Spend one free review credit. Raises NoFreeCredit."""
        if self.free_review_credits < 1:
            raise NoFreeCredit
        return evolve(self, free_review_credits=self.free_review_credits - 1)

    def grant_credits(self, count: int) -> Self:
        """Add *count* free review credits (1 or more)."""
        return evolve(self, free_review_credits=self.free_review_credits + count)


def require_artist_name(name: str) -> str:
    """Return *name* stripped, 1 to 100 characters. Raises InvalidText."""
    return require_line("artist_name", name, longest=100)
