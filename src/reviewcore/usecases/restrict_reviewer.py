"""Bar a reviewer from reviewing."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason
from reviewcore.usecases.steps.restriction import lock_with_work, restrict


@attrs.frozen(kw_only=True)
class RestrictReviewer:
    """An administrator bars a reviewer, with a reason."""

    reviewer_id: ReviewerId
    admin_id: UserId
    reason: str


def restrict_reviewer(tx: Transaction, command: RestrictReviewer) -> ReviewerProfile:
    """End what he works on and give him nothing more; what he earned he can still withdraw.

    A repeat changes nothing but the reason. Raises EntityNotFound, ReasonRequired, OwnCase.
    """
    reason = require_reason(command.reason)
    docket = lock_with_work(tx, command.reviewer_id)
    require_no_stake(tx, command.admin_id, docket.reviewer.user_id)

    barred = restrict(tx, docket, RestrictionCause.ADMIN, reason=reason)

    tx.events.add(
        events.AdminActed(subject=f"reviewer:{barred.id}", act="restrict_reviewer", reason=reason)
    )
    return barred
