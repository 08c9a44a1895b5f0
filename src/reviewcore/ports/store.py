"""What the market needs of a store: two doors, and behind them the repositories.

Promises that every store keeps (the contract suite proves them):

- `begin` commits on success and rolls back on an exception, all or nothing. `read` is one
  consistent snapshot that refuses writes. A second `begin` on the same thread raises.
- Writes are collected, merged per row, and reach the database together: at the end of the block or
  before a query that must see them. A unique violation surfaces by the end of the block as the
  conflict that `ports.constraints` names.
- `get` raises EntityNotFound, `find` returns None; neither locks. `lock` takes a row lock, waits
  for it, and returns the fresh row. Decide only from locked rows. Errors call an entity by the name
  of its class. What is asked about somebody or something unknown has nothing to tell: None, no
  rows, 0, False.
- The order of locks is: user, artist, tracks by id, payment, attempts, refunds, reviews by id,
  reviewers by id, payout. `lock_many` locks in order of id.
- Sequences come in order of id, which is the order in which things were made, unless said
  otherwise. Times are aware and UTC.
- `page` returns at most *limit* rows with ids greater than *after* (all from the start if None),
  of those for which the filters hold (None: any).
- What "has come" or "is over" at a time may be of that very time, "since" and "from … on" begin
  with it, "before" and "after" leave it out.
- `lease` takes at most *limit* rows whose `next_attempt_at` has come and that nobody holds
  (`leased_until` is None or has come), the longest due first, writes *until* into `leased_until`
  and returns them in order of id. Rows whose `next_attempt_at` is None wait for nobody.
- `purge` forgets at most *limit* rows; those that others hold may be left for another time.
- Rows without an id are known by: slots (track_id, number), remarks (review_id, number), marks
  (user_id, kind, value), counters key, idempotency records (actor, use_case, key).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.genres import Genre, GenreTree
from reviewcore.domain.ids import (
    AccountId,
    ArtistId,
    AttemptId,
    DisputeId,
    EventId,
    FlagId,
    LeadId,
    PaymentId,
    PayoutId,
    RefundId,
    ReviewerId,
    ReviewId,
    SessionId,
    TicketId,
    TrackId,
    UploadId,
    UserId,
)
from reviewcore.domain.laws import Law, Violation
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.ledger import BalanceLine, Draft, Entry
from reviewcore.domain.matching import History, Search
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import EndReason, Review, ReviewQueue, ReviewTimestamp
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import Slot
from reviewcore.domain.support import SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.tracks import Track, TrackStatus
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

E = TypeVar("E")
K = TypeVar("K", contravariant=True)


class Bench(NamedTuple):
    """A review with its track and reviewer, locked in the order track, review, reviewer."""

    track: Track
    review: Review
    reviewer: ReviewerProfile


class Bearer(NamedTuple):
    """A session with its user and what he is on the market."""

    session: Session
    user: User
    artist: ArtistProfile | None
    reviewer: ReviewerProfile | None


@attrs.frozen(kw_only=True)
class IdempotencyRecord:
    """That *actor* used *key* for *use_case*; *digest* is a keyed hash of the command.

    *result* is the encoded answer, None while the first call has not finished. *about* is the
    user or profile whom it tells of if he is not the actor, for it must go when he does.
    """

    actor: str
    use_case: str
    key: str
    digest: str
    created_at: datetime
    result: str | None = None
    about: str | None = None


class Repository(Protocol[E, K]):
    """What all repositories of entities with an id offer."""

    def get(self, key: K, /) -> E:
        """Return the entity without locking it. Raises EntityNotFound."""
        ...

    def find(self, key: K, /) -> E | None:
        """Return the entity without locking it, or None."""
        ...

    def lock(self, key: K, /) -> E:
        """Lock the row, wait for it if need be, and return it fresh. Raises EntityNotFound."""
        ...

    def lock_many(self, keys: Collection[K], /) -> Sequence[E]:
        """Lock the rows in order of id and return them fresh; unknown ids are left out."""
        ...

    def add(self, *entities: E) -> None:
        """Add new entities. A conflict surfaces by the end of the block."""
        ...

    def update(self, *entities: E) -> None:
        """Replace entities by their next values; they were read in this transaction."""
        ...

    def all(self) -> Iterator[E]:
        """Iterate over everything in order of id, with bounded memory where the store can."""
        ...


class Users(Repository[User, UserId], Protocol):
    """Users, found by exact normalised e-mail through an index."""

    def by_email(self, email: str) -> User | None:
        """Return the user with this normalised address."""
        ...

    def page(self, *, after: str | None, limit: int) -> Sequence[User]:
        """Return users in order of id."""
        ...


class Sessions(Repository[Session, SessionId], Protocol):
    """Signed-in sessions."""

    def by_token(self, token_hash: str) -> Session | None:
        """Return the session of a token, in one indexed look-up."""
        ...

    def bearer(self, token_hash: str) -> Bearer | None:
        """Return the session of a token, its user and his profiles, in one statement."""
        ...

    def remove(self, session_id: SessionId) -> None:
        """Forget a session; harmless when it is gone."""
        ...

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return a user's sessions, also those that have expired."""
        ...

    def remove_all(self, user_id: UserId) -> int:
        """Forget a user's sessions; count them."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget sessions that expired before a time, the oldest; count them."""
        ...


