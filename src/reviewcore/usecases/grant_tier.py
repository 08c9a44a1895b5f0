"""Give a reviewer a tier for a while."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import InvalidText, OwnCase, ReasonRequired
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import Tier
from reviewcore.ports.store import Transaction


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
    reviewer = tx.reviewers.lock(command.reviewer_id)

    if reviewer.user_id == command.admin_id:
        raise OwnCase
    if not command.reason.strip():
        raise ReasonRequired
    if command.until <= tx.now:
        raise InvalidText(field="until", reason="is not in the future")
    granted, moved = reviewer.grant_tier(
        command.tier, until=command.until, rules=tx.rules, at=tx.now
    )

    tx.reviewers.update(granted)

    tx.events.add(
        *moved,
        events.AdminActed(
            subject=f"reviewer:{reviewer.id}", act="grant_tier", reason=command.reason
        ),
    )
    return granted
