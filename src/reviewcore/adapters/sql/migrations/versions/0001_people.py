"""Create users, sessions, profiles and the index of matches."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    users()
    artist_profiles()
    email_verification_tokens()
    identity_marks()
    reviewer_profiles()
    sessions()
    reviewer_genres()


def downgrade() -> None:
    op.drop_table("reviewer_genres")
    op.drop_table("sessions")
    op.drop_table("reviewer_profiles")
    op.drop_table("identity_marks")
    op.drop_table("email_verification_tokens")
    op.drop_table("artist_profiles")
    op.drop_table("users")


def users() -> None:
    op.create_table(
        "users",
        sa.Column("id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email_verified", INSTANT, nullable=True),
        sa.Column("is_artist", sa.Boolean(), nullable=False),
        sa.Column("is_reviewer", sa.Boolean(), nullable=False),
        sa.Column("country", KEY, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(op.f("uq_users_email"), "users", ["email"], unique=True)


def artist_profiles() -> None:
    op.create_table(
        "artist_profiles",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("artist_name", sa.Text(), nullable=False),
        sa.Column("genres", sa.Text(), nullable=False),
        sa.Column("free_review_credits", sa.Integer(), nullable=False),
        sa.Column("total_tracks", sa.Integer(), nullable=False),
        sa.Column("total_spent", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "free_review_credits >= 0", name=op.f("ck_artist_profiles_free_review_credits")
        ),
        sa.CheckConstraint("total_tracks >= 0", name=op.f("ck_artist_profiles_total_tracks")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_artist_profiles_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artist_profiles")),
    )
    op.create_index(op.f("uq_artists_user"), "artist_profiles", ["user_id"], unique=True)


def email_verification_tokens() -> None:
    op.create_table(
        "email_verification_tokens",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("email", KEY, nullable=False),
        sa.Column("token_hash", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("is_change", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_email_verification_tokens_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_verification_tokens")),
    )
    op.create_index(
        op.f("ix_email_verification_tokens_user_id"), "email_verification_tokens", ["user_id"]
    )
    op.create_index(
        op.f("uq_email_tokens_token"), "email_verification_tokens", ["token_hash"], unique=True
    )


def identity_marks() -> None:
    op.create_table(
        "identity_marks",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.CheckConstraint(
            "kind IN ('USER', 'EMAIL', 'ACCOUNT', 'DESTINATION', 'STRIPE_ACCOUNT')",
            name=op.f("ck_identity_marks_kind"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identity_marks_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", "value", name=op.f("pk_identity_marks")),
    )
    op.create_index(
        op.f("ix_identity_marks_kind_value_user_id"), "identity_marks", ["kind", "value", "user_id"]
    )
    op.create_index(
        op.f("uq_identity_marks_stripe"),
        "identity_marks",
        ["value"],
        unique=True,
        **where("kind = 'STRIPE_ACCOUNT'"),
    )


def reviewer_profiles() -> None:
    op.create_table(
        "reviewer_profiles",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("genres", sa.Text(), nullable=False),
        sa.Column("country", KEY, nullable=False),
        sa.Column("tier", KEY, nullable=False),
        sa.Column("total_reviews", sa.Integer(), nullable=False),
        sa.Column("rating_sum", sa.Integer(), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("total_earnings", sa.BigInteger(), nullable=False),
        sa.Column("pending_balance", sa.BigInteger(), nullable=False),
        sa.Column("gem_count", sa.Integer(), nullable=False),
        sa.Column("flag_count", sa.Integer(), nullable=False),
        sa.Column("active_count", sa.Integer(), nullable=False),
        sa.Column("last_assigned_at", INSTANT, nullable=True),
        sa.Column("onboarding_quiz_score", sa.Integer(), nullable=True),
        sa.Column("onboarding_quiz_passed", sa.Boolean(), nullable=False),
        sa.Column("completed_onboarding", sa.Boolean(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("restriction_cause", KEY, nullable=True),
        sa.Column("restriction_reason", sa.Text(), nullable=True),
        sa.Column("granted_tier", KEY, nullable=True),
        sa.Column("granted_until", INSTANT, nullable=True),
        sa.Column("stripe_account_id", KEY, nullable=True),
        sa.Column("stripe_connected_at", INSTANT, nullable=True),
        sa.Column("payout_account_changed_at", INSTANT, nullable=True),
        sa.Column("payout_account_ready", sa.Boolean(), nullable=False),
        sa.CheckConstraint("tier IN ('NORMAL', 'PRO')", name=op.f("ck_reviewer_profiles_tier")),
        sa.CheckConstraint("total_reviews >= 0", name=op.f("ck_reviewer_profiles_total_reviews")),
        sa.CheckConstraint("rating_sum >= 0", name=op.f("ck_reviewer_profiles_rating_sum")),
        sa.CheckConstraint("rating_count >= 0", name=op.f("ck_reviewer_profiles_rating_count")),
        sa.CheckConstraint("gem_count >= 0", name=op.f("ck_reviewer_profiles_gem_count")),
        sa.CheckConstraint("flag_count >= 0", name=op.f("ck_reviewer_profiles_flag_count")),
        sa.CheckConstraint("active_count >= 0", name=op.f("ck_reviewer_profiles_active_count")),
        sa.CheckConstraint(
            "onboarding_quiz_score >= 0", name=op.f("ck_reviewer_profiles_onboarding_quiz_score")
        ),
        sa.CheckConstraint(
            "restriction_cause IN ('AUTOMATIC', 'ADMIN')",
            name=op.f("ck_reviewer_profiles_restriction_cause"),
        ),
        sa.CheckConstraint(
            "granted_tier IN ('NORMAL', 'PRO')", name=op.f("ck_reviewer_profiles_granted_tier")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reviewer_profiles_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer_profiles")),
    )
    op.create_index(
        op.f("ix_reviewer_profiles_granted_until"),
        "reviewer_profiles",
        ["granted_until"],
        **where("granted_until IS NOT NULL"),
    )
    op.create_index(
        op.f("uq_reviewers_stripe_account"),
        "reviewer_profiles",
        ["stripe_account_id"],
        unique=True,
        **where("stripe_account_id IS NOT NULL"),
    )
    op.create_index(op.f("uq_reviewers_user"), "reviewer_profiles", ["user_id"], unique=True)


def sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("token_hash", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_index(op.f("uq_sessions_token"), "sessions", ["token_hash"], unique=True)


def reviewer_genres() -> None:
    op.create_table(
        "reviewer_genres",
        sa.Column("genre_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("tier", KEY, nullable=False),
        sa.Column("active_count", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Double(), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("gem_count", sa.Integer(), nullable=False),
        sa.Column("last_assigned_at", INSTANT, nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.CheckConstraint("tier IN ('NORMAL', 'PRO')", name=op.f("ck_reviewer_genres_tier")),
        sa.CheckConstraint("active_count >= 0", name=op.f("ck_reviewer_genres_active_count")),
        sa.CheckConstraint("rating_count >= 0", name=op.f("ck_reviewer_genres_rating_count")),
        sa.CheckConstraint("gem_count >= 0", name=op.f("ck_reviewer_genres_gem_count")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["reviewer_profiles.id"],
            name=op.f("fk_reviewer_genres_reviewer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("genre_id", "reviewer_id", name=op.f("pk_reviewer_genres")),
    )
    op.create_index(
        op.f("ix_reviewer_genres_best"),
        "reviewer_genres",
        [
            "genre_id",
            "tier",
            "active_count",
            sa.text("rating DESC"),
            sa.text("gem_count DESC"),
            "last_assigned_at",
            "reviewer_id",
        ],
        **where("available"),
    )
    op.create_index(
        op.f("ix_reviewer_genres_newcomers"),
        "reviewer_genres",
        [
            "genre_id",
            "tier",
            "rating_count",
            "active_count",
            sa.text("rating DESC"),
            sa.text("gem_count DESC"),
            "last_assigned_at",
            "reviewer_id",
        ],
        **where("available"),
    )
    op.create_index(op.f("ix_reviewer_genres_reviewer_id"), "reviewer_genres", ["reviewer_id"])
    op.create_index(
        op.f("ix_reviewer_genres_unavailable"),
        "reviewer_genres",
        [
            "genre_id",
            "tier",
            "active_count",
            sa.text("rating DESC"),
            sa.text("gem_count DESC"),
            "last_assigned_at",
            "reviewer_id",
        ],
        **where("NOT available"),
    )
