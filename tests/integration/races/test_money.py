"""Money that many ask for at the same moment."""

from __future__ import annotations

from functools import partial

import pytest

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    ConfirmPayment,
    ExpireCheckout,
    OpenCheckout,
    cancel_track,
    check_out,
    confirm_payment,
    expire_checkout,
    open_checkout,
    withdraw,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import (
    RATE,
    World,
    race,
    refusals,
    rounds,
    successes,
)

EVERYWHERE = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)
COPIES = 50


@EVERYWHERE
def test_fifty_withdrawals_of_a_whole_balance_make_one_payout(world: World) -> None:
    for _ in range(rounds(2)):
        reviewer = world.earner(3)
        command = world.withdrawal(reviewer)

        with world.told(f"{COPIES} withdrawals of a whole balance"):
            answers = race([partial(world.app.perform, withdraw, command)] * COPIES)

        (payout,) = successes(answers)
        assert payout.amount == 3 * RATE
        assert refusals(answers) == {"BelowMinimumPayout": COPIES - 1}
        with world.store.read() as tx:
            assert tx.reviewers.get(reviewer.id).pending_balance == 0
    world.settle()


@EVERYWHERE
def test_withdrawals_of_parts_never_exceed_the_balance(world: World) -> None:
    reviewer = world.earner(4)
    command = world.withdrawal(reviewer, 60)

    with world.told("20 withdrawals of 60 out of 200 cents"):
        answers = race([partial(world.app.perform, withdraw, command)] * 20)

    assert len(successes(answers)) == 3
    assert refusals(answers) == {"InsufficientBalance": 17}
    with world.store.read() as tx:
        assert tx.reviewers.get(reviewer.id).pending_balance == 20
    world.settle()


@EVERYWHERE
def test_fifty_withdrawals_with_one_key_make_one_payout_and_all_hear_of_it(world: World) -> None:
    reviewer = world.earner(10)
    # There is enough for all of them: only the key keeps the second from being paid.
    command = world.withdrawal(reviewer, 10)

    with world.told(f"{COPIES} withdrawals with one key"):
        answers = race([partial(world.app.perform, withdraw, command, key="pay me")] * COPIES)

    assert refusals(answers) == {}
    assert answers == [answers[0]] * COPIES
    with world.store.read() as tx:
        assert [one.id for one in tx.payouts.all()] == [answers[0].id]
        assert tx.reviewers.get(reviewer.id).pending_balance == 10 * RATE - 10
    world.settle()


@EVERYWHERE
def test_fifty_check_outs_with_one_key_use_one_credit_and_all_hear_of_it(world: World) -> None:
    artist = world.artist()
    track = world.unpaid(artist)
    command = CheckOut(track_id=track.id, artist_id=artist.id, use_free_credit=True)

    with world.told(f"{COPIES} check-outs with one key"):
        answers = race([partial(world.app.perform, check_out, command, key="free")] * COPIES)

    assert refusals(answers) == {}
    assert answers == [answers[0]] * COPIES
    assert answers[0].status is TrackStatus.QUEUED
    with world.store.read() as tx:
        used = tx.artists.get(artist.id)
    assert (used.free_review_credits, used.total_tracks) == (0, 1)
    world.settle()


@EVERYWHERE
def test_a_credit_is_used_for_one_of_many_tracks(world: World) -> None:
    artist = world.artist()
    tracks = [world.unpaid(artist) for _ in range(10)]

    with world.told("10 tracks for one credit"):
        answers = race(
            [
                partial(
                    world.app.perform,
                    check_out,
                    CheckOut(track_id=track.id, artist_id=artist.id, use_free_credit=True),
                )
                for track in tracks
            ]
        )

    assert len(successes(answers)) == 1
    assert refusals(answers) == {"NoFreeCredit": 9}
    world.settle()


