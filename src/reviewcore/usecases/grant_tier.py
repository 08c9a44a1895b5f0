"""Give a reviewer a tier for a while."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import InvalidText
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import Tier
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason


@attrs.frozen(kw_only=True)
class GrantTier:
    """An administrator vouches for a reviewer until a date: a new market has no PRO."""

    reviewer_id: ReviewerId
    admin_id: UserId
    tier: Tier
    until: datetime
    reason: str


def grant_tier(tx: Transaction, command: GrantTier) -> ReviewerProfile:
    """Grant the tier until a date in the future; what is earned counts again after it.

    Raises EntityNotFound, ReasonRequired, InvalidText, OwnCase.
    """
    reason = require_reason(command.reason)
    reviewer = tx.reviewers.lock(command.reviewer_id)
    require_no_stake(tx, command.admin_id, reviewer.user_id)

    if command.until <= tx.now:
        raise InvalidText(field="until", reason="is not in the future")
    granted, moved = reviewer.grant_tier(
        command.tier, until=command.until, rules=tx.rules, at=tx.now
    )

    tx.reviewers.update(granted)

    tx.events.add(
        *moved,
        events.AdminActed(subject=f"reviewer:{reviewer.id}", act="grant_tier", reason=reason),
    )
    return granted
