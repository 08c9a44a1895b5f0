from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.errors import (
    AlreadyFlagged,
    AssignmentExpired,
    FeedbackTooThin,
    FlagWindowOver,
    HeartbeatStale,
    InvalidText,
    InvalidTransition,
    ListenedTooLittle,
    NotYourReview,
    OutOfRange,
    ReasonRequired,
    ReviewcoreError,
    ReviewDisowned,
    ReviewNotActive,
    ReviewNotCompleted,
    TooMany,
)
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import (
    ENDS_AS,
    NEXT,
    EndReason,
    Review,
    ReviewQueue,
    ReviewStatus,
    ReviewTimestamp,
    assign,
    queue_row,
    remarks,
    slot_states,
)
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import TrackStatus
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

RULES = MarketRules()
LATER = START + timedelta(minutes=7)

ASSIGNED, IN_PROGRESS, COMPLETED, EXPIRED, SKIPPED = ReviewStatus
S = ReviewStatus


def beat(review: Review, *, newest: datetime | None = None, at: datetime = LATER) -> Review:
    return review.beat(newest=newest, rules=RULES, at=at)


def complete(review: Review, **changes: Any) -> Review:
    told = {"share_id": "abcdefgh", "rules": RULES, "at": LATER, **changes}
    return review.complete(told.pop("feedback", make.some_feedback()), **told)


Verb = tuple[Callable[[Review], Review], dict[S, S], type[ReviewcoreError]]

VERBS: dict[str, Verb] = {
    "beat": (beat, {ASSIGNED: IN_PROGRESS, IN_PROGRESS: IN_PROGRESS}, ReviewNotActive),
    "complete": (complete, {IN_PROGRESS: COMPLETED}, ReviewNotActive),
    **{
        f"end by {reason}": (
            lambda one, reason=reason: one.end(reason, LATER),  # type: ignore[misc]  # bound early
            {ASSIGNED: ENDS_AS[reason], IN_PROGRESS: ENDS_AS[reason]},
            ReviewNotActive,
        )
        for reason in EndReason
    },
    "restart": (
        lambda one: one.restart(minimum_listen_seconds=9, rules=RULES, at=LATER),
        {ASSIGNED: ASSIGNED, IN_PROGRESS: ASSIGNED},
        ReviewNotActive,
    ),
    "rate": (lambda one: one.rate(5, reason=""), {COMPLETED: COMPLETED}, ReviewNotCompleted),
    "gem": (lambda one: one.gem(is_gem=True), {COMPLETED: COMPLETED}, ReviewNotCompleted),
    "flag": (
        lambda one: one.flag(FlagReason.SPAM, rules=RULES, at=LATER),
        {COMPLETED: COMPLETED},
        ReviewNotCompleted,
    ),
}


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, ReviewStatus)))
def test_a_review_moves_as_the_table_says(verb: str, status: ReviewStatus) -> None:
    act, allowed, refusal = VERBS[verb]
    review = make.a_review(status=status)

    if status in allowed:
        moved = act(review)
        assert moved.status is allowed[status]
        assert moved.status in NEXT[status] | {status}
    elif verb == "restart":
        with pytest.raises(AssertionError):
            act(review)
    elif (verb, status) == ("complete", ASSIGNED):
        with pytest.raises(ListenedTooLittle) as too_little:
            act(review)
        assert too_little.value.extras == {"listened_seconds": 0, "minimum_seconds": 180}
    elif status is EXPIRED and verb in {"beat", "complete"}:
        with pytest.raises(AssignmentExpired) as expired:
            act(review)
        assert expired.value.expired_at == review.expires_at
    else:
        with pytest.raises(refusal) as refused:
            act(review)
        assert refused.value.extras == {"status": status}


def test_every_status_has_its_row_and_every_reason_its_end() -> None:
    assert set(NEXT) == set(ReviewStatus)
    assert {reason: str(status) for reason, status in ENDS_AS.items()} == {
        "TIMEOUT": "EXPIRED",
        "RESTRICTED": "EXPIRED",
        "CANCELLED": "EXPIRED",
        "SKIP": "SKIPPED",
        "UNPLAYABLE": "SKIPPED",
    }


