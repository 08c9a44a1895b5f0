from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain import events
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import (
    InvalidText,
    InvalidTransition,
    NotYourTrack,
    OutOfRange,
    TooEarlyToClose,
    TooMany,
    TrackClosed,
    TrackDisputed,
    TrackHasReviews,
)
from reviewcore.domain.ids import ArtistId, GenreId
from reviewcore.domain.links import SourceType
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.domain.tracks import (
    NEXT,
    Track,
    TrackStatus,
    require_duration,
    require_focus,
    require_title,
    require_track_genres,
    status_of,
)
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

RULES = MarketRules()
LATER = START + timedelta(days=1)

PENDING, QUEUED, IN_PROGRESS, COMPLETED, CANCELLED = TrackStatus


def passed(track: Track, guard: Callable[..., None], **what: int) -> Track:
    guard(**what)
    return track


# What each verb makes of a track of five slots, of which one counts while IN_PROGRESS.
VERBS: dict[str, tuple[Callable[[Track], Track], dict[TrackStatus, TrackStatus]]] = {
    "queue": (lambda track: track.queue(LATER), {PENDING: QUEUED}),
    "price_at": (
        lambda track: track.price_at(Cents(1), reviews=1, priority=0, rules=RULES),
        {PENDING: PENDING},
    ),
    "count": (
        lambda track: track.count(LATER)[0],
        {QUEUED: IN_PROGRESS, IN_PROGRESS: IN_PROGRESS},
    ),
    "uncount": (
        lambda track: track.uncount(LATER)[0],
        {IN_PROGRESS: QUEUED, COMPLETED: IN_PROGRESS},
    ),
    "refund_slots": (
        lambda track: track.refund_slots(1, LATER)[0],
        {QUEUED: QUEUED, IN_PROGRESS: IN_PROGRESS},
    ),
    "cancel_unpaid": (lambda track: track.cancel_unpaid(), {PENDING: CANCELLED}),
    "require_untouched": (
        lambda track: passed(track, track.require_untouched, in_progress=0, ever_completed=0),
        {PENDING: PENDING, QUEUED: QUEUED},
    ),
    "require_open_to_close": (
        lambda track: passed(track, track.require_open_to_close),
        {QUEUED: QUEUED, IN_PROGRESS: IN_PROGRESS},
    ),
    "change_source": (
        lambda track: track.change_source(
            "https://youtu.be/abc", SourceType.YOUTUBE, ever_completed=0, rules=RULES, at=LATER
        ),
        {PENDING: PENDING, QUEUED: QUEUED, IN_PROGRESS: IN_PROGRESS},
    ),
}


OF_SLOTS = {"count", "uncount", "refund_slots"}

WANTED = {
    "queue": "QUEUED",
    "price_at": "QUEUED",
    "cancel_unpaid": "CANCELLED",
    "require_untouched": "CANCELLED",
    "require_open_to_close": "CLOSED",
    "change_source": "SOURCE_UPDATED",
}


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, TrackStatus)))
def test_a_verb_leads_where_the_table_says_or_is_refused(verb: str, status: TrackStatus) -> None:
    act, allowed = VERBS[verb]
    track = make.a_track(status=status)

    if status in allowed:
        assert act(track).status is allowed[status]
    elif verb in OF_SLOTS:
        # The use cases lock the track and look at its slots first, so this is our bug.
        with pytest.raises(AssertionError):
            act(track)
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(track)
        told = {"entity": "Track", "status": status, "wanted": WANTED[verb]}
        assert refusal.value.extras == told


@pytest.mark.parametrize(("before", "after"), list(product(TrackStatus, TrackStatus)))
def test_the_table_is_the_one_of_the_specification(before: TrackStatus, after: TrackStatus) -> None:
    steps = {
        (PENDING, QUEUED),
        (PENDING, CANCELLED),
        (QUEUED, IN_PROGRESS),
        (QUEUED, COMPLETED),
        (QUEUED, CANCELLED),
        (IN_PROGRESS, QUEUED),
        (IN_PROGRESS, COMPLETED),
        (COMPLETED, QUEUED),
        (COMPLETED, IN_PROGRESS),
    }

    assert (after in NEXT[before]) is ((before, after) in steps)


@pytest.mark.parametrize(
    ("counted", "refunded", "status"),
    [
        (0, 0, QUEUED),
        (0, 4, QUEUED),
        (1, 0, IN_PROGRESS),
        (1, 3, IN_PROGRESS),
        (5, 0, COMPLETED),
        (1, 4, COMPLETED),
        (0, 5, CANCELLED),
    ],
)
def test_the_status_follows_from_the_slots(
    counted: int, refunded: int, status: TrackStatus
) -> None:
    assert status_of(requested=5, counted=counted, refunded=refunded) is status


