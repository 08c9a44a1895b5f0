from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from reviewcore.domain.errors import EntityNotFound, OwnTrack, PayoutAccountTaken
from reviewcore.domain.ids import TrackId
from reviewcore.domain.matching import Assignment, Plan, Rejection, Search, Verdict
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import AccountOrder, Done
from reviewcore.ports.store import Reviewers
from reviewcore.usecases import (
    AssignReviewers,
    GemReview,
    PlanAssignment,
    RateReview,
    RestrictReviewer,
    SignUp,
    assign_reviewers,
    gem_review,
    plan_assignment,
    rate_review,
    restrict_reviewer,
    sign_up,
)
from reviewcore.usecases.wake_tracks import WakeTracks, wake_tracks
from tests.unit.usecases.market import ADMIN, PASSWORD, World


@pytest.fixture
def world() -> World:
    return World(exploration_share_percent=0)


def planned(world: World, track: Track, **changes: Any) -> Plan:
    return world.app.ask(plan_assignment, PlanAssignment(track_id=track.id, **changes))


def reason_for(world: World, track: Track, reviewer: ReviewerProfile) -> Rejection | None:
    """What the plan says of a reviewer; and assigning must then do the same."""
    lines = {line.reviewer_id: line for line in planned(world, track).verdicts}
    assigned = {review.reviewer_id for review in world.assign(track)}
    assert lines[reviewer.id].accepted is (reviewer.id in assigned)
    return lines[reviewer.id].reason


def rich(world: World, reviewer: ReviewerProfile) -> None:
    """Let a reviewer earn what may be withdrawn."""
    track = world.a_queued_track()
    for review in world.assign(track):
        if review.reviewer_id == reviewer.id:
            world.deliver(review)
        else:
            world.skip(review)


# ── what assigning does ──────────────────────────────────────────────────────────────────────


def test_open_slots_are_given_to_eligible_reviewers(world: World) -> None:
    reviewers = world.reviewers(3)
    track = world.a_queued_track()

    reviews = world.assign(track)

    assert {review.reviewer_id for review in reviews} == {one.id for one in reviewers}
    assert [review.slot_number for review in reviews] == [1, 2, 3]
    assert {review.status for review in reviews} == {ReviewStatus.ASSIGNED}
    assert {world.reviewer(one).active_count for one in reviewers} == {1}
    assert len(world.events("ReviewAssigned")) == 3


def test_assigning_again_fills_only_what_is_open(world: World) -> None:
    world.reviewers(3)
    track = world.a_queued_track()
    world.assign(track)
    world.reviewers(4)

    assert len(world.assign(track)) == 2
    assert world.assign(track) == []
    assert world.track(track).assign_at is None