@pytest.mark.parametrize("reason", EndReason)
def test_an_assignment_that_ends_says_when_and_why(reason: EndReason) -> None:
    review = make.a_review()

    ended = review.end(reason, LATER)

    assert ended == attrs.evolve(review, status=ENDS_AS[reason], ended_at=LATER, end_reason=reason)


@pytest.mark.parametrize("reason", [EndReason.RESTRICTED, EndReason.CANCELLED])
def test_a_review_that_the_market_took_away_is_not_called_late(reason: EndReason) -> None:
    review = make.a_review().end(reason, START)

    with pytest.raises(ReviewNotActive):
        beat(review)


# ── heartbeats ───────────────────────────────────────────────────────────────────────────────


def test_the_first_heartbeat_starts_the_review_and_credits_nothing() -> None:
    review = beat(make.a_review())

    assert (review.status, review.started_at) == (IN_PROGRESS, LATER)
    assert (review.last_heartbeat, review.listen_duration) == (LATER, 0)


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "carry"),
    [
        (0, 0, 0),
        (0.999, 0, 0),
        (999, 0, 999),
        (999.999, 0, 999),
        (1_000, 1, 0),
        (9_999, 9, 999),
        (10_000, 10, 0),
        (60_000, 10, 0),
    ],
)
def test_a_heartbeat_credits_the_whole_milliseconds_since_the_last_and_at_most_ten_seconds(
    milliseconds: float, seconds: int, carry: int
) -> None:
    review = beat(make.a_review(), at=START)

    heard = beat(review, newest=START, at=START + timedelta(milliseconds=milliseconds))

    assert (heard.listen_duration, heard.listen_carry_ms) == (seconds, carry)


def test_parts_of_seconds_add_up() -> None:
    review, at = beat(make.a_review(), at=START), START

    for _ in range(10):
        at += timedelta(milliseconds=1_500)
        review = beat(review, newest=review.last_heartbeat, at=at)

    assert (review.listen_duration, review.listen_carry_ms) == (15, 0)


def test_a_clock_that_goes_back_credits_nothing_and_keeps_the_newest_heartbeat() -> None:
    review = beat(make.a_review(), at=LATER)

    heard = beat(review, newest=LATER, at=START)

    assert (heard.listen_duration, heard.last_heartbeat) == (0, LATER)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30_000)), min_size=1, max_size=60))
def test_several_tabs_earn_no_more_than_one(beats: list[tuple[int, int]]) -> None:
    reviews = [make.a_review() for _ in range(3)]
    alone, at = make.a_review(), START

    for tab, pause in beats:
        at += timedelta(milliseconds=pause)
        newest = max((one.last_heartbeat for one in reviews if one.last_heartbeat), default=None)
        reviews[tab] = beat(reviews[tab], newest=newest, at=at)
        alone = beat(alone, newest=alone.last_heartbeat, at=at)

    together = sum(one.listen_duration * 1000 + one.listen_carry_ms for one in reviews)
    assert together == alone.listen_duration * 1000 + alone.listen_carry_ms
    assert together <= (at - START) // timedelta(milliseconds=1)


@pytest.mark.parametrize("act", [beat, complete, lambda one, at: one.require_active(at)])
def test_from_its_deadline_on_an_assignment_is_over_before_any_sweep(
    act: Callable[..., object],
) -> None:
    review = make.a_review(status=IN_PROGRESS)

    with pytest.raises(AssignmentExpired) as refusal:
        act(review, at=review.expires_at)

    assert refusal.value.expired_at == review.expires_at


def test_just_before_its_deadline_an_assignment_is_alive() -> None:
    review = make.a_review(status=IN_PROGRESS)

    heard = beat(review, at=review.expires_at - timedelta(microseconds=1))

    assert heard.is_active


# ── delivering ───────────────────────────────────────────────────────────────────────────────


