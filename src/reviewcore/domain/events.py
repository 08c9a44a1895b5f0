"""What happened, in the past tense: the audit trail and the outbox.

An event carries ids, amounts and enum values only: no address, no text, no secret. `aggregate`
names the thing whose history it belongs to; a store numbers the events of each aggregate from 1
without gaps and delivers them in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import attrs

from reviewcore.domain.ids import (
    AccountId,
    ArtistId,
    AttemptId,
    DisputeId,
    EventId,
    FlagId,
    LeadId,
    MessageId,
    PaymentId,
    PayoutId,
    RefundId,
    ReviewerId,
    ReviewId,
    TicketId,
    TokenId,
    TrackId,
    UserId,
)
from reviewcore.domain.money import Cents


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to one aggregate, the one whose id `ABOUT` names."""

    ABOUT: ClassVar[str] = ""

    @property
    def aggregate(self) -> str:
        """Tell whose history this belongs to, such as ``track:01h…``."""
        return f"{self.ABOUT.removesuffix('_id')}:{getattr(self, self.ABOUT)}"


@attrs.frozen(kw_only=True)
class UserEvent(Event):
    """Something that happened to a user."""

    ABOUT = "user_id"
    user_id: UserId


class UserSignedUp(UserEvent):
    """A person made an account."""


class EmailVerificationRequested(UserEvent):
    """A person wants a token mailed that proves his address; it is minted with the mail."""


class EmailVerified(UserEvent):
    """A person proved that his address is his, or an administrator vouched for it."""


class SignedIn(UserEvent):
    """A person signed in."""


class SignedOut(UserEvent):
    """A person signed out."""


class SignedOutEverywhere(UserEvent):
    """A person ended all of his sessions."""


class PasswordResetRequested(UserEvent):
    """Somebody wants to choose another password; the token is minted with the mail."""


class PasswordChanged(UserEvent):
    """A person chose another password, and all of his sessions ended."""


class EmailChangeRequested(UserEvent):
    """A person wants another address; the one that he has is told."""


@attrs.frozen(kw_only=True)
class NewEmailVerificationRequested(UserEvent):
    """The address that a person wants is to be proven; the token is minted with the mail."""

    token_id: TokenId


class EmailChanged(UserEvent):
    """A person proved that another address is his, and has it from now on."""


@attrs.frozen(kw_only=True)
class AccountLinked(UserEvent):
    """An account at a provider signs a person in from now on."""

    account_id: AccountId


class UserErased(UserEvent):
    """A person left for good, and what was personal is gone."""


@attrs.frozen(kw_only=True)
class ArtistEvent(Event):
    """Something that happened to an artist."""

    ABOUT = "artist_id"
    artist_id: ArtistId


@attrs.frozen(kw_only=True)
class ArtistProfileOpened(ArtistEvent):
    """A user became an artist."""

    user_id: UserId


class ArtistProfileChanged(ArtistEvent):
    """An artist changed his name or genres."""


@attrs.frozen(kw_only=True)
class FreeCreditGranted(ArtistEvent):
    """An artist got free review credits."""

    credits: int


@attrs.frozen(kw_only=True)
class ReviewerEvent(Event):
    """Something that happened to a reviewer."""

    ABOUT = "reviewer_id"
    reviewer_id: ReviewerId


@attrs.frozen(kw_only=True)
class BalanceForfeited(ReviewerEvent):
    """A reviewer who left gave his balance up."""

    amount: Cents


@attrs.frozen(kw_only=True)
class ReviewerProfileOpened(ReviewerEvent):
    """A user wants to review."""

    user_id: UserId


class ReviewerProfileChanged(ReviewerEvent):
    """A reviewer changed his genres or country."""


@attrs.frozen(kw_only=True)
class QuizAnswered(ReviewerEvent):
    """A reviewer answered the onboarding quiz."""

    score: int
    passed: bool


class ReviewerOnboarded(ReviewerEvent):
    """A reviewer may be assigned reviews from now on."""


@attrs.frozen(kw_only=True)
class TierChanged(ReviewerEvent):
    """A reviewer moved to another tier."""

    before: str
    after: str


@attrs.frozen(kw_only=True)
class TierGranted(ReviewerEvent):
    """An administrator granted a tier until a date."""

    tier: str
    until: datetime


class TierGrantEnded(ReviewerEvent):
    """The date of a granted tier has come."""


@attrs.frozen(kw_only=True)
class ReviewerRestricted(ReviewerEvent):
    """A reviewer may no longer review."""

    cause: str


class ReviewerUnrestricted(ReviewerEvent):
    """A reviewer may review again."""


class PayoutAccountConnected(ReviewerEvent):
    """A reviewer connected a payout account."""


class PayoutDestinationChanged(ReviewerEvent):
    """The connected account pays out to another bank account; the payout delay runs again."""


class BankPayoutFailed(ReviewerEvent):
    """The processor could not pay what a reviewer holds there to his bank."""


@attrs.frozen(kw_only=True)
class PayoutAccountChanged(ReviewerEvent):
    """The processor began or ceased to pay to a reviewer's account."""

    ready: bool


