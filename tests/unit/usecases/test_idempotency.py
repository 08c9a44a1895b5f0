from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import Busy, IdempotencyKeyReused, InvalidText, NoFreeCredit
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.rules import Tier
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    AnswerQuiz,
    AssignReviewers,
    CancelTrack,
    CheckOut,
    CloseTrack,
    EndGrants,
    ExpireAssignments,
    ExtendSession,
    FlagReview,
    GrantTier,
    RateReview,
    RecordHeartbeat,
    SignOut,
    SkipReview,
    SubmitTrack,
    Withdraw,
    answer_quiz,
    assign_reviewers,
    cancel_track,
    check_out,
    close_track,
    end_grants,
    expire_assignments,
    extend_session,
    flag_review,
    grant_tier,
    rate_review,
    record_heartbeat,
    sign_in,
    sign_out,
    skip_review,
    submit_track,
    withdraw,
)
from reviewcore.usecases.sign_in import SignIn
from tests.unit.usecases.market import ADMIN, PASSWORD, World


@pytest.fixture
def world() -> World:
    return World(minimum_payout_cents=50)


def submission(world: World, **changes: Any) -> SubmitTrack:
    told: dict[str, Any] = {
        "title": "First Light",
        "source_url": "https://soundcloud.com/the-band/first-light",
        "genres": ("house",),
    }
    if "artist_id" not in changes:
        changes["artist_id"] = world.an_artist().id
    return SubmitTrack(**(told | changes))


def test_a_repeat_with_its_key_returns_the_first_result_and_does_nothing(world: World) -> None:
    command = submission(world)

    first = world.do(submit_track, command, key="k")
    world.wait(hours=1)
    second = world.do(submit_track, command, key="k")

    assert first == second
    assert len(world.events("TrackSubmitted")) == 1


def test_without_a_key_a_repeat_acts_again(world: World) -> None:
    command = submission(world)

    assert world.do(submit_track, command) != world.do(submit_track, command)


def test_the_same_key_with_other_content_is_refused(world: World) -> None:
    command = submission(world)
    world.do(submit_track, command, key="k")

    with pytest.raises(IdempotencyKeyReused) as refusal:
        world.do(
            submit_track, submission(world, artist_id=command.artist_id, title="Other"), key="k"
        )

    assert refusal.value.key == "k"
    assert len(world.events("TrackSubmitted")) == 1


def test_a_refusal_frees_the_key(world: World) -> None:
    command = submission(world, title=" ")
    with pytest.raises(InvalidText):
        world.do(submit_track, command, key="k")

    right = submission(world, artist_id=command.artist_id)

    assert world.do(submit_track, right, key="k").title == "First Light"


def test_a_key_belongs_to_its_actor_and_use_case(world: World) -> None:
    mine, yours = submission(world), submission(world)

    first = world.do(submit_track, mine, key="k")
    second = world.do(submit_track, yours, key="k")
    out = world.do(check_out, CheckOut(track_id=first.id, artist_id=first.artist_id), key="k")

    assert first.id != second.id
    assert out.id == first.id


def test_keys_that_differ_only_at_their_far_end_are_different(world: World) -> None:
    command = submission(world)

    first = world.do(submit_track, command, key="k" * 300 + "1")
    second = world.do(submit_track, command, key="k" * 300 + "2")

    assert first.id != second.id


def test_a_credit_is_not_spent_twice_by_a_repeat(world: World) -> None:
    track = world.a_track()
    command = CheckOut(track_id=track.id, artist_id=track.artist_id, use_free_credit=True)

    first = world.do(check_out, command, key="k")
    second = world.do(check_out, command, key="k")

    assert first == second
    other = world.a_track(world.look(lambda tx: tx.artists.get(track.artist_id)))
    with pytest.raises(NoFreeCredit):
        world.checked_out(other, use_free_credit=True)


def test_every_kind_of_result_comes_back_as_it_was(world: World) -> None:
    user = world.a_user()
    session = world.drive(sign_in, SignIn(email=user.email, password=PASSWORD)).session
    reviewer = world.a_reviewer(user)
    world.reviewers(2)
    track = world.a_queued_track()
    other = world.a_queued_track()
    reviews = {review.reviewer_id: review for review in world.assign(track)}
    mine = reviews.pop(reviewer.id)
    second, third = reviews.values()
    for review in (mine, second):
        world.deliver(review)

    def twice(usecase: Any, command: Any) -> None:
        first = world.do(usecase, command, key="k")
        assert world.do(usecase, command, key="k") == first

    twice(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers={0: 1, 1: 0, 2: 2, 3: 1}))
    twice(rate_review, RateReview(review_id=mine.id, artist_id=mine.artist_id, rating=5))
    twice(record_heartbeat, RecordHeartbeat(review_id=third.id, reviewer_id=third.reviewer_id))
    twice(skip_review, SkipReview(review_id=third.id, reviewer_id=third.reviewer_id))
    twice(
        flag_review,
        FlagReview(review_id=second.id, artist_id=second.artist_id, reason=FlagReason.SPAM),
    )
    twice(
        withdraw,
        Withdraw(reviewer_id=reviewer.id, method=PayoutMethod.PAYPAL, destination="a@b.example"),
    )
    twice(
        grant_tier,
        GrantTier(
            reviewer_id=reviewer.id,
            admin_id=ADMIN,
            tier=Tier.PRO,
            until=world.clock() + timedelta(hours=1),
            reason="why",
        ),
    )
    twice(assign_reviewers, AssignReviewers(track_id=other.id))
    twice(close_track, CloseTrack(track_id=track.id, admin_id=ADMIN, reason="why"))
    twice(cancel_track, CancelTrack(track_id=other.id, artist_id=other.artist_id))
    twice(sign_out, SignOut(session_id=session.id, user_id=user.id))
    world.wait(days=3)
    twice(expire_assignments, ExpireAssignments())
    twice(end_grants, EndGrants())


def test_a_repeat_is_told_the_result_without_its_secrets(world: World) -> None:
    user = world.a_user()
    entered = world.drive(sign_in, SignIn(email=user.email, password=PASSWORD))
    command = ExtendSession(session_id=entered.session.id, user_id=user.id)

    first = world.do(extend_session, command, key="k")
    again = world.do(extend_session, command, key="k")

    assert first.token_hash
    assert again == attrs.evolve(first, token_hash="")


def test_a_busy_market_is_tried_again_and_then_given_up(world: World) -> None:
    tries: list[int] = []

    def busy(tx: Transaction, command: ExpireAssignments) -> int:
        tries.append(command.limit)
        if len(tries) < 3:
            raise Busy
        return len(tries)

    def always_busy(tx: Transaction, command: ExpireAssignments) -> int:
        raise Busy

    assert world.do(busy, ExpireAssignments()) == 3
    assert world.app.busy_retries == 2
    with pytest.raises(Busy):
        world.do(always_busy, ExpireAssignments())
