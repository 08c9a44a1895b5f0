"""Create genres, tracks and slots."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """Make an index of the rows for which *condition* holds."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    genres()
    tracks()
    slots()
    track_genres()


def downgrade() -> None:
    op.drop_table("track_genres")
    op.drop_table("slots")
    op.drop_table("tracks")
    op.drop_table("genres")


def genres() -> None:
    op.create_table(
        "genres",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", KEY, nullable=False),
        sa.Column("parent_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["genres.id"], name=op.f("fk_genres_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_genres")),
    )
    op.create_index(op.f("uq_genres_name"), "genres", ["name"], unique=True)
    op.create_index(op.f("uq_genres_slug"), "genres", ["slug"], unique=True)


def tracks() -> None:
    op.create_table(
        "tracks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("artist_id", KEY, nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("source_type", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("package_type", KEY, nullable=False),
        sa.Column("genres", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reviews_requested", sa.Integer(), nullable=False),
        sa.Column("reviews_completed", sa.Integer(), nullable=False),
        sa.Column("slots_refunded", sa.Integer(), nullable=False),
        sa.Column("promo_code", KEY, nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("feedback_focus", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("rules_version", KEY, nullable=False),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("source_updated_at", INSTANT, nullable=True),
        sa.Column("link_issue_notified_at", INSTANT, nullable=True),
        sa.Column("half_notified_at", INSTANT, nullable=True),
        sa.Column("completion_notified_at", INSTANT, nullable=True),
        sa.Column("unplayable_reports", sa.Integer(), nullable=False),
        sa.Column("dispute_status", KEY, nullable=True),
        sa.Column("assign_at", INSTANT, nullable=True),
        sa.Column("queue_rank", INSTANT, nullable=True),
        sa.CheckConstraint(
            "source_type IN ('SOUNDCLOUD', 'BANDCAMP', 'YOUTUBE', 'UPLOAD')",
            name=op.f("ck_tracks_source_type"),
        ),
        sa.CheckConstraint(
            "status IN ('PENDING_PAYMENT', 'QUEUED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED')",
            name=op.f("ck_tracks_status"),
        ),
        sa.CheckConstraint(
            "package_type IN ('STARTER', 'STANDARD', 'PRO', 'DEEP_DIVE')",
            name=op.f("ck_tracks_package_type"),
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_tracks_price")),
        sa.CheckConstraint("priority >= 0", name=op.f("ck_tracks_priority")),
        sa.CheckConstraint("reviews_requested >= 0", name=op.f("ck_tracks_reviews_requested")),
        sa.CheckConstraint("reviews_completed >= 0", name=op.f("ck_tracks_reviews_completed")),
        sa.CheckConstraint("slots_refunded >= 0", name=op.f("ck_tracks_slots_refunded")),
        sa.CheckConstraint("duration >= 0", name=op.f("ck_tracks_duration")),
        sa.CheckConstraint("unplayable_reports >= 0", name=op.f("ck_tracks_unplayable_reports")),
        sa.CheckConstraint(
            "dispute_status IN ('OPEN', 'WON', 'LOST')", name=op.f("ck_tracks_dispute_status")
        ),
        sa.CheckConstraint(
            "reviews_completed + slots_refunded <= reviews_requested",
            name=op.f("ck_tracks_slots_end_once"),
        ),
        sa.ForeignKeyConstraint(
            ["artist_id"], ["artist_profiles.id"], name=op.f("fk_tracks_artist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
    )
    op.create_index(op.f("ix_tracks_artist_id_id"), "tracks", ["artist_id", "id"])
    op.create_index(
        op.f("ix_tracks_open"),
        "tracks",
        ["paid_at"],
        **where("status IN ('QUEUED', 'IN_PROGRESS') AND closed_at IS NULL"),
    )
    op.create_index(op.f("ix_tracks_status_id"), "tracks", ["status", "id"])
    op.create_index(
        op.f("ix_tracks_waiting"),
        "tracks",
        ["queue_rank", "paid_at", "id"],
        **where("assign_at IS NOT NULL"),
    )


def slots() -> None:
    op.create_table(
        "slots",
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("tier", KEY, nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("refunded_at", INSTANT, nullable=True),
        sa.Column("is_lost", sa.Boolean(), nullable=False),
        sa.CheckConstraint("tier IN ('NORMAL', 'PRO')", name=op.f("ck_slots_tier")),
        sa.CheckConstraint("rate >= 0", name=op.f("ck_slots_rate")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_slots_price")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_slots_track_id")),
        sa.PrimaryKeyConstraint("track_id", "number", name=op.f("pk_slots")),
    )


def track_genres() -> None:
    op.create_table(
        "track_genres",
        sa.Column("track_id", KEY, nullable=False),
        sa.Column("genre_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name=op.f("fk_track_genres_track_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("track_id", "genre_id", name=op.f("pk_track_genres")),
    )
    op.create_index(
        op.f("ix_track_genres_genre_id_track_id"), "track_genres", ["genre_id", "track_id"]
    )