@given(st.lists(st.sampled_from(["count", "uncount", "refund"]), max_size=30))
def test_status_and_completion_time_follow_every_history(steps: list[str]) -> None:
    track, told = make.a_track(), list[events.Event]()

    for step in steps:
        free = track.reviews_requested - track.reviews_completed - track.slots_refunded
        if step == "uncount" and track.reviews_completed:
            track, story = track.uncount(LATER)
        elif step == "count" and free:
            track, story = track.count(LATER)
        elif step == "refund" and free:
            track, story = track.refund_slots(1, LATER)
        else:
            continue
        told += story
        assert track.status is status_of(
            requested=5, counted=track.reviews_completed, refunded=track.slots_refunded
        )
        assert (track.completed_at is not None) is (track.status is COMPLETED)
        if track.status is CANCELLED:
            break

    assert sum(isinstance(one, events.TrackHalfReviewed) for one in told) <= 1
    assert sum(isinstance(one, events.TrackCompleted) and one.first for one in told) <= 1


def test_the_story_of_a_track_is_told_once() -> None:
    track, told = make.a_track(reviews_requested=4), list[events.Event]()

    for _ in range(4):
        track, story = track.count(LATER)
        told += story
    track, story = track.uncount(LATER)
    told += story
    track, story = track.count(LATER)
    told += story

    assert told == [
        events.TrackStarted(track_id=track.id),
        events.TrackHalfReviewed(track_id=track.id),
        events.TrackCompleted(track_id=track.id, first=True),
        events.TrackReopened(track_id=track.id, status="IN_PROGRESS"),
        events.TrackCompleted(track_id=track.id, first=False),
    ]


def test_a_track_of_one_review_is_told_to_be_complete_and_not_half() -> None:
    _, story = make.a_track(reviews_requested=1).count(LATER)

    assert [type(event) for event in story] == [events.TrackCompleted]


def test_a_track_steps_back_to_the_queue_when_nothing_counts() -> None:
    track, story = make.a_track(status=IN_PROGRESS).uncount(LATER)

    assert story == (events.TrackReopened(track_id=track.id, status="QUEUED"),)


def test_a_track_whose_slots_are_all_refunded_tells_that_it_is_cancelled() -> None:
    track, story = make.a_track().refund_slots(5, LATER)

    assert story == (events.TrackCancelled(track_id=track.id),)
    assert track.assign_at is None


def test_settling_dates_what_is_told_once_and_rests_at_the_end() -> None:
    track = make.a_track(reviews_requested=2)
    first, second, third = (START + timedelta(days=day) for day in (1, 2, 3))

    half, _ = track.count(first)
    done, _ = half.count(second)
    back, _ = done.uncount(third)
    again, _ = back.count(third)

    assert half == attrs.evolve(
        track, reviews_completed=1, status=IN_PROGRESS, half_notified_at=first
    )
    assert done == attrs.evolve(
        half,
        reviews_completed=2,
        status=COMPLETED,
        completed_at=second,
        completion_notified_at=second,
        assign_at=None,
    )
    assert back == attrs.evolve(done, reviews_completed=1, status=IN_PROGRESS, completed_at=None)
    assert again == attrs.evolve(done, completed_at=third)
    assert done.refund_slots(0, third) == (done, ())


@pytest.mark.parametrize(("requested", "counted"), [(4, 2), (5, 3), (25, 13)])
def test_half_is_reached_by_the_review_that_makes_it(requested: int, counted: int) -> None:
    before = make.a_track(reviews_requested=requested)
    for _ in range(counted - 1):
        before, _ = before.count(START)

    after, story = before.count(LATER)

    assert before.half_notified_at is None
    assert after.half_notified_at == LATER
    assert events.TrackHalfReviewed(track_id=after.id) in story


@pytest.mark.parametrize(
    "act",
    [
        lambda: make.a_track().uncount(LATER),
        lambda: make.a_track().refund_slots(6, LATER),
        lambda: make.a_track(reviews_requested=1).count(LATER)[0].count(LATER),
        lambda: make.a_track(status=PENDING).count(LATER),
    ],
)
def test_slots_that_do_not_exist_cannot_end(act: Callable[[], object]) -> None:
    with pytest.raises(AssertionError):
        act()


