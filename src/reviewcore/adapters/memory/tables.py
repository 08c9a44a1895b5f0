"""The tables of the market, and by what their rows are looked up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from itertools import chain, combinations
from operator import attrgetter
from typing import Any

from reviewcore.adapters.memory.table import Index, Table
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.genres import Genre
from reviewcore.domain.ids import (
    SYSTEM,
    AccountId,
    ArtistId,
    AttemptId,
    DisputeId,
    EntryId,
    EventId,
    FlagId,
    GenreId,
    LeadId,
    MessageId,
    PaymentId,
    PayoutId,
    RefundId,
    ReversalId,
    ReviewerId,
    ReviewId,
    SessionId,
    TicketId,
    TrackId,
    UploadId,
    UserId,
)
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.ledger import Entry
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.domain.refunds import OWED, Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewStatus, ReviewTimestamp
from reviewcore.domain.slots import Slot
from reviewcore.domain.support import SupportMessage, SupportTicket
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.tracks import Track
from reviewcore.domain.uploads import Upload, UploadStatus
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.ports.store import IdempotencyRecord

ALL = (None,)
"""The one group of an index that has no groups."""

SlotKey = tuple[TrackId, int]
RemarkKey = tuple[ReviewId, int]
MarkKey = tuple[UserId, MarkKind, str]
UseKey = tuple[str, str, str]

_id: Callable[[Any], Any] = attrgetter("id")


Condition = Callable[[Any], bool]


def _by(
    *names: str,
    when: Condition | None = None,
    watch: tuple[str, ...] = (),
    rank: str | Callable[[Any], Any] | None = None,
) -> Index[Any]:
    """Group rows by the value of a field, or of several; without names, put all in one group.

    Only rows for which *when* holds; *watch* names the fields that it looks at.
    """
    group_of = attrgetter(*names) if names else None

    def groups(row: Any) -> tuple[Hashable, ...]:
        if when is not None and not when(row):
            return ()
        return ALL if group_of is None else (group_of(row),)

    return Index(groups, watch=(*names, *watch), rank=rank)


def _expiring() -> dict[str, Index[Any]]:
    """Make the indexes of what a user has for a while."""
    return {"user": _by("user_id"), "expired": _by(rank="expires_at")}


def _pages(*filters: str) -> dict[str, Index[Any]]:
    """Make an index for every choice of filters, so that each page starts at its first row."""
    choices = chain.from_iterable(combinations(filters, n) for n in range(len(filters) + 1))
    return {page_of(*names): _by(*names) for names in choices}


def page_of(*filters: str) -> str:
    """Name the index that is paged through when these filters are given."""
    return " ".join(("page", *filters))


def _ready_at(row: Any) -> datetime:
    """Tell from when on a row can be leased: it is due, and nobody holds it."""
    due: datetime = row.next_attempt_at
    leased: datetime | None = row.leased_until
    return due if leased is None else max(due, leased)


def _leasable(condition: Condition, *, watch: tuple[str, ...]) -> Index[Any]:
    return _by(
        when=lambda row: row.next_attempt_at is not None and condition(row),
        watch=(*watch, "next_attempt_at", "leased_until"),
        rank=_ready_at,
    )


def _is_pending(record: EventRecord) -> bool:
    """Whether the event is still to be delivered."""
    return record.delivered_at is None and record.next_attempt_at is not None


def _is_unsettled(attempt: CheckoutAttempt) -> bool:
    """Whether money may still come of it, or what came is not known to the cent."""
    is_paid = attempt.status is AttemptStatus.PAID
    return attempt.is_pending or (is_paid and attempt.fee is None)


def _is_owed(refund: Refund) -> bool:
    """Whether the payer has not got his money, and should."""
    return refund.status in OWED


def _is_earned(review: Review) -> bool:
    return review.status is ReviewStatus.COMPLETED and review.flag_status is not FlagStatus.UPHELD


class Tables:
    """Every table."""

    def __init__(self) -> None:
        self._make_people()
        self._make_tracks()
        self._make_reviews()
        self._make_money()
        self._make_service()
        self._make_logs()
        tables = [one for one in vars(self).values() if isinstance(one, Table)]
        self.holders = [holders for table in tables for holders in table.holders.values()]

    def _make_people(self) -> None:
        self.users: Table[UserId, User] = Table(User, _id, _pages())
        self.sessions: Table[SessionId, Session] = Table(Session, _id, _expiring())
        self.email_tokens: Table[str, EmailVerificationToken] = Table(
            EmailVerificationToken, _id, _expiring()
        )
        self.reset_tokens: Table[str, PasswordResetToken] = Table(
            PasswordResetToken, _id, _expiring()
        )
        self.accounts: Table[AccountId, Account] = Table(Account, _id, {"user": _by("user_id")})
        self.marks: Table[MarkKey, IdentityMark] = Table(
            IdentityMark,
            attrgetter("user_id", "kind", "value"),
            {"user": _by("user_id"), "value": _by("kind", "value")},
        )
        self.artists: Table[ArtistId, ArtistProfile] = Table(ArtistProfile, _id)
        self.reviewers: Table[ReviewerId, ReviewerProfile] = Table(
            ReviewerProfile,
            _id,
            {
                **_pages("is_restricted"),
                "genre": Index(attrgetter("genres"), watch=("genres",)),
                "grant": _by(when=lambda one: one.granted_until is not None, rank="granted_until"),
            },
        )
        self.genres: Table[GenreId, Genre] = Table(Genre, _id)

    def _make_tracks(self) -> None:
        self.tracks: Table[TrackId, Track] = Table(
            Track,
            _id,
            {
                **_pages("artist_id", "status"),
                "waiting": Index(
                    lambda track: () if track.assign_at is None else (None, *track.genres),
                    watch=("genres",),
                    rank="assign_at",
                ),
                "open": _by(
                    when=lambda track: (
                        track.is_live
                        and track.closed_at is None
                        and track.dispute_status is not DisputeStatus.OPEN
                    ),
                    watch=("status", "closed_at", "dispute_status"),
                    rank="paid_at",
                ),
                "promo": _by("artist_id", "promo_code", when=lambda track: track.is_free),
            },
        )
        self.slots: Table[SlotKey, Slot] = Table(
            Slot, attrgetter("track_id", "number"), {"track": _by("track_id")}
        )

    def _make_reviews(self) -> None:
        self.reviews: Table[ReviewId, Review] = Table(
            Review,
            _id,
            {
                "track": _by("track_id"),
                "reviewer": _by("reviewer_id"),
                "active": _by(
                    "reviewer_id", when=lambda review: review.is_active, watch=("status",)
                ),
                "pair": _by("reviewer_id", "artist_id"),
                "ended": _by(
                    "reviewer_id",
                    "end_reason",
                    when=lambda review: review.end_reason is not None,
                    rank="ended_at",
                ),
                "flagged": _by(
                    "reviewer_id",
                    when=lambda review: review.flag_status is FlagStatus.OPEN,
                    watch=("flag_status",),
                ),
                "earned": _by(
                    "reviewer_id",
                    when=_is_earned,
                    watch=("status", "flag_status"),
                    rank="ended_at",
                ),
            },
        )
        self.queue: Table[ReviewId, ReviewQueue] = Table(
            ReviewQueue,
            _id,
            {"reviewer": _by("reviewer_id", rank="expires_at"), "deadline": _by(rank="expires_at")},
        )
        self.timestamps: Table[RemarkKey, ReviewTimestamp] = Table(
            ReviewTimestamp, attrgetter("review_id", "number"), {"review": _by("review_id")}
        )
        self.flags: Table[FlagId, Flag] = Table(
            Flag,
            _id,
            {
                **_pages("status"),
                "track": _by("track_id"),
                "open": _by(
                    when=lambda flag: flag.status is FlagStatus.OPEN,
                    watch=("status",),
                    rank="created_at",
                ),
            },
        )

    def _make_money(self) -> None:
        self.payments: Table[PaymentId, Payment] = Table(Payment, _id)
        self.attempts: Table[AttemptId, CheckoutAttempt] = Table(
            CheckoutAttempt,
            _id,
            {
                "payment": _by("payment_id", rank="number"),
                "unsettled": _by(when=_is_unsettled, watch=("status", "fee")),
                "ready": _leasable(
                    lambda attempt: attempt.status is not AttemptStatus.PAID, watch=("status",)
                ),
            },
        )
        self.refunds: Table[RefundId, Refund] = Table(
            Refund,
            _id,
            {
                **_pages("status"),
                "payment": _by("payment_id"),
                "unsettled": _by(when=_is_owed, watch=("status",)),
                "ready": _leasable(lambda refund: not refund.is_final, watch=("status",)),
            },
        )
        self.disputes: Table[DisputeId, Dispute] = Table(
            Dispute,
            _id,
            {
                "payment": _by("payment_id"),
                "unsettled": _by(when=lambda dispute: dispute.is_open, watch=("status",)),
            },
        )
        self.payouts: Table[PayoutId, Payout] = Table(
            Payout,
            _id,
            {
                **_pages("reviewer_id", "status"),
                "unsettled": _by(when=lambda payout: not payout.is_final, watch=("status",)),
                "ready": _leasable(
                    lambda payout: payout.is_automatic and not payout.is_final,
                    watch=("method", "status"),
                ),
            },
        )
        self.reversals: Table[ReversalId, PayoutReversal] = Table(
            PayoutReversal, _id, {"payout": _by("payout_id")}
        )
        self.entries: Table[EntryId, Entry] = Table(
            Entry,
            _id,
            {
                "account": Index(
                    lambda entry: tuple({one.account for one in entry.postings}),
                    watch=("postings",),
                )
            },
        )

    def _make_service(self) -> None:
        self.tickets: Table[TicketId, SupportTicket] = Table(
            SupportTicket, _id, _pages("user_id", "status")
        )
        self.messages: Table[MessageId, SupportMessage] = Table(
            SupportMessage, _id, {"ticket": _by("ticket_id")}
        )
        self.rate_limits: Table[str, RateLimit] = Table(
            RateLimit, attrgetter("key"), {"reset": _by(rank="reset_at")}
        )
        self.leads: Table[LeadId, LeadCapture] = Table(
            LeadCapture,
            _id,
            {"ready": _leasable(lambda lead: lead.reminded is None, watch=("reminded",))},
        )
        self.uploads: Table[UploadId, Upload] = Table(
            Upload,
            _id,
            {
                "artist": _by("artist_id"),
                "unused": _by(
                    when=lambda upload: upload.status is not UploadStatus.ACCEPTED,
                    watch=("status",),
                    rank="created_at",
                ),
            },
        )

    def _make_logs(self) -> None:
        self.events: Table[EventId, EventRecord] = Table(
            EventRecord,
            _id,
            {
                **_pages(),
                "pending": _by(
                    "aggregate",
                    when=_is_pending,
                    watch=("delivered_at", "next_attempt_at"),
                    rank="sequence",
                ),
                "ready": _leasable(_is_pending, watch=("delivered_at",)),
                "aggregate": _by("aggregate", rank="sequence"),
                "actor": _by("actor", when=lambda event: event.actor != SYSTEM),
            },
        )
        self.inbox: Table[str, StripeWebhookEvent] = Table(
            StripeWebhookEvent,
            _id,
            {
                "page": _by(),
                "page is_handled": _by("is_handled", watch=("handled_at",)),
                "made": _by(rank="created_at"),
                "handled": _by(
                    when=lambda event: event.is_handled, watch=("handled_at",), rank="received_at"
                ),
                "ready": _leasable(lambda event: not event.is_handled, watch=("handled_at",)),
            },
        )
        # By aggregate, the number of its last event.
        self.sequences: Table[str, int] = Table(int, str)
        self.uses: Table[UseKey, IdempotencyRecord] = Table(
            IdempotencyRecord,
            attrgetter("actor", "use_case", "key"),
            {"made": _by(rank="created_at"), "actor": _by("actor"), "about": _by("about")},
        )
