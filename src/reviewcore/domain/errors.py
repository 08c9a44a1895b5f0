"""Every refusal of the market, as one tree.

ReviewcoreError
    Invalid           what was said cannot be right: an address, a number, a link
    Unauthenticated   nobody knows who is asking
    Forbidden         known, and not allowed
    NotFound          does not exist, or is not yours
    Conflict          true once, no longer: another got there first
    Refused           a rule of the market says no
    Throttled         too often; try later
    Unavailable       nobody's fault; the same call may succeed later

A caller acts on the eight categories; a leaf carries typed fields that name what is wrong. The
first line of a leaf's docstring is its message.
"""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import ClassVar, dataclass_transform

import attrs


@dataclass_transform(kw_only_default=True, frozen_default=True)
class ReviewcoreError(Exception):
    """The market refused.

    A leaf annotates its fields and is made with all of them, by keyword. Two are equal whose class
    and fields are. This is what attrs would do, but writing it for each of ninety leaves took a
    sixth of the time in which the market is imported.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The names of the fields, in order."""

    def __init_subclass__(cls) -> None:
        cls.FIELDS = (*cls.FIELDS, *inspect.get_annotations(cls))

    def __init__(self, **fields: object) -> None:
        if fields.keys() != set(self.FIELDS):
            names = ", ".join(self.FIELDS) or "no fields"
            raise TypeError(f"{type(self).__name__} is made of {names}")
        super().__init__(*(fields[name] for name in self.FIELDS))
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: object) -> None:
        # A traceback is attached while one travels, but what it says does not change.
        if name in self.FIELDS:
            raise attrs.exceptions.FrozenInstanceError
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.args == self.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))

    @property
    def title(self) -> str:
        """The refusal in one sentence, the same for every occurrence."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]

    @property
    def extras(self) -> dict[str, object]:
        """The typed fields of this occurrence, by name."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is made again of positional arguments, which fields by keyword refuse.
        return _revive, (type(self), self.extras)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.extras.items())
        return f"{type(self).__qualname__}({told})"

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {value}" for name, value in self.extras.items())
        return f"{self.title} ({told})" if told else self.title


def _revive(kind: type[ReviewcoreError], extras: dict[str, object]) -> ReviewcoreError:
    return kind(**extras)


class Invalid(ReviewcoreError):
    """What was said cannot be right."""


class Unauthenticated(ReviewcoreError):
    """Nobody is signed in."""


class Forbidden(ReviewcoreError):
    """This is not allowed."""


class NotFound(ReviewcoreError):
    """There is no such thing."""


class Conflict(ReviewcoreError):
    """The present state does not allow this."""


class Refused(ReviewcoreError):
    """A rule of the market does not allow this."""


class Throttled(ReviewcoreError):
    """This was asked too often."""


class Unavailable(ReviewcoreError):
    """This is not available at the moment."""


# ── Invalid ──────────────────────────────────────────────────────────────────────────────────


class InvalidEmail(Invalid):
    """The e-mail address is not valid."""

    reason: str


class InvalidPassword(Invalid):
    """The password is not acceptable."""

    reason: str


class InvalidSourceUrl(Invalid):
    """The link is not to a track that can be reviewed."""

    reason: str


class InvalidText(Invalid):
    """The text is empty, too long or holds control characters."""

    field: str
    reason: str


class OutOfRange(Invalid):
    """The number is out of range."""

    field: str
    minimum: int
    maximum: int


class TooMany(Invalid):
    """There are too many or too few of them."""

    field: str
    minimum: int
    maximum: int


class UnknownGenre(Invalid):
    """No genre has this slug."""

    slug: str


class UnknownLaw(Invalid):
    """No law has this name."""

    law: str


class InvalidWebhook(Invalid):
    """The processor did not say this."""

    reason: str


class InvalidQuizAnswers(Invalid):
    """The answers do not fit the questions."""

    reason: str


