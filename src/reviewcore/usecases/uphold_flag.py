"""Agree with a flag."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.flags import Flag
from reviewcore.domain.ids import FlagId, UserId
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import lock_case, require_reason
from reviewcore.usecases.steps.slots import free_slot


@attrs.frozen(kw_only=True)
class UpholdFlag:
    """An administrator finds that the review is what the artist says."""

    flag_id: FlagId
    admin_id: UserId
    reason: str


def uphold_flag(tx: Transaction, command: UpholdFlag) -> Flag:
    """Take the pay back, below zero if need be, and disown the review.

    A slot held for the verdict is refunded, or lost. Raises EntityNotFound, FlagJudged,
    ReasonRequired, OwnCase.
    """
    reason = require_reason(command.reason)
    case = lock_case(tx, command.flag_id, judge=command.admin_id)
    track, review, reviewer = case.bench

    flag = case.flag.uphold(by=command.admin_id, reason=reason, at=tx.now)
    poorer, moved = reviewer.disown(
        pay=review.offered_amount,
        rating=review.artist_rating,
        gem=int(review.is_gem),
        rules=tx.rules,
        at=tx.now,
    )

    tx.flags.update(flag)
    tx.reviews.update(review.uphold())
    tx.reviewers.update(poorer)
    tx.ledger.add(ledger.flag_upheld(review))
    tx.events.add(
        events.FlagUpheld(flag_id=flag.id, review_id=review.id),
        events.AdminActed(subject=f"flag:{flag.id}", act="uphold_flag", reason=reason),
        *moved,
    )
    if track.is_shut:
        free_slot(tx, track, case.artist, review.slot_number)
    return flag
