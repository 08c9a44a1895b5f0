from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.errors import (
    AssignmentExpired,
    DailyReportLimitReached,
    DailySkipLimitReached,
    EntityNotFound,
    NotYourReview,
    ReviewerRestricted,
    ReviewNotActive,
)
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import EndReason, Review, ReviewStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.usecases import (
    ExpireAssignments,
    RecordHeartbeat,
    RestrictReviewer,
    SkipReview,
    UpdateSource,
    expire_assignments,
    record_heartbeat,
    restrict_reviewer,
    skip_review,
    update_source,
)
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World()


def assignments(world: World, count: int) -> list[Review]:
    """That many reviews of one reviewer, each of another track."""
    world.a_reviewer()
    return [world.assign(world.a_queued_track())[0] for _ in range(count)]


# ── heartbeats ───────────────────────────────────────────────────────────────────────────────


def test_the_first_heartbeat_starts_the_review_and_later_ones_tell_nothing(world: World) -> None:
    [review] = assignments(world, 1)

    world.beat(review)
    told = len(world.events())
    world.wait(seconds=10)
    heard = world.beat(review)

    assert (heard.status, heard.listen_duration) == (ReviewStatus.IN_PROGRESS, 10)
    assert len(world.events("ReviewStarted")) == 1
    assert len(world.events()) == told


def test_a_pause_is_credited_with_ten_seconds_at_most(world: World) -> None:
    [review] = assignments(world, 1)
    world.beat(review)

    world.wait(minutes=5)

    assert world.beat(review).listen_duration == 10


def test_two_tabs_earn_no_more_than_one(world: World) -> None:
    left, right = assignments(world, 2)
    world.beat(left)
    world.beat(right)

    for _ in range(30):
        world.wait(seconds=5)
        world.app.perform(
            record_heartbeat, RecordHeartbeat(review_id=left.id, reviewer_id=left.reviewer_id)
        )
        world.wait(seconds=5)
        world.app.perform(
            record_heartbeat, RecordHeartbeat(review_id=right.id, reviewer_id=right.reviewer_id)
        )

    heard = [world.review(review).listen_duration for review in (left, right)]
    assert heard == [150, 150]


def test_a_thousand_heartbeats_at_once_earn_nothing(world: World) -> None:
    [review] = assignments(world, 1)

    for _ in range(50):
        review = world.beat(review)

    assert review.listen_duration == 0


def test_nobody_listens_for_another(world: World) -> None:
    [review] = assignments(world, 1)

    with pytest.raises(NotYourReview):
        world.do(
            record_heartbeat,
            RecordHeartbeat(review_id=review.id, reviewer_id=world.a_reviewer().id),
        )
    with pytest.raises(EntityNotFound):
        world.do(
            record_heartbeat,
            RecordHeartbeat(review_id=ReviewId("none"), reviewer_id=review.reviewer_id),
        )


def test_an_ended_review_is_not_heard(world: World) -> None:
    [review] = assignments(world, 1)
    world.skip(review)

    with pytest.raises(ReviewNotActive):
        world.beat(review)


# ── deadlines ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("swept", [False, True])
def test_from_the_deadline_on_everything_is_refused_swept_or_not(world: World, swept: bool) -> None:
    [review] = assignments(world, 1)
    world.wait(hours=47, minutes=50)
    world.listen(review)
    world.clock.set(review.expires_at)
    if swept:
        world.do(expire_assignments, ExpireAssignments())

    for act in (world.beat, world.complete, world.skip, world.report):
        with pytest.raises(AssignmentExpired) as refusal:
            act(review)
        assert refusal.value.expired_at == review.expires_at

    status = ReviewStatus.EXPIRED if swept else ReviewStatus.IN_PROGRESS
    assert world.review(review).status is status


def test_just_before_the_deadline_a_review_can_be_delivered(world: World) -> None:
    [review] = assignments(world, 1)
    world.wait(hours=47, minutes=50)
    world.listen(review)

    world.clock.set(review.expires_at - timedelta(microseconds=1))

    assert world.complete(review).status is ReviewStatus.COMPLETED


def test_the_sweep_ends_what_is_overdue_and_opens_the_slots(world: World) -> None:
    [review] = assignments(world, 1)
    track = world.look(lambda tx: tx.tracks.get(review.track_id))
    world.wait(hours=48)

    ended = world.do(expire_assignments, ExpireAssignments())
    again = world.do(expire_assignments, ExpireAssignments())

    assert [(one.id, one.status, one.end_reason) for one in ended] == [
        (review.id, ReviewStatus.EXPIRED, EndReason.TIMEOUT)
    ]
    assert not again
    assert world.reviewer_of(review).active_count == 0
    assert world.track(track).assign_at == world.clock()
    assert world.events("ReviewEnded")[0].payload["reason"] == "TIMEOUT"


def test_the_sweep_is_bounded(world: World) -> None:
    assignments(world, 3)
    world.wait(hours=48)

    assert len(world.do(expire_assignments, ExpireAssignments(limit=2))) == 2
    assert len(world.do(expire_assignments, ExpireAssignments(limit=2))) == 1


def test_the_worker_gives_an_expired_slot_to_another(world: World) -> None:
    [review] = assignments(world, 1)
    world.wait(hours=48)
    other = world.a_reviewer()

    world.work()

    track = world.look(lambda tx: tx.tracks.get(review.track_id))
    assert {one.reviewer_id for one in world.reviews(track) if one.is_active} == {other.id}


# ── skipping ─────────────────────────────────────────────────────────────────────────────────


