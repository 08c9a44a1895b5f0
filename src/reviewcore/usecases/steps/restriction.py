"""How a reviewer is restricted: all that he works on ends, whoever's tracks they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import Busy
from reviewcore.domain.ids import ArtistId, ReviewerId, ReviewId, TrackId
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.reviews import EndReason, Review
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import free_slot


@attrs.frozen(kw_only=True)
class Docket:
    """A reviewer with all that he works on, locked: artists, tracks, reviews and himself."""

    artists: dict[ArtistId, ArtistProfile]
    tracks: dict[TrackId, Track]
    active: tuple[Review, ...]
    reviewer: ReviewerProfile


def lock_with_work(
    tx: Transaction, reviewer_id: ReviewerId, *, judged: Review | None = None
) -> Docket:
    """Lock a reviewer, his active reviews, their tracks and artists, and those of *judged*.

    What he works on is read first and locked in the order of locks, so that two restrictions
    cannot wait for each other. Raises Busy when he got or lost work in between.
    """
    seen = tx.reviews.active_of(reviewer_id)
    concerned = [*seen, judged] if judged is not None else list(seen)

    artists = tx.artists.lock_many({review.artist_id for review in concerned})
    tracks = tx.tracks.lock_many({review.track_id for review in concerned})
    return lock_work(tx, reviewer_id, seen, artists=artists, tracks=tracks)


def lock_work(
    tx: Transaction,
    reviewer_id: ReviewerId,
    seen: Sequence[Review],
    *,
    artists: Iterable[ArtistProfile],
    tracks: Iterable[Track],
) -> Docket:
    """Lock a reviewer and what he works on, whose *artists* and *tracks* are locked already.

    Raises Busy when that is not what was *seen* before.
    """
    active = tx.reviews.lock_active(reviewer_id)
    reviewer = tx.reviewers.lock(reviewer_id)
    # Only the reviewer's own lock keeps assigners away, so what he has counts from here on.
    if _ids(tx.reviews.active_of(reviewer_id)) != _ids(active) or _ids(active) != _ids(seen):
        raise Busy

    return Docket(
        artists={artist.id: artist for artist in artists},
        tracks={track.id: track for track in tracks},
        active=tuple(active),
        reviewer=reviewer,
    )


def restrict(
    tx: Transaction, docket: Docket, cause: RestrictionCause, *, reason: str | None = None
) -> ReviewerProfile:
    """Bar the reviewer and end what he works on; each slot opens, or ends on a shut track."""
    barred = docket.reviewer.restrict(cause, reason=reason)
    reviewer = end_work(tx, attrs.evolve(docket, reviewer=barred), EndReason.RESTRICTED)
    tx.events.add(events.ReviewerRestricted(reviewer_id=reviewer.id, cause=cause))
    return reviewer


def end_work(tx: Transaction, docket: Docket, reason: EndReason) -> ReviewerProfile:
    """End all that the reviewer works on; each slot opens, or ends on a shut track."""
    reviewer = docket.reviewer
    artists = dict(docket.artists)
    for review in docket.active:
        _, reviewer = end_review(tx, review, reviewer, reason)
        artist = artists[review.artist_id]
        given = free_slot(tx, docket.tracks[review.track_id], artist, review.slot_number)
        artists[review.artist_id] = given.artist
    tx.reviewers.update(reviewer)
    return reviewer


def _ids(reviews: Iterable[Review]) -> set[ReviewId]:
    return {review.id for review in reviews}