class EmailTokens(Repository[EmailVerificationToken, str], Protocol):
    """Verification tokens."""

    def lock_by_token(self, token_hash: str) -> EmailVerificationToken | None:
        """Lock and return the token with this hash."""
        ...

    def of_user(self, user_id: UserId) -> Sequence[EmailVerificationToken]:
        """Return a user's tokens; guarded by the user's lock."""
        ...

    def remove_all(self, user_id: UserId) -> None:
        """Forget a user's tokens: he leaves."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget tokens that expired before a time, the oldest; count them."""
        ...


class ResetTokens(Repository[PasswordResetToken, str], Protocol):
    """Leaves to choose another password."""

    def lock_by_token(self, token_hash: str) -> PasswordResetToken | None:
        """Lock and return the leave with this hash."""
        ...

    def of_user(self, user_id: UserId) -> Sequence[PasswordResetToken]:
        """Return a user's leaves; guarded by the user's lock."""
        ...

    def remove_all(self, user_id: UserId) -> None:
        """Forget a user's leaves to choose another password: he leaves for good."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget leaves that expired before a time, the oldest; count them."""
        ...


class Accounts(Repository[Account, AccountId], Protocol):
    """Identities at OAuth and OpenID Connect providers."""

    def by_identity(self, provider: str, provider_account_id: str) -> Account | None:
        """Return the account of an identity."""
        ...

    def of_user(self, user_id: UserId) -> Sequence[Account]:
        """Return a user's accounts."""
        ...

    def remove_all(self, user_id: UserId) -> None:
        """Forget a user's accounts: he leaves."""
        ...


class Identities(Protocol):
    """What shows that two users are one person."""

    def add(self, *marks: IdentityMark) -> None:
        """Add marks that the user does not have yet; repeats are harmless.

        A STRIPE_ACCOUNT value belongs to one user: another's raises PayoutAccountTaken by the end
        of the block.
        """
        ...

    def of_user(self, user_id: UserId) -> Sequence[IdentityMark]:
        """Return a user's marks by kind, then value."""
        ...

    def remove(self, *marks: IdentityMark) -> None:
        """Forget marks: their user leaves."""
        ...

    def kin(self, user_id: UserId) -> frozenset[UserId]:
        """Return the users who share a mark with this one, himself included; not their kin."""
        ...

    def kin_of_artist(self, artist_id: ArtistId) -> frozenset[UserId]:
        """Return the kin of the artist's user, in one statement: who may not review his tracks."""
        ...

    def holder(self, account_id: str) -> UserId | None:
        """Return who has ever held this connected account."""
        ...


class Artists(Repository[ArtistProfile, ArtistId], Protocol):
    """Artist profiles."""

    def of_user(self, user_id: UserId) -> ArtistProfile | None:
        """Return the user's artist profile."""
        ...