def test_a_skipped_slot_opens_for_another(world: World) -> None:
    world.a_reviewer()
    track = world.a_free_track()
    [review] = world.assign(track)

    skipped = world.skip(review)

    assert (skipped.status, skipped.end_reason) == (ReviewStatus.SKIPPED, EndReason.SKIP)
    assert world.assign(track) == []
    other = world.a_reviewer()
    assert [one.reviewer_id for one in world.assign(track)] == [other.id]


def test_three_reviews_are_skipped_a_day(world: World) -> None:
    world.wait(hours=11)
    for review in assignments(world, 3):
        world.skip(review)
    [fourth] = world.assign(world.a_queued_track())

    with pytest.raises(DailySkipLimitReached) as refusal:
        world.skip(fourth)
    world.wait(hours=1)

    assert refusal.value.maximum == 3
    assert world.skip(fourth).status is ReviewStatus.SKIPPED


def test_what_others_end_is_not_counted_as_skipped(world: World) -> None:
    cancelled, unplayable, *rest = assignments(world, 3)
    world.cancel(world.look(lambda tx: tx.tracks.get(cancelled.track_id)))
    world.report(unplayable)
    rest += [world.assign(world.a_queued_track())[0] for _ in range(2)]

    for review in rest:
        world.skip(review)

    assert len(world.events("ReviewEnded")) == 5


def test_only_ones_own_skips_count(world: World) -> None:
    for review in assignments(world, 3):
        world.skip(review)
    other = world.a_reviewer()
    track = world.a_queued_track()

    mine = next(one for one in world.assign(track) if one.reviewer_id == other.id)

    assert world.skip(mine).status is ReviewStatus.SKIPPED


def test_nobody_skips_for_another(world: World) -> None:
    [review] = assignments(world, 1)

    with pytest.raises(NotYourReview):
        world.do(skip_review, SkipReview(review_id=review.id, reviewer_id=ReviewerId("x")))


def test_a_restricted_reviewer_has_no_review_actions(world: World) -> None:
    [review] = assignments(world, 1)
    world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=review.reviewer_id, admin_id=ADMIN, reason="spam"),
    )

    for act in (world.skip, world.report, world.complete):
        with pytest.raises(ReviewerRestricted):
            act(review)
    with pytest.raises(ReviewNotActive):
        world.beat(review)


# ── tracks that do not play ──────────────────────────────────────────────────────────────────


def test_the_artist_is_told_once_and_after_two_reports_the_track_waits(world: World) -> None:
    world.reviewers(5)
    track = world.a_queued_track()
    first, second, *others = world.assign(track)
    world.a_reviewer()

    world.report(first)
    assert len(world.assign(track)) == 1
    world.report(second)
    world.work()

    waiting = world.track(track)
    assert (waiting.unplayable_reports, waiting.assign_at) == (2, None)
    assert world.assign(track) == []
    assert len(world.events("LinkReportedBroken")) == 1
    assert [letter.subject for letter in world.mail.letters if "played" in letter.subject] == [
        "“First Light” could not be played"
    ]
    assert {world.review(one).status for one in others} == {ReviewStatus.ASSIGNED}


def mend(world: World, review: Review) -> None:
    world.do(
        update_source,
        UpdateSource(
            track_id=review.track_id,
            artist_id=review.artist_id,
            source_url="https://soundcloud.com/the-band/mended",
        ),
    )


def test_another_link_lets_the_track_be_heard_again(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    for review in world.assign(track):
        world.report(review)

    mend(world, review)
    other = world.a_reviewer()

    assert world.track(track).link_issue_notified_at is None
    assert [one.reviewer_id for one in world.assign(track)] == [other.id]


def test_nobody_is_sought_for_another_link_while_every_slot_is_taken(world: World) -> None:
    world.reviewers(5)
    track = world.a_queued_track()
    review, *_ = world.assign(track)

    mend(world, review)

    assert world.track(track).assign_at is None


def test_a_track_that_waits_may_get_another_link_though_a_review_was_delivered(
    world: World,
) -> None:
    world.reviewers(3)
    track = world.a_queued_track()
    delivered, *others = world.assign(track)
    world.deliver(delivered)
    for review in others:
        world.report(review)

    mend(world, delivered)

    assert world.track(track).status is TrackStatus.IN_PROGRESS
    assert world.track(track).unplayable_reports == 0


def test_reports_count_from_the_new_link_on(world: World) -> None:
    world.reviewers(3)
    track = world.a_queued_track()
    first, second, third = world.assign(track)
    world.report(first)
    mend(world, first)
    world.wait(seconds=1)

    world.report(second)
    world.work()

    assert world.track(track).unplayable_reports == 1
    assert len(world.events("LinkReportedBroken")) == 2
    assert world.review(third).is_active


def test_a_report_that_began_before_the_new_link_is_of_the_old_one(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    first, second = world.assign(track)
    world.wait(seconds=1)
    mend(world, first)

    world.clock.advance(microseconds=-1)
    world.report(second)

    assert world.track(track).unplayable_reports == 0
    assert world.events("LinkReportedBroken") == []


def test_a_new_link_after_a_report_that_began_later_forgets_the_report(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.wait(seconds=1)
    world.report(review)

    world.clock.advance(microseconds=-1)
    mend(world, review)

    assert world.track(track).unplayable_reports == 0


def test_three_tracks_are_reported_a_day(world: World) -> None:
    world.wait(hours=11)
    for review in assignments(world, 3):
        world.report(review)
    [fourth] = world.assign(world.a_queued_track())

    with pytest.raises(DailyReportLimitReached) as refusal:
        world.report(fourth)
    world.wait(hours=1)

    assert refusal.value.maximum == 3
    assert world.report(fourth).end_reason is EndReason.UNPLAYABLE
