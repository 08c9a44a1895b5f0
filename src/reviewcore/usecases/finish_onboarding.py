"""Become a reviewer who is assigned tracks."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class FinishOnboarding:
    """A reviewer is ready."""

    reviewer_id: ReviewerId


def finish_onboarding(tx: Transaction, command: FinishOnboarding) -> ReviewerProfile:
    """Make the reviewer assignable: genres, country and a passed quiz are there.

    Raises EntityNotFound, AlreadyOnboarded, QuizNotPassed, TooMany.
    """
    reviewer = tx.reviewers.lock(command.reviewer_id)

    ready = reviewer.finish_onboarding(rules=tx.rules)

    tx.reviewers.update(ready)

    tx.events.add(events.ReviewerOnboarded(reviewer_id=reviewer.id))
    return ready