def test_a_track_that_found_too_few_is_looked_at_again(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()

    told = world.do(assign_reviewers, AssignReviewers(track_id=track.id))

    [review] = world.reviews(track)
    assert told == Assignment(
        track_id=track.id, artist_id=track.artist_id, assigned=(review.id,), still_open=4
    )
    assert world.track(track).assign_at == world.clock() + timedelta(seconds=30)


def test_who_cannot_take_what_is_open_does_not_hurry_the_next_look(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track(package=PackageType.PRO)

    assert world.assign(track) == []
    assert world.track(track).assign_at == world.clock() + timedelta(seconds=30)


class HeldReviewers:
    """Reviewers whom another worker holds at this moment: they are seen and not handed out."""

    def __init__(self, inner: Reviewers) -> None:
        self._inner = inner

    def candidates(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.parametrize(("package", "pause"), [(PackageType.STARTER, 1), (PackageType.PRO, 30)])
def test_a_track_whose_reviewers_are_held_by_another_is_looked_at_soon(
    world: World, package: PackageType, pause: int
) -> None:
    world.a_reviewer()
    track = world.a_queued_track(package=package)

    def while_held(tx: Any, command: AssignReviewers) -> Assignment:
        tx.reviewers = HeldReviewers(tx.reviewers)
        return assign_reviewers(tx, command)

    told = world.do(while_held, AssignReviewers(track_id=track.id))

    assert told.assigned == ()
    assert world.track(track).assign_at == world.clock() + timedelta(seconds=pause)


def test_an_assignment_says_all_that_was_agreed(world: World) -> None:
    world.wait(hours=1)
    reviewer, track = world.a_reviewer(), world.a_queued_track(package=PackageType.DEEP_DIVE)

    [review] = world.assign(track)

    now, [row] = world.clock(), world.queue(review)
    slot = world.slots(track)[review.slot_number - 1]
    assert review == Review(
        id=review.id,
        track_id=track.id,
        artist_id=track.artist_id,
        reviewer_id=reviewer.id,
        slot_number=slot.number,
        status=ReviewStatus.ASSIGNED,
        offered_amount=slot.rate,
        slot_price=slot.price,
        minimum_listen_seconds=180,
        assigned_at=now,
        expires_at=now + timedelta(hours=48),
    )
    assert row == ReviewQueue(
        id=review.id,
        track_id=track.id,
        reviewer_id=reviewer.id,
        priority=10,
        assigned_at=now,
        expires_at=review.expires_at,
    )
    taken = world.reviewer(reviewer)
    assert (taken.active_count, taken.last_assigned_at) == (1, now)


def test_an_unpaid_track_is_not_assigned(world: World) -> None:
    world.reviewers(1)

    assert world.assign(world.checked_out(world.a_track())) == []


def test_an_unknown_track_is_not_found(world: World) -> None:
    with pytest.raises(EntityNotFound):
        world.do(assign_reviewers, AssignReviewers(track_id=TrackId("nobody's")))


def test_pro_slots_wait_for_pro_reviewers_and_normal_slots_take_anyone(world: World) -> None:
    world.reviewers(3)
    [pro] = world.reviewers(1, tier=Tier.PRO)
    track = world.a_queued_track(package=PackageType.STANDARD)

    by_slot = {review.slot_number: review for review in world.assign(track)}

    assert sorted(by_slot) == [1, 3, 4, 5]
    assert by_slot[1].reviewer_id == pro.id
    assert {review.offered_amount for review in by_slot.values()} == {150, 50}


def test_a_held_slot_keeps_tier_and_pay_when_its_reviewer_loses_the_tier(world: World) -> None:
    world.reviewers(1, tier=Tier.PRO)
    track = world.a_queued_track(package=PackageType.PRO)
    [review] = world.assign(track)
    world.wait(hours=1)

    world.listen(review)
    with world.app.store.begin() as tx:
        reviewer = tx.reviewers.lock(review.reviewer_id)
        fallen, _ = reviewer.end_grant(rules=world.rules, at=tx.now)
        tx.reviewers.update(fallen)
    done = world.complete(review)

    assert world.reviewer_of(review).tier is Tier.NORMAL
    assert done.paid_amount == 150


def test_tracks_are_served_in_order_of_days_waited_and_priority(world: World) -> None:
    slow = world.a_queued_track()
    world.wait(days=4)
    quick = world.a_queued_track(package=PackageType.STANDARD)
    world.wait(days=2)
    later = world.a_queued_track()

    due = world.look(lambda tx: tx.tracks.waiting(world.clock(), limit=10))

    assert list(due) == [quick.id, slow.id, later.id]


# ── who is eligible ──────────────────────────────────────────────────────────────────────────


def test_a_reviewer_against_whom_nothing_speaks_is_accepted(world: World) -> None:
    reviewer = world.a_reviewer()
    track = world.a_queued_track()

    assert reason_for(world, track, reviewer) is None


def test_who_has_not_finished_onboarding_waits(world: World) -> None:
    reviewer = world.a_newcomer()

    assert reason_for(world, world.a_queued_track(), reviewer) is Rejection.NOT_ONBOARDED


def test_a_restricted_reviewer_gets_nothing(world: World) -> None:
    reviewer = world.a_reviewer()
    world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=reviewer.id, admin_id=ADMIN, reason="spam"),
    )

    assert reason_for(world, world.a_queued_track(), reviewer) is Rejection.RESTRICTED


def test_an_unproven_address_gets_nothing(world: World) -> None:
    user = world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))
    reviewer = world.a_reviewer(user)

    assert reason_for(world, world.a_queued_track(), reviewer) is Rejection.EMAIL_NOT_VERIFIED


def test_an_account_must_be_a_day_old() -> None:
    world = World(reviewer_account_age_hours=24)
    reviewer = world.a_reviewer()
    track = world.a_queued_track()

    assert reason_for(world, track, reviewer) is Rejection.ACCOUNT_TOO_NEW
    world.wait(hours=24)
    assert reason_for(world, track, reviewer) is None


@pytest.mark.parametrize(
    ("heard", "played", "matches"),
    [
        ("house", "house", True),
        ("electronic", "house", True),
        ("house", "electronic", True),
        ("techno", "house", False),
        ("jazz", "house", False),
    ],
)
def test_genres_match_through_the_tree(
    world: World, heard: str, played: str, matches: bool
) -> None:
    world.a_reviewer(genres=(heard, "delta-blues", "punk"))
    track = world.a_queued_track(genres=(played,))

    assert bool(world.assign(track)) is matches


