"""The tables: one an entity, with the entity's names, and the indexes that keep the promises."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from reviewcore.adapters.sql.tables.columns import metadata
from reviewcore.adapters.sql.tables.logs import (
    BY_SOMEBODY,
    UNDELIVERED,
    events,
    idempotency_records,
    stripe_webhook_events,
)
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
    disputes,
    ledger_entries,
    ledger_postings,
    payments,
    payout_reversals,
    payouts,
    refunds,
)
from reviewcore.adapters.sql.tables.people import (
    accounts,
    artist_profiles,
    email_verification_tokens,
    identity_marks,
    password_reset_tokens,
    reviewer_genres,
    reviewer_profiles,
    sessions,
    users,
)
from reviewcore.adapters.sql.tables.service import (
    lead_captures,
    rate_limits,
    support_messages,
    support_tickets,
    uploads,
)
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import Genre
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import PayoutReversal
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.ports.constraints import UNIQUES, Unique

TABLE_OF: dict[type, Table] = {
    User: users,
    PasswordResetToken: password_reset_tokens,
    Account: accounts,
    LeadCapture: lead_captures,
    Session: sessions,
    EmailVerificationToken: email_verification_tokens,
    IdentityMark: identity_marks,
    ArtistProfile: artist_profiles,
    ReviewerProfile: reviewer_profiles,
    Genre: genres,
    Review: reviews,
    Payment: payments,
    CheckoutAttempt: checkout_attempts,
    Dispute: disputes,
    PayoutReversal: payout_reversals,
    Flag: flags,
}
"""The tables of the entities that `ports.constraints` speaks of."""


def _unique_index(unique: Unique) -> Index:
    """Make the index of a unique key, over those rows only that can violate it.

    Without rows that have a null it is small; and PostgreSQL takes a stronger lock, in which adding
    a reference to the row must wait, to change a column of a unique index over all rows.
    """
    columns = [TABLE_OF[unique.entity].c[field] for field in unique.fields]
    conditions = [f"{column.name} IS NOT NULL" for column in columns if column.nullable]
    if unique.where is not None:
        conditions.append(unique.where)
    if not conditions:
        return Index(unique.name, *columns, unique=True)
    where = sql(" AND ".join(conditions))
    return Index(unique.name, *columns, unique=True, postgresql_where=where, sqlite_where=where)


UNIQUE_INDEXES = tuple(map(_unique_index, UNIQUES))

__all__ = [
    "BY_SOMEBODY",
    "TABLE_OF",
    "UNDELIVERED",
    "UNIQUE_INDEXES",
    "accounts",
    "artist_profiles",
    "checkout_attempts",
    "disputes",
    "email_verification_tokens",
    "events",
    "flags",
    "genres",
    "idempotency_records",
    "identity_marks",
    "lead_captures",
    "ledger_entries",
    "ledger_postings",
    "metadata",
    "password_reset_tokens",
    "payments",
    "payout_reversals",
    "payouts",
    "rate_limits",
    "refunds",
    "review_queue",
    "review_timestamps",
    "reviewer_genres",
    "reviewer_profiles",
    "reviews",
    "sessions",
    "slots",
    "stripe_webhook_events",
    "support_messages",
    "support_tickets",
    "track_genres",
    "tracks",
    "uploads",
    "users",
]