def test_a_queued_track_is_looked_at_and_its_payment_dated() -> None:
    track = make.a_track(status=PENDING).queue(LATER)

    assert (track.paid_at, track.assign_at) == (LATER, LATER)


def test_a_free_track_is_a_starter() -> None:
    track = make.a_track(status=PENDING, package_type=PackageType.PRO).make_free("LAUNCH")

    assert (track.is_free, track.package_type) == (True, PackageType.STARTER)


def test_a_price_is_frozen_with_the_version_of_the_rules() -> None:
    track = make.a_track(status=PENDING).price_at(Cents(7), reviews=3, priority=2, rules=RULES)

    assert (track.price, track.reviews_requested, track.priority) == (7, 3, 2)
    assert track.rules_version == RULES.version


# ── rank and reviewers ───────────────────────────────────────────────────────────────────────


def test_a_point_of_priority_is_a_day_waited() -> None:
    old = make.a_track(paid_at=START, priority=0)
    urgent = make.a_track(paid_at=START + timedelta(days=9), priority=10)
    late = make.a_track(paid_at=START + timedelta(days=11), priority=10)

    assert sorted([late, old, urgent], key=lambda track: track.rank) == [urgent, old, late]


@pytest.mark.parametrize(
    ("changes", "takes"),
    [
        ({}, True),
        ({"status": IN_PROGRESS}, True),
        ({"status": PENDING}, False),
        ({"status": COMPLETED}, False),
        ({"status": CANCELLED}, False),
        ({"closed_at": START}, False),
        ({"unplayable_reports": 1}, True),
        ({"unplayable_reports": 2}, False),
        ({"dispute_status": DisputeStatus.OPEN}, False),
        ({"dispute_status": DisputeStatus.LOST}, False),
    ],
)
def test_a_track_takes_reviewers_while_it_is_live_open_and_playable(
    changes: dict[str, Any], takes: bool
) -> None:
    track = make.a_track(**changes)

    sought = track.seek(LATER, rules=RULES)

    assert track.takes_reviewers(RULES) is takes
    assert sought.assign_at == (LATER if takes else None)
    assert sought.rest().assign_at is None


# ── the artist's decisions ───────────────────────────────────────────────────────────────────


def test_a_track_answers_to_its_owner_only() -> None:
    track = make.a_track()
    track.require_owner(track.artist_id)

    with pytest.raises(NotYourTrack) as refusal:
        track.require_owner(ArtistId("another"))

    assert refusal.value.track_id == track.id


@pytest.mark.parametrize(("listening", "delivered"), [(1, 0), (0, 1), (2, 3)])
def test_a_track_that_somebody_hears_or_heard_cannot_be_cancelled(
    listening: int, delivered: int
) -> None:
    with pytest.raises(TrackHasReviews):
        make.a_track().require_untouched(in_progress=listening, ever_completed=delivered)


def test_a_track_can_be_closed_from_its_deadline_on() -> None:
    track = make.a_track()
    deadline = START + timedelta(days=14)

    with pytest.raises(TooEarlyToClose) as refusal:
        track.require_closable(deadline - timedelta(microseconds=1), rules=RULES)
    track.require_closable(deadline, rules=RULES)

    assert refusal.value.closable_at == deadline


def test_a_track_is_closed_once() -> None:
    closed = make.a_track().close(LATER)

    with pytest.raises(TrackClosed):
        closed.require_open_to_close()

    assert (closed.closed_at, closed.assign_at) == (LATER, None)


def test_a_track_under_dispute_rests_until_it_is_won() -> None:
    track = make.a_track()

    disputed = track.dispute()
    won = disputed.win_dispute()
    lost = disputed.lose_dispute()

    assert disputed == attrs.evolve(track, dispute_status=DisputeStatus.OPEN, assign_at=None)
    assert won == attrs.evolve(track, assign_at=None)
    assert lost == attrs.evolve(track, dispute_status=DisputeStatus.LOST, assign_at=None)
    with pytest.raises(TrackDisputed):
        disputed.require_undisputed()
    for one in (track, won, lost):
        one.require_undisputed()
    assert [one.is_shut for one in (track, disputed, lost)] == [False, False, True]
    assert track.close(LATER).is_shut


def test_a_length_that_is_known_of_the_new_link_replaces_what_was_said() -> None:
    track = make.a_track(duration=100)

    def changed(duration: int | None) -> int | None:
        return track.change_source(
            "https://youtu.be/abc",
            SourceType.YOUTUBE,
            duration=duration,
            ever_completed=0,
            rules=RULES,
            at=LATER,
        ).duration

    assert (changed(200), changed(None)) == (200, 100)


