"""The tables of the market, and by what their rows are looked up."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from reviewcore.adapters.memory.table import Index, Table
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.genres import Genre
from reviewcore.domain.ids import (
    ArtistId,
    AttemptId,
    EntryId,
    EventId,
    FlagId,
    GenreId,
    PaymentId,
    PayoutId,
    RefundId,
    ReviewerId,
    ReviewId,
    SessionId,
    TrackId,
    UserId,
)
from reviewcore.domain.ledger import Entry
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, Refund
from reviewcore.domain.payouts import Payout
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewStatus, ReviewTimestamp
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import EmailVerificationToken, IdentityMark, MarkKind, Session, User
from reviewcore.ports.store import IdempotencyRecord

V = TypeVar("V")

ALL = (None,)
"""The one group of an index that has no groups."""

SlotKey = tuple[TrackId, int]
RemarkKey = tuple[ReviewId, int]
MarkKey = tuple[UserId, MarkKind, str]
UseKey = tuple[str, str, str]

_id: Callable[[Any], Any] = attrgetter("id")


def _by(*names: str) -> Callable[[Any], tuple[Hashable, ...]]:
    """Group rows by the value of a field, or of several together."""
    value_of = attrgetter(*names)
    return lambda row: (value_of(row),)


def _filtered(*names: str) -> Callable[[Any], tuple[Hashable, ...]]:
    """Group rows by every choice of filters: each field asked for or not (None)."""
    if len(names) == 1:
        one = attrgetter(*names)
        return lambda row: (None, one(row))
    both = attrgetter(*names)

    def groups(row: Any) -> tuple[Hashable, ...]:
        left, right = both(row)
        return ((None, None), (left, None), (None, right), (left, right))

    return groups


def _when(
    condition: Callable[[V], bool], groups: Callable[[V], tuple[Hashable, ...]]
) -> Callable[[V], tuple[Hashable, ...]]:
    """Index only rows for which *condition* holds."""
    return lambda row: groups(row) if condition(row) else ()


def _all(_: object) -> tuple[Hashable, ...]:
    return ALL


def ready_at(row: Any) -> datetime:
    """Tell from when on a row can be leased: it is due, and nobody holds it."""
    due: datetime = row.next_attempt_at
    leased: datetime | None = row.leased_until
    return due if leased is None else max(due, leased)


def _leasable(condition: Callable[[V], bool]) -> Index[V]:
    def wanted(row: Any) -> bool:
        return row.next_attempt_at is not None and condition(row)

    return Index(_when(wanted, _all), ready_at)


def is_pending(record: EventRecord) -> bool:
    """Whether the event is still to be delivered."""
    return record.delivered_at is None and record.next_attempt_at is not None


def _is_earned(review: Review) -> bool:
    return review.status is ReviewStatus.COMPLETED and review.flag_status is not FlagStatus.UPHELD


class Tables:
    """Every table."""

    def __init__(self) -> None:
        self._make_people()
        self._make_tracks()
        self._make_reviews()
        self._make_money()
        self._make_logs()

    def _make_people(self) -> None:
        self.users: Table[UserId, User] = Table(User, _id, {"all": Index(_all)})
        self.sessions: Table[SessionId, Session] = Table(Session, _id)
        self.email_tokens: Table[str, EmailVerificationToken] = Table(EmailVerificationToken, _id)
        self.marks: Table[MarkKey, IdentityMark] = Table(
            IdentityMark,
            attrgetter("user_id", "kind", "value"),
            {"user": Index(_by("user_id")), "value": Index(_by("kind", "value"))},
        )
        self.artists: Table[ArtistId, ArtistProfile] = Table(ArtistProfile, _id)
        self.reviewers: Table[ReviewerId, ReviewerProfile] = Table(
            ReviewerProfile,
            _id,
            {
                "page": Index(_filtered("is_restricted")),
                "genre": Index(attrgetter("genres")),
                "grant": Index(
                    _when(lambda one: one.granted_until is not None, _all),
                    attrgetter("granted_until"),
                ),
            },
        )
        self.genres: Table[GenreId, Genre] = Table(Genre, _id)

    def _make_tracks(self) -> None:
        self.tracks: Table[TrackId, Track] = Table(
            Track,
            _id,
            {
                "page": Index(_filtered("artist_id", "status")),
                "waiting": Index(
                    lambda track: () if track.assign_at is None else (None, *track.genres),
                    attrgetter("assign_at"),
                ),
                "open": Index(
                    _when(lambda track: track.is_live and track.closed_at is None, _all),
                    attrgetter("paid_at"),
                ),
                "promo": Index(_when(lambda track: track.is_free, _by("artist_id", "promo_code"))),
            },
        )
        self.slots: Table[SlotKey, Slot] = Table(
            Slot, attrgetter("track_id", "number"), {"track": Index(_by("track_id"))}
        )

    def _make_reviews(self) -> None:
        self.reviews: Table[ReviewId, Review] = Table(
            Review,
            _id,
            {
                "track": Index(_by("track_id")),
                "active": Index(_when(lambda review: review.is_active, _by("reviewer_id"))),
                "pair": Index(_by("reviewer_id", "artist_id")),
                "ended": Index(
                    _when(
                        lambda review: review.end_reason is not None,
                        _by("reviewer_id", "end_reason"),
                    ),
                    attrgetter("ended_at"),
                ),
                "flagged": Index(
                    _when(lambda review: review.flag_status is FlagStatus.OPEN, _by("reviewer_id"))
                ),
                "earned": Index(_when(_is_earned, _by("reviewer_id")), attrgetter("ended_at")),
            },
        )
        self.queue: Table[ReviewId, ReviewQueue] = Table(
            ReviewQueue,
            _id,
            {
                "reviewer": Index(_by("reviewer_id"), attrgetter("expires_at")),
                "deadline": Index(_all, attrgetter("expires_at")),
            },
        )
        self.timestamps: Table[RemarkKey, ReviewTimestamp] = Table(
            ReviewTimestamp,
            attrgetter("review_id", "number"),
            {"review": Index(_by("review_id"))},
        )
        self.flags: Table[FlagId, Flag] = Table(
            Flag,
            _id,
            {
                "page": Index(_filtered("status")),
                "track": Index(_by("track_id")),
                "open": Index(
                    _when(lambda flag: flag.status is FlagStatus.OPEN, _all),
                    attrgetter("created_at"),
                ),
            },
        )

    def _make_money(self) -> None:
        self.payments: Table[PaymentId, Payment] = Table(Payment, _id)
        self.attempts: Table[AttemptId, CheckoutAttempt] = Table(
            CheckoutAttempt,
            _id,
            {
                "payment": Index(_by("payment_id"), attrgetter("number")),
                "ready": _leasable(lambda attempt: attempt.status is not AttemptStatus.PAID),
            },
        )
        self.refunds: Table[RefundId, Refund] = Table(
            Refund,
            _id,
            {
                "payment": Index(_by("payment_id")),
                "ready": _leasable(lambda refund: not refund.is_final),
            },
        )
        self.payouts: Table[PayoutId, Payout] = Table(
            Payout,
            _id,
            {
                "page": Index(_filtered("reviewer_id", "status")),
                "ready": _leasable(lambda payout: payout.is_automatic and not payout.is_final),
            },
        )
        self.entries: Table[EntryId, Entry] = Table(
            Entry,
            _id,
            {"account": Index(lambda entry: tuple({one.account for one in entry.postings}))},
        )

    def _make_logs(self) -> None:
        self.events: Table[EventId, EventRecord] = Table(
            EventRecord,
            _id,
            {
                "all": Index(_all),
                "pending": Index(_when(is_pending, _by("aggregate")), attrgetter("sequence")),
                "ready": Index(_when(is_pending, _all), ready_at),
            },
        )
        # By aggregate, the number of its last event.
        self.sequences: Table[str, int] = Table(int, str)
        self.uses: Table[UseKey, IdempotencyRecord] = Table(
            IdempotencyRecord,
            attrgetter("actor", "use_case", "key"),
            {"made": Index(_all, attrgetter("created_at"))},
        )
