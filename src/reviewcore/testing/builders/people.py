"""Users, and what they are to the market."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.emails import canonical_email
from reviewcore.domain.genres import Genre
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.users import (
    RESET_LIFE,
    SESSION_LIFE,
    VERIFICATION_LIFE,
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
    token_hash,
)
from reviewcore.testing.builders.fields import GENRES, Fields, an_id, begun, built
from reviewcore.testing.clock import START

MONTH = timedelta(days=30)


def a_user(**changes: Any) -> User:
    """Make a verified user of an old account who is neither artist nor reviewer yet.

    With *erased_at* nothing personal is left of him. Raises Inconsistent.
    """
    user_id = changes.get("id") or an_id("user")
    old = min([START, *filter(None, [changes.get("erased_at")])]) - MONTH
    fields: Fields = {
        "id": user_id,
        "email": f"{user_id}@example.com",
        "password": "scrypt$hash",
        "name": "Sam Sample",
        "email_verified": old,
        "is_artist": False,
        "is_reviewer": False,
        "country": "DE",
        "created_at": old,
    }
    if changes.get("erased_at") is not None:
        nobody = dict.fromkeys(("password", "email_verified", "country"))
        fields |= nobody | {"email": f"erased:{user_id}", "name": ""}
    return built(User, fields, changes)


def a_session(**changes: Any) -> Session:
    """Make a session that is valid for 30 days from `START`. Raises Inconsistent."""
    session_id = changes.get("id") or an_id("session")
    fields: Fields = {
        "id": session_id,
        "user_id": an_id("user"),
        "token_hash": token_hash(session_id),
    }
    return built(Session, fields | _life(changes, SESSION_LIFE), changes)


def an_email_token(**changes: Any) -> EmailVerificationToken:
    """Make an unused verification token. Raises Inconsistent."""
    token_id = changes.get("id") or an_id("token")
    fields: Fields = {
        "id": token_id,
        "user_id": an_id("user"),
        "email": f"{token_id}@example.com",
        "token_hash": token_hash(token_id),
    }
    return built(EmailVerificationToken, fields | _life(changes, VERIFICATION_LIFE), changes)


def a_reset_token(**changes: Any) -> PasswordResetToken:
    """Make an unused leave to choose another password. Raises Inconsistent."""
    token_id = changes.get("id") or an_id("token")
    fields: Fields = {
        "id": token_id,
        "user_id": an_id("user"),
        "token_hash": token_hash(token_id),
    }
    return built(PasswordResetToken, fields | _life(changes, RESET_LIFE), changes)


def _life(changes: Fields, length: timedelta) -> Fields:
    ends: datetime | None = changes.get("expires_at")
    created = begun(changes, "used_at")
    if ends is not None and "created_at" not in changes:
        created = min(created, ends - length)
    return {"created_at": created, "expires_at": created + length}


def an_account(**changes: Any) -> Account:
    """Make an account at a provider. Raises Inconsistent."""
    account_id = changes.get("id") or an_id("account")
    fields: Fields = {
        "id": account_id,
        "user_id": an_id("user"),
        "provider": "peer",
        "provider_account_id": f"subject of {account_id}",
        "email": f"{account_id}@example.com",
        "created_at": START,
    }
    return built(Account, fields, changes)


def a_mark(**changes: Any) -> IdentityMark:
    """Make a mark of identity: by default, a canonical e-mail address. Raises Inconsistent."""
    user_id = changes.get("user_id") or an_id("user")
    fields: Fields = {
        "user_id": user_id,
        "kind": MarkKind.EMAIL,
        "value": canonical_email(f"{user_id}@example.com"),
    }
    return built(IdentityMark, fields, changes)


def an_artist(**changes: Any) -> ArtistProfile:
    """Make an artist with one free credit who has submitted nothing. Raises Inconsistent."""
    fields: Fields = {
        "id": an_id("artist"),
        "user_id": an_id("user"),
        "artist_name": "The Samples",
        "genres": GENRES,
        "free_review_credits": 1,
    }
    return built(ArtistProfile, fields, changes)


def a_reviewer(**changes: Any) -> ReviewerProfile:
    """Make an onboarded reviewer without work, ratings or money.

    Ratings, gems and a balance bring the reviews and earnings that they take, a restriction its
    cause, a payout account the time it was connected. Raises Inconsistent.
    """
    passed = changes.get("onboarding_quiz_passed")
    score = changes.get("onboarding_quiz_score", 4) if passed is None else 4
    fields: Fields = {
        "id": an_id("reviewer"),
        "user_id": an_id("user"),
        "genres": GENRES,
        "country": "DE",
        "onboarding_quiz_score": 4,
        "onboarding_quiz_passed": score is not None,
        "completed_onboarding": changes.get("onboarding_quiz_passed", True),
    }
    return built(ReviewerProfile, fields | _standing(changes) | _account(changes), changes)


def _standing(changes: Fields) -> Fields:
    ratings = changes.get("rating_count", 0)
    return {
        "rating_sum": 4 * ratings,
        "total_reviews": max(ratings, changes.get("gem_count", 0)),
        "total_earnings": max(0, changes.get("pending_balance", 0)),
        "restriction_cause": RestrictionCause.ADMIN if changes.get("is_restricted") else None,
        "is_restricted": changes.get("restriction_cause") is not None,
        "granted_until": START + MONTH if changes.get("granted_tier") is not None else None,
    }


def _account(changes: Fields) -> Fields:
    ready = changes.get("payout_account_ready", False)
    fields: Fields = {"stripe_account_id": an_id("acct") if ready else None}
    changed: datetime | None = changes.get("payout_account_changed_at")
    connected: datetime | None = changes.get("stripe_connected_at")
    if ready or changed or connected or changes.get("stripe_account_id") is not None:
        fields["stripe_connected_at"] = min(START, changed or START)
        fields["payout_account_changed_at"] = max(START, connected or START)
    return fields


def a_genre(**changes: Any) -> Genre:
    """Make a genre without a parent whose id, name and slug are unique. Raises Inconsistent."""
    slug = changes.get("slug") or an_id("genre")
    fields: Fields = {"id": slug, "name": slug.title(), "slug": slug}
    return built(Genre, fields, changes)