class InvalidRules(Invalid):
    """The market rules contradict each other or lose money."""

    attributes: tuple[str, ...]
    reason: str


class InvalidCountry(Invalid):
    """The country is not an ISO 3166 two-letter code."""

    country: str


class InvalidToken(Invalid):
    """The token is unknown, used or expired."""


class InvalidCursor(Invalid):
    """The cursor did not come from this list."""


class ReasonRequired(Invalid):
    """This needs a reason."""


class DestinationRequired(Invalid):
    """This payout method needs a destination."""

    method: str


class UnknownAudioType(Invalid):
    """Files of this type are not taken."""

    content_type: str
    known: tuple[str, ...]


# ── Unauthenticated ──────────────────────────────────────────────────────────────────────────


class WrongCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""


class IdentityNotProven(Unauthenticated):
    """The provider did not vouch for this sign-in, or it was begun elsewhere; begin again."""


class SessionExpired(Unauthenticated):
    """The session is unknown or has expired."""


# ── Forbidden ────────────────────────────────────────────────────────────────────────────────


class EmailNotVerified(Forbidden):
    """The e-mail address has not been verified."""


class ProviderEmailNotVerified(Forbidden):
    """The provider has not verified the e-mail address of this account."""


class NotAdmin(Forbidden):
    """Only an administrator may do this."""


class OwnCase(Forbidden):
    """Nobody judges his own case."""


class NotOnboarded(Forbidden):
    """The reviewer has not completed onboarding."""


class ReviewerRestricted(Forbidden):
    """The reviewer is restricted."""


class OwnTrack(Forbidden):
    """Nobody reviews his own track."""


# ── NotFound ─────────────────────────────────────────────────────────────────────────────────


class EntityNotFound(NotFound):
    """There is no such thing, or it is not yours."""

    entity: str
    id: str


class UnknownProvider(NotFound):
    """Nobody signs in by this provider here."""

    provider: str


class NotYourTrack(NotFound):
    """There is no such track, or it is not yours."""

    track_id: str


class NotYourReview(NotFound):
    """There is no such review, or it is not yours."""

    review_id: str


class NotShared(NotFound):
    """There is no such shared review."""


# ── Conflict ─────────────────────────────────────────────────────────────────────────────────


class AlreadyExists(Conflict):
    """There is one already."""

    entity: str
    fields: tuple[str, ...]


class EmailTaken(Conflict):
    """An account with this e-mail address exists."""


class AccountNotLinked(Conflict):
    """A user with this e-mail address exists: sign in as usual, then link the account."""


class AccountTaken(Conflict):
    """This account signs another user in."""


class PayoutAccountTaken(Conflict):
    """Another user has held this payout account."""


class IdempotencyKeyReused(Conflict):
    """The idempotency key was used for another request."""

    key: str


class InvalidTransition(Conflict):
    """The present status does not allow this."""

    entity: str
    status: str
    wanted: str


class ReviewNotCompleted(Conflict):
    """The review has not been completed."""

    status: str


class ReviewNotActive(Conflict):
    """The review is not in progress."""

    status: str


class ReviewDisowned(Conflict):
    """The review was flagged and the flag upheld, so it can no longer be judged."""


class AssignmentExpired(Conflict):
    """The time for this review is over."""

    expired_at: datetime


class AlreadyFlagged(Conflict):
    """The review has been flagged before."""


class FlagJudged(Conflict):
    """The flag has been judged."""

    status: str


class TrackHasReviews(Conflict):
    """A review of this track is in progress or was completed."""


class TrackClosed(Conflict):
    """The track is closed."""


class PromoCodeUsed(Conflict):
    """The artist has used this promo code before."""


class AlreadyOnboarded(Conflict):
    """Onboarding has been completed."""


class AlreadyVerified(Conflict):
    """The e-mail address is verified."""


class NotRestricted(Conflict):
    """The reviewer is not restricted."""


class UploadMissing(Conflict):
    """The file has not been put to its address."""


