"""Ask to review, or change what one reviews."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.reviewers import ReviewerProfile, require_genres
from reviewcore.domain.texts import require_country
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class OpenReviewerProfile:
    """A user wants to review. *genres* are slugs, *country* an ISO 3166 two-letter code."""

    user_id: UserId
    genres: tuple[str, ...]
    country: str


def open_reviewer_profile(tx: Transaction, command: OpenReviewerProfile) -> ReviewerProfile:
    """Make the profile, or change the one there is; reviews come after quiz and onboarding.

    Raises EntityNotFound, UnknownGenre, TooMany, InvalidCountry.
    """
    user = tx.users.lock(command.user_id).require_present()
    present = tx.reviewers.of_user(user.id)
    genres = tx.genres.tree().require(command.genres)
    require_genres(genres, rules=tx.rules)

    if present is not None:
        changed = tx.reviewers.lock(present.id).change(
            genres=genres, country=command.country, rules=tx.rules
        )
        tx.reviewers.update(changed)
        tx.events.add(events.ReviewerProfileChanged(reviewer_id=changed.id))
        return changed

    reviewer = ReviewerProfile(
        id=ReviewerId(tx.new_id()),
        user_id=user.id,
        genres=genres,
        country=require_country(command.country),
    )
    tx.reviewers.add(reviewer)
    tx.users.update(user.become_reviewer())
    tx.events.add(events.ReviewerProfileOpened(reviewer_id=reviewer.id, user_id=user.id))
    return reviewer
