"""Disagree with a flag."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.flags import Flag
from reviewcore.domain.ids import SYSTEM, FlagId
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import Review, slot_states
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import lock_case, require_reason

NOBODY_JUDGED = "nobody judged the flag in time"


@attrs.frozen(kw_only=True)
class DismissFlag:
    """An administrator finds nothing wrong; or nobody judged in time (*admin_id* SYSTEM)."""

    flag_id: FlagId
    admin_id: str
    reason: str


def dismiss_flag(tx: Transaction, command: DismissFlag) -> Flag:
    """Restore what the flag changed; the review counts again if its slot is still to be had.

    Otherwise it stays uncounted and paid. Raises EntityNotFound, FlagJudged, ReasonRequired,
    OwnCase.
    """
    reason = require_reason(command.reason)
    case = lock_case(tx, command.flag_id, judge=command.admin_id)
    track, review, reviewer = case.bench

    flag = case.flag.dismiss(by=command.admin_id, reason=reason, at=tx.now)
    slots = tx.slots.of_track(track.id)
    states = slot_states(slots, tx.reviews.of_track(track.id), is_closed=track.is_shut)
    counts = states[review.slot_number] in {SlotState.OPEN, SlotState.HELD}
    cleared = reviewer.unflag()
    lifted = (
        cleared.restriction_cause is RestrictionCause.AUTOMATIC
        and cleared.flag_count <= tx.rules.flags_max
    )

    tx.flags.update(flag)
    tx.reviews.update(review.clear(counts=counts))
    tx.reviewers.update(cleared.unrestrict() if lifted else cleared)
    tx.events.add(events.FlagDismissed(flag_id=flag.id, review_id=review.id, counts=counts))
    if command.admin_id != SYSTEM:
        tx.events.add(
            events.AdminActed(subject=f"flag:{flag.id}", act="dismiss_flag", reason=reason)
        )
    if lifted:
        tx.events.add(events.ReviewerUnrestricted(reviewer_id=reviewer.id))
    if counts:
        _count_again(tx, track, review, states)
    return flag


def _count_again(
    tx: Transaction, track: Track, review: Review, states: Mapping[int, SlotState]
) -> None:
    """Step the track forward again and undo the flag's entry; *states* are those before."""
    further, story = track.count(tx.now)
    still_open = any(
        state is SlotState.OPEN and number != review.slot_number for number, state in states.items()
    )

    tx.tracks.update(further if still_open else further.rest())
    tx.ledger.add(ledger.flag_dismissed(review, is_free=track.is_free))

    tx.events.add(*story)
