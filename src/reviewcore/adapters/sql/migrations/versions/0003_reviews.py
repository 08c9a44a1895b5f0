"""Create reviews, the queue and flags."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    reviews()
    flags()
    review_queue()
    review_timestamps()


def downgrade() -> None:
    op.drop_table("review_timestamps")
    op.drop_table("review_queue")
    op.drop_table("flags")
    op.drop_table("reviews")


def reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("artist_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("slot_number", sa.Integer(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("offered_amount", sa.BigInteger(), nullable=False),
        sa.Column("slot_price", sa.BigInteger(), nullable=False),
        sa.Column("minimum_listen_seconds", sa.Integer(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("end_reason", KEY, nullable=True),
        sa.Column("listen_duration", sa.Integer(), nullable=False),
        sa.Column("listen_carry_ms", sa.Integer(), nullable=False),
        sa.Column("last_heartbeat", INSTANT, nullable=True),
        sa.Column("paid_amount", sa.BigInteger(), nullable=True),
        sa.Column("counts_toward_completion", sa.Boolean(), nullable=False),
        sa.Column("share_id", KEY, nullable=True),
        sa.Column("artist_rating", sa.Integer(), nullable=True),
        sa.Column("rating_reason", sa.Text(), nullable=True),
        sa.Column("is_gem", sa.Boolean(), nullable=False),
        sa.Column("was_flagged", sa.Boolean(), nullable=False),
        sa.Column("flag_reason", KEY, nullable=True),
        sa.Column("flag_status", KEY, nullable=True),
        sa.Column("first_impression", KEY, nullable=True),
        sa.Column("production_score", sa.Integer(), nullable=True),
        sa.Column("originality_score", sa.Integer(), nullable=True),
        sa.Column("vocal_score", sa.Integer(), nullable=True),
        sa.Column("would_listen_again", sa.Boolean(), nullable=True),
        sa.Column("would_add_to_playlist", sa.Boolean(), nullable=True),
        sa.Column("would_share", sa.Boolean(), nullable=True),
        sa.Column("would_follow", sa.Boolean(), nullable=True),
        sa.Column("best_part", sa.Text(), nullable=True),
        sa.Column("best_part_timestamp", sa.Integer(), nullable=True),
        sa.Column("weakest_part", sa.Text(), nullable=True),
        sa.Column("weakest_timestamp", sa.Integer(), nullable=True),
        sa.Column("perceived_genre", sa.Text(), nullable=True),
        sa.Column("similar_artists", sa.Text(), nullable=True),
        sa.Column("additional_notes", sa.Text(), nullable=True),
        sa.Column("next_actions", sa.Text(), nullable=True),
        sa.Column("addressed_artist_note", KEY, nullable=True),
        sa.CheckConstraint("slot_number >= 0", name=op.f("ck_reviews_slot_number")),
        sa.CheckConstraint(
            "status IN ('ASSIGNED', 'IN_PROGRESS', 'COMPLETED', 'EXPIRED', 'SKIPPED')",
            name=op.f("ck_reviews_status"),
        ),
        sa.CheckConstraint("offered_amount >= 0", name=op.f("ck_reviews_offered_amount")),
        sa.CheckConstraint("slot_price >= 0", name=op.f("ck_reviews_slot_price")),
        sa.CheckConstraint(
            "minimum_listen_seconds >= 0", name=op.f("ck_reviews_minimum_listen_seconds")
        ),
        sa.CheckConstraint(
            "end_reason IN ('TIMEOUT', 'RESTRICTED', 'CANCELLED', 'SKIP', 'UNPLAYABLE')",
            name=op.f("ck_reviews_end_reason"),
        ),
        sa.CheckConstraint("listen_duration >= 0", name=op.f("ck_reviews_listen_duration")),
        sa.CheckConstraint("listen_carry_ms >= 0", name=op.f("ck_reviews_listen_carry_ms")),
        sa.CheckConstraint("paid_amount >= 0", name=op.f("ck_reviews_paid_amount")),
        sa.CheckConstraint("artist_rating BETWEEN 1 AND 5", name=op.f("ck_reviews_artist_rating")),
        sa.CheckConstraint(
            "flag_reason IN ('low_effort', 'spam', 'offensive', 'irrelevant')",
            name=op.f("ck_reviews_flag_reason"),
        ),
        sa.CheckConstraint(
            "flag_status IN ('OPEN', 'UPHELD', 'DISMISSED')", name=op.f("ck_reviews_flag_status")
        ),
        sa.CheckConstraint(
            "first_impression IN ('STRONG_HOOK', 'DECENT', 'LOST_INTEREST')",
            name=op.f("ck_reviews_first_impression"),
        ),
        sa.CheckConstraint(
            "production_score BETWEEN 1 AND 5", name=op.f("ck_reviews_production_score")
        ),
        sa.CheckConstraint(
            "originality_score BETWEEN 1 AND 5", name=op.f("ck_reviews_originality_score")
        ),
        sa.CheckConstraint("vocal_score BETWEEN 1 AND 5", name=op.f("ck_reviews_vocal_score")),
        sa.CheckConstraint("best_part_timestamp >= 0", name=op.f("ck_reviews_best_part_timestamp")),
        sa.CheckConstraint("weakest_timestamp >= 0", name=op.f("ck_reviews_weakest_timestamp")),
        sa.CheckConstraint(
            "addressed_artist_note IN ('YES', 'PARTIALLY', 'NO')",
            name=op.f("ck_reviews_addressed_artist_note"),
        ),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_reviews_track_id")),
        sa.ForeignKeyConstraint(
            ["track_id", "slot_number"],
            ["slots.track_id", "slots.number"],
            name=op.f("fk_reviews_track_id_slot_number"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer_profiles.id"], name=op.f("fk_reviews_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(
        op.f("ix_reviews_active"),
        "reviews",
        ["reviewer_id", "id"],
        **where("status IN ('ASSIGNED', 'IN_PROGRESS')"),
    )
    op.create_index(
        op.f("ix_reviews_ended"),
        "reviews",
        ["reviewer_id", "ended_at"],
        **where("end_reason IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_reviews_flagged"), "reviews", ["reviewer_id"], **where("flag_status = 'OPEN'")
    )
    op.create_index(
        op.f("ix_reviews_reviewer_id_artist_id_assigned_at"),
        "reviews",
        ["reviewer_id", "artist_id", "assigned_at"],
    )
    op.create_index(
        op.f("uq_reviews_share_id"),
        "reviews",
        ["share_id"],
        unique=True,
        **where("share_id IS NOT NULL"),
    )
    op.create_index(
        op.f("uq_reviews_slot"),
        "reviews",
        ["track_id", "slot_number"],
        unique=True,
        **where("status IN ('ASSIGNED', 'IN_PROGRESS') OR counts_toward_completion"),
    )
    op.create_index(
        op.f("uq_reviews_track_reviewer"), "reviews", ["track_id", "reviewer_id"], unique=True
    )


def flags() -> None:
    op.create_table(
        "flags",
        sa.Column("id", KEY, nullable=False),
        sa.Column("review_id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("flag_reason", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.Column("judged_by", KEY, nullable=True),
        sa.Column("judge_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "flag_reason IN ('low_effort', 'spam', 'offensive', 'irrelevant')",
            name=op.f("ck_flags_flag_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('OPEN', 'UPHELD', 'DISMISSED')", name=op.f("ck_flags_status")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_flags_review_id")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_flags_track_id")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer_profiles.id"], name=op.f("fk_flags_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    op.create_index(
        op.f("ix_flags_open"), "flags", ["created_at", "id"], **where("status = 'OPEN'")
    )
    op.create_index(op.f("ix_flags_status_id"), "flags", ["status", "id"])
    op.create_index(op.f("ix_flags_track_id"), "flags", ["track_id"])
    op.create_index(op.f("uq_flags_review"), "flags", ["review_id"], unique=True)


def review_queue() -> None:
    op.create_table(
        "review_queue",
        sa.Column("id", KEY, nullable=False),
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("priority >= 0", name=op.f("ck_review_queue_priority")),
        sa.ForeignKeyConstraint(["id"], ["reviews.id"], name=op.f("fk_review_queue_id")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_review_queue_track_id")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer_profiles.id"], name=op.f("fk_review_queue_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_queue")),
    )
    op.create_index(op.f("ix_review_queue_expires_at_id"), "review_queue", ["expires_at", "id"])
    op.create_index(
        op.f("ix_review_queue_reviewer_id_expires_at_id"),
        "review_queue",
        ["reviewer_id", "expires_at", "id"],
    )


def review_timestamps() -> None:
    op.create_table(
        "review_timestamps",
        sa.Column("review_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_review_timestamps_seconds")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_timestamps_review_id")
        ),
        sa.PrimaryKeyConstraint("review_id", "number", name=op.f("pk_review_timestamps")),
    )
