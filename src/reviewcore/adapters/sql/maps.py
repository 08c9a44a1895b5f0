"""Which entity is kept in which table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import Genre
from reviewcore.domain.ids import EntryId
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewTimestamp
from reviewcore.domain.slots import Slot
from reviewcore.domain.support import SupportMessage, SupportTicket
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.tracks import Track
from reviewcore.domain.uploads import Upload
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.ports.store import IdempotencyRecord


@attrs.frozen(kw_only=True)
class EntryHead:
    """A ledger entry without its postings."""

    id: EntryId
    kind: EntryKind
    cause: str
    at: datetime
    rules_version: str


@attrs.frozen(kw_only=True)
class EntryPosting:
    """One posting of an entry, in order of *number*."""

    entry_id: EntryId
    number: int
    account: str
    amount: Cents


def _queue_rank(track: Track) -> datetime | None:
    return track.rank if track.paid_at is not None else None


USERS = RowMap(User, tables.users)
SESSIONS = RowMap(Session, tables.sessions)
EMAIL_TOKENS = RowMap(EmailVerificationToken, tables.email_verification_tokens)
RESET_TOKENS = RowMap(PasswordResetToken, tables.password_reset_tokens)
ACCOUNTS = RowMap(Account, tables.accounts)
MARKS = RowMap(IdentityMark, tables.identity_marks)
ARTISTS = RowMap(ArtistProfile, tables.artist_profiles)
REVIEWERS = RowMap(ReviewerProfile, tables.reviewer_profiles)
GENRES = RowMap(Genre, tables.genres)
TRACKS = RowMap(Track, tables.tracks, extra={"queue_rank": _queue_rank})
SLOTS = RowMap(Slot, tables.slots)
REVIEWS = RowMap(Review, tables.reviews, nested="feedback")
TIMESTAMPS = RowMap(ReviewTimestamp, tables.review_timestamps)
QUEUE = RowMap(ReviewQueue, tables.review_queue)
PAYMENTS = RowMap(Payment, tables.payments)
ATTEMPTS = RowMap(CheckoutAttempt, tables.checkout_attempts)
REFUNDS = RowMap(Refund, tables.refunds)
DISPUTES = RowMap(Dispute, tables.disputes)
FLAGS = RowMap(Flag, tables.flags)
PAYOUTS = RowMap(Payout, tables.payouts)
REVERSALS = RowMap(PayoutReversal, tables.payout_reversals)
ENTRIES = RowMap(EntryHead, tables.ledger_entries)
POSTINGS = RowMap(EntryPosting, tables.ledger_postings)
EVENTS = RowMap(EventRecord, tables.events)
IDEMPOTENCY = RowMap(IdempotencyRecord, tables.idempotency_records)
TICKETS = RowMap(SupportTicket, tables.support_tickets)
MESSAGES = RowMap(SupportMessage, tables.support_messages)
RATE_LIMITS = RowMap(RateLimit, tables.rate_limits)
LEADS = RowMap(LeadCapture, tables.lead_captures)
UPLOADS = RowMap(Upload, tables.uploads)
INBOX = RowMap(StripeWebhookEvent, tables.stripe_webhook_events)

MAPS: tuple[RowMap[Any], ...] = (
    USERS,
    SESSIONS,
    EMAIL_TOKENS,
    RESET_TOKENS,
    ACCOUNTS,
    MARKS,
    ARTISTS,
    REVIEWERS,
    GENRES,
    TRACKS,
    SLOTS,
    REVIEWS,
    TIMESTAMPS,
    QUEUE,
    PAYMENTS,
    ATTEMPTS,
    REFUNDS,
    DISPUTES,
    FLAGS,
    PAYOUTS,
    REVERSALS,
    ENTRIES,
    POSTINGS,
    EVENTS,
    IDEMPOTENCY,
    TICKETS,
    MESSAGES,
    RATE_LIMITS,
    LEADS,
    UPLOADS,
    INBOX,
)
