"""Tables of people: users, what they sign in with, and their profiles."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Table, false
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import (
    KEY,
    balance,
    count,
    instant,
    key,
    metadata,
    primary,
    reference,
    text,
    word,
    yes,
)
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.rules import Tier
from reviewcore.domain.users import MarkKind

users = Table(
    "users",
    metadata,
    primary("id"),
    key("email"),
    text("password", nullable=True),
    text("name"),
    instant("email_verified"),
    yes("is_artist"),
    yes("is_reviewer"),
    key("country", nullable=True),
    instant("created_at", nullable=False),
    instant("erased_at"),
)

sessions = Table(
    "sessions",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    key("token_hash"),
    instant("created_at", nullable=False),
    instant("expires_at", nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

email_verification_tokens = Table(
    "email_verification_tokens",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    key("email"),
    key("token_hash"),
    instant("created_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("used_at"),
    yes("is_change"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

password_reset_tokens = Table(
    "password_reset_tokens",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    key("token_hash"),
    instant("created_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("used_at"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

accounts = Table(
    "accounts",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    key("provider"),
    key("provider_account_id"),
    key("email"),
    instant("created_at", nullable=False),
    Index(None, "user_id"),
)

identity_marks = Table(
    "identity_marks",
    metadata,
    Column("user_id", KEY, ForeignKey("users.id"), primary_key=True),
    word("kind", MarkKind, primary_key=True),
    primary("value"),
    Index(None, "kind", "value", "user_id"),
)

artist_profiles = Table(
    "artist_profiles",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    text("artist_name"),
    text("genres"),
    count("free_review_credits"),
    count("total_tracks"),
    balance("total_spent"),
)

reviewer_profiles = Table(
    "reviewer_profiles",
    metadata,
    primary("id"),
    reference("user_id", "users.id"),
    text("genres"),
    key("country"),
    word("tier", Tier),
    count("total_reviews"),
    count("rating_sum"),
    count("rating_count"),
    balance("total_earnings"),
    balance("pending_balance"),
    count("gem_count"),
    count("flag_count"),
    count("active_count"),
    instant("last_assigned_at"),
    count("onboarding_quiz_score", nullable=True),
    yes("onboarding_quiz_passed"),
    yes("completed_onboarding"),
    yes("is_restricted"),
    word("restriction_cause", RestrictionCause, nullable=True),
    text("restriction_reason", nullable=True),
    word("granted_tier", Tier, nullable=True),
    instant("granted_until"),
    key("stripe_account_id", nullable=True),
    instant("stripe_connected_at"),
    instant("payout_account_changed_at"),
    yes("payout_account_ready"),
    Index(
        None,
        "granted_until",
        postgresql_where=sql("granted_until IS NOT NULL"),
        sqlite_where=sql("granted_until IS NOT NULL"),
    ),
)

# A copy, one row a genre, of what `matching.standing` compares: the search for candidates reads
# the best rows of each genre from an index and never more, however many reviewers there are.
reviewer_genres = Table(
    "reviewer_genres",
    metadata,
    primary("genre_id"),
    Column(
        "reviewer_id",
        KEY,
        ForeignKey("reviewer_profiles.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    word("tier", Tier),
    count("active_count"),
    Column("rating", Double(), nullable=False),
    count("rating_count"),
    count("gem_count"),
    # The first of times for never: the databases disagree on where null stands in an index.
    instant("last_assigned_at", nullable=False),
    # Whether his profile lets him be assigned.
    yes("available"),
    # When his account was made; null as long as its address is not verified.
    instant("account_since"),
    # Whether a sweep has found his account old enough: where he stands in the indexes, no more.
    # The age is a rule, so searches compare `account_since` whatever stands here.
    Column("of_age", Boolean(), nullable=False, server_default=false()),
    Index(None, "reviewer_id"),
)

_BEST_FIRST = (
    reviewer_genres.c.active_count,
    reviewer_genres.c.rating.desc(),
    reviewer_genres.c.gem_count.desc(),
    reviewer_genres.c.last_assigned_at,
    reviewer_genres.c.reviewer_id,
)

Index(
    "ix_reviewer_genres_best",
    reviewer_genres.c.genre_id,
    reviewer_genres.c.tier,
    *_BEST_FIRST,
    postgresql_where=sql("available AND of_age"),
    sqlite_where=sql("available AND of_age"),
)

# For surveys, which show the others too; they hardly ever change, so the index costs little.
Index(
    "ix_reviewer_genres_others",
    reviewer_genres.c.genre_id,
    reviewer_genres.c.tier,
    *_BEST_FIRST,
    postgresql_where=sql("NOT (available AND of_age)"),
    sqlite_where=sql("NOT (available AND of_age)"),
)

# Those whom no sweep has found yet, for searches; and for the sweep itself.
Index(
    "ix_reviewer_genres_coming",
    reviewer_genres.c.genre_id,
    reviewer_genres.c.tier,
    reviewer_genres.c.account_since,
    postgresql_where=sql("NOT of_age"),
    sqlite_where=sql("NOT of_age"),
)
Index(
    "ix_reviewer_genres_young",
    reviewer_genres.c.account_since,
    postgresql_where=sql("NOT of_age"),
    sqlite_where=sql("NOT of_age"),
)

# Newcomers stand last in the index above; with the number of ratings in front, each number is a
# short range of its own.
Index(
    "ix_reviewer_genres_newcomers",
    reviewer_genres.c.genre_id,
    reviewer_genres.c.tier,
    reviewer_genres.c.rating_count,
    *_BEST_FIRST,
    postgresql_where=sql("available AND of_age"),
    sqlite_where=sql("available AND of_age"),
)
