"""Tell what assigning a track would do, and why nobody else."""

from __future__ import annotations

import attrs

from reviewcore.domain.ids import TrackId
from reviewcore.domain.matching import Plan, Rejection, Search, Verdict, fits, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.matching import choose, market_of, open_slots, verdicts


@attrs.frozen(kw_only=True)
class PlanAssignment:
    """Somebody asks who would review a track; at most *limit* reviewers are explained."""

    track_id: TrackId
    limit: int = 200


def plan_assignment(tx: Transaction, command: PlanAssignment) -> Plan:
    """Answer as `assign_reviewers` would act now, without writing: each candidate and a reason.

    Reviewers in the track's genres come best first. Raises EntityNotFound.
    """
    track = tx.tracks.get(command.track_id)
    slots = open_slots(tx, track)
    market = market_of(tx, track)

    pairs = choose(tx, market, slots) if slots else ()
    chosen = {pair.reviewer.id: pair.slot.number for pair in pairs}
    search = Search(track_id=track.id, genres=market.genres)
    surveyed = {one.id: one for one in tx.reviewers.survey(search, limit=command.limit)}
    # Who is chosen is told, however many come before him that cannot be.
    seen = sorted(
        (surveyed | {one.reviewer.id: one.reviewer for one in pairs}).values(), key=standing
    )
    judged = verdicts(tx, market, seen)

    lines = []
    for reviewer in seen:
        reason = judged[reviewer.id]
        if reason is None and reviewer.id not in chosen:
            fitting = any(fits(reviewer, slot) for slot in slots)
            reason = Rejection.OUTRANKED if fitting or not slots else Rejection.WRONG_TIER
            reason = reason if track.dispute_status is None else Rejection.TRACK_DISPUTED
        lines.append(_line(reviewer, reason=reason, slot_number=chosen.get(reviewer.id)))
    return Plan(track_id=track.id, open_slots=len(slots), verdicts=tuple(lines))


def _line(
    reviewer: ReviewerProfile, *, reason: Rejection | None, slot_number: int | None
) -> Verdict:
    return Verdict(
        reviewer_id=reviewer.id,
        accepted=slot_number is not None,
        slot_number=slot_number,
        reason=reason,
        active_count=reviewer.active_count,
        average_rating=reviewer.average_rating,
        gem_count=reviewer.gem_count,
        last_assigned_at=reviewer.last_assigned_at,
    )