def test_nobody_reviews_a_track_twice_however_it_ended(world: World) -> None:
    reviewer = world.a_reviewer()
    track = world.a_queued_track()
    world.skip(world.assign(track)[0])

    assert reason_for(world, track, reviewer) is Rejection.REVIEWED_BEFORE


def test_a_reviewer_hears_an_artist_twice_in_thirty_days(world: World) -> None:
    reviewer, artist = world.a_reviewer(), world.an_artist()
    for _ in range(2):
        world.deliver(world.assign(world.a_queued_track(artist))[0])
    third = world.a_queued_track(artist)

    assert reason_for(world, third, reviewer) is Rejection.PAIR_LIMIT
    world.wait(days=30, hours=1)
    assert reason_for(world, third, reviewer) is None


@pytest.mark.parametrize(("tier", "load"), [(Tier.NORMAL, 3), (Tier.PRO, 5)])
def test_a_reviewer_carries_no_more_than_his_load(world: World, tier: Tier, load: int) -> None:
    reviewer = world.a_reviewer(tier=tier)
    for _ in range(load):
        assert len(world.assign(world.a_queued_track())) == 1
    one_more = world.a_queued_track()

    assert reason_for(world, one_more, reviewer) is Rejection.FULLY_LOADED
    assert world.reviewer(reviewer).active_count == load


# ── nobody reviews his own track ─────────────────────────────────────────────────────────────


def test_the_same_user_may_not_review_his_track(world: World) -> None:
    user = world.a_user()
    reviewer = world.a_reviewer(user)
    track = world.a_queued_track(world.an_artist(user))

    assert reason_for(world, track, reviewer) is Rejection.OWN_TRACK


@pytest.mark.parametrize(
    ("artist", "reviewer"),
    [
        ("eve@example.com", "eve+reviews@example.com"),
        ("eve+music@example.com", "eve@example.com"),
        ("e.ve@gmail.com", "eve@googlemail.com"),
    ],
)
def test_a_second_profile_under_a_variant_of_the_address_may_not(
    world: World, artist: str, reviewer: str
) -> None:
    track = world.a_queued_track(world.an_artist(world.a_user(artist)))
    second = world.a_reviewer(world.a_user(reviewer))

    assert reason_for(world, track, second) is Rejection.OWN_TRACK


def test_who_is_paid_at_the_same_place_may_not() -> None:
    world = World(minimum_payout_cents=50, exploration_share_percent=0)
    music, second = world.a_user(), world.a_user()
    both = world.a_reviewer(music)
    rich(world, both)
    reviewer = world.a_reviewer(second)
    rich(world, reviewer)
    world.withdraw(both, method=PayoutMethod.PAYPAL, destination="eve@paypal.example")
    world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination=" EVE@paypal.example ")

    track = world.a_queued_track(world.an_artist(music))

    assert reason_for(world, track, reviewer) is Rejection.OWN_TRACK


def test_an_account_that_another_ever_held_cannot_be_connected(world: World) -> None:
    first, second = world.reviewers(2)
    held = world.connect(first).stripe_account_id
    other = world.bank.open_account(AccountOrder(reviewer_id=first.id, country="DE", key="other"))
    assert isinstance(other, Done)
    assert world.connect(first, other.view.account_id).stripe_account_id != held

    with pytest.raises(PayoutAccountTaken):
        world.connect(second, held)

    assert world.reviewer(second).stripe_account_id is None


def test_a_destination_that_became_known_after_the_assignment_stops_the_delivery() -> None:
    world = World(minimum_payout_cents=50, exploration_share_percent=0)
    music, second = world.a_user(), world.a_user()
    both, reviewer = world.a_reviewer(music), world.a_reviewer(second)
    earning = world.a_queued_track()
    for review in world.assign(earning):
        world.deliver(review)
    track = world.a_queued_track(world.an_artist(music))
    [own] = world.assign(track)
    assert own.reviewer_id == reviewer.id
    world.listen(own)

    world.withdraw(both, method=PayoutMethod.PAYPAL, destination="eve@paypal.example")
    world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="eve@paypal.example")

    with pytest.raises(OwnTrack):
        world.complete(own)
    assert world.review(own).status is ReviewStatus.IN_PROGRESS
    assert world.balance(f"payable:{reviewer.id}") == 0


# ── the dry run ──────────────────────────────────────────────────────────────────────────────


def test_a_plan_says_what_assigning_does_and_writes_nothing(world: World) -> None:
    world.reviewers(7)
    world.reviewers(1, tier=Tier.PRO)
    track = world.a_queued_track(package=PackageType.STANDARD)
    before = len(world.events())

    plan = planned(world, track)

    assert len(world.events()) == before
    assert plan.open_slots == 10
    accepted = {line.slot_number: line.reviewer_id for line in plan.verdicts if line.accepted}
    assert accepted == {review.slot_number: review.reviewer_id for review in world.assign(track)}