# ── Refused ──────────────────────────────────────────────────────────────────────────────────


class FeedbackTooThin(Refused):
    """The feedback says too little."""

    section: str
    reason: str
    minimum: int
    actual: int


class ListenedTooLittle(Refused):
    """The track has not been listened to for long enough."""

    listened_seconds: int
    minimum_seconds: int


class HeartbeatStale(Refused):
    """The last heartbeat is too long ago."""

    maximum_seconds: int


class DailySkipLimitReached(Refused):
    """No more reviews can be skipped today."""

    maximum: int


class DailyReportLimitReached(Refused):
    """No more tracks can be reported as unplayable today."""

    maximum: int


class QuizNotPassed(Refused):
    """The quiz has not been passed."""

    minimum: int


class NoFreeCredit(Refused):
    """There is no free review credit left."""


class UnknownPromoCode(Refused):
    """There is no such promo code."""


class CreditAndCode(Refused):
    """A free credit and a promo code cannot be used together."""


class TooEarlyToClose(Refused):
    """The track can be closed only after its deadline."""

    closable_at: datetime


class FlagWindowOver(Refused):
    """The time to flag this review is over."""

    ended_at: datetime


class TooManyFlags(Refused):
    """No more reviews of this track can be flagged."""

    maximum: int


class NoReplacementLeft(Refused):
    """The slot of this review has had its replacements."""

    maximum: int


class BelowMinimumPayout(Refused):
    """The amount is below the minimum payout."""

    minimum_cents: int


class InsufficientBalance(Refused):
    """The amount is more than can be withdrawn."""

    withdrawable_cents: int


class PayoutAccountNotReady(Refused):
    """The payout account cannot be paid yet."""


class PayoutAccountTooNew(Refused):
    """The payout account was changed too recently."""

    payable_at: datetime


class ProcessorRefused(Refused):
    """The payment processor refused."""

    code: str


class TrackDisputed(Refused):
    """The payment of this track is disputed; wait for the verdict."""


class TooEarlyToResolve(Refused):
    """The processor may still tell what became of it."""

    resolvable_at: datetime


class NothingToPay(Refused):
    """There is nothing to pay for this track."""


class CannotLeave(Refused):
    """Something is still open; the account can be erased once it is settled.

    *balance_cents* is owed to him, or by him when below 0; the others are ids: of his tracks under
    way, of unsettled attempts to pay, refunds, disputes and payouts, of reviews of his that may
    yet be flagged, and of those whose flag is open.
    """

    balance_cents: int
    tracks: tuple[str, ...]
    attempts: tuple[str, ...]
    refunds: tuple[str, ...]
    disputes: tuple[str, ...]
    payouts: tuple[str, ...]
    flaggable_reviews: tuple[str, ...]
    flagged_reviews: tuple[str, ...]


class UploadRefused(Refused):
    """The file cannot be played."""

    reason: str


class UploadsNotTaken(Refused):
    """This market takes no files, only links."""


class MailRefused(Refused):
    """The mail server refuses this letter for good."""

    code: int


# ── Throttled ────────────────────────────────────────────────────────────────────────────────


class TooManyRequests(Throttled):
    """This was tried too often; wait a while."""

    retry_after_seconds: int


# ── Unavailable ──────────────────────────────────────────────────────────────────────────────


class Busy(Unavailable):
    """Another change got in between; the same call may succeed now."""


class ProcessorUnavailable(Unavailable):
    """The payment processor gave no clear answer."""


class ProviderUnavailable(Unavailable):
    """The identity provider cannot be reached, or does not answer as it should."""

    provider: str


class StoreUnavailable(Unavailable):
    """The database cannot be reached."""


class StoreNotMigrated(Unavailable):
    """The database does not have the schema of this version; run: reviewcore migrate."""

    found: str
    wanted: str


class FilesUnavailable(Unavailable):
    """The store of files cannot be reached."""


class DecoderUnavailable(Unavailable):
    """The file cannot be listened to at the moment."""
