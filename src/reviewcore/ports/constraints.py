"""What every store must refuse: the unique keys of the model, each with its named conflict.

One list for all stores, so that the memory store forbids exactly what the databases do. The SQL
adapter makes its unique indexes of this list and the memory store checks it at the end of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.errors import (
    AlreadyExists,
    AlreadyFlagged,
    Busy,
    EmailTaken,
    PayoutAccountTaken,
    ReviewcoreError,
)
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
    MarkKind,
    PasswordResetToken,
    Session,
    User,
)


@attrs.frozen(kw_only=True)
class Unique:
    """No two entities of a kind may agree in *fields* (rows with a None among them are exempt).

    With *when*, only entities for which it holds are compared; *where* is the same condition in
    SQL. *conflict* makes the error to raise.
    """

    name: str
    entity: type[Any]
    fields: tuple[str, ...]
    conflict: Callable[[], ReviewcoreError]
    when: Callable[[Any], bool] | None = None
    where: str | None = None


def _exists(entity: type[Any], *fields: str) -> Callable[[], ReviewcoreError]:
    return lambda: AlreadyExists(entity=entity.__name__, fields=fields)


UNIQUES: tuple[Unique, ...] = (
    Unique(name="uq_users_email", entity=User, fields=("email",), conflict=EmailTaken),
    Unique(
        name="uq_sessions_token",
        entity=Session,
        fields=("token_hash",),
        conflict=_exists(Session, "token_hash"),
    ),
    Unique(
        name="uq_email_tokens_token",
        entity=EmailVerificationToken,
        fields=("token_hash",),
        conflict=_exists(EmailVerificationToken, "token_hash"),
    ),
    Unique(
        name="uq_reset_tokens_token",
        entity=PasswordResetToken,
        fields=("token_hash",),
        conflict=_exists(PasswordResetToken, "token_hash"),
    ),
    Unique(
        name="uq_accounts_identity",
        entity=Account,
        fields=("provider", "provider_account_id"),
        conflict=_exists(Account, "provider", "provider_account_id"),
    ),
    Unique(name="uq_leads_email", entity=LeadCapture, fields=("email",), conflict=Busy),
    Unique(
        name="uq_identity_marks_stripe",
        entity=IdentityMark,
        fields=("value",),
        conflict=PayoutAccountTaken,
        when=lambda mark: mark.kind is MarkKind.STRIPE_ACCOUNT,
        where="kind = 'STRIPE_ACCOUNT'",
    ),
    Unique(
        name="uq_artists_user",
        entity=ArtistProfile,
        fields=("user_id",),
        conflict=_exists(ArtistProfile, "user_id"),
    ),
    Unique(
        name="uq_reviewers_user",
        entity=ReviewerProfile,
        fields=("user_id",),
        conflict=_exists(ReviewerProfile, "user_id"),
    ),
    Unique(
        name="uq_reviewers_stripe_account",
        entity=ReviewerProfile,
        fields=("stripe_account_id",),
        conflict=PayoutAccountTaken,
    ),
    Unique(name="uq_genres_name", entity=Genre, fields=("name",), conflict=_exists(Genre, "name")),
    Unique(name="uq_genres_slug", entity=Genre, fields=("slug",), conflict=_exists(Genre, "slug")),
    # A reviewer hears a track once, for ever; two assigners may choose him at once.
    Unique(
        name="uq_reviews_track_reviewer",
        entity=Review,
        fields=("track_id", "reviewer_id"),
        conflict=Busy,
    ),
    # The last line of defence against paying for surplus reviews (law 3).
    Unique(
        name="uq_reviews_slot",
        entity=Review,
        fields=("track_id", "slot_number"),
        conflict=Busy,
        when=lambda review: review.holds_slot,
        where="status IN ('ASSIGNED', 'IN_PROGRESS') OR counts_toward_completion",
    ),
    # 48 random bits collide once in a long while; the use case is then run again.
    Unique(name="uq_reviews_share_id", entity=Review, fields=("share_id",), conflict=Busy),
    Unique(
        name="uq_payments_track",
        entity=Payment,
        fields=("track_id",),
        conflict=Busy,
    ),
    Unique(
        name="uq_payments_session",
        entity=Payment,
        fields=("stripe_session_id",),
        conflict=_exists(Payment, "stripe_session_id"),
    ),
    Unique(
        name="uq_attempts_number",
        entity=CheckoutAttempt,
        fields=("payment_id", "number"),
        conflict=Busy,
    ),
    Unique(
        name="uq_attempts_session",
        entity=CheckoutAttempt,
        fields=("session_id",),
        conflict=_exists(CheckoutAttempt, "session_id"),
    ),
    # The processor tells of a thing twice, and of two things at once.
    Unique(name="uq_disputes_external", entity=Dispute, fields=("external_id",), conflict=Busy),
    Unique(
        name="uq_payout_reversals_external",
        entity=PayoutReversal,
        fields=("external_id",),
        conflict=Busy,
    ),
    Unique(name="uq_flags_review", entity=Flag, fields=("review_id",), conflict=AlreadyFlagged),
)
