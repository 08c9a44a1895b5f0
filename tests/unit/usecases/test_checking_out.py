from __future__ import annotations

from typing import Any

import pytest

from reviewcore.domain.errors import (
    CreditAndCode,
    InvalidTransition,
    NoFreeCredit,
    NotYourTrack,
    PromoCodeUsed,
    UnknownPromoCode,
)
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import TrackStatus
from reviewcore.usecases import CheckOut, check_out
from tests.unit.usecases.market import World


@pytest.fixture
def world() -> World:
    return World(promo_codes={"LAUNCH": 3, "MINI": 1})


@pytest.mark.parametrize(
    ("package", "pro", "price"),
    [
        (PackageType.STARTER, 0, 495),
        (PackageType.STANDARD, 2, 1495),
        (PackageType.PRO, 10, 2995),
        (PackageType.DEEP_DIVE, 3, 2995),
    ],
)
def test_checking_out_makes_the_slots_and_freezes_price_and_rates(
    world: World, package: PackageType, pro: int, price: int
) -> None:
    track = world.checked_out(world.a_track(package=package))

    slots = world.slots(track)
    assert sum(slot.price for slot in slots) == track.price == price
    assert [slot.tier for slot in slots].count(Tier.PRO) == pro
    assert {(slot.tier, slot.rate) for slot in slots} <= {(Tier.PRO, 150), (Tier.NORMAL, 50)}
    assert track.status is TrackStatus.PENDING_PAYMENT
    assert world.payment(track).status is PaymentStatus.PENDING


def test_a_free_credit_pays_for_a_track_at_once(world: World) -> None:
    artist = world.an_artist()

    track = world.checked_out(world.a_track(artist, package=PackageType.PRO), use_free_credit=True)

    assert (track.status, track.promo_code, track.package_type) == (
        TrackStatus.QUEUED,
        "FREE_CREDIT",
        PackageType.STARTER,
    )
    assert (track.price, track.reviews_requested, track.priority) == (0, 1, 0)
    payment = world.payment(track)
    assert (payment.amount, payment.status) == (0, PaymentStatus.COMPLETED)
    artist = world.artist(artist)
    assert (artist.free_review_credits, artist.total_tracks, artist.total_spent) == (0, 1, 0)
    assert world.balances() == {}


def test_a_credit_is_spent_once(world: World) -> None:
    artist = world.an_artist()
    world.a_free_track(artist)

    with pytest.raises(NoFreeCredit):
        world.a_free_track(artist)


@pytest.mark.parametrize("spelling", ["LAUNCH", "launch", " Launch "])
def test_a_promo_code_pays_for_its_number_of_reviews(world: World, spelling: str) -> None:
    track = world.a_promo_track(spelling)

    assert (track.promo_code, track.reviews_requested) == ("LAUNCH", 3)
    assert {(slot.tier, slot.price, slot.rate) for slot in world.slots(track)} == {
        (Tier.NORMAL, 0, 50)
    }


def test_a_promo_code_is_used_once_an_artist(world: World) -> None:
    artist = world.an_artist()
    world.a_promo_track("LAUNCH", artist)

    with pytest.raises(PromoCodeUsed):
        world.a_promo_track("launch", artist)
    world.a_promo_track("MINI", artist)
    world.a_promo_track("LAUNCH")

    assert world.artist(artist).free_review_credits == 1


def test_a_credit_and_a_code_are_not_used_together(world: World) -> None:
    artist = world.an_artist()

    with pytest.raises(CreditAndCode):
        world.checked_out(world.a_track(artist), use_free_credit=True, promo_code="LAUNCH")

    assert world.artist(artist).free_review_credits == 1


@pytest.mark.parametrize("code", ["OTHER", "", "FREE_CREDIT"])
def test_an_unknown_code_is_refused(world: World, code: str) -> None:
    with pytest.raises(UnknownPromoCode):
        world.checked_out(world.a_track(), promo_code=code)


@pytest.mark.parametrize("how", [{}, {"use_free_credit": True}, {"promo_code": "LAUNCH"}])
def test_a_queued_track_is_not_checked_out_again(world: World, how: dict[str, Any]) -> None:
    track = world.a_queued_track()

    with pytest.raises(InvalidTransition):
        world.checked_out(track, **how)


def test_nobody_checks_out_anothers_track(world: World) -> None:
    track, other = world.a_track(), world.an_artist()

    with pytest.raises(NotYourTrack):
        world.do(check_out, CheckOut(track_id=track.id, artist_id=other.id))


def test_checking_out_again_replaces_the_slots_and_gives_the_session_up(world: World) -> None:
    track = world.checked_out(world.a_track(package=PackageType.STANDARD))
    first = world.open_session(track)

    again = world.checked_out(track)
    world.work()

    assert len(world.slots(track)) == 10
    assert again.price == 1495
    assert [one.status for one in world.attempts(track)] == [AttemptStatus.EXPIRED]
    assert world.payment(track).status is PaymentStatus.PENDING
    second = world.open_session(track)
    assert (second.number, second.session_id == first.session_id) == (2, False)
    world.pay(second)
    world.confirm(second)
    world.settle()
    assert world.track(track).status is TrackStatus.QUEUED


def test_a_track_that_was_checked_out_for_money_can_be_made_free(world: World) -> None:
    track = world.checked_out(world.a_track())
    session = world.open_session(track)

    free = world.checked_out(track, use_free_credit=True)
    world.pay(session)
    world.settle()

    assert (free.status, len(world.slots(track))) == (TrackStatus.QUEUED, 1)
    assert [refund.amount for refund in world.refunds(track)] == [495]
    assert world.payment(track).refunded_amount == 0
    assert world.balances() == {"fees": -44, "processor": 44}


def test_money_for_the_old_session_pays_for_the_new_slots(world: World) -> None:
    track = world.checked_out(world.a_track())
    old = world.open_session(track)
    world.checked_out(track)

    world.pay(old)
    world.settle()

    assert world.track(track).status is TrackStatus.QUEUED
    assert world.balance(f"deferred:{track.id}") == 495