def test_a_delivered_review_counts_and_is_paid_what_its_slot_offered() -> None:
    review = make.a_review(status=IN_PROGRESS, offered_amount=150)

    done = complete(review)

    assert (done.paid_amount, done.counts_toward_completion) == (150, True)
    assert (done.share_id, done.ended_at, done.end_reason) == ("abcdefgh", LATER, None)
    assert done.feedback == make.some_feedback()
    assert done.holds_slot
    assert not done.is_active


@pytest.mark.parametrize(("heard", "enough"), [(179, False), (180, True)])
def test_enough_must_be_heard(heard: int, enough: bool) -> None:
    review = make.a_review(status=IN_PROGRESS, listen_duration=heard)

    assert review.heard_enough is enough
    if enough:
        complete(review)
    else:
        with pytest.raises(ListenedTooLittle) as refusal:
            complete(review)
        assert refusal.value.extras == {"listened_seconds": 179, "minimum_seconds": 180}


def test_the_last_heartbeat_is_at_most_ten_minutes_ago() -> None:
    review = make.a_review(status=IN_PROGRESS, last_heartbeat=START)

    complete(review, at=START + timedelta(minutes=10))
    with pytest.raises(HeartbeatStale) as refusal:
        complete(review, at=START + timedelta(minutes=10, microseconds=1))
    assert refusal.value.maximum_seconds == 600
    with pytest.raises(HeartbeatStale):
        complete(attrs.evolve(review, last_heartbeat=None))


def test_thin_feedback_is_not_paid() -> None:
    with pytest.raises(FeedbackTooThin):
        complete(
            make.a_review(status=IN_PROGRESS), feedback=make.some_feedback(best_part="Nice one.")
        )


def test_a_review_answers_to_its_reviewer_only() -> None:
    review = make.a_review()
    review.require_reviewer(review.reviewer_id)

    with pytest.raises(NotYourReview) as refusal:
        review.require_reviewer(ReviewerId("another"))

    assert refusal.value.review_id == review.id


def test_a_restarted_review_has_heard_nothing_and_has_a_new_deadline() -> None:
    review = make.a_review(status=IN_PROGRESS, listen_carry_ms=5)

    again = review.restart(minimum_listen_seconds=90, rules=RULES, at=LATER)

    assert (again.status, again.started_at, again.last_heartbeat) == (ASSIGNED, None, None)
    assert (again.listen_duration, again.listen_carry_ms) == (0, 0)
    assert again.expires_at == LATER + timedelta(hours=48)
    assert again.minimum_listen_seconds == 90


# ── judging ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rating", [1, 2])
@pytest.mark.parametrize("reason", ["", "  "])
def test_a_poor_rating_needs_a_reason(rating: int, reason: str) -> None:
    with pytest.raises(ReasonRequired):
        make.a_review(status=COMPLETED).rate(rating, reason=reason)


@pytest.mark.parametrize(
    ("rating", "reason", "kept"), [(1, " dull ", "dull"), (3, "", None), (5, " ", None)]
)
def test_a_rating_and_its_reason_are_kept(rating: int, reason: str, kept: str | None) -> None:
    rated = make.a_review(status=COMPLETED).rate(rating, reason=reason)

    assert (rated.artist_rating, rated.rating_reason) == (rating, kept)


