"""Claim that a review is worthless."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.errors import NoReplacementLeft, TooManyFlags
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.ids import ArtistId, FlagId, ReviewId
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.restriction import lock_with_work, restrict


@attrs.frozen(kw_only=True)
class FlagReview:
    """The artist flags one review of his track."""

    review_id: ReviewId
    artist_id: ArtistId
    reason: FlagReason


def flag_review(tx: Transaction, command: FlagReview) -> Review:
    """Make the review not count until judged: the track steps back and the slot opens.

    On a track that is closed, or lost to its payer's bank, the slot is held instead. Above the
    flag limit the reviewer is restricted. Raises EntityNotFound, NotYourTrack, ReviewNotCompleted,
    AlreadyFlagged, FlagWindowOver, TooManyFlags, NoReplacementLeft.
    """
    stale = tx.reviews.get(command.review_id)
    docket = lock_with_work(tx, stale.reviewer_id, judged=stale)
    track, review, reviewer = tx.reviews.lock(command.review_id)
    track.require_owner(command.artist_id)

    flagged = review.flag(command.reason, rules=tx.rules, at=tx.now)
    _require_flags_left(tx, track)
    _require_replacement_left(tx, track, review)
    back, story = track.uncount(tx.now)
    noted = reviewer.flag()
    flag = Flag(
        id=FlagId(tx.new_id()),
        review_id=review.id,
        track_id=track.id,
        reviewer_id=reviewer.id,
        flag_reason=command.reason,
        status=FlagStatus.OPEN,
        created_at=tx.now,
    )

    tx.reviews.update(flagged)
    tx.flags.add(flag)
    tx.tracks.update(back.seek(tx.now, rules=tx.rules))
    tx.reviewers.update(noted)
    tx.ledger.add(ledger.flag_opened(review, is_free=track.is_free))
    tx.events.add(
        events.ReviewFlagged(
            flag_id=flag.id,
            review_id=review.id,
            reviewer_id=reviewer.id,
            flag_reason=command.reason,
        ),
        *story,
    )
    if noted.flag_count > tx.rules.flags_max and not noted.is_restricted:
        restrict(tx, attrs.evolve(docket, reviewer=noted), RestrictionCause.AUTOMATIC)
    return flagged


def _require_flags_left(tx: Transaction, track: Track) -> None:
    most = tx.rules.flags_per_track_max(track.reviews_requested)
    if len(tx.flags.of_track(track.id)) >= most:
        raise TooManyFlags(maximum=most)


def _require_replacement_left(tx: Transaction, track: Track, review: Review) -> None:
    """Refuse when the slot already has as many other completed reviews that do not count."""
    replaced = sum(
        other.slot_number == review.slot_number
        and other.id != review.id
        and other.status is ReviewStatus.COMPLETED
        and not other.counts_toward_completion
        for other in tx.reviews.of_track(track.id)
    )
    if replaced >= tx.rules.replacements_per_slot_max:
        raise NoReplacementLeft(maximum=tx.rules.replacements_per_slot_max)
