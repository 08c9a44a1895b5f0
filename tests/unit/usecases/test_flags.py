from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from reviewcore.domain.errors import (
    AlreadyFlagged,
    FlagJudged,
    FlagWindowOver,
    InvalidText,
    NoReplacementLeft,
    NotYourTrack,
    OwnCase,
    ReasonRequired,
    ReviewNotCompleted,
    TooManyFlags,
)
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.ids import SYSTEM, ArtistId, UserId
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import EndReason, Review, ReviewStatus, slot_states
from reviewcore.domain.rules import PackageType
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import (
    DismissFlag,
    FlagReview,
    RestrictReviewer,
    UpholdFlag,
    dismiss_flag,
    flag_review,
    restrict_reviewer,
    uphold_flag,
)
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World(promo_codes={"LAUNCH": 2})


Ordered = Callable[[World], Track]
KINDS: dict[str, Ordered] = {
    "paid": lambda world: world.a_queued_track(),
    "free": lambda world: world.a_free_track(),
    "promo": lambda world: world.a_promo_track("LAUNCH"),
}


@pytest.fixture(params=KINDS)
def order(request: pytest.FixtureRequest) -> Ordered:
    return KINDS[request.param]


def completed(world: World, order: Ordered) -> tuple[Track, list[Review]]:
    """A track all of whose reviews are in; nobody else could review it."""
    track = order(world)
    world.reviewers(track.reviews_requested)
    reviews = [world.deliver(review) for review in world.assign(track)]
    assert world.track(track).status is TrackStatus.COMPLETED
    return track, reviews


def state(world: World, track: Track, number: int) -> SlotState:
    shut = world.track(track).is_shut
    return slot_states(world.slots(track), world.reviews(track), is_closed=shut)[number]


# ── a flag after completion, and its verdict before, during and after the replacement ────────


def test_a_flag_steps_the_track_back_opens_the_slot_and_gets_a_replacement(
    world: World, order: Ordered
) -> None:
    track, reviews = completed(world, order)

    world.flag(reviews[0])

    back = world.track(track)
    assert back.status is (TrackStatus.IN_PROGRESS if len(reviews) > 1 else TrackStatus.QUEUED)
    assert (back.completed_at, back.reviews_completed) == (None, len(reviews) - 1)
    assert state(world, track, reviews[0].slot_number) is SlotState.OPEN
    other = world.a_reviewer()
    world.work()
    [replacement] = [one for one in world.reviews(track) if one.is_active]
    assert (replacement.reviewer_id, replacement.slot_number) == (other.id, reviews[0].slot_number)
    assert replacement.offered_amount == reviews[0].offered_amount
    world.deliver(replacement)
    assert world.track(track).status is TrackStatus.COMPLETED
    world.work()
    assert sum("All reviews" in letter.subject for letter in world.mail.letters) == 1


def test_dismissing_before_the_replacement_restores_everything(
    world: World, order: Ordered
) -> None:
    track, reviews = completed(world, order)
    before = (world.balances(), world.reviewer_of(reviews[0]))

    flag = world.flag(reviews[0])
    world.dismiss(flag)

    assert (world.balances(), world.reviewer_of(reviews[0])) == before
    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.track(track).assign_at is None
    cleared = world.review(reviews[0])
    assert cleared == attrs.evolve(reviews[0], flag_status=FlagStatus.DISMISSED)
    assert cleared.is_shareable


def test_nobody_is_sought_once_the_only_open_slot_counts_again(world: World) -> None:
    track = world.a_queued_track()
    world.reviewers(track.reviews_requested)
    delivered = world.deliver(world.assign(track)[0])
    flag = world.flag(delivered)
    assert world.track(track).assign_at is not None

    world.dismiss(flag)

    assert world.track(track).assign_at is None


