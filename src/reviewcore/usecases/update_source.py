"""Give a track another link."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ArtistId, TrackId
from reviewcore.domain.reviews import EndReason, ReviewStatus, queue_row
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.matching import open_slots
from reviewcore.usecases.steps.uploads import find_source


@attrs.frozen(kw_only=True)
class UpdateSource:
    """The artist mends the link of his track."""

    track_id: TrackId
    artist_id: ArtistId
    source_url: str
    upload_prefix: str | None = None


def update_source(tx: Transaction, command: UpdateSource) -> Track:
    """Change the link; active reviews start over with nothing heard and a new deadline.

    Raises EntityNotFound, NotYourTrack, InvalidSourceUrl, UploadRefused, InvalidTransition,
    TrackHasReviews.
    """
    track = tx.tracks.lock(command.track_id)
    track.require_owner(command.artist_id)
    reviews = tx.reviews.lock_of_track(track.id)

    source = find_source(
        tx, command.source_url, artist_id=track.artist_id, upload_prefix=command.upload_prefix
    )
    completed = sum(review.status is ReviewStatus.COMPLETED for review in reviews)
    reports = [review.ended_at for review in reviews if review.end_reason is EndReason.UNPLAYABLE]
    # Those who were faster to the lock may have begun later; their reports are of the old link.
    since = max([tx.now, *(at for at in reports if at is not None)])
    changed = track.change_source(
        command.source_url,
        source.type,
        duration=source.duration,
        ever_completed=completed,
        rules=tx.rules,
        at=since,
    )
    if open_slots(tx, changed):
        changed = changed.seek(tx.now, rules=tx.rules)
    listen = tx.rules.minimum_listen(changed.duration)
    restarted = [
        review.restart(minimum_listen_seconds=listen, rules=tx.rules, at=tx.now)
        for review in reviews
        if review.is_active
    ]

    tx.tracks.update(changed)
    tx.reviews.update(*restarted)
    tx.queue.update(*(queue_row(review, priority=track.priority) for review in restarted))

    tx.events.add(
        events.SourceUpdated(track_id=track.id),
        *(events.ReviewRestarted(review_id=review.id) for review in restarted),
    )
    return changed