@attrs.frozen(kw_only=True)
class TrackEvent(Event):
    """Something that happened to a track."""

    ABOUT = "track_id"
    track_id: TrackId


@attrs.frozen(kw_only=True)
class TrackSubmitted(TrackEvent):
    """An artist submitted a track."""

    artist_id: ArtistId


@attrs.frozen(kw_only=True)
class TrackCheckedOut(TrackEvent):
    """The track's slots were made and their prices and rates frozen."""

    slots: int
    price: Cents


class TrackQueued(TrackEvent):
    """The track is paid for and waits for reviewers."""


class TrackStarted(TrackEvent):
    """The first review of the track counts."""


class TrackHalfReviewed(TrackEvent):
    """Half of the reviews are in; told once a track."""


@attrs.frozen(kw_only=True)
class TrackCompleted(TrackEvent):
    """All reviews that the track will get are in. *first* the first time only."""

    first: bool


@attrs.frozen(kw_only=True)
class TrackReopened(TrackEvent):
    """A review ceased to count, so the track stepped back."""

    status: str


class TrackCancelled(TrackEvent):
    """The track will get no reviews; what was paid goes back."""


class TrackClosed(TrackEvent):
    """The track takes no new reviewers; its open slots were refunded."""


@attrs.frozen(kw_only=True)
class SlotRefunded(TrackEvent):
    """A slot was given up and its price goes back."""

    number: int
    price: Cents


@attrs.frozen(kw_only=True)
class SlotLost(TrackEvent):
    """A slot ended and nothing went back for it: a lost dispute gave the payer his money."""

    number: int
    price: Cents


class SourceUpdated(TrackEvent):
    """The artist gave the track another link."""


class LinkReportedBroken(TrackEvent):
    """Reviewers could not play the track; told once until the link is changed."""


@attrs.frozen(kw_only=True)
class PaymentEvent(Event):
    """Something that happened to a payment."""

    ABOUT = "payment_id"
    payment_id: PaymentId


@attrs.frozen(kw_only=True)
class CheckoutStarted(PaymentEvent):
    """An attempt to pay was recorded."""

    attempt_id: AttemptId


@attrs.frozen(kw_only=True)
class CheckoutOpened(PaymentEvent):
    """The processor opened a session for the payer."""

    attempt_id: AttemptId


@attrs.frozen(kw_only=True)
class CheckoutEnded(PaymentEvent):
    """An attempt to pay ended without money."""

    attempt_id: AttemptId
    status: str


@attrs.frozen(kw_only=True)
class PaymentCompleted(PaymentEvent):
    """The payment was applied to its track."""

    track_id: TrackId
    amount: Cents


@attrs.frozen(kw_only=True)
class PaymentNotApplied(PaymentEvent):
    """Money came that the track cannot use; it is refunded in full, or listed for a person."""

    attempt_id: AttemptId
    reason: str


@attrs.frozen(kw_only=True)
class FeeKnown(PaymentEvent):
    """The processor told its fee."""

    fee: Cents


@attrs.frozen(kw_only=True)
class RefundEvent(Event):
    """Something that happened to a refund."""

    ABOUT = "refund_id"
    refund_id: RefundId


@attrs.frozen(kw_only=True)
class RefundIntended(RefundEvent):
    """Money is to go back to a payer."""

    payment_id: PaymentId
    amount: Cents


class RefundCompleted(RefundEvent):
    """The processor took the refund."""


class RefundFailed(RefundEvent):
    """The processor refused the refund; a person must look at it."""


@attrs.frozen(kw_only=True)
class RefundParked(RefundEvent):
    """The processor refused for now; it is sent again later, under a new key."""

    code: str


class RefundReturned(RefundEvent):
    """A refund that the processor had taken came back: the payer has not got it."""


class RefundDropped(RefundEvent):
    """A lost dispute gave the payer his money: the refund is not made."""


class RefundSettled(RefundEvent):
    """The processor could not make the refund: an administrator paid it another way."""


class RefundDoubled(RefundEvent):
    """The processor made a refund that had ended otherwise: its payer has the money twice."""


class RefundUndoubled(RefundEvent):
    """What the processor had made besides came back."""


@attrs.frozen(kw_only=True)
class DisputeEvent(Event):
    """Something that happened to a dispute."""

    ABOUT = "dispute_id"
    dispute_id: DisputeId


@attrs.frozen(kw_only=True)
class DisputeOpened(DisputeEvent):
    """A payer wants his money back through his bank; it has left the balance."""

    payment_id: PaymentId
    track_id: TrackId
    amount: Cents


@attrs.frozen(kw_only=True)
class DisputeWon(DisputeEvent):
    """The money is the market's after all."""

    reinstated: Cents


class DisputeLost(DisputeEvent):
    """The money is the payer's."""


@attrs.frozen(kw_only=True)
class ReviewEvent(Event):
    """Something that happened to a review."""

    ABOUT = "review_id"
    review_id: ReviewId


@attrs.frozen(kw_only=True)
class ReviewAssigned(ReviewEvent):
    """A reviewer was given a slot."""

    track_id: TrackId
    reviewer_id: ReviewerId