@pytest.mark.parametrize("listening", [False, True])
def test_dismissing_during_the_replacement_leaves_both_paid_and_one_counted(
    world: World, order: Ordered, listening: bool
) -> None:
    track, reviews = completed(world, order)
    flag = world.flag(reviews[0])
    world.a_reviewer()
    [replacement] = world.assign(track)
    if listening:
        world.beat(replacement)

    world.dismiss(flag)
    world.deliver(replacement)

    assert not world.review(reviews[0]).counts_toward_completion
    assert world.review(reviews[0]).is_shareable
    assert world.review(replacement).counts_toward_completion
    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.reviewer_of(reviews[0]).pending_balance == 50
    assert world.reviewer_of(reviews[0]).flag_count == 0
    assert world.balance("losses") == -50


def test_dismissing_after_the_replacement_leaves_both_paid_and_one_counted(
    world: World, order: Ordered
) -> None:
    track, reviews = completed(world, order)
    flag = world.flag(reviews[0])
    world.a_reviewer()
    world.deliver(world.assign(track)[0])

    world.dismiss(flag)

    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.events("FlagDismissed")[0].payload["counts"] is False
    assert world.balance("losses") == -50
    assert world.balance(f"deferred:{track.id}") == 0


def test_dismissing_after_the_replacement_gave_up_counts_the_first_again(
    world: World, order: Ordered
) -> None:
    track, reviews = completed(world, order)
    flag = world.flag(reviews[0])
    world.a_reviewer()
    world.skip(world.assign(track)[0])

    world.dismiss(flag)

    assert world.review(reviews[0]).counts_toward_completion
    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.balance("losses") == 0


@pytest.mark.parametrize("replaced", ["before", "during", "after"])
def test_upholding_takes_the_pay_back_whenever_it_comes(
    world: World, order: Ordered, replaced: str
) -> None:
    track, reviews = completed(world, order)
    flag = world.flag(reviews[0])
    world.a_reviewer()
    if replaced != "before":
        [replacement] = world.assign(track)
        if replaced == "after":
            world.deliver(replacement)

    world.uphold(flag)

    reviewer = world.reviewer_of(reviews[0])
    assert (reviewer.pending_balance, reviewer.total_earnings, reviewer.total_reviews) == (0, 0, 0)
    assert reviewer.flag_count == 1
    assert not world.review(reviews[0]).is_shareable
    assert world.balance("losses") == 0
    if replaced == "before":
        [replacement] = world.assign(track)
    if replaced != "after":
        world.deliver(replacement)
    assert world.track(track).status is TrackStatus.COMPLETED


def test_the_verdict_is_told_to_the_reviewer(world: World) -> None:
    track = world.a_queued_track(package=PackageType.DEEP_DIVE)
    world.reviewers(2)
    first, second = (world.deliver(review) for review in world.assign(track))

    world.uphold(world.flag(first))
    world.dismiss(world.flag(second))
    world.work()

    assert [letter.subject for letter in world.mail.letters if "flag" in letter.subject] == [
        "A flag on one of your reviews was upheld",
        "A flag on one of your reviews was dismissed",
    ]
    assert {event.payload["act"] for event in world.events("AdminActed")} >= {
        "uphold_flag",
        "dismiss_flag",
    }


@pytest.mark.parametrize(
    ("verdict", "status", "reason"),
    [
        (World.uphold, FlagStatus.UPHELD, "agreed"),
        (World.dismiss, FlagStatus.DISMISSED, "nothing wrong"),
    ],
)
def test_a_verdict_says_whose_it_is_and_why(
    world: World,
    verdict: Callable[[World, Flag], Flag],
    status: FlagStatus,
    reason: str,
) -> None:
    _, reviews = completed(world, KINDS["paid"])
    flag = world.flag(reviews[0])
    world.wait(hours=1)

    judged = verdict(world, flag)

    assert judged == world.flag_of(reviews[0])
    assert judged == attrs.evolve(
        flag, status=status, judged_at=world.clock(), judged_by=ADMIN, judge_reason=reason
    )


# ── closed tracks ────────────────────────────────────────────────────────────────────────────


def closed_with_flag(world: World) -> tuple[Track, Review]:
    """A closed track of five: one counts, one is flagged, three were refunded."""
    track = world.a_queued_track()
    world.reviewers(2)
    world.wait(hours=1)
    _, flagged = (world.deliver(review) for review in world.assign(track))
    world.flag(flagged)
    assert world.close(track).refunded_cents == 3 * 99
    assert world.track(track).status is TrackStatus.IN_PROGRESS
    return track, flagged