def test_a_track_whose_artist_leaves_leads_to_him_no_more() -> None:
    track = make.a_track(status=COMPLETED, feedback_focus="the mix?")
    own = attrs.evolve(track, source_url="https://m.example/u", source_type=SourceType.UPLOAD)

    assert track.erase() == attrs.evolve(track, source_url="", feedback_focus=None)
    assert own.erase() == attrs.evolve(own, feedback_focus=None)
    with pytest.raises(AssertionError):
        make.a_track().erase()


def test_a_link_can_be_changed_until_a_review_is_delivered() -> None:
    track = make.a_track(status=IN_PROGRESS)

    with pytest.raises(TrackHasReviews):
        track.change_source(
            "https://youtu.be/abc", SourceType.YOUTUBE, ever_completed=1, rules=RULES, at=LATER
        )


def test_a_link_that_did_not_play_can_be_changed_whatever_was_delivered() -> None:
    track = make.a_track(status=IN_PROGRESS, unplayable_reports=2, link_issue_notified_at=START)

    mended = track.change_source(
        "https://youtu.be/abc", SourceType.YOUTUBE, ever_completed=1, rules=RULES, at=LATER
    )

    assert mended == attrs.evolve(
        track,
        source_url="https://youtu.be/abc",
        source_type=SourceType.YOUTUBE,
        source_updated_at=LATER,
        link_issue_notified_at=None,
        unplayable_reports=0,
    )


def test_the_artist_is_told_of_the_first_report_until_he_mends_the_link() -> None:
    track = make.a_track()

    once, told = track.report_unplayable(START)
    twice, silent = once.report_unplayable(LATER)

    assert told == (events.LinkReportedBroken(track_id=track.id),)
    assert silent == ()
    assert (twice.unplayable_reports, twice.link_issue_notified_at) == (2, START)


@pytest.mark.parametrize(("after", "counts"), [(-1, 0), (0, 0), (1, 1)])
def test_a_report_from_before_the_change_of_the_link_is_of_the_old_one(
    after: int, counts: int
) -> None:
    track = make.a_track(source_updated_at=LATER)

    told, story = track.report_unplayable(LATER + timedelta(microseconds=after))

    assert (told.unplayable_reports, len(story)) == (counts, counts)


# ── what artists type ────────────────────────────────────────────────────────────────────────


def test_a_title_is_one_line() -> None:
    assert require_title("  First Light ") == "First Light"
    assert require_title("x" * 200) == "x" * 200


@pytest.mark.parametrize("title", ["", " ", "x" * 201, "First\nBcc: all@example.com", "a\x00"])
def test_a_title_that_no_mail_could_carry_is_refused(title: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        require_title(title)

    assert refusal.value.field == "title"


def test_a_focus_may_be_left_out() -> None:
    assert require_focus(None) is None
    assert require_focus("  ") is None
    assert require_focus(" the mix?\nthe voice? ") == "the mix?\nthe voice?"


def test_a_focus_has_at_most_1000_characters() -> None:
    assert require_focus("x" * 1000) == "x" * 1000
    with pytest.raises(InvalidText) as refusal:
        require_focus("x" * 1001)

    assert refusal.value.field == "feedback_focus"


@pytest.mark.parametrize("duration", [None, 1, 6 * 3600])
def test_a_duration_may_be_unknown(duration: int | None) -> None:
    assert require_duration(duration) == duration


@pytest.mark.parametrize("duration", [0, -1, 6 * 3600 + 1])
def test_a_duration_is_one_second_to_six_hours(duration: int) -> None:
    with pytest.raises(OutOfRange) as refusal:
        require_duration(duration)

    assert refusal.value.extras == {"field": "duration", "minimum": 1, "maximum": 21_600}


@pytest.mark.parametrize("slugs", [["a"], ["a", "b", "c"]])
def test_a_track_has_one_to_three_genres(slugs: list[str]) -> None:
    genres = tuple(map(GenreId, slugs))

    assert require_track_genres(genres) == genres


@pytest.mark.parametrize("slugs", [[], ["a", "b", "c", "d"], ["a", "a"]])
def test_no_four_or_repeated_genres_are_refused(slugs: list[str]) -> None:
    with pytest.raises(TooMany) as refusal:
        require_track_genres(tuple(map(GenreId, slugs)))

    assert refusal.value.extras == {"field": "genres", "minimum": 1, "maximum": 3}
