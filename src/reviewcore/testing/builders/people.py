"""Users, and what they are to the market."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.emails import canonical_email
from reviewcore.domain.genres import Genre
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.users import (
    RESET_LIFE,
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
    token_hash,
)
from reviewcore.testing.builders.fields import GENRES, Fields, an_id
from reviewcore.testing.clock import START


def a_user(**changes: Any) -> User:
    """Make a verified user of an old account who is neither artist nor reviewer yet."""
    user_id = changes.get("id") or an_id("user")
    fields: Fields = {
        "id": user_id,
        "email": f"{user_id}@example.com",
        "password": "scrypt$hash",
        "name": "Sam Sample",
        "email_verified": START - timedelta(days=30),
        "is_artist": False,
        "is_reviewer": False,
        "country": "DE",
        "created_at": START - timedelta(days=30),
    }
    return User(**(fields | changes))


def a_session(**changes: Any) -> Session:
    """Make a session that is valid for 30 days from `START`."""
    session_id = changes.get("id") or an_id("session")
    fields: Fields = {
        "id": session_id,
        "user_id": an_id("user"),
        "token_hash": token_hash(session_id),
        "created_at": START,
        "expires_at": START + timedelta(days=30),
    }
    return Session(**(fields | changes))


def an_email_token(**changes: Any) -> EmailVerificationToken:
    """Make an unused verification token."""
    token_id = changes.get("id") or an_id("token")
    fields: Fields = {
        "id": token_id,
        "user_id": an_id("user"),
        "email": f"{token_id}@example.com",
        "token_hash": token_hash(token_id),
        "created_at": START,
        "expires_at": START + timedelta(hours=24),
    }
    return EmailVerificationToken(**(fields | changes))


def a_reset_token(**changes: Any) -> PasswordResetToken:
    """Make an unused leave to choose another password."""
    token_id = changes.get("id") or an_id("token")
    fields: Fields = {
        "id": token_id,
        "user_id": an_id("user"),
        "token_hash": token_hash(token_id),
        "created_at": START,
        "expires_at": START + RESET_LIFE,
    }
    return PasswordResetToken(**(fields | changes))


def an_account(**changes: Any) -> Account:
    """Make an account at a provider."""
    account_id = changes.get("id") or an_id("account")
    fields: Fields = {
        "id": account_id,
        "user_id": an_id("user"),
        "provider": "peer",
        "provider_account_id": f"subject of {account_id}",
        "email": f"{account_id}@example.com",
        "created_at": START,
    }
    return Account(**(fields | changes))


def a_mark(**changes: Any) -> IdentityMark:
    """Make a mark of identity: by default, a canonical e-mail address."""
    user_id = changes.get("user_id") or an_id("user")
    fields: Fields = {
        "user_id": user_id,
        "kind": MarkKind.EMAIL,
        "value": canonical_email(f"{user_id}@example.com"),
    }
    return IdentityMark(**(fields | changes))


def an_artist(**changes: Any) -> ArtistProfile:
    """Make an artist with one free credit who has submitted nothing."""
    fields: Fields = {
        "id": an_id("artist"),
        "user_id": an_id("user"),
        "artist_name": "The Samples",
        "genres": GENRES,
        "free_review_credits": 1,
    }
    return ArtistProfile(**(fields | changes))


def a_reviewer(**changes: Any) -> ReviewerProfile:
    """Make an onboarded reviewer without work, ratings or money."""
    fields: Fields = {
        "id": an_id("reviewer"),
        "user_id": an_id("user"),
        "genres": GENRES,
        "country": "DE",
        "onboarding_quiz_score": 4,
        "onboarding_quiz_passed": True,
        "completed_onboarding": True,
    }
    return ReviewerProfile(**(fields | changes))


def a_genre(**changes: Any) -> Genre:
    """Make a genre without a parent whose id, name and slug are unique."""
    slug = changes.get("slug") or an_id("genre")
    fields: Fields = {"id": slug, "name": slug.title(), "slug": slug}
    return Genre(**(fields | changes))
