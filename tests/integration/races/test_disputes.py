"""A payer's bank that speaks up while everybody is at work on the track."""

from __future__ import annotations

from functools import partial

import pytest

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.ids import AttemptId, UserId
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.reviews import Review
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.processor import DisputeView, Done
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    AssignReviewers,
    CancelTrack,
    CloseTrack,
    RestrictReviewer,
    SendRefund,
    SkipReview,
    UpholdFlag,
    assign_reviewers,
    cancel_track,
    close_track,
    restrict_reviewer,
    send_refund,
    skip_review,
    uphold_flag,
)
from reviewcore.usecases.steps.disputes import follow_dispute
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import Act, World, race, refusals, rounds

EVERYWHERE = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)
VERDICTS = pytest.mark.parametrize("verdict", [DisputeStatus.WON, DisputeStatus.LOST])
ADMIN = UserId("the-admin")


def hear(tx: Transaction, view: DisputeView) -> Dispute:
    return follow_dispute(tx, tx.attempts.get(AttemptId(view.attempt_id)), view)


def payment_of(world: World, track: Track) -> str:
    with world.store.read() as tx:
        payment = tx.payments.of_track(track.id)
    assert payment is not None
    assert payment.stripe_payment_id is not None
    return payment.stripe_payment_id


def view_of(world: World, external_id: str) -> DisputeView:
    told = world.bank.dispute(external_id)
    assert isinstance(told, Done)
    return told.view


def told_of(world: World, external_id: str) -> Act:
    """Tell the market how the dispute stands at this moment."""
    return partial(world.app.perform, hear, view_of(world, external_id))


def decide(world: World, external_id: str, verdict: DisputeStatus) -> None:
    if verdict is DisputeStatus.WON:
        world.bank.win_dispute(external_id)
    else:
        world.bank.lose_dispute(external_id)


def refunds_of(world: World, track: Track) -> list[Refund]:
    with world.store.read() as tx:
        return [one for one in tx.refunds.all() if one.track_id == track.id]


def busy_track(world: World) -> tuple[Track, list[Review], Act]:
    """A track with a delivered and flagged review and three active ones; the act judges the flag.

    One slot is open.
    """
    reviewers = world.reviewers(4)
    track = world.track()
    (flagged,) = world.delivered(track, reviewers[:1])
    active = world.heard(track, reviewers[1:], first_slot=2)
    flag = world.flag(flagged)
    judge = partial(
        world.app.perform,
        uphold_flag,
        UpholdFlag(flag_id=flag.id, admin_id=ADMIN, reason="agreed"),
    )
    return track, active, judge


@EVERYWHERE
@VERDICTS
def test_a_verdict_meets_everybody_at_work(world: World, verdict: DisputeStatus) -> None:
    for _ in range(rounds(2)):
        track, (first, second, third), judge = busy_track(world)
        external_id = world.bank.open_dispute(payment_of(world, track))
        opened = told_of(world, external_id)
        decide(world, external_id, verdict)
        decided = told_of(world, external_id)

        with world.told(f"a dispute that is {verdict} among everybody at work"):
            answers = race(
                [
                    opened,
                    opened,
                    decided,
                    decided,
                    judge,
                    partial(world.complete, first),
                    partial(
                        world.app.perform,
                        skip_review,
                        SkipReview(review_id=second.id, reviewer_id=second.reviewer_id),
                    ),
                    partial(
                        world.app.perform,
                        restrict_reviewer,
                        RestrictReviewer(
                            reviewer_id=third.reviewer_id, admin_id=ADMIN, reason="spam"
                        ),
                    ),
                    partial(
                        world.app.perform, assign_reviewers, AssignReviewers(track_id=track.id)
                    ),
                ],
                jitter_seconds=0.01,
            )

        assert refusals(answers) == {}
        lost = verdict is DisputeStatus.LOST
        standing = world.get_track(track.id).dispute_status
        assert standing is (DisputeStatus.LOST if lost else None)
        assert refunds_of(world, track) == []
    world.settle()


@EVERYWHERE
@VERDICTS
def test_a_dispute_meets_a_track_that_is_given_up(world: World, verdict: DisputeStatus) -> None:
    for number in range(rounds(4)):
        track = world.track()
        give_up: Act = (
            partial(
                world.app.perform,
                cancel_track,
                CancelTrack(track_id=track.id, artist_id=track.artist_id),
            )
            if number % 2
            else partial(
                world.app.perform,
                close_track,
                CloseTrack(track_id=track.id, admin_id=ADMIN, reason="asked to"),
            )
        )
        external_id = world.bank.open_dispute(payment_of(world, track))
        opened = told_of(world, external_id)

        with world.told("a dispute of a track that is given up"):
            answers = race([opened, give_up, opened], jitter_seconds=0.005)
        assert set(refusals(answers)) <= {"TrackDisputed"}

        refunds = refunds_of(world, track)
        decide(world, external_id, verdict)
        decided = told_of(world, external_id)
        sendings: list[Act] = [
            partial(world.app.drive, send_refund, SendRefund(refund_id=one.id)) for one in refunds
        ]
        with world.told(f"a refund while its dispute is {verdict}"):
            race([decided, *sendings * 3, decided], jitter_seconds=0.005)
    world.settle()
    with world.store.read() as tx:
        refunded = {one.status for one in tx.refunds.all()}
        payments = {one.status for one in tx.payments.all()}
    if verdict is DisputeStatus.LOST:
        assert refunded <= {RefundStatus.DROPPED}
        assert payments == {PaymentStatus.COMPLETED}
        assert world.bank.refunded() == ()
    else:
        assert refunded <= {RefundStatus.COMPLETED}


def test_many_hear_of_one_dispute_and_account_it_once(make_world: MakeWorld) -> None:
    world = make_world()
    track = world.track()
    external_id = world.bank.open_dispute(payment_of(world, track))
    opened = told_of(world, external_id)
    world.bank.lose_dispute(external_id)

    with world.told("20 who hear of one dispute"):
        answers = race([opened] * 10 + [told_of(world, external_id)] * 10, jitter_seconds=0.01)

    assert not any(isinstance(answer, ReviewcoreError) for answer in answers)
    assert len({answer.id for answer in answers}) == 1
    assert world.get_track(track.id).status is TrackStatus.CANCELLED
    with world.store.read() as tx:
        kinds = [entry.kind for entry in tx.ledger.all()]
    assert kinds.count(EntryKind.DISPUTE_OPENED) == 1
    assert kinds.count(EntryKind.SLOT_LOST) == 5
    world.settle()
