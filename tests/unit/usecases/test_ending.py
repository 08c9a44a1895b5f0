from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from reviewcore.domain.errors import (
    InvalidText,
    InvalidTransition,
    NotYourTrack,
    OwnCase,
    PromoCodeUsed,
    ReasonRequired,
    TooEarlyToClose,
    TrackClosed,
    TrackHasReviews,
)
from reviewcore.domain.ids import SYSTEM, ArtistId
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import CancelTrack, CloseTrack, cancel_track, close_track
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World(promo_codes={"LAUNCH": 3})


def close(world: World, track: Track, artist_id: str | None = None) -> int:
    command = CloseTrack(track_id=track.id, artist_id=ArtistId(artist_id or track.artist_id))
    return world.do(close_track, command).refunded_cents


# ── cancel ───────────────────────────────────────────────────────────────────────────────────


def test_an_unpaid_track_is_cancelled_without_money(world: World) -> None:
    track = world.a_track()

    given = world.cancel(track)

    assert (given.track.status, given.refunded_cents) == (TrackStatus.CANCELLED, 0)
    assert world.balances() == {}


def test_an_unpaid_track_whose_checkout_failed_is_cancelled(world: World) -> None:
    track = world.checked_out(world.a_track())

    world.cancel(track)

    assert world.payment(track).status is PaymentStatus.FAILED


@pytest.mark.parametrize("package", list(PackageType))
def test_the_whole_price_goes_back_and_assignments_end(world: World, package: PackageType) -> None:
    world.reviewers(2)
    world.reviewers(2, tier=Tier.PRO)
    artist = world.an_artist()
    track = world.a_queued_track(artist, package=package)
    assigned = world.assign(track)

    given = world.cancel(track)
    world.settle()

    assert given.refunded_cents == track.price
    assert {world.review(one).end_reason for one in assigned} == {EndReason.CANCELLED}
    assert {world.reviewer_of(one).active_count for one in assigned} == {0}
    assert [refund.amount for refund in world.bank.refunded()] == [track.price]
    assert world.payment(track).status is PaymentStatus.REFUNDED
    assert (world.artist(artist).total_spent, world.artist(artist).total_tracks) == (0, 1)


def test_a_credit_comes_back_and_can_be_used_again(world: World) -> None:
    artist = world.an_artist()
    track = world.a_free_track(artist)

    given = world.cancel(track)

    assert given.refunded_cents == 0
    assert world.artist(artist).free_review_credits == 1
    assert world.payment(track).status is PaymentStatus.REFUNDED
    assert world.refunds(track) == []
    assert world.a_free_track(artist).status is TrackStatus.QUEUED
    assert world.artist(artist).total_tracks == 2


def test_a_promo_code_comes_back_and_can_be_used_once_again(world: World) -> None:
    artist = world.an_artist()
    world.cancel(world.a_promo_track("LAUNCH", artist))

    world.a_promo_track("LAUNCH", artist)

    with pytest.raises(PromoCodeUsed):
        world.a_promo_track("LAUNCH", artist)
    assert world.artist(artist).free_review_credits == 1