@pytest.mark.parametrize("rating", [0, 6])
def test_a_rating_is_one_to_five(rating: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        make.a_review(status=COMPLETED).rate(rating, reason="why")

    assert refusal.value.extras == {"field": "rating", "minimum": 1, "maximum": 5}


def test_a_rating_can_be_changed() -> None:
    rated = make.a_review(status=COMPLETED).rate(1, reason="dull").rate(5, reason="")

    assert (rated.artist_rating, rated.rating_reason) == (5, None)


def test_a_reason_has_at_most_1000_characters() -> None:
    rated = make.a_review(status=COMPLETED).rate(1, reason="x" * 1000)

    with pytest.raises(InvalidText) as refusal:
        rated.rate(1, reason="x" * 1001)

    told = {"field": "reason", "reason": "has more than 1000 characters"}
    assert refusal.value.extras == told


def test_a_disowned_review_can_be_neither_rated_nor_gemmed() -> None:
    review = make.a_flagged_review(flag_status=FlagStatus.UPHELD)

    with pytest.raises(ReviewDisowned):
        review.rate(5, reason="")
    with pytest.raises(ReviewDisowned):
        review.gem(is_gem=False)


@pytest.mark.parametrize("status", [FlagStatus.OPEN, FlagStatus.DISMISSED])
def test_a_review_under_an_open_or_dismissed_flag_can_be_judged(status: FlagStatus) -> None:
    review = make.a_flagged_review(flag_status=status)

    assert review.rate(5, reason="").gem(is_gem=True).is_gem


@pytest.mark.parametrize("status", list(FlagStatus))
def test_a_review_is_flagged_once_for_ever(status: FlagStatus) -> None:
    with pytest.raises(AlreadyFlagged):
        make.a_flagged_review(flag_status=status).flag(FlagReason.SPAM, rules=RULES, at=LATER)


def test_a_review_can_be_flagged_for_seven_days() -> None:
    review = make.a_review(status=COMPLETED, ended_at=START)
    closes = START + timedelta(days=7)

    review.flag(FlagReason.SPAM, rules=RULES, at=closes)
    with pytest.raises(FlagWindowOver) as refusal:
        review.flag(FlagReason.SPAM, rules=RULES, at=closes + timedelta(microseconds=1))

    assert refusal.value.ended_at == closes
    assert review.can_be_flagged(closes, rules=RULES)
    assert not review.can_be_flagged(closes + timedelta(microseconds=1), rules=RULES)


@pytest.mark.parametrize(
    ("review", "can"),
    [
        (make.a_review(status=COMPLETED), True),
        (make.a_flagged_review(), False),
        (make.a_flagged_review(flag_status=FlagStatus.DISMISSED), False),
        *((make.a_review(status=status), False) for status in S if status is not COMPLETED),
    ],
)
def test_only_a_delivered_review_without_a_flag_can_be_flagged(review: Review, can: bool) -> None:
    assert review.can_be_flagged(LATER, rules=RULES) is can


def test_a_flagged_review_ceases_to_count_and_to_be_shown_until_cleared() -> None:
    review = make.a_review(status=COMPLETED)

    flagged = review.flag(FlagReason.SPAM, rules=RULES, at=LATER)

    assert (flagged.was_flagged, flagged.flag_reason) == (True, FlagReason.SPAM)
    assert (flagged.counts_toward_completion, flagged.holds_slot) == (False, False)
    assert (review.is_shareable, flagged.is_shareable) == (True, False)
    assert flagged.paid_amount == review.paid_amount
    assert flagged.clear(counts=True) == attrs.evolve(review, flag_status=FlagStatus.DISMISSED)
    assert flagged.clear(counts=False).is_shareable
    assert not flagged.clear(counts=False).counts_toward_completion
    assert not flagged.uphold().is_shareable


def test_a_review_in_progress_is_not_shared() -> None:
    assert not make.a_review(status=IN_PROGRESS).is_shareable


def test_an_upheld_flag_takes_the_gem() -> None:
    upheld = make.a_flagged_review(is_gem=True).uphold()

    assert (upheld.is_gem, upheld.flag_status, upheld.was_flagged) == (
        False,
        FlagStatus.UPHELD,
        True,
    )


# ── remarks, assignment, slots ───────────────────────────────────────────────────────────────


def test_remarks_are_numbered_and_stripped() -> None:
    told = remarks(ReviewId("r"), [(0, " intro "), (86_400, "x" * 240)])

    assert told == (
        ReviewTimestamp(review_id=ReviewId("r"), number=1, seconds=0, note="intro"),
        ReviewTimestamp(review_id=ReviewId("r"), number=2, seconds=86_400, note="x" * 240),
    )


def test_a_review_has_at_most_thirty_remarks() -> None:
    assert len(remarks(ReviewId("r"), [(1, "note")] * 30)) == 30

    with pytest.raises(TooMany) as refusal:
        remarks(ReviewId("r"), [(1, "note")] * 31)

    assert refusal.value.extras == {"field": "timestamps", "minimum": 0, "maximum": 30}


@pytest.mark.parametrize("note", ["", "  ", "x" * 241, "\x00"])
def test_a_note_has_1_to_240_characters(note: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        remarks(ReviewId("r"), [(1, note)])

    assert refusal.value.field == "note"


@pytest.mark.parametrize("seconds", [-1, 86_401])
def test_a_remark_is_about_a_moment_of_the_track(seconds: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        remarks(ReviewId("r"), [(seconds, "note")])

    assert refusal.value.extras == {"field": "seconds", "minimum": 0, "maximum": 86_400}


def test_an_assignment_takes_over_what_the_slot_froze() -> None:
    track = make.a_track(duration=100, priority=5)
    slot = make.a_slot(track_id=track.id, number=3, rate=150, price=299)

    review, row = assign(
        ReviewId("r"), track=track, slot=slot, reviewer_id=ReviewerId("x"), rules=RULES, at=START
    )

    assert (review.status, review.slot_number) == (ASSIGNED, 3)
    assert (review.offered_amount, review.slot_price) == (150, 299)
    assert review.minimum_listen_seconds == 80
    assert review.expires_at == row.expires_at == START + timedelta(hours=48)
    assert row == queue_row(review, priority=5)
    assert (review.id, review.track_id, review.artist_id) == ("r", track.id, track.artist_id)
    assert (review.reviewer_id, review.assigned_at) == ("x", START)
    assert row == ReviewQueue(
        id=review.id,
        track_id=track.id,
        reviewer_id=review.reviewer_id,
        priority=5,
        assigned_at=START,
        expires_at=review.expires_at,
    )


@pytest.mark.parametrize(
    "status", [TrackStatus.PENDING_PAYMENT, TrackStatus.COMPLETED, TrackStatus.CANCELLED]
)
def test_a_track_that_is_not_live_is_not_assigned(status: TrackStatus) -> None:
    track = make.a_track(status=status)

    with pytest.raises(InvalidTransition) as refusal:
        assign(
            ReviewId("r"),
            track=track,
            slot=make.a_slot(track_id=track.id),
            reviewer_id=ReviewerId("x"),
            rules=RULES,
            at=START,
        )

    told = {"entity": "Track", "status": status, "wanted": "ASSIGNED"}
    assert refusal.value.extras == told


@pytest.mark.parametrize(
    ("reviews", "refunded", "closed", "state"),
    [
        ([], False, False, SlotState.OPEN),
        ([], True, True, SlotState.REFUNDED),
        ([make.a_review()], False, False, SlotState.ACTIVE),
        ([make.a_review(status=IN_PROGRESS)], False, True, SlotState.ACTIVE),
        ([make.a_review(status=COMPLETED)], False, False, SlotState.COUNTED),
        ([make.a_review(status=EXPIRED)], False, False, SlotState.OPEN),
        ([make.a_review(status=SKIPPED)], False, True, SlotState.OPEN),
        ([make.a_flagged_review()], False, False, SlotState.OPEN),
        ([make.a_flagged_review()], False, True, SlotState.HELD),
        ([make.a_flagged_review(), make.a_review()], False, True, SlotState.ACTIVE),
        ([make.a_review(), make.a_flagged_review()], False, True, SlotState.ACTIVE),
        (
            [make.a_review(status=COMPLETED), make.a_flagged_review()],
            False,
            True,
            SlotState.COUNTED,
        ),
        ([make.a_flagged_review(flag_status=FlagStatus.UPHELD)], False, True, SlotState.OPEN),
        ([make.a_flagged_review(flag_status=FlagStatus.DISMISSED)], False, True, SlotState.COUNTED),
    ],
)
def test_a_slot_stands_where_its_reviews_put_it(
    reviews: list[Review], refunded: bool, closed: bool, state: SlotState
) -> None:
    slot = make.a_slot(refunded_at=START if refunded else None)

    assert slot_states([slot], reviews, is_closed=closed) == {1: state}
