from __future__ import annotations

from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import TrackStatus
from tests.unit.usecases.market import World


def test_a_track_is_submitted_paid_reviewed_and_its_reviewers_are_paid() -> None:
    world = World(minimum_payout_cents=50)
    reviewers = world.reviewers(5)
    accounts = [world.connect(reviewer) for reviewer in reviewers]
    track = world.a_queued_track()

    reviews = world.assign(track)
    for review in reviews:
        world.deliver(review)
    world.wait(days=7)
    payouts = [world.withdraw(reviewer) for reviewer in accounts]
    world.settle()

    assert world.track(track).status is TrackStatus.COMPLETED
    assert {world.payout(payout).status for payout in payouts} == {PayoutStatus.COMPLETED}
    assert [transfer.amount for transfer in world.bank.transferred()] == [50] * 5
    assert world.balances() == {
        "processor": -495 + 44 + 250,
        "fees": -44,
        "revenue": 245,
    }


def test_a_pro_track_pays_pro_rates() -> None:
    world = World()
    world.reviewers(10, tier=Tier.PRO)
    track = world.a_queued_track(package=PackageType.PRO)

    for review in world.assign(track):
        world.deliver(review)
    world.settle()

    assert world.track(track).reviews_completed == 10
    assert world.balance("revenue") == 2995 - 10 * 150