class ReviewStarted(ReviewEvent):
    """The reviewer began to listen."""


@attrs.frozen(kw_only=True)
class ReviewCompleted(ReviewEvent):
    """The reviewer delivered and was paid."""

    track_id: TrackId
    reviewer_id: ReviewerId
    paid_amount: Cents


@attrs.frozen(kw_only=True)
class ReviewEnded(ReviewEvent):
    """The assignment ended without a review."""

    track_id: TrackId
    reviewer_id: ReviewerId
    reason: str


class ReviewRestarted(ReviewEvent):
    """The track's link changed, so listening starts over with a new deadline."""


@attrs.frozen(kw_only=True)
class ReviewRated(ReviewEvent):
    """The artist rated the review."""

    rating: int


class ReviewGemmed(ReviewEvent):
    """The artist marked the review as a gem."""


class ReviewUngemmed(ReviewEvent):
    """The artist took the gem back."""


@attrs.frozen(kw_only=True)
class FlagEvent(Event):
    """Something that happened to a flag."""

    ABOUT = "flag_id"
    flag_id: FlagId


@attrs.frozen(kw_only=True)
class ReviewFlagged(FlagEvent):
    """The artist flagged a review; it ceases to count until judged."""

    review_id: ReviewId
    reviewer_id: ReviewerId
    flag_reason: str


@attrs.frozen(kw_only=True)
class FlagUpheld(FlagEvent):
    """The flag was right; the pay is taken back."""

    review_id: ReviewId


@attrs.frozen(kw_only=True)
class FlagDismissed(FlagEvent):
    """The flag was wrong, or nobody judged it in time."""

    review_id: ReviewId
    counts: bool


@attrs.frozen(kw_only=True)
class PayoutEvent(Event):
    """Something that happened to a payout."""

    ABOUT = "payout_id"
    payout_id: PayoutId


@attrs.frozen(kw_only=True)
class PayoutRequested(PayoutEvent):
    """A reviewer withdrew; the amount is reserved."""

    reviewer_id: ReviewerId
    amount: Cents


class PayoutSent(PayoutEvent):
    """The transfer was handed to the processor; its answer is awaited."""


class PayoutCompleted(PayoutEvent):
    """The money has left."""


class PayoutFailed(PayoutEvent):
    """The transfer was refused; the amount is back in the balance."""


@attrs.frozen(kw_only=True)
class PayoutParked(PayoutEvent):
    """The processor refused for now; it is sent again later, under a new key."""

    code: str


@attrs.frozen(kw_only=True)
class PayoutReversed(PayoutEvent):
    """Money of a payout came back; it is in the balance again."""

    amount: Cents


@attrs.frozen(kw_only=True)
class TicketEvent(Event):
    """Something that happened to a support ticket; what people wrote stays in the ticket."""

    ABOUT = "ticket_id"
    ticket_id: TicketId


@attrs.frozen(kw_only=True)
class TicketOpened(TicketEvent):
    """A user asked the administrators something."""

    user_id: UserId


@attrs.frozen(kw_only=True)
class TicketContinued(TicketEvent):
    """The user wrote again."""

    message_id: MessageId


@attrs.frozen(kw_only=True)
class TicketAnswered(TicketEvent):
    """An administrator wrote to the user."""

    message_id: MessageId


@attrs.frozen(kw_only=True)
class TicketMoved(TicketEvent):
    """A ticket came to stand at another status."""

    status: str


@attrs.frozen(kw_only=True)
class LeadEvent(Event):
    """Something that happened to an address without an account."""

    ABOUT = "lead_id"
    lead_id: LeadId


class LeadCaptured(LeadEvent):
    """Somebody left an address."""


class LeadReminded(LeadEvent):
    """The one reminder was due."""


@attrs.frozen(kw_only=True)
class LeadConverted(LeadEvent):
    """The address signed up."""

    user_id: UserId


@attrs.frozen(kw_only=True)
class AdminActed(Event):
    """An administrator did something and said why.

    *subject* is the aggregate that it was done to, such as ``reviewer:01h…``. The reason is the
    one text in the log: it is the administrator's, and an audit without it is worth little.
    """

    ABOUT = "subject"
    subject: str
    act: str
    reason: str

    @property
    def aggregate(self) -> str:
        """Tell whose history this belongs to: that of what was acted upon."""
        return self.subject


@attrs.frozen(kw_only=True)
class EventRecord:
    """An event as the log keeps it: who, what, when, under which rules, delivered or not."""

    id: EventId
    aggregate: str
    sequence: int
    type: str
    payload: Mapping[str, object]
    actor: str
    at: datetime
    rules_version: str
    delivered_at: datetime | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None
    failure: str | None = None


def _kinds(base: type[Event]) -> dict[str, type[Event]]:
    found = {base.__name__: base}
    for kind in base.__subclasses__():
        found |= _kinds(kind)
    return found


def event_kinds() -> Mapping[str, type[Event]]:
    """Tell every event class by its name."""
    return _kinds(Event)
