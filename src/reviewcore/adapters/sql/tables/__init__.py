"""The tables: one an entity, with the entity's names, and the indexes that keep the promises."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import metadata
from reviewcore.adapters.sql.tables.logs import UNDELIVERED, events, idempotency_records
from reviewcore.adapters.sql.tables.market import (
    flags,
    genres,
    review_queue,
    review_timestamps,
    reviews,
    slots,
    track_genres,
    tracks,
)
from reviewcore.adapters.sql.tables.money import (
    checkout_attempts,
    ledger_entries,
    ledger_postings,
    payments,
    payouts,
    refunds,
)
from reviewcore.adapters.sql.tables.people import (
    artist_profiles,
    email_verification_tokens,
    identity_marks,
    reviewer_genres,
    reviewer_profiles,
    sessions,
    users,
)
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import Genre
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.users import EmailVerificationToken, IdentityMark, Session, User
from reviewcore.ports.constraints import UNIQUES

TABLE_OF: dict[type, Table] = {
    User: users,
    Session: sessions,
    EmailVerificationToken: email_verification_tokens,
    IdentityMark: identity_marks,
    ArtistProfile: artist_profiles,
    ReviewerProfile: reviewer_profiles,
    Genre: genres,
    Review: reviews,
    Payment: payments,
    CheckoutAttempt: checkout_attempts,
    Flag: flags,
}
"""The tables of the entities that `ports.constraints` speaks of."""

for unique in UNIQUES:
    _where = sql(unique.where) if unique.where is not None else None
    Index(
        unique.name,
        *(TABLE_OF[unique.entity].c[field] for field in unique.fields),
        unique=True,
        postgresql_where=_where,
        sqlite_where=_where,
    )

__all__ = [
    "TABLE_OF",
    "UNDELIVERED",
    "artist_profiles",
    "checkout_attempts",
    "email_verification_tokens",
    "events",
    "flags",
    "genres",
    "idempotency_records",
    "identity_marks",
    "ledger_entries",
    "ledger_postings",
    "metadata",
    "payments",
    "payouts",
    "refunds",
    "review_queue",
    "review_timestamps",
    "reviewer_genres",
    "reviewer_profiles",
    "reviews",
    "sessions",
    "slots",
    "track_genres",
    "tracks",
    "users",
]