@EVERYWHERE
def test_fifty_confirmations_of_one_payment_apply_it_once(world: World) -> None:
    artist = world.artist()
    for number in range(1, rounds(2) + 1):
        track = world.unpaid(artist)
        attempt = world.session(track)
        assert attempt.session_id is not None
        confirm = ConfirmPayment(session_id=attempt.session_id)

        with world.told(f"{COPIES} confirmations of one payment"):
            answers = race([partial(world.app.drive, confirm_payment, confirm)] * COPIES)

        assert refusals(answers) == {}
        assert {one.status for one in answers} == {AttemptStatus.PAID}
        with world.store.read() as tx:
            paid = tx.artists.get(artist.id)
            payment = tx.payments.of_track(track.id)
        assert (paid.total_spent, paid.total_tracks) == (495 * number, number)
        assert payment is not None
        assert payment.applied_attempt_id == attempt.id
    world.settle()


def test_of_many_paid_sessions_one_is_applied_and_the_others_go_back(world: World) -> None:
    track, sessions = several_paid_sessions(world, 4)

    with world.told("4 paid sessions of one track, each confirmed 6 times"):
        answers = race(
            [
                partial(world.app.drive, confirm_payment, ConfirmPayment(session_id=session))
                for session in sessions
            ]
            * 6,
            jitter_seconds=0.01,
        )

    assert refusals(answers) == {}
    with world.store.read() as tx:
        assert tx.artists.get(track.artist_id).total_spent == 495
    assert world.get_track(track.id).status is TrackStatus.QUEUED
    world.settle()
    assert [one.amount for one in world.bank.paid()] == [495] * 4
    assert [one.amount for one in world.bank.refunded()] == [495] * 3
    with world.store.read() as tx:
        (payment,) = tx.payments.all()
    assert (payment.status, payment.refunded_amount) == (PaymentStatus.COMPLETED, 0)


def several_paid_sessions(world: World, count: int) -> tuple[Track, list[str]]:
    """Check a track out again and again while an impatient payer pays each page in time."""
    artist = world.artist()
    track = world.unpaid(artist)
    sessions = []
    for _ in range(count):
        attempt = world.session(track)
        assert attempt.session_id is not None
        sessions.append(attempt.session_id)
        world.app.perform(check_out, CheckOut(track_id=track.id, artist_id=artist.id))
    return track, sessions


def test_fifty_openings_of_a_checkout_open_one_session(world: World) -> None:
    artist = world.artist()
    track = world.unpaid(artist)
    command = OpenCheckout(track_id=track.id, artist_id=artist.id)

    with world.told(f"{COPIES} openings of a checkout"):
        answers = race([partial(world.app.drive, open_checkout, command)] * COPIES)

    assert refusals(answers) == {}
    assert len({one.session_id for one in answers}) == 1
    with world.store.read() as tx:
        assert len(list(tx.attempts.all())) == 1
    world.settle()


@pytest.mark.parametrize("outcome", ["cancelled", "checked out again"])
def test_money_that_meets_a_change_of_mind_is_applied_or_goes_back(
    make_world: MakeWorld, outcome: str
) -> None:
    world = make_world()
    artist = world.artist()
    tracks = [world.unpaid(artist) for _ in range(rounds(4))]

    with world.told(f"a payment while the track is {outcome}"):
        for track in tracks:
            attempt = world.session(track)
            assert attempt.session_id is not None
            confirm = ConfirmPayment(session_id=attempt.session_id)
            expire = ExpireCheckout(attempt_id=attempt.id)
            change = (
                partial(
                    world.app.perform,
                    cancel_track,
                    CancelTrack(track_id=track.id, artist_id=artist.id),
                )
                if outcome == "cancelled"
                else partial(
                    world.app.perform, check_out, CheckOut(track_id=track.id, artist_id=artist.id)
                )
            )
            answers = race(
                [
                    change,
                    *[partial(world.app.drive, confirm_payment, confirm)] * 3,
                    *[partial(world.app.drive, expire_checkout, expire)] * 3,
                ],
                jitter_seconds=0.005,
            )
            assert not any(isinstance(one, ReviewcoreError) for one in answers[1:])

    world.settle()
    applied = {world.get_track(track.id).status for track in tracks}
    assert applied <= {TrackStatus.QUEUED, TrackStatus.CANCELLED}