class Reviewers(Repository[ReviewerProfile, ReviewerId], Protocol):
    """Reviewer profiles and the search for one."""

    def of_user(self, user_id: UserId) -> ReviewerProfile | None:
        """Return the user's reviewer profile."""
        ...

    def candidates(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        """Return onboarded, verified, unrestricted reviewers with free load who fit *search*.

        Best first, in order of `matching.standing`. Those who reviewed the track are left out. In
        a write transaction the rows are locked and those that others hold are skipped; the
        profiles are fresh. A store for many reads a number of rows bounded by *limit*, the reviews
        of the track and whom `come_of_age` has yet to mark, however many others there are and
        wherever in the order they stand.
        """
        ...

    def come_of_age(self, account_before: datetime, *, limit: int) -> int:
        """Mark at most *limit* reviewers whose accounts were made until a time.

        Searches find them faster then, and return the same: whoever is not marked, or was marked
        under another rule, is judged as well. Those whom others hold are left for the next time.
        Returns how many were marked. A store whose searches need no marks returns 0.
        """
        ...

    def survey(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        """Return whom *search* describes, eligible or not, best first; never locks.

        That is genres, tier, ratings and whom it leaves out; the age of accounts is eligibility.
        """
        ...

    def histories(
        self, reviewer_ids: Collection[ReviewerId], *, track: Track, since: datetime
    ) -> Mapping[ReviewerId, History]:
        """Return what eligibility for *track* asks, by reviewer; pairs count from *since* on."""
        ...

    def with_grant_over(self, now: datetime, *, limit: int) -> Sequence[ReviewerId]:
        """Return reviewers whose granted tier has ended."""
        ...

    def page(
        self, *, is_restricted: bool | None, after: str | None, limit: int
    ) -> Sequence[ReviewerProfile]:
        """Return reviewers in order of id."""
        ...


class Genres(Protocol):
    """The genre catalogue."""

    def tree(self) -> GenreTree:
        """Return the whole catalogue; cheap, it may be up to a minute old."""
        ...

    def add(self, *genres: Genre) -> None:
        """Add genres; those whose id exists are left alone."""
        ...


class Tracks(Repository[Track, TrackId], Protocol):
    """Tracks."""

    def page(
        self,
        *,
        artist_id: ArtistId | None,
        status: TrackStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Track]:
        """Return tracks in order of id."""
        ...

    def waiting(self, now: datetime, *, limit: int) -> Sequence[TrackId]:
        """Return tracks whose `assign_at` has come, first in rank, then `paid_at`, then id."""
        ...

    def wake(self, genres: Collection[str] | None, *, now: datetime, limit: int) -> int:
        """Make at most *limit* tracks with one of *genres* (None: any) due now; count them.

        Those whose `assign_at` is yet to come; which of more than *limit* is for the store to say.
        """
        ...

    def overdue(self, paid_before: datetime, *, limit: int) -> Sequence[TrackId]:
        """Return live, open tracks paid before a time: the market closes them.

        Those with an open dispute are left out, as they cannot be closed until it is decided.
        """
        ...

    def used_promo(self, artist_id: ArtistId, code: str) -> bool:
        """Whether a track of this artist, not cancelled, was paid for with *code*."""
        ...


class Slots(Protocol):
    """Slots of tracks; guarded by the lock of their track."""

    def of_track(self, track_id: TrackId) -> Sequence[Slot]:
        """Return the track's slots by number."""
        ...

    def add(self, *slots: Slot) -> None:
        """Add slots."""
        ...

    def update(self, *slots: Slot) -> None:
        """Replace slots."""
        ...

    def remove_all(self, track_id: TrackId) -> None:
        """Remove the slots of a track that is checked out again."""
        ...

    def all(self) -> Iterator[Slot]:
        """Iterate over every slot."""
        ...


class Reviews(Protocol):
    """Reviews; `lock` takes the track and the reviewer with them, in the order of locks."""

    def get(self, review_id: ReviewId, /) -> Review:
        """Return the review without locking it. Raises EntityNotFound."""
        ...

    def find(self, review_id: ReviewId, /) -> Review | None:
        """Return the review without locking it, or None."""
        ...

    def lock(self, review_id: ReviewId, /) -> Bench:
        """Lock track, review and reviewer in one statement. Raises EntityNotFound."""
        ...

    def lock_active(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        """Lock all active reviews of a reviewer by id, in one statement, and nothing else."""
        ...

    def lock_of_track(self, track_id: TrackId) -> Sequence[Review]:
        """Lock all reviews of a track by id; the track is locked already."""
        ...

    def add(self, *reviews: Review) -> None:
        """Add reviews."""
        ...

    def update(self, *reviews: Review) -> None:
        """Replace reviews."""
        ...

    def of_track(self, track_id: TrackId) -> Sequence[Review]:
        """Return all reviews of a track."""
        ...

    def active_of(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        """Return a reviewer's active reviews without locking them."""
        ...

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        """Return every review of a reviewer, however it ended, without locking."""
        ...

    def by_share_id(self, share_id: str) -> Review | None:
        """Return the review with this public id."""
        ...

    def count_ended(self, reviewer_id: ReviewerId, reason: EndReason, *, since: datetime) -> int:
        """Count his reviews that ended for *reason* from *since* on."""
        ...

    def held_pay(self, reviewer_id: ReviewerId, *, earned_after: datetime | None) -> Cents:
        """Return his pay under open flags plus, if asked, other pay earned after a time.

        Pay that was taken back, as the flag was upheld, is not among it.
        """
        ...

    def all(self) -> Iterator[Review]:
        """Iterate over every review."""
        ...


class Queue(Protocol):
    """Queue rows: one exactly while its review is active."""

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[ReviewQueue]:
        """Return a reviewer's assignments by deadline, then id."""
        ...

    def expired(self, now: datetime, *, limit: int) -> Sequence[ReviewQueue]:
        """Return rows whose deadline has come, earliest first."""
        ...

    def add(self, *rows: ReviewQueue) -> None:
        """Add rows."""
        ...

    def update(self, *rows: ReviewQueue) -> None:
        """Replace rows."""
        ...

    def remove(self, *review_ids: ReviewId) -> None:
        """Remove rows."""
        ...

    def all(self) -> Iterator[ReviewQueue]:
        """Iterate over every row."""
        ...


class Timestamps(Protocol):
    """Remarks about moments of a track."""

    def of_review(self, review_id: ReviewId) -> Sequence[ReviewTimestamp]:
        """Return the remarks of a review by number."""
        ...

    def add(self, *timestamps: ReviewTimestamp) -> None:
        """Add remarks."""
        ...


class Payments(Repository[Payment, PaymentId], Protocol):
    """Payments, one a track."""

    def of_track(self, track_id: TrackId) -> Payment | None:
        """Return the payment of a track without locking it."""
        ...

    def lock_of_track(self, track_id: TrackId) -> Payment | None:
        """Lock and return the payment of a track."""
        ...


class Attempts(Repository[CheckoutAttempt, AttemptId], Protocol):
    """Attempts to pay."""

    def of_payment(self, payment_id: PaymentId) -> Sequence[CheckoutAttempt]:
        """Return the attempts of a payment by number; guarded by the payment's lock."""
        ...

    def by_session(self, session_id: str) -> CheckoutAttempt | None:
        """Return the attempt with this session of the processor."""
        ...

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[CheckoutAttempt]:
        """Return attempts that may still be paid, or whose fee is unknown, in order of id."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[CheckoutAttempt]:
        """Take unpaid attempts whose `next_attempt_at` has come and lease them *until* a time."""
        ...


class Refunds(Repository[Refund, RefundId], Protocol):
    """Refunds."""

    def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        """Return the refunds of a payment."""
        ...

    def page(
        self, *, status: RefundStatus | None, after: str | None, limit: int
    ) -> Sequence[Refund]:
        """Return refunds in order of id."""
        ...

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Refund]:
        """Return refunds whose payer has not got his money, in order of id: failed ones, too."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Refund]:
        """Take unfinished refunds whose `next_attempt_at` has come and lease them."""
        ...


class Disputes(Repository[Dispute, DisputeId], Protocol):
    """Disputes; guarded by the lock of their payment."""

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Dispute]:
        """Return open disputes in order of id."""
        ...

    def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        """Return the disputes of a payment."""
        ...

    def by_external_id(self, external_id: str) -> Dispute | None:
        """Return the dispute with this id of the processor."""
        ...


class Flags(Repository[Flag, FlagId], Protocol):
    """Flags."""

    def of_review(self, review_id: ReviewId) -> Flag | None:
        """Return the flag of a review."""
        ...

    def of_track(self, track_id: TrackId) -> Sequence[Flag]:
        """Return the flags of a track's reviews; guarded by the track's lock."""
        ...

    def lapsed(self, created_before: datetime, *, limit: int) -> Sequence[FlagId]:
        """Return open flags raised before a time, earliest first."""
        ...

    def page(self, *, status: FlagStatus | None, after: str | None, limit: int) -> Sequence[Flag]:
        """Return flags in order of id."""
        ...


class Payouts(Repository[Payout, PayoutId], Protocol):
    """Payouts."""

    def page(
        self,
        *,
        reviewer_id: ReviewerId | None,
        status: PayoutStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Payout]:
        """Return payouts in order of id."""
        ...

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[Payout]:
        """Return payouts that are not final, in order of id, those to be made by hand as well."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[Payout]:
        """Take automatic, unfinished payouts whose `next_attempt_at` has come and lease them."""
        ...


class Reversals(Protocol):
    """Reversals of payouts; guarded by the lock of their payout."""

    def of_payout(self, payout_id: PayoutId) -> Sequence[PayoutReversal]:
        """Return the reversals of a payout."""
        ...

    def add(self, *reversals: PayoutReversal) -> None:
        """Add reversals."""
        ...

    def all(self) -> Iterator[PayoutReversal]:
        """Iterate over every reversal."""
        ...


class Inbox(Repository[StripeWebhookEvent, str], Protocol):
    """What the processor told unasked."""

    def receive(self, event: StripeWebhookEvent) -> bool:
        """Keep an event at once; False when it was kept before. Waits for others who keep it."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StripeWebhookEvent]:
        """Take unhandled events whose `next_attempt_at` has come and lease them *until* a time."""
        ...

    def page(
        self, *, is_handled: bool | None, after: str | None, limit: int
    ) -> Sequence[StripeWebhookEvent]:
        """Return events in order of id."""
        ...

    def waiting(self) -> int:
        """Count events that are still to be handled; those given up are none."""
        ...

    def newest(self) -> datetime | None:
        """Tell when the newest of them was made at the processor, by its clock."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget handled events that were received before a time, the oldest; count them."""
        ...


class Tickets(Repository[SupportTicket, TicketId], Protocol):
    """Support tickets."""

    def page(
        self,
        *,
        user_id: UserId | None,
        status: TicketStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[SupportTicket]:
        """Return tickets in order of id."""
        ...


class Messages(Protocol):
    """Messages of support tickets; guarded by the lock of their ticket."""

    def of_ticket(self, ticket_id: TicketId) -> Sequence[SupportMessage]:
        """Return the messages of a ticket, oldest first."""
        ...

    def add(self, *messages: SupportMessage) -> None:
        """Add messages."""
        ...

    def update(self, *messages: SupportMessage) -> None:
        """Replace messages: what a user wrote goes when he leaves."""
        ...


class RateLimits(Protocol):
    """Counters of attempts, shared by all processes."""

    def hit(self, key: str, *, window: timedelta) -> RateLimit:
        """Count a hit at once, in one atomic statement, and return the counter.

        The first hit, and the first after `reset_at`, begins a new *window*. Not collected: two at
        once are never counted as one.
        """
        ...

    def find(self, key: str) -> RateLimit | None:
        """Return the counter whose window has not ended, without counting."""
        ...

    def forgive(self, key: str) -> None:
        """Take one hit back at once, in one atomic statement, if the window has not ended."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget counters that were reset before a time, the oldest; count them."""
        ...


class Leads(Repository[LeadCapture, LeadId], Protocol):
    """Addresses without an account."""

    def by_email(self, email: str) -> LeadCapture | None:
        """Return the lead with this normalised address."""
        ...

    def remove(self, lead_id: LeadId) -> None:
        """Forget a lead; harmless when it is gone."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[LeadCapture]:
        """Take leads whose reminder is due and lease them *until* a time."""
        ...


class Uploads(Repository[Upload, UploadId], Protocol):
    """Files of artists."""

    def of_artist(self, artist_id: ArtistId) -> Sequence[Upload]:
        """Return an artist's uploads."""
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget uploads that were started before a time and not accepted; count them."""
        ...

    def remove(self, upload_id: UploadId) -> None:
        """Forget an upload whose file was removed."""
        ...


class Ledger(Protocol):
    """The ledger: entries are added and read, nothing else."""

    def add(self, *drafts: Draft) -> None:
        """Add entries; the store gives id, time and rules version. Empty ones are dropped."""
        ...

    def lines(self, account: str) -> Sequence[BalanceLine]:
        """Return every posting of an account with its cause, oldest first."""
        ...

    def all(self) -> Iterator[Entry]:
        """Iterate over every entry."""
        ...


class Audit(Protocol):
    """The whole market before its laws."""

    def judge(self, law: Law) -> Iterator[Violation]:
        """Yield what breaks a law, as the law itself would tell it, in no particular order.

        What this block has written is judged with the rest. ``law(view_of(tx))`` is the answer
        (`usecases.check_laws`), and all that a store for small markets needs. One for large markets
        judges where they are kept, and holds little of them in memory, however much is broken.
        """
        ...


class EventLog(Protocol):
    """The event log: audit trail and outbox."""

    def add(self, *told: events.Event) -> None:
        """Append events; the store numbers them per aggregate without gaps.

        A record has the name of the event's class as its type, `codec.encode` of the event as its
        payload, and is due from `now` on.
        """
        ...

    def page(self, *, after: str | None, limit: int) -> Sequence[events.EventRecord]:
        """Return events in order of id."""
        ...

    def about(self, aggregate: str) -> Sequence[events.EventRecord]:
        """Return the history of an aggregate, such as ``user:01h…``, oldest first."""
        ...

    def by_actor(
        self, actor: str, *, after: str | None, limit: int
    ) -> Sequence[events.EventRecord]:
        """Return what somebody did, in order of id; nothing for SYSTEM, which does the most."""
        ...

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[events.EventRecord]:
        """Take undelivered events that are due, at most the first of each aggregate.

        One that was given up no longer holds back those after it; one that waits or is leased does.
        Which of more than *limit* is for the store to say.
        """
        ...

    def mark_delivered(self, event_ids: Sequence[EventId], *, at: datetime) -> None:
        """Record that events were delivered; it counts among their `attempts`."""
        ...

    def mark_failed(
        self, event_id: EventId, *, failure: str, next_attempt_at: datetime | None
    ) -> None:
        """Record a failed attempt and when to try again (None: give up, keep it listed).

        It counts among its `attempts`, and its lease is over.
        """
        ...

    def waiting(self) -> int:
        """Count events that are still to be delivered; those given up are none."""
        ...

    def revive(self, event_id: EventId, *, at: datetime) -> bool:
        """Make an undelivered event due at a time, whoever leased it; False if there is none."""
        ...

    def all(self) -> Iterator[events.EventRecord]:
        """Iterate over every event in order of id."""
        ...


class Idempotency(Protocol):
    """Which keys were used for what."""

    def claim(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        """Insert the record at once; return the earlier one if the key was used.

        Waits for another transaction that is using the key. Not collected: the row is the lock.
        """
        ...

    def finish(self, record: IdempotencyRecord) -> None:
        """Record the result of a claimed record."""
        ...

    def forget(self, people: Collection[str]) -> int:
        """Forget the finished records by and about users and profiles who leave; count them.

        One that this block has claimed is not finished, and stays.
        """
        ...

    def purge(self, before: datetime, *, limit: int) -> int:
        """Forget records made before a time, the oldest; count them."""
        ...


class Transaction(Protocol):
    """The repositories, the logs and the one instant of a unit of work."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction: one for all rows that it writes."""
        ...

    @property
    def rules(self) -> MarketRules:
        """The rules in force."""
        ...

    @property
    def actor(self) -> str:
        """Who acts: a profile or user id, or SYSTEM."""
        ...

    def new_id(self) -> str:
        """Make an id; later ids sort after earlier ones."""
        ...

    def new_token(self) -> str:
        """Make 256 secret bits as URL-safe text."""
        ...

    def flush(self) -> None:
        """Send what was collected, so that a conflict surfaces now."""
        ...

    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def email_tokens(self) -> EmailTokens: ...
    @property
    def reset_tokens(self) -> ResetTokens: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def artists(self) -> Artists: ...
    @property
    def reviewers(self) -> Reviewers: ...
    @property
    def genres(self) -> Genres: ...
    @property
    def tracks(self) -> Tracks: ...
    @property
    def slots(self) -> Slots: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def timestamps(self) -> Timestamps: ...
    @property
    def payments(self) -> Payments: ...
    @property
    def attempts(self) -> Attempts: ...
    @property
    def refunds(self) -> Refunds: ...
    @property
    def disputes(self) -> Disputes: ...
    @property
    def flags(self) -> Flags: ...
    @property
    def payouts(self) -> Payouts: ...
    @property
    def reversals(self) -> Reversals: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def rate_limits(self) -> RateLimits: ...
    @property
    def leads(self) -> Leads: ...
    @property
    def uploads(self) -> Uploads: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def idempotency(self) -> Idempotency: ...


class Store(Protocol):
    """A place where the market is kept."""

    @property
    def rules(self) -> MarketRules:
        """The rules in force."""
        ...

    def now(self) -> datetime:
        """The time by the store's clock, UTC."""
        ...

    def begin(self, *, actor: str = ...) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes.

        Raises Busy when the database chose it as the victim of a deadlock or serialization
        failure: nothing was done, and the same call may succeed now.
        """
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a consistent snapshot that refuses writes."""
        ...

    def glance(self) -> AbstractContextManager[Transaction]:
        """Open what refuses writes and answers each question as of its own moment.

        For a single question it tells what `read` would, in one trip instead of three.
        """
        ...

    def migrate(self) -> None:
        """Bring the schema to the newest revision; harmless when it is there."""
        ...

    def check_ready(self) -> None:
        """Raise StoreUnavailable or StoreNotMigrated unless the store can serve."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