def test_a_track_that_somebody_hears_is_not_cancelled(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.beat(review)

    with pytest.raises(TrackHasReviews):
        world.cancel(track)
    world.skip(review)
    assert world.cancel(track).refunded_cents == 495


def test_a_track_that_was_heard_is_not_cancelled_even_if_the_review_was_flagged(
    world: World,
) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    review = world.deliver(world.assign(track)[0])
    with pytest.raises(InvalidTransition):
        world.cancel(track)

    world.uphold(world.flag(review))

    assert world.track(track).status is TrackStatus.QUEUED
    with pytest.raises(TrackHasReviews):
        world.cancel(track)


def test_a_track_is_cancelled_once_and_by_its_owner(world: World) -> None:
    track = world.a_queued_track()

    with pytest.raises(NotYourTrack):
        world.do(cancel_track, CancelTrack(track_id=track.id, artist_id=ArtistId("x")))
    world.cancel(track)
    with pytest.raises(InvalidTransition):
        world.cancel(track)


def test_an_administrator_cancels_with_a_reason(world: World) -> None:
    track = world.a_queued_track()

    for reason, refusal in ((" ", ReasonRequired), ("a\x00b", InvalidText)):
        with pytest.raises(refusal):
            world.do(cancel_track, CancelTrack(track_id=track.id, admin_id=ADMIN, reason=reason))
    world.do(cancel_track, CancelTrack(track_id=track.id, admin_id=ADMIN, reason="stolen"))

    assert world.track(track).status is TrackStatus.CANCELLED
    assert world.events("AdminActed")[-1].payload["reason"] == "stolen"
    assert world.events("AdminActed")[-1].aggregate == f"track:{track.id}"


def test_a_closed_track_that_nobody_hears_can_still_be_cancelled(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    world.assign(track)
    assert world.close(track).refunded_cents == 3 * 99

    assert world.cancel(track).refunded_cents == 2 * 99
    world.settle()
    assert world.payment(track).status is PaymentStatus.REFUNDED


# ── close ────────────────────────────────────────────────────────────────────────────────────


def test_an_artist_closes_after_the_fill_deadline(world: World) -> None:
    track = world.a_queued_track()
    world.wait(days=13, hours=23, minutes=59, seconds=59)

    with pytest.raises(TooEarlyToClose) as refusal:
        close(world, track)
    world.clock.set(refusal.value.closable_at)

    assert close(world, track) == 495
    assert track.paid_at is not None
    assert refusal.value.closable_at == track.paid_at + timedelta(days=14)
    assert world.track(track).status is TrackStatus.CANCELLED


def test_the_market_closes_after_twice_the_deadline(world: World) -> None:
    track = world.a_queued_track()
    world.wait(days=27)

    world.work()
    assert world.track(track).closed_at is None
    with pytest.raises(TooEarlyToClose):
        close(world, track, SYSTEM)
    world.wait(days=1, seconds=1)
    world.settle()

    assert world.track(track).status is TrackStatus.CANCELLED
    assert world.payment(track).status is PaymentStatus.REFUNDED
    assert world.events("TrackClosed")[0].actor == SYSTEM


def test_an_administrator_closes_at_once_with_a_reason(world: World) -> None:
    track = world.a_queued_track()

    for reason, refusal in (("", ReasonRequired), ("a\x00b", InvalidText)):
        with pytest.raises(refusal):
            world.do(close_track, CloseTrack(track_id=track.id, admin_id=ADMIN, reason=reason))

    assert world.close(track).refunded_cents == 495
    assert world.events("AdminActed")[-1].payload["act"] == "close_track"


@pytest.mark.parametrize("package", list(PackageType))
@pytest.mark.parametrize("delivered", [0, 1, 3])
def test_open_slots_are_refunded_to_the_cent_and_active_reviews_run_on(
    world: World, package: PackageType, delivered: int
) -> None:
    world.reviewers(3)
    world.reviewers(2, tier=Tier.PRO)
    artist = world.an_artist()
    track = world.a_queued_track(artist, package=package)
    reviews = world.assign(track)
    for review in reviews[:delivered]:
        world.deliver(review)
    active = reviews[delivered:]
    prices = {slot.number: slot.price for slot in world.slots(track)}

    given = world.close(track)

    held = {review.slot_number for review in reviews}
    assert given.refunded_cents == sum(
        price for number, price in prices.items() if number not in held
    )
    for review in active[:1]:
        world.deliver(review)
    for review in active[1:]:
        world.skip(review)
    world.settle()
    kept = {review.slot_number for review in (*reviews[:delivered], *active[:1])}
    spent = sum(price for number, price in prices.items() if number in kept)
    assert world.artist(artist).total_spent == spent
    assert world.payment(track).refunded_amount == track.price - spent
    assert world.track(track).status is (TrackStatus.COMPLETED if kept else TrackStatus.CANCELLED)
    assert world.balance(f"deferred:{track.id}") == 0


def test_a_partial_refund_leaves_the_payment_completed(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    world.deliver(world.assign(track)[0])

    world.close(track)
    world.settle()

    payment = world.payment(track)
    assert (payment.status, payment.refunded_amount) == (PaymentStatus.COMPLETED, 396)
    assert world.track(track).completed_at == world.clock()


def test_a_closed_track_is_not_assigned(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.close(track)
    world.reviewers(3)

    world.work()

    assert [one.id for one in world.reviews(track)] == [review.id]


@pytest.mark.parametrize("heard", [False, True])
def test_a_free_track_gives_its_credit_back_only_when_nothing_was_heard(
    world: World, heard: bool
) -> None:
    world.reviewers(1)
    artist = world.an_artist()
    track = world.a_promo_track("LAUNCH", artist)
    if heard:
        world.deliver(world.assign(track)[0])

    given = world.close(track)
    world.settle()

    assert given.refunded_cents == 0
    if heard:
        assert world.track(track).status is TrackStatus.COMPLETED
        with pytest.raises(PromoCodeUsed):
            world.a_promo_track("LAUNCH", artist)
    else:
        assert world.track(track).status is TrackStatus.CANCELLED
        world.a_promo_track("LAUNCH", artist)


def test_a_closed_free_credit_track_gives_the_credit_back(world: World) -> None:
    artist = world.an_artist()
    world.close(world.a_free_track(artist))

    assert world.artist(artist).free_review_credits == 1
    assert len(world.events("FreeCreditGranted")) == 1


@pytest.mark.parametrize("by", ["artist", "market", "admin"])
def test_what_is_not_live_cannot_be_closed(world: World, by: str) -> None:
    world.reviewers(1)
    finished = world.a_free_track()
    world.deliver(world.assign(finished)[0])
    unpaid = world.a_track()
    world.wait(days=60)

    ways: dict[str, Callable[[Track], object]] = {
        "artist": lambda track: close(world, track),
        "market": lambda track: close(world, track, SYSTEM),
        "admin": world.close,
    }
    for track in (finished, unpaid):
        with pytest.raises(InvalidTransition):
            ways[by](track)


def test_a_track_is_closed_once_and_by_its_owner(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    world.assign(track)
    world.wait(days=14)

    with pytest.raises(NotYourTrack):
        close(world, track, "another")
    world.close(track)
    with pytest.raises(TrackClosed):
        close(world, track)
    assert not world.look(lambda tx: tx.tracks.overdue(world.clock(), limit=9))


def test_no_administrator_gives_himself_his_money_back(world: World) -> None:
    user = world.a_user()
    track = world.a_queued_track(world.an_artist(user))

    with pytest.raises(OwnCase):
        world.do(cancel_track, CancelTrack(track_id=track.id, admin_id=user.id, reason="mine"))
    with pytest.raises(OwnCase):
        world.do(close_track, CloseTrack(track_id=track.id, admin_id=user.id, reason="mine"))

    assert world.track(track).status is TrackStatus.QUEUED