def test_a_plan_tells_what_speaks_for_each(world: World) -> None:
    world.a_reviewer()
    done = world.deliver(world.assign(world.a_queued_track())[0])
    world.do(rate_review, RateReview(review_id=done.id, artist_id=done.artist_id, rating=4))
    world.do(gem_review, GemReview(review_id=done.id, artist_id=done.artist_id))
    world.assign(world.a_queued_track())
    assigned_at = world.clock()
    world.wait(hours=1)
    fresh, track = world.a_reviewer(), world.a_free_track()

    plan = planned(world, track)

    known = Verdict(
        reviewer_id=done.reviewer_id,
        accepted=False,
        slot_number=None,
        reason=Rejection.OUTRANKED,
        active_count=1,
        average_rating=4.0,
        gem_count=1,
        last_assigned_at=assigned_at,
    )
    new = Verdict(
        reviewer_id=fresh.id,
        accepted=True,
        slot_number=1,
        reason=None,
        active_count=0,
        average_rating=None,
        gem_count=0,
        last_assigned_at=None,
    )
    assert plan == Plan(track_id=track.id, open_slots=1, verdicts=(new, known))


def test_a_plan_tells_who_was_outranked_and_who_has_the_wrong_tier(world: World) -> None:
    world.reviewers(1, tier=Tier.PRO)
    world.reviewers(2)
    free = world.a_free_track()
    pro = world.a_queued_track(package=PackageType.PRO)

    outranked = [line.reason for line in planned(world, free).verdicts]
    wrong = [line.reason for line in planned(world, pro).verdicts]

    assert outranked.count(Rejection.OUTRANKED) == 2
    assert wrong.count(Rejection.WRONG_TIER) == 2
    assert outranked.count(None) == wrong.count(None) == 1


def test_a_plan_without_open_slots_explains_the_rest(world: World) -> None:
    world.reviewers(2)
    track = world.a_free_track()
    world.assign(track)

    plan = planned(world, track)

    assert plan.open_slots == 0
    assert [line.reason for line in plan.verdicts] == [
        Rejection.OUTRANKED,
        Rejection.REVIEWED_BEFORE,
    ]


def test_a_short_plan_leaves_out_nobody_who_would_be_assigned(world: World) -> None:
    world.reviewers(3)
    user = world.a_user()
    world.a_reviewer(user)
    track = world.a_queued_track(world.an_artist(user))

    plan = planned(world, track, limit=1)

    assert sum(line.accepted for line in plan.verdicts) == 3
    assert len({line.reviewer_id for line in plan.verdicts}) == len(plan.verdicts)


# ── many who cannot ──────────────────────────────────────────────────────────────────────────


def test_the_one_eligible_is_found_behind_many_who_are_not(world: World) -> None:
    user = world.a_user("eve@example.com")
    artist = world.an_artist(user)
    for number in range(60):
        world.a_reviewer(world.a_user(f"eve+{number}@example.com"))
    wanted = world.a_reviewer()
    track = world.a_queued_track(artist)

    assert [review.reviewer_id for review in world.assign(track)] == [wanted.id]


@pytest.mark.parametrize(("share", "chosen"), [(0, "known"), (100, "newcomer")])
def test_newcomers_are_preferred_where_a_slot_explores(share: int, chosen: str) -> None:
    world = World(exploration_share_percent=share, exploration_ratings_max=1)
    known = world.a_reviewer()
    rated = world.deliver(world.assign(world.a_queued_track())[0])
    world.do(rate_review, RateReview(review_id=rated.id, artist_id=rated.artist_id, rating=5))
    newcomer = world.a_reviewer()

    [review] = world.assign(world.a_free_track())

    assert review.reviewer_id == {"known": known, "newcomer": newcomer}[chosen].id


def test_waking_finds_the_tracks_that_a_free_reviewer_could_take(world: World) -> None:
    house = world.a_queued_track()
    jazz = world.a_queued_track(genres=("jazz",))
    for track in (house, jazz):
        world.assign(track)
    user = world.a_user()
    reviewer = world.a_reviewer(user)

    woken = world.do(wake_tracks, WakeTracks(reviewer_ids=frozenset({reviewer.id})))
    again = world.do(wake_tracks, WakeTracks(user_ids=frozenset({user.id})))
    nobody = world.do(wake_tracks, WakeTracks(user_ids=frozenset({world.a_user().id})))

    assert (woken, again, nobody) == (1, 0, 0)
    assert world.track(house).assign_at == world.clock()
    assert world.track(jazz).assign_at != world.clock()
