"""Give the open slots of a track to reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewId, TrackId
from reviewcore.domain.matching import Assignment, Pairing, Search, fits
from reviewcore.domain.reviews import Review, assign
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.matching import Market, choose, market_of, open_slots, verdicts

RETRY_AFTER = timedelta(seconds=30)
"""When to look again for a track that found too few: reviewers come of age, days pass."""

RETRY_SOON = timedelta(seconds=1)
SURVEY_MAX = 64


@attrs.frozen(kw_only=True)
class AssignReviewers:
    """The worker looks for reviewers for one track."""

    track_id: TrackId


def assign_reviewers(tx: Transaction, command: AssignReviewers) -> Assignment:
    """Assign as many open slots as there are eligible reviewers with free load.

    Harmless when none is open. Raises EntityNotFound.
    """
    track = tx.tracks.lock(command.track_id)
    slots = open_slots(tx, track)
    market = market_of(tx, track)

    pairs = choose(tx, market, slots) if slots else ()
    assigned = [_hand_out(tx, track, pair) for pair in pairs]

    still_open = len(slots) - len(pairs)
    if still_open:
        filled = {pair.slot.number for pair in pairs}
        unfilled = [slot for slot in slots if slot.number not in filled]
        pause = RETRY_SOON if _somebody_is_locked(tx, market, unfilled) else RETRY_AFTER
        tx.tracks.update(attrs.evolve(track, assign_at=tx.now + pause))
    else:
        tx.tracks.update(track.rest())

    tx.events.add(
        *(
            events.ReviewAssigned(
                review_id=review.id, track_id=track.id, reviewer_id=review.reviewer_id
            )
            for review in assigned
        )
    )
    return Assignment(
        track_id=track.id,
        artist_id=track.artist_id,
        assigned=tuple(review.id for review in assigned),
        still_open=still_open,
    )


def _hand_out(tx: Transaction, track: Track, pair: Pairing) -> Review:
    review, row = assign(
        ReviewId(tx.new_id()),
        track=track,
        slot=pair.slot,
        reviewer_id=pair.reviewer.id,
        rules=tx.rules,
        at=tx.now,
    )
    tx.reviews.add(review)
    tx.queue.add(row)
    tx.reviewers.update(pair.reviewer.take(tx.now))
    return review


def _somebody_is_locked(tx: Transaction, market: Market, unfilled: Sequence[Slot]) -> bool:
    """Whether somebody who could take a slot was passed over because another holds him."""
    search = Search(track_id=market.track.id, genres=market.genres)
    seen = tx.reviewers.survey(search, limit=SURVEY_MAX)
    judged = verdicts(tx, market, seen)
    return any(judged[one.id] is None and any(fits(one, slot) for slot in unfilled) for one in seen)
