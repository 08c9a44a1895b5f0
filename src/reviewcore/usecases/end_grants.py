"""End granted tiers whose date has come."""

from __future__ import annotations

import attrs

from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class EndGrants:
    """Look at the grants; at most *limit* end in one go."""

    limit: int = 100


def end_grants(tx: Transaction, command: EndGrants) -> tuple[ReviewerProfile, ...]:
    """Let reviewers whose granted tier is over fall back to what they have earned."""
    due = tx.reviewers.with_grant_over(tx.now, limit=command.limit)
    reviewers = [
        one
        for one in tx.reviewers.lock_many(due)
        if one.granted_until is not None and one.granted_until <= tx.now
    ]

    ended = [one.end_grant(rules=tx.rules, at=tx.now) for one in reviewers]

    tx.reviewers.update(*(reviewer for reviewer, _ in ended))

    tx.events.add(*(event for _, moved in ended for event in moved))
    return tuple(reviewer for reviewer, _ in ended)
