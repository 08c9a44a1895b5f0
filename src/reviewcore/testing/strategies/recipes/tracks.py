"""Tracks, slots, reviews, what is in them, and flags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.reviews import (
    ENDS_AS,
    RATING_NEEDS_REASON,
    Review,
    ReviewQueue,
    ReviewStatus,
    ReviewTimestamp,
)
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.codec import field_types
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.entities import Recipe, Told

SLOTS = 12
"""The most slots of a drawn track."""


@st.composite
def rates_and_prices(draw: st.DrawFn, *, rate: str, price: str) -> Any:
    """Draw the pay of a slot and its price, which is 0 or no less."""
    pay = draw(st.integers(1, 1000))
    return {rate: pay, price: draw(st.just(0) | st.integers(pay, 3 * pay))}


def _slot(draw: st.DrawFn, _asked: Told) -> Told:
    more: Told = {"tier": draw(st.sampled_from(Tier))}
    if draw(st.booleans()):
        more |= draw(rates_and_prices(rate="rate", price="price"))
    if draw(st.booleans()):
        more |= {"refunded_at": draw(values.times()), "is_lost": draw(st.booleans())}
    return more


def _track(draw: st.DrawFn, told: Told) -> Told:
    more: Told = {}
    if draw(st.booleans()):
        more |= dict(zip(("source_type", "source_url"), draw(values.sources()), strict=True))
    more |= {"promo_code": "LAUNCH"} if draw(st.booleans()) else {"price": draw(values.cents())}
    status, requested = told["status"], told.get("reviews_requested", 5)
    if status is TrackStatus.PENDING_PAYMENT:
        return more
    if status is TrackStatus.CANCELLED and draw(st.booleans()):
        return more | {"paid_at": None}
    more |= draw(_progress(status, requested))
    if draw(st.booleans()):
        more["dispute_status"] = draw(st.sampled_from((DisputeStatus.OPEN, DisputeStatus.LOST)))
    if draw(st.booleans()):
        more["closed_at"] = draw(values.times())
    if draw(st.booleans()):
        more["unplayable_reports"] = draw(st.integers(0, 3))
    return more


@st.composite
def _progress(draw: st.DrawFn, status: TrackStatus, requested: int) -> Any:
    match status:
        case TrackStatus.QUEUED:
            return {"slots_refunded": draw(st.integers(0, requested - 1))}
        case TrackStatus.IN_PROGRESS:
            counted = draw(st.integers(1, requested - 1))
            refunded = draw(st.integers(0, requested - 1 - counted))
            return {"reviews_completed": counted, "slots_refunded": refunded}
        case TrackStatus.COMPLETED:
            return {"slots_refunded": draw(st.integers(0, requested - 1))}
        case _:
            return {}


def _review(draw: st.DrawFn, told: Told) -> Told:
    more: Told = {}
    if draw(st.booleans()):
        more |= draw(rates_and_prices(rate="offered_amount", price="slot_price"))
    match told["status"]:
        case ReviewStatus.ASSIGNED:
            return more
        case ReviewStatus.IN_PROGRESS:
            return more | draw(_heard())
        case ReviewStatus.COMPLETED:
            judged: Told = draw(_judged())
            return more | judged
        case ended:
            reasons = [reason for reason, status in ENDS_AS.items() if status is ended]
            more["end_reason"] = draw(st.sampled_from(reasons))
            return more | (draw(_heard()) if draw(st.booleans()) else {})


def _heard() -> st.SearchStrategy[Told]:
    return st.fixed_dictionaries(
        {"listen_duration": st.integers(0, 900), "listen_carry_ms": st.integers(0, 999)}
    )


@st.composite
def _judged(draw: st.DrawFn) -> Any:
    more: Told = {"feedback": draw(values.feedback())}
    rating = draw(st.none() | values.scores())
    if rating is not None:
        needs = rating <= RATING_NEEDS_REASON
        reason = draw(values.texts(1000) if needs else st.none() | values.texts(1000))
        more |= {"artist_rating": rating, "rating_reason": reason}
    flag = draw(st.none() | st.sampled_from(FlagStatus))
    if flag in {FlagStatus.OPEN, FlagStatus.UPHELD}:
        more["flag_reason"] = draw(st.sampled_from(FlagReason))
    if flag is FlagStatus.DISMISSED:
        more["counts_toward_completion"] = draw(st.booleans())
    if flag is not FlagStatus.UPHELD:
        more["is_gem"] = draw(st.booleans())
    return more | {"flag_status": flag}


def _verdict(draw: st.DrawFn, told: Told) -> Told:
    more: Told = {"flag_reason": draw(st.sampled_from(FlagReason))}
    if told["status"] is not FlagStatus.OPEN:
        since = START + timedelta(days=1)
        more |= {"judged_at": draw(values.times(since=since)), "judge_reason": draw(WORDS)}
    return more


WORDS = values.lines(200)


def _deadline(draw: st.DrawFn, _asked: Told) -> Told:
    assigned = draw(values.times())
    hours = draw(st.integers(1, 48))
    return {"assigned_at": assigned, "expires_at": assigned + timedelta(hours=hours)}


def _row(**told: Any) -> ReviewQueue:
    return ReviewQueue(**({"priority": 0} | told))


def _feedback(draw: st.DrawFn, _asked: Told) -> Told:
    form = draw(values.feedback())
    return {name: getattr(form, name) for name in field_types(Feedback)}


RECIPES = (
    Recipe(
        kind=Track,
        build=make.a_track,
        vary={
            "title": values.lines(200),
            "package_type": st.sampled_from(PackageType),
            "genres": values.genre_ids(),
            "priority": st.integers(0, 10),
            "reviews_requested": st.integers(2, SLOTS),
            "duration": st.integers(1, 6 * 3600),
            "feedback_focus": values.texts(1000),
        },
        more=_track,
    ),
    Recipe(kind=Slot, build=make.a_slot, vary={"number": st.integers(1, SLOTS)}, more=_slot),
    Recipe(kind=Feedback, build=make.some_feedback, more=_feedback),
    Recipe(
        kind=Review,
        build=make.a_review,
        vary={
            "slot_number": st.integers(1, SLOTS),
            "minimum_listen_seconds": st.integers(0, 600),
            "assigned_at": values.times(),
        },
        more=_review,
    ),
    Recipe(
        kind=ReviewTimestamp,
        build=make.a_timestamp,
        vary={
            "number": st.integers(1, 30),
            "seconds": values.moments(),
            "note": values.texts(240),
        },
    ),
    Recipe(
        kind=ReviewQueue,
        build=_row,
        vary={"priority": st.integers(0, 10)},
        more=_deadline,
    ),
    Recipe(kind=Flag, build=make.a_flag, more=_verdict),
)
