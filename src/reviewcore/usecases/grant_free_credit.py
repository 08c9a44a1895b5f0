"""Give an artist free review credits."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import ArtistId, UserId
from reviewcore.domain.texts import require_range
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason

CREDITS_MAX = 100


@attrs.frozen(kw_only=True)
class GrantFreeCredit:
    """An administrator gives *credits* credits, 1 to 100 at once."""

    artist_id: ArtistId
    admin_id: UserId
    credits: int
    reason: str


def grant_free_credit(tx: Transaction, command: GrantFreeCredit) -> ArtistProfile:
    """Add the credits.

    Raises EntityNotFound, OutOfRange, ReasonRequired, InvalidText, OwnCase.
    """
    reason = require_reason(command.reason)
    artist = tx.artists.lock(command.artist_id)
    require_no_stake(tx, command.admin_id, artist.user_id)

    richer = artist.grant_credits(require_range("credits", command.credits, 1, CREDITS_MAX))

    tx.artists.update(richer)

    tx.events.add(
        events.FreeCreditGranted(artist_id=artist.id, credits=command.credits),
        events.AdminActed(subject=f"artist:{artist.id}", act="grant_free_credit", reason=reason),
    )
    return richer
