"""Tables of the market: genres, tracks, slots, reviews and flags."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
)
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import (
    KEY,
    count,
    instant,
    key,
    metadata,
    money,
    primary,
    reference,
    score,
    text,
    word,
    yes,
)
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.feedback import AddressedNote, FirstImpression
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.links import SourceType
from reviewcore.domain.reviews import EndReason, ReviewStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import TrackStatus

genres = Table(
    "genres",
    metadata,
    primary("id"),
    text("name"),
    key("slug"),
    reference("parent_id", "genres.id", nullable=True),
)

tracks = Table(
    "tracks",
    metadata,
    primary("id"),
    reference("artist_id", "artist_profiles.id"),
    text("source_url"),
    word("source_type", SourceType),
    text("title"),
    word("status", TrackStatus),
    word("package_type", PackageType),
    text("genres"),
    money("price"),
    count("priority"),
    count("reviews_requested"),
    count("reviews_completed"),
    count("slots_refunded"),
    key("promo_code", nullable=True),
    count("duration", nullable=True),
    text("feedback_focus", nullable=True),
    instant("created_at", nullable=False),
    key("rules_version"),
    instant("paid_at"),
    instant("completed_at"),
    instant("closed_at"),
    instant("source_updated_at"),
    instant("link_issue_notified_at"),
    instant("half_notified_at"),
    instant("completion_notified_at"),
    count("unplayable_reports"),
    word("dispute_status", DisputeStatus, nullable=True),
    instant("assign_at"),
    # The adapter's own: `Track.rank`, which no index can compute (time less days is not immutable).
    instant("queue_rank"),
    CheckConstraint(
        "reviews_completed + slots_refunded <= reviews_requested", name="slots_end_once"
    ),
    Index(None, "artist_id", "id"),
    Index(None, "status", "id"),
    Index(
        "ix_tracks_waiting",
        "queue_rank",
        "paid_at",
        "id",
        postgresql_where=sql("assign_at IS NOT NULL"),
        sqlite_where=sql("assign_at IS NOT NULL"),
    ),
    Index(
        "ix_tracks_open",
        "paid_at",
        postgresql_where=sql("status IN ('QUEUED', 'IN_PROGRESS') AND closed_at IS NULL"),
        sqlite_where=sql("status IN ('QUEUED', 'IN_PROGRESS') AND closed_at IS NULL"),
    ),
)

# A copy of `tracks.genres` to search by; a track is read with its genres from its own row.
track_genres = Table(
    "track_genres",
    metadata,
    Column("track_id", KEY, ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True),
    primary("genre_id"),
    Index(None, "genre_id", "track_id"),
)

slots = Table(
    "slots",
    metadata,
    Column("track_id", KEY, ForeignKey("tracks.id"), primary_key=True),
    Column("number", Integer(), primary_key=True, autoincrement=False),
    word("tier", Tier),
    money("rate"),
    money("price"),
    instant("refunded_at"),
    yes("is_lost"),
)

reviews = Table(
    "reviews",
    metadata,
    primary("id"),
    reference("track_id", "tracks.id"),
    key("artist_id"),
    reference("reviewer_id", "reviewer_profiles.id"),
    count("slot_number"),
    word("status", ReviewStatus),
    money("offered_amount"),
    money("slot_price"),
    count("minimum_listen_seconds"),
    instant("assigned_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("started_at"),
    instant("ended_at"),
    word("end_reason", EndReason, nullable=True),
    count("listen_duration"),
    count("listen_carry_ms"),
    instant("last_heartbeat"),
    money("paid_amount", nullable=True),
    yes("counts_toward_completion"),
    key("share_id", nullable=True),
    score("artist_rating"),
    text("rating_reason", nullable=True),
    yes("is_gem"),
    yes("was_flagged"),
    word("flag_reason", FlagReason, nullable=True),
    word("flag_status", FlagStatus, nullable=True),
    # The form; all null until it is delivered.
    word("first_impression", FirstImpression, nullable=True),
    score("production_score"),
    score("originality_score"),
    score("vocal_score"),
    yes("would_listen_again", nullable=True),
    yes("would_add_to_playlist", nullable=True),
    yes("would_share", nullable=True),
    yes("would_follow", nullable=True),
    text("best_part", nullable=True),
    count("best_part_timestamp", nullable=True),
    text("weakest_part", nullable=True),
    count("weakest_timestamp", nullable=True),
    text("perceived_genre", nullable=True),
    text("similar_artists", nullable=True),
    text("additional_notes", nullable=True),
    text("next_actions", nullable=True),
    word("addressed_artist_note", AddressedNote, nullable=True),
    ForeignKeyConstraint(["track_id", "slot_number"], ["slots.track_id", "slots.number"]),
    Index(None, "reviewer_id", "artist_id", "assigned_at"),
    Index(
        "ix_reviews_active",
        "reviewer_id",
        "id",
        postgresql_where=sql("status IN ('ASSIGNED', 'IN_PROGRESS')"),
        sqlite_where=sql("status IN ('ASSIGNED', 'IN_PROGRESS')"),
    ),
    Index(
        "ix_reviews_ended",
        "reviewer_id",
        "ended_at",
        postgresql_where=sql("end_reason IS NOT NULL"),
        sqlite_where=sql("end_reason IS NOT NULL"),
    ),
    Index(
        "ix_reviews_flagged",
        "reviewer_id",
        postgresql_where=sql("flag_status = 'OPEN'"),
        sqlite_where=sql("flag_status = 'OPEN'"),
    ),
)

review_timestamps = Table(
    "review_timestamps",
    metadata,
    Column("review_id", KEY, ForeignKey("reviews.id"), primary_key=True),
    Column("number", Integer(), primary_key=True, autoincrement=False),
    count("seconds"),
    text("note"),
)

review_queue = Table(
    "review_queue",
    metadata,
    Column("id", KEY, ForeignKey("reviews.id"), primary_key=True),
    reference("track_id", "tracks.id"),
    reference("reviewer_id", "reviewer_profiles.id"),
    count("priority"),
    instant("assigned_at", nullable=False),
    instant("expires_at", nullable=False),
    Index(None, "reviewer_id", "expires_at", "id"),
    Index(None, "expires_at", "id"),
)

flags = Table(
    "flags",
    metadata,
    primary("id"),
    reference("review_id", "reviews.id"),
    reference("track_id", "tracks.id"),
    reference("reviewer_id", "reviewer_profiles.id"),
    word("flag_reason", FlagReason),
    word("status", FlagStatus),
    instant("created_at", nullable=False),
    instant("judged_at"),
    key("judged_by", nullable=True),
    text("judge_reason", nullable=True),
    Index(None, "track_id"),
    Index(None, "status", "id"),
    Index(
        "ix_flags_open",
        "created_at",
        "id",
        postgresql_where=sql("status = 'OPEN'"),
        sqlite_where=sql("status = 'OPEN'"),
    ),
)