def test_a_slot_whose_flag_is_open_is_held_on_a_closed_track(world: World) -> None:
    track, flagged = closed_with_flag(world)
    world.a_reviewer()

    world.work()

    assert state(world, track, flagged.slot_number) is SlotState.HELD
    assert world.balance(f"deferred:{track.id}") == 99
    assert not any(review.is_active for review in world.reviews(track))


def test_a_held_slot_counts_again_when_the_flag_is_dismissed(world: World) -> None:
    track, flagged = closed_with_flag(world)

    world.dismiss(world.flag_of(flagged))
    world.settle()

    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.balance(f"deferred:{track.id}") == 0
    assert sum(refund.amount for refund in world.refunds(track)) == 3 * 99


def test_a_held_slot_is_refunded_when_the_flag_is_upheld(world: World) -> None:
    track, flagged = closed_with_flag(world)

    world.uphold(world.flag_of(flagged))
    world.settle()

    assert world.track(track).status is TrackStatus.COMPLETED
    assert state(world, track, flagged.slot_number) is SlotState.REFUNDED
    assert world.payment(track).refunded_amount == 4 * 99


def test_a_flag_on_a_closed_track_holds_the_slot(world: World) -> None:
    track = world.a_queued_track()
    world.reviewers(1)
    [only] = [world.deliver(review) for review in world.assign(track)]
    world.close(track)
    assert world.track(track).status is TrackStatus.COMPLETED

    flag = world.flag(only)

    assert world.track(track).status is TrackStatus.QUEUED
    assert state(world, track, only.slot_number) is SlotState.HELD
    world.uphold(flag)
    world.settle()
    assert world.track(track).status is TrackStatus.CANCELLED
    assert world.payment(track).refunded_amount == 495
    assert world.look(lambda tx: tx.artists.get(track.artist_id)).total_spent == 0


def with_replacement_on_closed(world: World) -> tuple[Track, Review, Review]:
    """A flagged review whose replacement is under way when the track is closed."""
    track = world.a_queued_track()
    world.reviewers(1)
    [flagged] = [world.deliver(review) for review in world.assign(track)]
    world.flag(flagged)
    world.a_reviewer()
    [replacement] = world.assign(track)
    world.close(track)
    return track, flagged, replacement


@pytest.mark.parametrize("how", ["skip", "report", "expire", "restrict"])
def test_a_slot_whose_replacement_gives_up_on_a_closed_track_is_held_not_refunded(
    world: World, how: str
) -> None:
    track, flagged, replacement = with_replacement_on_closed(world)
    assert replacement.slot_number == flagged.slot_number

    if how == "skip":
        world.skip(replacement)
    elif how == "report":
        world.report(replacement)
    elif how == "expire":
        world.wait(hours=48)
        world.work()
    else:
        world.do(
            restrict_reviewer,
            RestrictReviewer(reviewer_id=replacement.reviewer_id, admin_id=ADMIN, reason="spam"),
        )

    assert state(world, track, flagged.slot_number) is SlotState.HELD
    world.dismiss(world.flag_of(flagged))
    world.settle()
    assert world.review(flagged).counts_toward_completion
    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.payment(track).refunded_amount == 4 * 99


def test_a_replacement_on_a_closed_track_runs_on_whatever_the_verdict(world: World) -> None:
    track, flagged, replacement = with_replacement_on_closed(world)

    world.uphold(world.flag_of(flagged))
    assert world.review(replacement).is_active
    world.skip(replacement)
    world.settle()

    assert state(world, track, flagged.slot_number) is SlotState.REFUNDED
    assert world.track(track).status is TrackStatus.CANCELLED


def test_a_free_track_that_ends_by_a_verdict_gives_its_credit_back(world: World) -> None:
    track = world.a_free_track()
    world.reviewers(1)
    [only] = [world.deliver(review) for review in world.assign(track)]
    flag = world.flag(only)
    world.close(track)

    world.uphold(flag)

    assert world.track(track).status is TrackStatus.CANCELLED
    artist = world.look(lambda tx: tx.artists.get(track.artist_id))
    assert artist.free_review_credits == 1
    assert world.balances() == {}


