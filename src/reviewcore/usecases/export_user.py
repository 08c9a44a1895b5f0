"""Ask for all that is held about oneself."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import UserId
from reviewcore.ports.codec import Json, encode
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.exporting import artist_side, history, person, reviewer_side


@attrs.frozen(kw_only=True)
class ExportUser:
    """A user wants to know what is held about him."""

    user_id: UserId


def export_user(tx: Transaction, command: ExportUser) -> dict[str, Json]:
    """Tell everything held about a user as one JSON-ready document.

    `domain.privacy` says which fields: no secret, nothing of how the market works, and of other
    people only what he sees anyway. Amounts in cents, times in UTC. Raises EntityNotFound.
    """
    user = tx.users.get(command.user_id)
    artist = tx.artists.of_user(user.id)
    reviewer = tx.reviewers.of_user(user.id)

    names = {"user": str(user.id)}
    if artist is not None:
        names["artist"] = artist.id
    if reviewer is not None:
        names["reviewer"] = reviewer.id
    return {
        "told_at": encode(tx.now),
        **person(tx, user),
        "artist": None if artist is None else artist_side(tx, artist),
        "reviewer": None if reviewer is None else reviewer_side(tx, reviewer),
        "events": history(tx, names),
    }
