from __future__ import annotations

from typing import Any

import pytest

from reviewcore.domain.errors import (
    FeedbackTooThin,
    HeartbeatStale,
    InvalidText,
    ListenedTooLittle,
    NotYourReview,
    OutOfRange,
    ReviewNotActive,
    TooMany,
)
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.testing import builders as make
from reviewcore.usecases import CompleteReview, Remark, complete_review
from tests.unit.usecases.market import World


@pytest.fixture
def world() -> World:
    return World()


def heard(world: World, **track: Any) -> Review:
    """A review of a track that was listened to."""
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track(**track))
    return world.listen(review)


def test_a_delivered_review_is_paid_counted_and_shared(world: World) -> None:
    review = heard(world)

    done = world.complete(review, timestamps=(Remark(seconds=62, note=" bass "),))

    assert (done.status, done.paid_amount) == (ReviewStatus.COMPLETED, 50)
    assert done.share_id is not None
    assert len(done.share_id) == 8
    assert world.look(lambda tx: tx.reviews.by_share_id(done.share_id or "")) == done
    [remark] = world.all(lambda tx: tx.timestamps.of_review(done.id))
    assert (remark.seconds, remark.note) == (62, "bass")
    reviewer = world.reviewer_of(done)
    assert (reviewer.total_reviews, reviewer.pending_balance, reviewer.active_count) == (1, 50, 0)
    assert world.look(lambda tx: list(tx.queue.of_reviewer(reviewer.id))) == []
    assert world.track(world.look(lambda tx: tx.tracks.get(done.track_id))).reviews_completed == 1
    assert world.events("ReviewCompleted")[0].payload["paid_amount"] == 50


def test_a_review_is_delivered_once(world: World) -> None:
    review = heard(world)
    world.complete(review)

    with pytest.raises(ReviewNotActive):
        world.complete(review)

    assert world.reviewer_of(review).pending_balance == 50


def test_the_same_delivery_under_one_key_is_paid_once(world: World) -> None:
    review = heard(world)
    command = CompleteReview(
        review_id=review.id, reviewer_id=review.reviewer_id, feedback=make.some_feedback()
    )

    first = world.do(complete_review, command, key="once")
    second = world.do(complete_review, command, key="once")

    assert first == second
    assert world.reviewer_of(review).pending_balance == 50


def test_a_public_id_that_is_taken_is_drawn_again() -> None:
    world = World()
    world.reviewers(2)
    track = world.a_queued_track()
    reviews = world.assign(track)
    for review in reviews:
        world.listen(review)
    world.rigged.extend(["same" * 11, "same" * 11, "other" * 9])

    first, second = (world.complete(review) for review in reviews)

    assert (first.share_id, second.share_id) == ("samesame", "otheroth")
    assert world.app.busy_retries == 1


@pytest.mark.parametrize(
    ("seconds", "duration", "enough"),
    [(170, None, False), (180, None, True), (80, 100, True), (70, 100, False), (180, 9000, True)],
)
def test_enough_of_the_track_is_heard(
    world: World, seconds: int, duration: int | None, enough: bool
) -> None:
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track(duration=duration))
    world.listen(review, seconds)

    if enough:
        assert world.complete(review).status is ReviewStatus.COMPLETED
    else:
        with pytest.raises(ListenedTooLittle) as refusal:
            world.complete(review)
        assert refusal.value.listened_seconds == seconds


def test_a_review_that_was_never_begun_is_not_delivered(world: World) -> None:
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track())

    with pytest.raises(ListenedTooLittle):
        world.complete(review)


def test_the_last_heartbeat_must_be_fresh(world: World) -> None:
    review = heard(world)

    world.wait(minutes=10, seconds=1)

    with pytest.raises(HeartbeatStale):
        world.complete(review)
    world.beat(review)
    assert world.complete(review).status is ReviewStatus.COMPLETED


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"feedback": make.some_feedback(best_part="Nice one.")}, FeedbackTooThin),
        ({"feedback": make.some_feedback(weakest_part="spam " * 40)}, FeedbackTooThin),
        ({"feedback": make.some_feedback(production_score=6)}, OutOfRange),
        ({"feedback": make.some_feedback(next_actions="\x00")}, InvalidText),
        ({"timestamps": (Remark(seconds=1, note="x"),) * 31}, TooMany),
        ({"timestamps": (Remark(seconds=-1, note="x"),)}, OutOfRange),
        ({"timestamps": (Remark(seconds=1, note=""),)}, InvalidText),
    ],
)
def test_what_says_too_little_is_not_paid(
    world: World, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    review = heard(world)

    with pytest.raises(refusal):
        world.complete(review, **changes)

    assert world.review(review).status is ReviewStatus.IN_PROGRESS
    assert world.balance("revenue") == 0
    world.complete(review)


def test_nobody_delivers_for_another(world: World) -> None:
    review = heard(world)

    with pytest.raises(NotYourReview):
        world.do(
            complete_review,
            CompleteReview(
                review_id=review.id,
                reviewer_id=world.a_reviewer().id,
                feedback=make.some_feedback(),
            ),
        )


def test_the_artist_hears_of_queue_half_and_all(world: World) -> None:
    world.reviewers(5)
    track = world.a_queued_track()

    for review in world.assign(track):
        world.deliver(review)
        world.work()

    assert world.track(track).status is TrackStatus.COMPLETED
    assert [letter.subject for letter in world.mail.letters if "First Light" in letter.subject] == [
        "“First Light” is in the queue",
        "Half of the reviews of “First Light” are in",
        "All reviews of “First Light” are in",
    ]