# ── limits ───────────────────────────────────────────────────────────────────────────────────


def test_a_review_is_flagged_once_for_ever(world: World) -> None:
    _, reviews = completed(world, KINDS["paid"])
    world.dismiss(world.flag(reviews[0]))

    with pytest.raises(AlreadyFlagged):
        world.flag(reviews[0])


def test_a_fifth_of_a_tracks_slots_can_be_flagged_whatever_the_verdict(world: World) -> None:
    _, reviews = completed(world, KINDS["paid"])
    world.dismiss(world.flag(reviews[0]))

    with pytest.raises(TooManyFlags) as refusal:
        world.flag(reviews[1])

    assert refusal.value.maximum == 1


def test_a_slot_has_one_replacement() -> None:
    world = World(flags_per_track_max_percent=100)
    track, reviews = completed(world, KINDS["paid"])
    world.flag(reviews[0])
    world.a_reviewer()
    replacement = world.deliver(world.assign(track)[0])

    with pytest.raises(NoReplacementLeft) as refusal:
        world.flag(replacement)

    assert refusal.value.maximum == 1
    world.flag(reviews[1])


def test_a_review_can_be_flagged_for_seven_days(world: World) -> None:
    _, reviews = completed(world, KINDS["paid"])

    world.wait(days=7, seconds=1)

    with pytest.raises(FlagWindowOver):
        world.flag(reviews[-1])


def test_only_the_artist_flags_and_only_what_was_delivered(world: World) -> None:
    _, reviews = completed(world, KINDS["paid"])
    [active] = [world.assign(world.a_queued_track())[0]]

    with pytest.raises(NotYourTrack):
        world.do(
            flag_review,
            FlagReview(review_id=reviews[0].id, artist_id=ArtistId("x"), reason=FlagReason.SPAM),
        )
    with pytest.raises(ReviewNotCompleted):
        world.flag(active)


@pytest.mark.parametrize("verdict", [UpholdFlag, DismissFlag])
def test_a_verdict_needs_a_reason_and_a_judge_without_a_stake(
    world: World, verdict: type[UpholdFlag | DismissFlag]
) -> None:
    artist, reviewer = world.a_user("art@example.com"), world.a_user("rev@example.com")
    second = world.a_user("rev+admin@example.com")
    world.a_reviewer(reviewer)
    track = world.a_queued_track(world.an_artist(artist))
    flag = world.flag(world.deliver(world.assign(track)[0]))

    def judge(admin: str, reason: str = "seen") -> None:
        if verdict is UpholdFlag:
            world.do(
                uphold_flag, UpholdFlag(flag_id=flag.id, admin_id=UserId(admin), reason=reason)
            )
        else:
            world.do(dismiss_flag, DismissFlag(flag_id=flag.id, admin_id=admin, reason=reason))

    for party in (artist, reviewer, second):
        with pytest.raises(OwnCase):
            judge(party.id)
    with pytest.raises(ReasonRequired):
        judge(ADMIN, " ")
    with pytest.raises(InvalidText):
        judge(ADMIN, "a\x00b")
    judge(ADMIN)
    with pytest.raises(FlagJudged):
        judge(ADMIN)


# ── restriction by flags ─────────────────────────────────────────────────────────────────────


def flagged_four_times(world: World) -> list[Review]:
    """Four flagged reviews of one reviewer who is busy with two further tracks."""
    world.a_reviewer()
    reviews = [world.deliver(world.assign(world.a_queued_track())[0]) for _ in range(4)]
    for _ in range(2):
        world.beat(world.assign(world.a_queued_track())[0])
    for review in reviews[:3]:
        world.flag(review)
    assert not world.reviewer_of(reviews[0]).is_restricted
    world.flag(reviews[3])
    return reviews


