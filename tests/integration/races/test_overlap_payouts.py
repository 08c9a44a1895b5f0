"""What is done about a payout while something else of it is not committed yet."""

from __future__ import annotations

from functools import partial

import attrs
import pytest

from reviewcore.domain.errors import (
    InvalidTransition,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.reviews import Review
from reviewcore.ports.processor import ReversalView, TransferView
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import some_feedback
from reviewcore.usecases import (
    CompleteReview,
    PayoutTruth,
    ResolvePayout,
    SendPayout,
    SettlePayout,
    complete_review,
    resolve_payout,
    send_payout,
    settle_payout,
    withdraw,
)
from reviewcore.usecases.steps.payouts import follow_transfer
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import RATE, World

ADMIN = UserId("the-admin")


def told(world: World, kind: str, about: str) -> int:
    with world.store.read() as tx:
        return sum(one.type == kind for one in tx.events.about(about))


def delivery(review: Review) -> CompleteReview:
    return CompleteReview(
        review_id=review.id, reviewer_id=review.reviewer_id, feedback=some_feedback()
    )


def requested(world: World, method: PayoutMethod = PayoutMethod.STRIPE_CONNECT) -> Payout:
    reviewer = world.earner(1)
    asked = attrs.evolve(world.withdrawal(reviewer), method=method)
    if method is not PayoutMethod.STRIPE_CONNECT:
        asked = attrs.evolve(asked, destination=f"{reviewer.id}@example.com")
    return world.app.perform(withdraw, asked)


def absent(world: World) -> Payout:
    """A payout that was sent and twice not found."""
    payout = requested(world)
    with world.store.begin() as tx:
        sent = tx.payouts.lock(payout.id).send(tx.now).miss().miss()
        tx.payouts.update(sent)
    world.clock.advance(hours=48)
    return sent


def test_a_payout_by_hand_is_settled_once(overlap: Overlap) -> None:
    payout = requested(overlap.world, PayoutMethod.PAYPAL)
    settle = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="by hand")

    answer = overlap.behind(
        lambda tx: settle_payout(tx, settle),
        partial(overlap.world.app.perform, settle_payout, settle),
    )

    assert isinstance(answer, InvalidTransition)


@pytest.mark.parametrize("truth", PayoutTruth)
def test_a_payout_is_resolved_once(overlap: Overlap, truth: PayoutTruth) -> None:
    payout = absent(overlap.world)
    resolve = ResolvePayout(payout_id=payout.id, admin_id=ADMIN, truth=truth, reason="looked")

    answer = overlap.behind(
        lambda tx: resolve_payout(tx, resolve),
        partial(overlap.world.app.perform, resolve_payout, resolve),
    )

    assert isinstance(answer, InvalidTransition)


def test_a_payout_is_resolved_reviewer_first(overlap: Overlap) -> None:
    payout = absent(overlap.world)
    resolve = ResolvePayout(
        payout_id=payout.id, admin_id=ADMIN, truth=PayoutTruth.ABSENT, reason="looked"
    )

    resolved = overlap.behind(
        lambda tx: tx.reviewers.lock(payout.reviewer_id),
        partial(overlap.world.app.perform, resolve_payout, resolve),
        then=lambda tx: tx.payouts.lock(payout.id),
    )

    assert resolved.status is PayoutStatus.FAILED


def test_a_payout_that_was_sent_is_settled_reviewer_first(overlap: Overlap) -> None:
    payout = requested(overlap.world)

    sent = overlap.behind(
        lambda tx: tx.reviewers.lock(payout.reviewer_id),
        partial(overlap.world.app.drive, send_payout, SendPayout(payout_id=payout.id)),
        then=lambda tx: tx.payouts.lock(payout.id),
    )

    assert sent.status is PayoutStatus.COMPLETED


def test_a_payout_that_is_being_sent_is_not_sent_anew(overlap: Overlap) -> None:
    payout = requested(overlap.world)

    def send(tx: Transaction) -> None:
        tx.payouts.update(tx.payouts.lock(payout.id).send(tx.now))

    sent = overlap.behind(
        send, partial(overlap.world.app.drive, send_payout, SendPayout(payout_id=payout.id))
    )

    assert (sent.status, sent.attempts) == (PayoutStatus.COMPLETED, 2)


def test_a_transfer_that_is_told_twice_completes_its_payout_once(overlap: Overlap) -> None:
    world = overlap.world
    payout = requested(world)
    view = TransferView(external_id=f"tr_{payout.id}", payout_id=payout.id, amount=payout.amount)
    with world.store.begin() as tx:
        tx.payouts.update(tx.payouts.lock(payout.id).send(tx.now))

    overlap.behind(
        lambda tx: follow_transfer(tx, payout, view),
        partial(world.app.perform, lambda tx, _: follow_transfer(tx, payout, view), None),
    )

    assert told(world, "PayoutCompleted", f"payout:{payout.id}") == 1


def test_what_comes_back_and_what_is_earned_add_up(overlap: Overlap) -> None:
    world = overlap.world
    payout = requested(world)
    with world.store.begin() as tx:
        tx.payouts.update(tx.payouts.lock(payout.id).send(tx.now))
        reviewer = tx.reviewers.get(payout.reviewer_id)
    back = ReversalView(external_id=f"trr_{payout.id}", amount=payout.amount)
    view = TransferView(
        external_id=f"tr_{payout.id}",
        payout_id=payout.id,
        amount=payout.amount,
        reversals=(back,),
    )
    (review,) = world.heard(world.track(), [reviewer])

    overlap.behind(
        lambda tx: complete_review(tx, delivery(review)),
        partial(world.app.perform, lambda tx, _: follow_transfer(tx, payout, view), None),
    )

    with world.store.read() as tx:
        assert tx.reviewers.get(reviewer.id).pending_balance == payout.amount + RATE
