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

from datetime import datetime

import attrs


class ReviewcoreError(Exception):
    """The market refused."""

    @property
    def title(self) -> str:
        """The refusal in one sentence, the same for every occurrence."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]

    @property
    def extras(self) -> dict[str, object]:
        """The typed fields of this occurrence, by name."""
        kind: type = type(self)
        if not attrs.has(kind):
            return {}
        return {field.name: getattr(self, field.name) for field in attrs.fields(kind)}

    def __reduce__(self) -> tuple[object, ...]:
        # attrs hands the fields to Exception as positional arguments, which the keyword-only
        # initialisers refuse when an error is copied or crosses a process.
        return _revive, (type(self), self.extras)

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


# Leaves are frozen in their fields only: a traceback is attached while one travels. They have no
# slots, which would leave a twin of each class behind among the subclasses of its category.

# ── Invalid ──────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidEmail(Invalid):
    """The e-mail address is not valid."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidPassword(Invalid):
    """The password is not acceptable."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidSourceUrl(Invalid):
    """The link is not to a track that can be reviewed."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidText(Invalid):
    """The text is empty, too long or holds control characters."""

    field: str
    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class OutOfRange(Invalid):
    """The number is out of range."""

    field: str
    minimum: int
    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class TooMany(Invalid):
    """There are too many or too few of them."""

    field: str
    minimum: int
    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class UnknownGenre(Invalid):
    """No genre has this slug."""

    slug: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class UnknownLaw(Invalid):
    """No law has this name."""

    law: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidWebhook(Invalid):
    """The processor did not say this."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidQuizAnswers(Invalid):
    """The answers do not fit the questions."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidRules(Invalid):
    """The market rules contradict each other or lose money."""

    attributes: tuple[str, ...]
    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidCountry(Invalid):
    """The country is not an ISO 3166 two-letter code."""

    country: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidToken(Invalid):
    """The token is unknown, used or expired."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidCursor(Invalid):
    """The cursor did not come from this list."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class ReasonRequired(Invalid):
    """This needs a reason."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class DestinationRequired(Invalid):
    """This payout method needs a destination."""

    method: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class UnknownAudioType(Invalid):
    """Files of this type are not taken."""

    content_type: str
    known: tuple[str, ...]


# ── Unauthenticated ──────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class WrongCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class IdentityNotProven(Unauthenticated):
    """The provider did not vouch for this sign-in, or it was begun elsewhere; begin again."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class SessionExpired(Unauthenticated):
    """The session is unknown or has expired."""


# ── Forbidden ────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class EmailNotVerified(Forbidden):
    """The e-mail address has not been verified."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class ProviderEmailNotVerified(Forbidden):
    """The provider has not verified the e-mail address of this account."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotAdmin(Forbidden):
    """Only an administrator may do this."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class OwnCase(Forbidden):
    """Nobody judges his own case."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotOnboarded(Forbidden):
    """The reviewer has not completed onboarding."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class ReviewerRestricted(Forbidden):
    """The reviewer is restricted."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class OwnTrack(Forbidden):
    """Nobody reviews his own track."""


# ── NotFound ─────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class EntityNotFound(NotFound):
    """There is no such thing, or it is not yours."""

    entity: str
    id: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class UnknownProvider(NotFound):
    """Nobody signs in by this provider here."""

    provider: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotYourTrack(NotFound):
    """There is no such track, or it is not yours."""

    track_id: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotYourReview(NotFound):
    """There is no such review, or it is not yours."""

    review_id: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotShared(NotFound):
    """There is no such shared review."""


# ── Conflict ─────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class AlreadyExists(Conflict):
    """There is one already."""

    entity: str
    fields: tuple[str, ...]


@attrs.frozen(kw_only=True, str=False, slots=False)
class EmailTaken(Conflict):
    """An account with this e-mail address exists."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class AccountNotLinked(Conflict):
    """A user with this e-mail address exists: sign in as usual, then link the account."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class AccountTaken(Conflict):
    """This account signs another user in."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class PayoutAccountTaken(Conflict):
    """Another user has held this payout account."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class IdempotencyKeyReused(Conflict):
    """The idempotency key was used for another request."""

    key: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class InvalidTransition(Conflict):
    """The present status does not allow this."""

    entity: str
    status: str
    wanted: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class ReviewNotCompleted(Conflict):
    """The review has not been completed."""

    status: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class ReviewNotActive(Conflict):
    """The review is not in progress."""

    status: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class ReviewDisowned(Conflict):
    """The review was flagged and the flag upheld, so it can no longer be judged."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class AssignmentExpired(Conflict):
    """The time for this review is over."""

    expired_at: datetime


@attrs.frozen(kw_only=True, str=False, slots=False)
class AlreadyFlagged(Conflict):
    """The review has been flagged before."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class FlagJudged(Conflict):
    """The flag has been judged."""

    status: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class TrackHasReviews(Conflict):
    """A review of this track is in progress or was completed."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class TrackClosed(Conflict):
    """The track is closed."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class PromoCodeUsed(Conflict):
    """The artist has used this promo code before."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class AlreadyOnboarded(Conflict):
    """Onboarding has been completed."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class AlreadyVerified(Conflict):
    """The e-mail address is verified."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class NotRestricted(Conflict):
    """The reviewer is not restricted."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class UploadMissing(Conflict):
    """The file has not been put to its address."""


