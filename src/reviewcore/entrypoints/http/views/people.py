"""Users and their profiles as the public sees them; no hash, no token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import GenreId
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.rules import Tier
from reviewcore.domain.users import User
from reviewcore.entrypoints.http.views.shape import shape

Spell: TypeAlias = Callable[[Iterable[GenreId]], tuple[str, ...]]
"""Tells the slugs of genres."""


@attrs.frozen(kw_only=True)
class UserView:
    """A person; *email_verified* is when the address was proven to be his, or null."""

    id: str
    email: str
    email_verified: datetime | None
    is_artist: bool
    is_reviewer: bool
    name: str
    country: str | None
    created_at: datetime


@attrs.frozen(kw_only=True)
class ArtistView:
    """A user as an artist; amounts in cents, genres as slugs."""

    id: str
    user_id: str
    artist_name: str
    genres: tuple[str, ...]
    total_tracks: int
    total_spent: int
    free_review_credits: int


@attrs.frozen(kw_only=True)
class ReviewerView:
    """A user as a reviewer; amounts in cents, genres as slugs."""

    id: str
    user_id: str
    genres: tuple[str, ...]
    country: str
    tier: Tier
    total_reviews: int
    average_rating: float | None
    rating_count: int
    total_earnings: int
    pending_balance: int
    gem_count: int
    flag_count: int
    active_count: int
    last_assigned_at: datetime | None
    onboarding_quiz_score: int | None
    onboarding_quiz_passed: bool
    completed_onboarding: bool
    is_restricted: bool
    restriction_cause: RestrictionCause | None
    restriction_reason: str | None
    granted_tier: Tier | None
    granted_until: datetime | None
    stripe_account_id: str | None
    stripe_connected_at: datetime | None
    payout_account_changed_at: datetime | None
    payout_account_ready: bool


@attrs.frozen(kw_only=True)
class MeView:
    """Who is signed in, with his profiles."""

    id: str
    email: str
    email_verified: datetime | None
    is_artist: bool
    is_reviewer: bool
    is_admin: bool
    name: str
    country: str | None
    created_at: datetime
    artist: ArtistView | None
    reviewer: ReviewerView | None


@attrs.frozen(kw_only=True)
class OpenSessionView:
    """Where one is signed in; *current* is the session that asks."""

    id: str
    created_at: datetime
    expires_at: datetime
    current: bool


@attrs.frozen(kw_only=True)
class AccountView:
    """An account at a provider that signs one in."""

    id: str
    provider: str
    email: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class SessionView:
    """A new session. The token is told here once and kept nowhere."""

    token: str = attrs.field(repr=False)
    expires_at: datetime
    user: UserView


@attrs.frozen(kw_only=True)
class QuestionView:
    """One question of the quiz, without its answer; *question_id* is its index as text."""

    question_id: str
    question: str
    choices: tuple[str, ...]


@attrs.frozen(kw_only=True)
class QuizView:
    """The quiz: answer at least *pass_min* questions right to pass."""

    questions: tuple[QuestionView, ...]
    pass_min: int


@attrs.frozen(kw_only=True)
class QuizResultView:
    """How many of these answers were right, and whether that passes."""

    score: int
    passed: bool


def user_view(user: User) -> UserView:
    """Show a user."""
    return shape(UserView, user)


def artist_view(artist: ArtistProfile, spell: Spell) -> ArtistView:
    """Show an artist."""
    return shape(ArtistView, artist, genres=spell(artist.genres))


def reviewer_view(reviewer: ReviewerProfile, spell: Spell) -> ReviewerView:
    """Show a reviewer."""
    return shape(ReviewerView, reviewer, genres=spell(reviewer.genres))
