"""Look for reviewers at once when somebody has become free."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.ports.store import Transaction

WAKE_MAX = 200


@attrs.frozen(kw_only=True)
class WakeTracks:
    """These reviewers, or the reviewers that these users are, may have become free."""

    reviewer_ids: frozenset[ReviewerId] = frozenset()
    user_ids: frozenset[UserId] = frozenset()


def wake_tracks(tx: Transaction, command: WakeTracks) -> int:
    """Make waiting tracks in their genres due, first in rank; count them."""
    reviewers = [tx.reviewers.find(one) for one in sorted(command.reviewer_ids)]
    reviewers += [tx.reviewers.of_user(one) for one in sorted(command.user_ids)]
    genres = {genre for one in reviewers if one is not None for genre in one.genres}

    if not genres:
        return 0
    reach = tx.genres.tree().reach(genres)
    return tx.tracks.wake(reach, now=tx.now, limit=WAKE_MAX)
