"""The strategies of entities by their names; *given* fields are as they are.

Those with a status draw any, unless it is given.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import Genre
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.ledger import BalanceLine, Entry
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
from reviewcore.testing.strategies.catalogue import of


def users(**given: Any) -> st.SearchStrategy[User]:
    """Draw users, some of them erased."""
    return of(User, **given)


def sessions(**given: Any) -> st.SearchStrategy[Session]:
    """Draw sessions."""
    return of(Session, **given)


def email_tokens(**given: Any) -> st.SearchStrategy[EmailVerificationToken]:
    """Draw tokens that prove an address."""
    return of(EmailVerificationToken, **given)


def reset_tokens(**given: Any) -> st.SearchStrategy[PasswordResetToken]:
    """Draw leaves to choose another password."""
    return of(PasswordResetToken, **given)


def accounts(**given: Any) -> st.SearchStrategy[Account]:
    """Draw accounts at providers."""
    return of(Account, **given)


def marks(**given: Any) -> st.SearchStrategy[IdentityMark]:
    """Draw marks of identity."""
    return of(IdentityMark, **given)


def artists(**given: Any) -> st.SearchStrategy[ArtistProfile]:
    """Draw artists."""
    return of(ArtistProfile, **given)


def reviewers(**given: Any) -> st.SearchStrategy[ReviewerProfile]:
    """Draw reviewers, also restricted, granted and new ones."""
    return of(ReviewerProfile, **given)


def genres(**given: Any) -> st.SearchStrategy[Genre]:
    """Draw genres."""
    return of(Genre, **given)


def tracks(**given: Any) -> st.SearchStrategy[Track]:
    """Draw tracks in any status."""
    return of(Track, **given)


def slots(**given: Any) -> st.SearchStrategy[Slot]:
    """Draw slots, some of them given up."""
    return of(Slot, **given)


def reviews(**given: Any) -> st.SearchStrategy[Review]:
    """Draw reviews in any status."""
    return of(Review, **given)


def timestamps(**given: Any) -> st.SearchStrategy[ReviewTimestamp]:
    """Draw remarks."""
    return of(ReviewTimestamp, **given)


def queue_rows(**given: Any) -> st.SearchStrategy[ReviewQueue]:
    """Draw assignments in a queue."""
    return of(ReviewQueue, **given)


def flags(**given: Any) -> st.SearchStrategy[Flag]:
    """Draw flags in any status."""
    return of(Flag, **given)


def payments(**given: Any) -> st.SearchStrategy[Payment]:
    """Draw payments in any status."""
    return of(Payment, **given)


def attempts(**given: Any) -> st.SearchStrategy[CheckoutAttempt]:
    """Draw attempts to pay in any status."""
    return of(CheckoutAttempt, **given)


def refunds(**given: Any) -> st.SearchStrategy[Refund]:
    """Draw refunds in any status."""
    return of(Refund, **given)


def disputes(**given: Any) -> st.SearchStrategy[Dispute]:
    """Draw disputes, also mere inquiries in any status."""
    return of(Dispute, **given)


def payouts(**given: Any) -> st.SearchStrategy[Payout]:
    """Draw payouts, by the processor and by hand in any status."""
    return of(Payout, **given)


def reversals(**given: Any) -> st.SearchStrategy[PayoutReversal]:
    """Draw reversals."""
    return of(PayoutReversal, **given)


def entries(**given: Any) -> st.SearchStrategy[Entry]:
    """Draw entries of the ledger, of every kind."""
    return of(Entry, **given)


def balance_lines(**given: Any) -> st.SearchStrategy[BalanceLine]:
    """Draw lines of a balance."""
    return of(BalanceLine, **given)


def event_records(**given: Any) -> st.SearchStrategy[EventRecord]:
    """Draw records of the event log."""
    return of(EventRecord, **given)


def rate_limits(**given: Any) -> st.SearchStrategy[RateLimit]:
    """Draw counters."""
    return of(RateLimit, **given)


def webhook_events(**given: Any) -> st.SearchStrategy[StripeWebhookEvent]:
    """Draw events in the inbox."""
    return of(StripeWebhookEvent, **given)


def tickets(**given: Any) -> st.SearchStrategy[SupportTicket]:
    """Draw tickets in any status."""
    return of(SupportTicket, **given)


def messages(**given: Any) -> st.SearchStrategy[SupportMessage]:
    """Draw messages of tickets."""
    return of(SupportMessage, **given)


def leads(**given: Any) -> st.SearchStrategy[LeadCapture]:
    """Draw leads."""
    return of(LeadCapture, **given)


def uploads(**given: Any) -> st.SearchStrategy[Upload]:
    """Draw uploads in any status."""
    return of(Upload, **given)