def test_the_fourth_flag_restricts_and_ends_what_he_works_on(world: World) -> None:
    reviews = flagged_four_times(world)

    reviewer = world.reviewer_of(reviews[0])
    assert (reviewer.is_restricted, reviewer.restriction_cause) == (
        True,
        RestrictionCause.AUTOMATIC,
    )
    assert (reviewer.flag_count, reviewer.active_count) == (4, 0)
    ended = world.events("ReviewEnded")
    assert [event.payload["reason"] for event in ended] == ["RESTRICTED"] * 2
    assert len(world.events("ReviewerRestricted")) == 1


def test_a_dismissal_lifts_the_automatic_restriction_and_holds_nothing_against_him(
    world: World,
) -> None:
    reviews = flagged_four_times(world)

    world.dismiss(world.flag_of(reviews[1]))

    reviewer = world.reviewer_of(reviews[0])
    assert (reviewer.is_restricted, reviewer.flag_count) == (False, 3)
    assert len(world.events("ReviewerUnrestricted")) == 1
    assert len(world.assign(world.a_queued_track())) == 1


def test_an_upheld_flag_goes_on_counting(world: World) -> None:
    reviews = flagged_four_times(world)

    world.uphold(world.flag_of(reviews[0]))

    assert world.reviewer_of(reviews[0]).is_restricted
    assert world.reviewer_of(reviews[0]).flag_count == 4


def test_a_dismissal_leaves_a_persons_restriction(world: World) -> None:
    reviews = flagged_four_times(world)
    world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=reviews[0].reviewer_id, admin_id=ADMIN, reason="spam"),
    )

    for review in reviews:
        world.dismiss(world.flag_of(review))

    assert world.reviewer_of(reviews[0]).is_restricted
    assert world.reviewer_of(reviews[0]).flag_count == 0


def test_a_restricted_reviewer_is_not_restricted_again_by_a_further_flag(world: World) -> None:
    world.a_reviewer()
    reviews = [world.deliver(world.assign(world.a_queued_track())[0]) for _ in range(5)]
    for review in reviews:
        world.flag(review)

    assert world.reviewer_of(reviews[0]).flag_count == 5
    assert len(world.events("ReviewerRestricted")) == 1
    world.dismiss(world.flag_of(reviews[0]))
    assert world.reviewer_of(reviews[0]).is_restricted


def test_restriction_on_closed_tracks_of_one_artist_refunds_each_slot(world: World) -> None:
    world.a_reviewer()
    artist = world.an_artist()
    tracks = [world.a_queued_track(artist) for _ in range(2)]
    active = [world.assign(track)[0] for track in tracks]
    for track in tracks:
        world.close(track)

    world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=active[0].reviewer_id, admin_id=ADMIN, reason="spam"),
    )
    world.settle()

    assert {world.track(track).status for track in tracks} == {TrackStatus.CANCELLED}
    assert world.artist(artist).total_spent == 0
    assert {world.review(one).end_reason for one in active} == {EndReason.RESTRICTED}
    assert {world.review(one).status for one in active} == {ReviewStatus.EXPIRED}


def test_expiry_on_closed_tracks_of_one_artist_refunds_each_slot(world: World) -> None:
    world.a_reviewer()
    artist = world.an_artist()
    tracks = [world.a_queued_track(artist) for _ in range(2)]
    for track in tracks:
        world.assign(track)
        world.close(track)

    world.wait(hours=48)
    world.settle()

    assert {world.track(track).status for track in tracks} == {TrackStatus.CANCELLED}
    assert world.artist(artist).total_spent == 0


# ── nobody judges ────────────────────────────────────────────────────────────────────────────


def test_a_flag_that_nobody_judges_is_dismissed_after_fourteen_days(world: World) -> None:
    _, reviews = completed(world, KINDS["paid"])
    flag = world.flag(reviews[0])

    world.wait(days=13, hours=23, minutes=59)
    world.work()
    assert world.flag_of(reviews[0]).status is FlagStatus.OPEN
    world.wait(minutes=1, seconds=1)
    world.work()

    judged = world.flag_of(reviews[0])
    assert (judged.id, judged.status, judged.judged_by) == (flag.id, FlagStatus.DISMISSED, SYSTEM)
    assert world.review(reviews[0]).counts_toward_completion
    assert not [
        event for event in world.events("AdminActed") if event.payload["act"] == "dismiss_flag"
    ]
