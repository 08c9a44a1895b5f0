"""Reviewers for tracks, and what time alone ends."""

from __future__ import annotations

from datetime import timedelta

from reviewcore.domain.ids import SYSTEM, ArtistId
from reviewcore.usecases.assign_reviewers import AssignReviewers, assign_reviewers
from reviewcore.usecases.close_track import CloseTrack, close_track
from reviewcore.usecases.dismiss_flag import NOBODY_JUDGED, DismissFlag, dismiss_flag
from reviewcore.usecases.end_grants import EndGrants, end_grants
from reviewcore.usecases.expire_assignments import ExpireAssignments, expire_assignments
from reviewcore.worker.steps import BATCH, Steps

SWEEP = 1_000
"""How many reviewers come of age in one batch."""


class Reviewing(Steps):
    """The steps that assign, expire, close and lapse."""

    def expire(self) -> int:
        """End assignments whose deadline has come."""
        return len(self._app.perform(expire_assignments, ExpireAssignments()))

    def sweep(self) -> int:
        """Mark reviewers who have come of age, so that searches find them fast."""
        return self._block(
            lambda tx: tx.reviewers.come_of_age(
                tx.now - timedelta(hours=tx.rules.reviewer_account_age_hours), limit=SWEEP
            )
        )

    def assign(self) -> int:
        """Look for reviewers for tracks with open slots, first in rank."""
        with self._app.store.read() as tx:
            waiting = tx.tracks.waiting(tx.now, limit=BATCH)
        return self._each(
            waiting,
            lambda track_id: self._app.perform(
                assign_reviewers, AssignReviewers(track_id=track_id)
            ),
        )

    def close(self) -> int:
        """Close tracks that have waited twice as long as their artists must."""
        with self._app.store.read() as tx:
            patience = timedelta(days=2 * tx.rules.fill_deadline_days)
            due = tx.tracks.overdue(tx.now - patience, limit=BATCH)
        return self._each(
            due,
            lambda track_id: self._app.perform(
                close_track, CloseTrack(track_id=track_id, artist_id=ArtistId(SYSTEM))
            ),
        )

    def lapse(self) -> int:
        """Dismiss flags that nobody judged, and end granted tiers whose date has come."""
        with self._app.store.read() as tx:
            patience = timedelta(days=tx.rules.flag_open_days_max)
            due = tx.flags.lapsed(tx.now - patience, limit=BATCH)
        dismissed = self._each(
            due,
            lambda flag_id: self._app.perform(
                dismiss_flag, DismissFlag(flag_id=flag_id, admin_id=SYSTEM, reason=NOBODY_JUDGED)
            ),
        )
        return dismissed + len(self._app.perform(end_grants, EndGrants()))
