"""What becomes of every field when a user asks what is held about him, and when he leaves.

One table for all entities; a test fails for a field that is not in it. Whoever adds a field says
here what it is:

ID        names things; told and kept: events and ledger hold nothing else of a person.
PERSONAL  tells who somebody is or what he wrote to us; told, and gone when he is erased: emptied,
          or its row removed.
KEPT      what was done and paid: the books and the other side of a deal need it; told and kept.
SECRET    opens something to whoever knows it; never told, and gone like what is personal.
MARKET    how the market works, or an administrator's own; not told, kept, and nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.events import EventRecord
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.flags import Flag
from reviewcore.domain.genres import Genre
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.ledger import BalanceLine, Entry, Posting
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


class Treatment(StrEnum):
    """What becomes of a field."""

    ID = "ID"
    PERSONAL = "PERSONAL"
    KEPT = "KEPT"
    SECRET = "SECRET"
    MARKET = "MARKET"


ID, PERSONAL, KEPT, SECRET, MARKET = Treatment

TOLD = frozenset({ID, PERSONAL, KEPT})
"""What a user is told about himself."""

GONE = frozenset({PERSONAL, SECRET})
"""What is gone once he is erased."""

TABLE: Mapping[type, Mapping[Treatment, str]] = MappingProxyType(
    {
        # ── people ───────────────────────────────────────────────────────────────────────────
        User: {
            ID: "id",
            PERSONAL: "email name email_verified country",
            SECRET: "password",
            KEPT: "is_artist is_reviewer created_at erased_at",
        },
        Session: {ID: "id user_id", SECRET: "token_hash", PERSONAL: "created_at expires_at"},
        EmailVerificationToken: {
            ID: "id user_id",
            SECRET: "token_hash",
            PERSONAL: "email created_at expires_at used_at is_change",
        },
        PasswordResetToken: {
            ID: "id user_id",
            SECRET: "token_hash",
            PERSONAL: "created_at expires_at used_at",
        },
        Account: {
            ID: "id user_id",
            PERSONAL: "provider provider_account_id email created_at",
        },
        # A payout account's mark stays, and is no more than the books say: see `outlasts_him`.
        IdentityMark: {ID: "user_id", KEPT: "kind", PERSONAL: "value"},
        ArtistProfile: {
            ID: "id user_id",
            PERSONAL: "artist_name genres",
            KEPT: "free_review_credits total_tracks total_spent",
        },
        ReviewerProfile: {
            ID: "id user_id",
            PERSONAL: "genres country restriction_reason stripe_account_id",
            KEPT: "tier total_reviews rating_sum rating_count total_earnings pending_balance "
            "gem_count flag_count active_count last_assigned_at onboarding_quiz_score "
            "onboarding_quiz_passed completed_onboarding is_restricted restriction_cause "
            "granted_tier granted_until stripe_connected_at payout_account_changed_at "
            "payout_account_ready",
        },
        # ── tracks and reviews ───────────────────────────────────────────────────────────────
        Genre: {MARKET: "id name slug parent_id"},
        # The title stays: it is what was reviewed, and stands in reviewers' own histories.
        Track: {
            ID: "id artist_id",
            PERSONAL: "source_url feedback_focus",
            KEPT: "source_type title status package_type genres price reviews_requested "
            "reviews_completed slots_refunded promo_code duration created_at paid_at completed_at "
            "closed_at source_updated_at link_issue_notified_at unplayable_reports dispute_status",
            MARKET: "priority rules_version half_notified_at completion_notified_at assign_at",
        },
        Slot: {ID: "track_id", KEPT: "number tier rate price refunded_at is_lost"},
        # What was delivered is the artist's, who paid for it; only its author's name goes.
        Review: {
            ID: "id track_id artist_id reviewer_id share_id",
            KEPT: "slot_number status offered_amount minimum_listen_seconds assigned_at expires_at "
            "started_at ended_at end_reason listen_duration last_heartbeat paid_amount "
            "counts_toward_completion artist_rating rating_reason is_gem was_flagged flag_reason "
            "flag_status feedback",
            MARKET: "slot_price listen_carry_ms",
        },
        Feedback: {
            KEPT: "first_impression production_score vocal_score originality_score "
            "would_listen_again would_add_to_playlist would_share would_follow best_part "
            "best_part_timestamp weakest_part weakest_timestamp perceived_genre similar_artists "
            "additional_notes next_actions addressed_artist_note",
        },
        ReviewTimestamp: {ID: "review_id", KEPT: "number seconds note"},
        ReviewQueue: {
            ID: "id track_id reviewer_id",
            KEPT: "assigned_at expires_at",
            MARKET: "priority",
        },
        Flag: {
            ID: "id review_id track_id reviewer_id",
            KEPT: "flag_reason status created_at judged_at",
            MARKET: "judged_by judge_reason",
        },
        # ── money ────────────────────────────────────────────────────────────────────────────
        Payment: {
            ID: "id track_id stripe_session_id stripe_payment_id applied_attempt_id",
            KEPT: "amount currency status created_at completed_at refunded_amount",
            MARKET: "fee",
        },
        CheckoutAttempt: {
            ID: "id payment_id track_id session_id external_payment_id",
            KEPT: "number title amount currency status created_at sent_at expires_at ended_at "
            "failure_reason",
            MARKET: "key return_url url fee unwanted looks next_attempt_at leased_until",
        },
        Refund: {
            ID: "id attempt_id payment_id track_id external_id duplicate_id",
            KEPT: "amount currency reason status created_at sent_at reference ended_at "
            "failure_reason",
            MARKET: "key number attempts look_ups next_attempt_at leased_until",
        },
        Dispute: {
            ID: "id external_id attempt_id payment_id track_id",
            KEPT: "amount currency status opened_at closed_at reinstated_amount",
            MARKET: "fee",
        },
        # Where money went is evidence that the books must keep.
        Payout: {
            ID: "id reviewer_id external_id",
            KEPT: "amount currency method destination status created_at sent_at reference "
            "failure_reason reversed_amount processed_at",
            MARKET: "key number attempts look_ups next_attempt_at leased_until",
        },
        PayoutReversal: {ID: "id payout_id reviewer_id external_id", KEPT: "amount at"},
        BalanceLine: {ID: "entry_id cause", KEPT: "kind at amount"},
        # Told as the lines of his balance; the rest of an entry is the market's.
        Entry: {MARKET: "id kind cause at rules_version postings"},
        Posting: {MARKET: "account amount"},
        # ── service and logs ─────────────────────────────────────────────────────────────────
        SupportTicket: {
            ID: "id user_id",
            PERSONAL: "subject",
            KEPT: "status created_at updated_at",
        },
        SupportMessage: {
            ID: "id ticket_id",
            PERSONAL: "body",
            KEPT: "author_type created_at",
            MARKET: "author_id",
        },
        LeadCapture: {
            ID: "id",
            PERSONAL: "email artist_name source created_at reminded converted",
            MARKET: "next_attempt_at leased_until",
        },
        Upload: {
            ID: "id artist_id",
            SECRET: "key",
            PERSONAL: "filename content_type content_length status created_at duration refusal",
        },
        EventRecord: {
            ID: "id aggregate",
            KEPT: "sequence type payload actor at rules_version",
            MARKET: "delivered_at attempts next_attempt_at leased_until failure",
        },
        RateLimit: {MARKET: "key count reset_at"},
        StripeWebhookEvent: {
            MARKET: "id type subject object_id account_id created_at received_at handled_at "
            "attempts failure next_attempt_at leased_until",
        },
    }
)

FIELDS: Mapping[type, Mapping[str, Treatment]] = MappingProxyType(
    {
        kind: MappingProxyType(
            {name: treatment for treatment, names in row.items() for name in names.split()}
        )
        for kind, row in TABLE.items()
    }
)
"""The same by field."""


def fields_of(kind: type, treatments: frozenset[Treatment]) -> frozenset[str]:
    """Tell the fields of an entity that are treated in one of these ways."""
    return frozenset(name for name, told in FIELDS[kind].items() if told in treatments)
