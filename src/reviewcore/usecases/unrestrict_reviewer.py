"""Let a reviewer review again."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason


@attrs.frozen(kw_only=True)
class UnrestrictReviewer:
    """An administrator lifts a restriction, with a reason."""

    reviewer_id: ReviewerId
    admin_id: UserId
    reason: str


def unrestrict_reviewer(tx: Transaction, command: UnrestrictReviewer) -> ReviewerProfile:
    """Let him be assigned again. Raises EntityNotFound, NotRestricted, ReasonRequired, OwnCase."""
    reason = require_reason(command.reason)
    reviewer = tx.reviewers.lock(command.reviewer_id)
    require_no_stake(tx, command.admin_id, reviewer.user_id)

    free = reviewer.unrestrict()

    tx.reviewers.update(free)

    tx.events.add(
        events.ReviewerUnrestricted(reviewer_id=free.id),
        events.AdminActed(subject=f"reviewer:{free.id}", act="unrestrict_reviewer", reason=reason),
    )
    return free
