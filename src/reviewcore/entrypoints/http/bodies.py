"""What clients may say: one class a body. Who acts and on what comes from session and path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from reviewcore.domain.feedback import AddressedNote, Feedback, FirstImpression
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.links import SourceType
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.usecases import PayoutTruth, Remark


@attrs.frozen(kw_only=True)
class Nothing:
    """The body of what needs none: left out, or an object without fields."""


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class NewUser:
    """An account to be made; the password has 8 to 256 characters."""

    email: str
    password: str = attrs.field(repr=False)
    name: str | None = None


@attrs.frozen(kw_only=True)
class Credentials:
    """Who wants a session."""

    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class MailedToken:
    """The token of a verification mail."""

    token: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Address:
    """Whose password is forgotten."""

    email: str


@attrs.frozen(kw_only=True)
class NewPassword:
    """The password that is wanted; it has 8 to 256 characters."""

    password: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class NewAddress:
    """The address that is wanted, and the password that one has."""

    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Farewell:
    """Whether somebody who leaves gives up what he has earned and not withdrawn."""

    forfeit_balance: bool = False


NOTHING_GIVEN_UP = Farewell()


# ── profiles ─────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class ArtistForm:
    """How somebody appears as an artist; genres are slugs."""

    artist_name: str
    genres: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ReviewerForm:
    """What somebody reviews; genres are slugs, the country two letters (ISO 3166)."""

    genres: tuple[str, ...]
    country: str


@attrs.frozen(kw_only=True)
class QuizAnswers:
    """By the index of the question, as text, the index of the choice; both from 0."""

    answers: Mapping[str, int]


# ── tracks ───────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class NewTrack:
    """A track to be reviewed: 1 to 3 genres by slug, the duration in seconds if known.

    The source type follows from the link; one that is said must agree with it. The title may be
    empty where the market asks platforms what a track is called.
    """

    source_url: str
    title: str
    genres: tuple[str, ...]
    package_type: PackageType
    source_type: SourceType | None = None
    duration: int | None = None
    feedback_focus: str | None = None


@attrs.frozen(kw_only=True)
class NewSource:
    """Another link for a track."""

    source_url: str


@attrs.frozen(kw_only=True)
class NewUpload:
    """A file of 1 byte to 25 MiB to be uploaded: MP3, WAV, FLAC, OGG, M4A or AAC."""

    filename: str
    content_type: str
    content_length: int


@attrs.frozen(kw_only=True)
class CheckoutForm:
    """How a track is paid for: with money unless a free credit or a promo code is used."""

    use_free_credit: bool = False
    promo_code: str | None = None


PAID_WITH_MONEY = CheckoutForm()


# ── reviews ──────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class ReviewForm:
    """The review: scores from 1 to 5, moments in seconds from the start of the track."""

    first_impression: FirstImpression
    production_score: int
    originality_score: int
    best_part: str
    weakest_part: str
    vocal_score: int | None = None
    would_listen_again: bool = False
    would_add_to_playlist: bool = False
    would_share: bool = False
    would_follow: bool = False
    best_part_timestamp: int | None = None
    weakest_timestamp: int | None = None
    perceived_genre: str | None = None
    similar_artists: str | None = None
    additional_notes: str | None = None
    next_actions: str | None = None
    addressed_artist_note: AddressedNote | None = None
    timestamps: tuple[Remark, ...] = ()

    def feedback(self) -> Feedback:
        """Tell the form without its remarks about single moments."""
        names = [field.name for field in attrs.fields(Feedback)]
        return Feedback(**{name: getattr(self, name) for name in names})


@attrs.frozen(kw_only=True)
class Rating:
    """The artist's verdict, 1 to 5; 1 and 2 need a reason."""

    rating: int
    reason: str | None = None


@attrs.frozen(kw_only=True)
class FlagForm:
    """What is wrong with a review."""

    reason: FlagReason


# ── money ────────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class PayoutForm:
    """A withdrawal: all that can be withdrawn unless an amount is said.

    `PAYPAL` and `MANUAL` need a destination.
    """

    amount_cents: int | None = None
    method: PayoutMethod = PayoutMethod.STRIPE_CONNECT
    destination: str | None = None


EVERYTHING = PayoutForm()


# ── leads ────────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class NewLead:
    """An address left on a page; *source* tells which, or which campaign."""

    email: str
    artist_name: str | None = None
    source: str | None = None


@attrs.frozen(kw_only=True)
class FeedbackForm:
    """An account, an artist and a track in one: what `NewUser` and `NewTrack` say."""

    email: str
    password: str = attrs.field(repr=False)
    artist_name: str
    title: str
    source_url: str
    genres: tuple[str, ...]
    package_type: PackageType = PackageType.STARTER
    name: str | None = None
    duration: int | None = None
    feedback_focus: str | None = None


# ── support ──────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class NewTicket:
    """A question: a subject of 1 to 120 characters on one line, a message of 1 to 4,000."""

    subject: str
    message: str


@attrs.frozen(kw_only=True)
class NewMessage:
    """One more message of a ticket, 1 to 4,000 characters."""

    message: str


@attrs.frozen(kw_only=True)
class TicketMove:
    """Where a ticket is to stand."""

    status: TicketStatus


# ── administration ───────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class Reason:
    """Why an administrator acts; it goes into the audit trail."""

    reason: str


@attrs.frozen(kw_only=True)
class OptionalReason:
    """Why an administrator acts, if he says so."""

    reason: str = ""


NO_REASON = OptionalReason()


@attrs.frozen(kw_only=True)
class TierGrant:
    """A tier until a date."""

    tier: Tier
    until: datetime
    reason: str


@attrs.frozen(kw_only=True)
class CreditGrant:
    """Free review credits, 1 to 100."""

    credits: int
    reason: str


@attrs.frozen(kw_only=True)
class Resolution:
    """What a person found out about a payout: `found`, or surely `absent`."""

    outcome: PayoutTruth
    reason: str
    external_id: str | None = None


@attrs.frozen(kw_only=True)
class Settlement:
    """What proves a payment made by hand."""

    reference: str


@attrs.frozen(kw_only=True)
class RefundSettlement:
    """What proves that a refund was paid another way, and why it was."""

    reference: str
    reason: str
