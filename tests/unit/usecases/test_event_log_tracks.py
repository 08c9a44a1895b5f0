"""What the log tells of tracks and reviews: every word of every event, and who brought it about."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from reviewcore.domain.events import (
    AdminActed,
    CheckoutStarted,
    Event,
    FlagDismissed,
    FlagUpheld,
    FreeCreditGranted,
    LinkReportedBroken,
    RefundIntended,
    ReviewAssigned,
    ReviewCompleted,
    ReviewEnded,
    ReviewerRestricted,
    ReviewerUnrestricted,
    ReviewFlagged,
    ReviewGemmed,
    ReviewRated,
    ReviewRestarted,
    ReviewStarted,
    ReviewUngemmed,
    SlotLost,
    SlotRefunded,
    SourceUpdated,
    TierChanged,
    TrackCancelled,
    TrackCheckedOut,
    TrackClosed,
    TrackCompleted,
    TrackHalfReviewed,
    TrackQueued,
    TrackReopened,
    TrackStarted,
    TrackSubmitted,
)
from reviewcore.domain.ids import SYSTEM, ArtistId
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track
from reviewcore.usecases import (
    AssignReviewers,
    CancelTrack,
    CloseTrack,
    GemReview,
    RateReview,
    RestrictReviewer,
    UngemReview,
    UpdateSource,
    assign_reviewers,
    cancel_track,
    close_track,
    gem_review,
    rate_review,
    restrict_reviewer,
    ungem_review,
    update_source,
)
from reviewcore.usecases.dismiss_flag import NOBODY_JUDGED, DismissFlag, dismiss_flag
from reviewcore.usecases.expire_assignments import ExpireAssignments, expire_assignments
from tests.unit.usecases.disputing import applied, lose
from tests.unit.usecases.market import ADMIN, World
from tests.unit.usecases.telling import told


@pytest.fixture
def world() -> World:
    return World(promo_codes={"LAUNCH": 2})


def assigned(world: World, track: Track) -> Review:
    """The one review of a track that has one reviewer."""
    world.a_reviewer()
    [review] = world.assign(track)
    return review


def delivered(world: World, track: Track | None = None) -> Review:
    return world.deliver(assigned(world, track or world.a_queued_track()))


def refunded(world: World, track: Track) -> list[Event]:
    """What is told of every slot of a starter track that is given up, and of its refund."""
    [refund] = world.refunds(track)
    return [
        *slots_refunded(track, 1, 2, 3, 4, 5),
        TrackCancelled(track_id=track.id),
        RefundIntended(refund_id=refund.id, payment_id=refund.payment_id, amount=Cents(495)),
    ]


def slots_refunded(track: Track, *numbers: int, price: int = 99) -> list[Event]:
    return [SlotRefunded(track_id=track.id, number=one, price=Cents(price)) for one in numbers]


# ── from submission to the queue ─────────────────────────────────────────────────────────────


def test_submitting(world: World) -> None:
    artist = world.an_artist()

    events = told(world, lambda: world.a_track(artist), by=artist.id)

    [track] = world.all(lambda tx: tx.tracks.all())
    assert events == [TrackSubmitted(track_id=track.id, artist_id=artist.id)]


@pytest.mark.parametrize(
    ("package", "slots", "price"), [(PackageType.STARTER, 5, 495), (PackageType.PRO, 10, 2995)]
)
def test_checking_out_for_money(world: World, package: PackageType, slots: int, price: int) -> None:
    track = world.a_track(package=package)

    events = told(world, lambda: world.checked_out(track), by=track.artist_id)

    assert events == [TrackCheckedOut(track_id=track.id, slots=slots, price=Cents(price))]


@pytest.mark.parametrize(
    ("how", "slots"), [({"use_free_credit": True}, 1), ({"promo_code": "LAUNCH"}, 2)]
)
def test_checking_out_for_nothing(world: World, how: dict[str, Any], slots: int) -> None:
    track = world.a_track()

    events = told(world, lambda: world.checked_out(track, **how), by=track.artist_id)

    assert events == [
        TrackCheckedOut(track_id=track.id, slots=slots, price=Cents(0)),
        TrackQueued(track_id=track.id),
    ]


def test_assigning(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    command = AssignReviewers(track_id=track.id)

    events = told(world, lambda: world.do(assign_reviewers, command))

    assert events == [
        ReviewAssigned(review_id=one.id, track_id=track.id, reviewer_id=one.reviewer_id)
        for one in world.reviews(track)
    ]


# ── reviewing ────────────────────────────────────────────────────────────────────────────────


def test_listening_is_told_once(world: World) -> None:
    review = assigned(world, world.a_queued_track())

    first = told(world, lambda: world.beat(review), by=review.reviewer_id)
    again = told(world, lambda: world.beat(review))

    assert first == [ReviewStarted(review_id=review.id)]
    assert again == []


def test_delivering_one_after_the_other() -> None:
    world = World(pro_reviews_min=1)
    world.reviewers(5)
    track = world.a_queued_track()
    stories: list[list[Event]] = [
        [TrackStarted(track_id=track.id)],
        [],
        [TrackHalfReviewed(track_id=track.id)],
        [],
        [TrackCompleted(track_id=track.id, first=True)],
    ]

    for review, story in zip(world.assign(track), stories, strict=True):
        world.listen(review)
        done = ReviewCompleted(
            review_id=review.id,
            track_id=track.id,
            reviewer_id=review.reviewer_id,
            paid_amount=Cents(50),
        )
        by = review.reviewer_id
        assert told(world, partial(world.complete, review), by=by) == [done, *story]


def test_delivering_what_earns_a_tier() -> None:
    world = World(pro_reviews_min=2)
    first = delivered(world)
    rate = RateReview(review_id=first.id, artist_id=first.artist_id, rating=5)
    world.do(rate_review, rate)
    [second] = world.assign(world.a_queued_track())
    world.listen(second)

    events = told(world, lambda: world.complete(second), by=second.reviewer_id)

    assert events[-1] == TierChanged(reviewer_id=second.reviewer_id, before="NORMAL", after="PRO")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("skip", "SKIP"),
        ("report", "UNPLAYABLE"),
        ("expire", "TIMEOUT"),
        ("restrict", "RESTRICTED"),
    ],
)
def test_an_assignment_that_ends_without_a_review(world: World, how: str, reason: str) -> None:
    review = assigned(world, world.a_queued_track())
    bar = RestrictReviewer(reviewer_id=review.reviewer_id, admin_id=ADMIN, reason="spam")
    world.wait(hours=47)
    steps = {
        "skip": (lambda: world.skip(review), review.reviewer_id),
        "report": (lambda: world.report(review), review.reviewer_id),
        "expire": (lambda: world.do(expire_assignments, ExpireAssignments()), SYSTEM),
        "restrict": (lambda: world.do(restrict_reviewer, bar), ADMIN),
    }
    step, by = steps[how]
    if how == "expire":
        world.wait(hours=1)

    events = told(world, step, by=by)

    assert events[0] == ReviewEnded(
        review_id=review.id,
        track_id=review.track_id,
        reviewer_id=review.reviewer_id,
        reason=reason,
    )
    assert events[1:] == {
        "report": [LinkReportedBroken(track_id=review.track_id)],
        "restrict": [
            ReviewerRestricted(reviewer_id=review.reviewer_id, cause="ADMIN"),
            AdminActed(
                subject=f"reviewer:{review.reviewer_id}", act="restrict_reviewer", reason="spam"
            ),
        ],
    }.get(how, [])


def test_changing_the_link(world: World) -> None:
    review = assigned(world, world.a_queued_track())
    command = UpdateSource(
        track_id=review.track_id,
        artist_id=review.artist_id,
        source_url="https://youtu.be/dQw4w9WgXcQ",
    )

    events = told(world, lambda: world.do(update_source, command), by=review.artist_id)

    assert events == [
        SourceUpdated(track_id=review.track_id),
        ReviewRestarted(review_id=review.id),
    ]


# ── the artist judges ────────────────────────────────────────────────────────────────────────


def test_rating(world: World) -> None:
    review = delivered(world)
    command = RateReview(review_id=review.id, artist_id=review.artist_id, rating=4)

    events = told(world, lambda: world.do(rate_review, command), by=review.artist_id)

    assert events == [ReviewRated(review_id=review.id, rating=4)]


def test_a_rating_that_costs_a_tier() -> None:
    world = World(pro_reviews_min=1)
    review = delivered(world)
    for rating, before, after in ((5, "NORMAL", "PRO"), (4, "PRO", "NORMAL")):
        command = RateReview(review_id=review.id, artist_id=review.artist_id, rating=rating)

        events = told(world, partial(world.do, rate_review, command), by=review.artist_id)

        assert events == [
            ReviewRated(review_id=review.id, rating=rating),
            TierChanged(reviewer_id=review.reviewer_id, before=before, after=after),
        ]


def test_a_gem_given_and_taken_back() -> None:
    world = World(pro_gems_min=1)
    review = delivered(world)
    words: dict[str, Any] = {"review_id": review.id, "artist_id": review.artist_id}

    giving = told(world, lambda: world.do(gem_review, GemReview(**words)), by=review.artist_id)
    taking = told(world, lambda: world.do(ungem_review, UngemReview(**words)), by=review.artist_id)

    reviewer: dict[str, Any] = {"reviewer_id": review.reviewer_id}
    assert giving == [
        ReviewGemmed(review_id=review.id),
        TierChanged(**reviewer, before="NORMAL", after="PRO"),
    ]
    assert taking == [
        ReviewUngemmed(review_id=review.id),
        TierChanged(**reviewer, before="PRO", after="NORMAL"),
    ]


def test_a_flag_that_is_upheld() -> None:
    world = World(pro_gems_min=1)
    review = delivered(world, world.a_free_track())
    world.do(gem_review, GemReview(review_id=review.id, artist_id=review.artist_id))

    flagging = told(world, lambda: world.flag(review), by=review.artist_id)
    flag = world.flag_of(review)
    upholding = told(world, lambda: world.uphold(flag), by=ADMIN)

    assert flagging == [
        ReviewFlagged(
            flag_id=flag.id,
            review_id=review.id,
            reviewer_id=review.reviewer_id,
            flag_reason="spam",
        ),
        TrackReopened(track_id=review.track_id, status="QUEUED"),
    ]
    assert upholding == [
        FlagUpheld(flag_id=flag.id, review_id=review.id),
        AdminActed(subject=f"flag:{flag.id}", act="uphold_flag", reason="agreed"),
        TierChanged(reviewer_id=review.reviewer_id, before="PRO", after="NORMAL"),
    ]


def test_a_flag_that_is_dismissed_while_its_slot_is_free(world: World) -> None:
    review = delivered(world, world.a_free_track())
    flag = world.flag(review)

    events = told(world, lambda: world.dismiss(flag), by=ADMIN)

    assert events == [
        FlagDismissed(flag_id=flag.id, review_id=review.id, counts=True),
        AdminActed(subject=f"flag:{flag.id}", act="dismiss_flag", reason="nothing wrong"),
        TrackCompleted(track_id=review.track_id, first=False),
    ]


def test_a_flag_that_nobody_judged_and_whose_slot_is_taken(world: World) -> None:
    review = delivered(world, world.a_free_track())
    flag = world.flag(review)
    delivered(world, world.track(world.look(lambda tx: tx.tracks.get(review.track_id))))
    command = DismissFlag(flag_id=flag.id, admin_id=SYSTEM, reason=NOBODY_JUDGED)

    events = told(world, lambda: world.do(dismiss_flag, command))

    assert events == [FlagDismissed(flag_id=flag.id, review_id=review.id, counts=False)]


def test_a_restriction_by_flags_and_its_end() -> None:
    world = World(flags_max=0)
    review = delivered(world)

    flagging = told(world, lambda: world.flag(review), by=review.artist_id)
    flag = world.flag_of(review)
    dismissing = told(world, lambda: world.dismiss(flag), by=ADMIN)

    reviewer_id = review.reviewer_id
    assert flagging[-1] == ReviewerRestricted(reviewer_id=reviewer_id, cause="AUTOMATIC")
    assert dismissing[2:] == [
        ReviewerUnrestricted(reviewer_id=reviewer_id),
        TrackStarted(track_id=review.track_id),
    ]


# ── cancelling and closing ───────────────────────────────────────────────────────────────────


def test_cancelling_what_nobody_has_paid_for(world: World) -> None:
    track = world.a_track()

    events = told(world, lambda: world.cancel(track), by=track.artist_id)

    assert events == [TrackCancelled(track_id=track.id)]


def test_cancelling_as_administrator(world: World) -> None:
    track = world.a_queued_track()
    review = assigned(world, track)
    command = CancelTrack(track_id=track.id, admin_id=ADMIN, reason="stolen")

    events = told(world, lambda: world.do(cancel_track, command), by=ADMIN)

    assert events == [
        AdminActed(subject=f"track:{track.id}", act="cancel_track", reason="stolen"),
        ReviewEnded(
            review_id=review.id,
            track_id=track.id,
            reviewer_id=review.reviewer_id,
            reason="CANCELLED",
        ),
        *refunded(world, track),
    ]


def test_cancelling_a_free_track_gives_one_credit_back(world: World) -> None:
    track = world.a_free_track()

    events = told(world, lambda: world.cancel(track), by=track.artist_id)

    assert events == [
        *slots_refunded(track, 1, price=0),
        TrackCancelled(track_id=track.id),
        FreeCreditGranted(artist_id=track.artist_id, credits=1),
    ]


def test_closing_as_administrator(world: World) -> None:
    track = world.a_queued_track()
    review = delivered(world, track)

    events = told(world, lambda: world.close(track), by=ADMIN)

    [refund] = world.refunds(track)
    left = {1, 2, 3, 4, 5} - {review.slot_number}
    assert events == [
        AdminActed(subject=f"track:{track.id}", act="close_track", reason="asked to"),
        TrackClosed(track_id=track.id),
        *slots_refunded(track, *sorted(left)),
        TrackCompleted(track_id=track.id, first=True),
        RefundIntended(refund_id=refund.id, payment_id=refund.payment_id, amount=Cents(396)),
    ]


@pytest.mark.parametrize(("by_market", "days"), [(False, 14), (True, 28)])
def test_closing_what_found_nobody(world: World, by_market: bool, days: int) -> None:
    track = world.a_queued_track()
    by = ArtistId(SYSTEM) if by_market else track.artist_id
    world.wait(days=days)
    command = CloseTrack(track_id=track.id, artist_id=by)

    events = told(world, lambda: world.do(close_track, command), by=by)

    assert events == [TrackClosed(track_id=track.id), *refunded(world, track)]


def test_slots_that_a_lost_dispute_ends(world: World) -> None:
    track = world.a_queued_track()
    payment_id = applied(world, track).external_payment_id
    assert payment_id is not None
    external_id = world.bank.open_dispute(payment_id)

    events = told(world, lambda: lose(world, external_id))

    assert [one for one in events if isinstance(one, SlotLost | TrackCancelled)] == [
        *(SlotLost(track_id=track.id, number=one, price=Cents(99)) for one in range(1, 6)),
        TrackCancelled(track_id=track.id),
    ]


def test_beginning_to_pay(world: World) -> None:
    track = world.checked_out(world.a_track())

    events = told(world, lambda: world.open_session(track), by=track.artist_id)

    [attempt] = world.attempts(track)
    assert events[0] == CheckoutStarted(payment_id=attempt.payment_id, attempt_id=attempt.id)