# ── Refused ──────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class FeedbackTooThin(Refused):
    """The feedback says too little."""

    section: str
    reason: str
    minimum: int
    actual: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class ListenedTooLittle(Refused):
    """The track has not been listened to for long enough."""

    listened_seconds: int
    minimum_seconds: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class HeartbeatStale(Refused):
    """The last heartbeat is too long ago."""

    maximum_seconds: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class DailySkipLimitReached(Refused):
    """No more reviews can be skipped today."""

    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class DailyReportLimitReached(Refused):
    """No more tracks can be reported as unplayable today."""

    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class QuizNotPassed(Refused):
    """The quiz has not been passed."""

    minimum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class NoFreeCredit(Refused):
    """There is no free review credit left."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class UnknownPromoCode(Refused):
    """There is no such promo code."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class CreditAndCode(Refused):
    """A free credit and a promo code cannot be used together."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class TooEarlyToClose(Refused):
    """The track can be closed only after its deadline."""

    closable_at: datetime


@attrs.frozen(kw_only=True, str=False, slots=False)
class FlagWindowOver(Refused):
    """The time to flag this review is over."""

    ended_at: datetime


@attrs.frozen(kw_only=True, str=False, slots=False)
class TooManyFlags(Refused):
    """No more reviews of this track can be flagged."""

    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class NoReplacementLeft(Refused):
    """The slot of this review has had its replacements."""

    maximum: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class BelowMinimumPayout(Refused):
    """The amount is below the minimum payout."""

    minimum_cents: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class InsufficientBalance(Refused):
    """The amount is more than can be withdrawn."""

    withdrawable_cents: int


@attrs.frozen(kw_only=True, str=False, slots=False)
class PayoutAccountNotReady(Refused):
    """The payout account cannot be paid yet."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class PayoutAccountTooNew(Refused):
    """The payout account was changed too recently."""

    payable_at: datetime


@attrs.frozen(kw_only=True, str=False, slots=False)
class ProcessorRefused(Refused):
    """The payment processor refused."""

    code: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class TrackDisputed(Refused):
    """The payment of this track is disputed; wait for the verdict."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class TooEarlyToResolve(Refused):
    """The processor may still tell what became of it."""

    resolvable_at: datetime


@attrs.frozen(kw_only=True, str=False, slots=False)
class NothingToPay(Refused):
    """There is nothing to pay for this track."""


@attrs.frozen(kw_only=True, str=False, slots=False)
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


@attrs.frozen(kw_only=True, str=False, slots=False)
class UploadRefused(Refused):
    """The file cannot be played."""

    reason: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class UploadsNotTaken(Refused):
    """This market takes no files, only links."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class MailRefused(Refused):
    """The mail server refuses this letter for good."""

    code: int


# ── Throttled ────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class TooManyRequests(Throttled):
    """This was tried too often; wait a while."""

    retry_after_seconds: int


# ── Unavailable ──────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True, str=False, slots=False)
class Busy(Unavailable):
    """Another change got in between; the same call may succeed now."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class ProcessorUnavailable(Unavailable):
    """The payment processor gave no clear answer."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class ProviderUnavailable(Unavailable):
    """The identity provider cannot be reached, or does not answer as it should."""

    provider: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class StoreUnavailable(Unavailable):
    """The database cannot be reached."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class StoreNotMigrated(Unavailable):
    """The database does not have the schema of this version; run: reviewcore migrate."""

    found: str
    wanted: str


@attrs.frozen(kw_only=True, str=False, slots=False)
class FilesUnavailable(Unavailable):
    """The store of files cannot be reached."""


@attrs.frozen(kw_only=True, str=False, slots=False)
class DecoderUnavailable(Unavailable):
    """The file cannot be listened to at the moment."""
