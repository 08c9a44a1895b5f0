"""Users and what belongs to them, artists and reviewers, tickets, leads and uploads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.emails import canonical_email
from reviewcore.domain.genres import Genre
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.rules import Tier
from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket
from reviewcore.domain.uploads import AUDIO_TYPES, UPLOAD_MAX_BYTES, Upload
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
    token_hash,
)
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.entities import Recipe, Told

HASHES = values.tokens().map(token_hash)
LATER = values.times(since=START + timedelta(minutes=1), within=timedelta(minutes=50))
"""Within the life of every token made at `START`."""


def _user(draw: st.DrawFn, _asked: Told) -> Told:
    if draw(st.sampled_from((False, False, False, True))):
        return {"erased_at": draw(values.times())}
    words: Told = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "email": values.normalised_emails(),
                "name": values.lines(100, 0),
                "password": st.none() | st.just("scrypt$hash"),
                "email_verified": st.none() | values.times(),
                "country": st.none() | values.countries(),
            },
        )
    )
    return words


def _mark(draw: st.DrawFn, told: Told) -> Told:
    kind = told.get("kind") or draw(st.sampled_from(MarkKind))
    by_kind: dict[MarkKind, st.SearchStrategy[str]] = {
        MarkKind.USER: st.just(told["user_id"]),
        MarkKind.EMAIL: values.emails().map(canonical_email),
        MarkKind.ACCOUNT: values.ids("sub").map("peer:{}".format),
        MarkKind.DESTINATION: values.emails(),
        MarkKind.STRIPE_ACCOUNT: values.ids("acct"),
    }
    return {"kind": kind, "value": draw(by_kind[kind])}


def _reviewer(draw: st.DrawFn, _asked: Told) -> Told:
    reviews = draw(st.integers(0, 60))
    ratings = draw(st.integers(0, reviews))
    earned = draw(st.integers(0, 150 * reviews))
    more: Told = {
        "total_reviews": reviews,
        "rating_count": ratings,
        "rating_sum": draw(st.integers(ratings, 5 * ratings)),
        "gem_count": draw(st.integers(0, reviews)),
        "total_earnings": earned,
        "pending_balance": draw(st.integers(-150, earned)),
    }
    if draw(st.booleans()):
        more["tier"] = draw(st.sampled_from(Tier))
    if draw(st.booleans()):
        more |= draw(_odd_reviewers())
    return more


@st.composite
def _odd_reviewers(draw: st.DrawFn) -> Any:
    more: Told = draw(st.sampled_from(({}, {"payout_account_ready": True})))
    if draw(st.booleans()):
        more = more | {"granted_tier": draw(st.sampled_from(Tier)), "granted_until": START}
    if draw(st.booleans()):
        cause = draw(st.sampled_from(RestrictionCause))
        reason = draw(st.none() | values.lines(100))
        more = more | {"restriction_cause": cause, "restriction_reason": reason}
    if draw(st.booleans()):
        score = draw(st.none() | st.integers(0, 4))
        more = more | {
            "onboarding_quiz_score": score,
            "onboarding_quiz_passed": score is not None and draw(st.booleans()),
            "completed_onboarding": False,
        }
    return more


def _author(draw: st.DrawFn, _asked: Told) -> Told:
    return {"author_type": draw(st.sampled_from(AuthorType))}


def _end_of_lead(draw: st.DrawFn, _asked: Told) -> Told:
    ends = draw(st.sampled_from(((), ("reminded",), ("converted",), ("reminded", "converted"))))
    return {name: draw(values.times()) for name in ends}


def _refusal(draw: st.DrawFn, told: Told) -> Told:
    match told["status"]:
        case "ACCEPTED":
            return {"duration": draw(st.integers(1, 6 * 3600))}
        case "REFUSED":
            return {"refusal": draw(values.lines(100))}
        case _:
            return {}


RECIPES = (
    Recipe(
        kind=User,
        build=make.a_user,
        vary={"is_artist": st.booleans(), "is_reviewer": st.booleans()},
        more=_user,
    ),
    Recipe(kind=Session, build=make.a_session, vary={"token_hash": HASHES}),
    Recipe(
        kind=EmailVerificationToken,
        build=make.an_email_token,
        vary={
            "email": values.normalised_emails(),
            "token_hash": HASHES,
            "used_at": LATER,
            "is_change": st.booleans(),
        },
    ),
    Recipe(
        kind=PasswordResetToken,
        build=make.a_reset_token,
        vary={"token_hash": HASHES, "used_at": LATER},
    ),
    Recipe(
        kind=Account,
        build=make.an_account,
        vary={"provider_account_id": values.ids("sub"), "email": values.normalised_emails()},
    ),
    Recipe(kind=IdentityMark, build=make.a_mark, more=_mark),
    Recipe(
        kind=ArtistProfile,
        build=make.an_artist,
        vary={
            "artist_name": values.lines(100),
            "genres": values.genre_ids(0, 5),
            "free_review_credits": st.integers(0, 100),
            "total_tracks": st.integers(0, 1000),
            "total_spent": values.cents(0),
        },
    ),
    Recipe(
        kind=ReviewerProfile,
        build=make.a_reviewer,
        vary={
            "genres": values.genre_ids(3, 5),
            "country": values.countries(),
            "flag_count": st.integers(0, 9),
            "active_count": st.integers(0, 5),
            "last_assigned_at": values.times(),
        },
        more=_reviewer,
    ),
    Recipe(
        kind=Genre,
        build=make.a_genre,
        always={
            "id": values.ids("genre"),
            "slug": st.text("abcdefgh", min_size=1, max_size=8),
        },
        vary={"name": values.lines(40), "parent_id": values.ids("root")},
    ),
    Recipe(
        kind=SupportTicket,
        build=make.a_ticket,
        vary={"subject": values.lines(120), "updated_at": values.times()},
    ),
    Recipe(
        kind=SupportMessage,
        build=make.a_message,
        vary={"body": values.texts(4000), "created_at": values.times()},
        more=_author,
    ),
    Recipe(
        kind=LeadCapture,
        build=make.a_lead,
        vary={
            "email": values.normalised_emails(),
            "artist_name": st.none() | values.lines(100),
            "source": st.none() | values.lines(200),
        },
        more=_end_of_lead,
    ),
    Recipe(
        kind=Upload,
        build=make.an_upload,
        vary={
            "filename": values.lines(255),
            "content_type": st.sampled_from(sorted(AUDIO_TYPES)),
            "content_length": st.integers(1, UPLOAD_MAX_BYTES),
            "created_at": values.times(),
        },
        more=_refusal,
    ),
)
