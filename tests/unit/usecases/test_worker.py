from __future__ import annotations

import threading
from datetime import timedelta

import attrs
import pytest

from reviewcore.adapters.mail import MemoryMail
from reviewcore.domain.errors import IdempotencyKeyReused, StoreUnavailable
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import UserId
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.rules import Tier
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.users import SESSION_LIFE, TOKENS_KEPT_FOR, VERIFICATION_LIFE
from reviewcore.ports.mail import Letter
from reviewcore.testing.faults import Call, Fault, FaultyPayments
from reviewcore.usecases import (
    ChangeEmail,
    ConfirmEmailAsAdmin,
    OpenArtistProfile,
    OpenReviewerProfile,
    RequestPasswordReset,
    SignIn,
    SignUp,
    change_email,
    confirm_email_as_admin,
    open_artist_profile,
    open_reviewer_profile,
    request_password_reset,
    sign_in,
    sign_up,
)
from reviewcore.usecases.end_grants import EndGrants, end_grants
from reviewcore.usecases.expire_assignments import ExpireAssignments, expire_assignments
from reviewcore.worker import DELIVERIES_MAX, FORGET_BATCH, Tally, Worker
from tests.unit.usecases.market import ADMIN, PASSWORD, World


@pytest.fixture
def world() -> World:
    return World()


# ── events ───────────────────────────────────────────────────────────────────────────────────


def test_every_event_is_delivered_once_and_in_order_per_aggregate(world: World) -> None:
    told: list[EventRecord] = []
    world.subscribe(told.append)
    world.reviewers(2)
    track = world.a_queued_track()
    world.work()
    for review in world.reviews(track):
        world.deliver(review)
    world.work()
    world.work()

    assert len(told) == len({event.id for event in told}) == len(world.events())
    for aggregate in {event.aggregate for event in told}:
        numbers = [event.sequence for event in told if event.aggregate == aggregate]
        assert numbers == list(range(1, len(numbers) + 1))
    assert all(event.delivered_at is not None for event in world.events())


def test_an_event_that_a_subscriber_refuses_is_told_again_before_those_behind_it(
    world: World,
) -> None:
    told: list[str] = []

    def moody(event: EventRecord) -> None:
        told.append(event.type)
        if told.count("TrackSubmitted") == 1 and event.type == "TrackSubmitted":
            raise ValueError("a secret that must not be kept")

    world.subscribe(moody)
    track = world.a_queued_track()

    world.work()
    assert "TrackQueued" not in told
    [failed] = world.events("TrackSubmitted")
    assert (failed.failure, failed.attempts) == ("ValueError", 1)
    world.wait(seconds=2)
    world.work()

    assert told.count("TrackSubmitted") == 2
    assert told.count("TrackQueued") == 1
    assert world.track(track).status is TrackStatus.QUEUED


def test_an_event_that_is_always_refused_is_given_up_and_stays_listed(world: World) -> None:
    def never(event: EventRecord) -> None:
        if event.type == "UserSignedUp":
            raise ValueError

    world.subscribe(never)
    world.a_user()

    for _ in range(DELIVERIES_MAX):
        world.work()
        world.wait(hours=1)
    [given_up] = world.events("UserSignedUp")
    world.wait(days=30)
    world.work()

    assert (given_up.attempts, given_up.delivered_at) == (DELIVERIES_MAX, None)
    assert world.events("UserSignedUp") == [given_up]
    assert given_up.next_attempt_at is None


class MoodyMail(MemoryMail):
    """A mail service that is down for its first letters."""

    def __init__(self, down: int) -> None:
        super().__init__()
        self._down = down

    def send(self, letter: Letter, /) -> None:
        if self._down:
            self._down -= 1
            raise StoreUnavailable
        super().send(letter)


def test_a_mail_that_did_not_go_is_sent_later_and_once(world: World) -> None:
    world.mail = MoodyMail(down=2)
    world.reach_bank_through()
    world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))

    for _ in range(6):
        world.work()
        world.wait(seconds=10)

    assert [letter.to for letter in world.mail.letters] == ["ada@example.com"]


# ── supply meets demand ──────────────────────────────────────────────────────────────────────


def tick(world: World) -> None:
    """What a running worker does in about a second; unlike `work` it wakes nothing itself."""
    worker = Worker(world.app)
    for _ in range(4):
        worker.tick()
    world.check()


def starved(world: World) -> str:
    """A queued track that has found nobody and rests for a while."""
    track = world.a_queued_track()
    tick(world)
    assert world.reviews(track) == []
    return track.id


def heard_by(world: World, track_id: str) -> list[str]:
    return [
        review.reviewer_id
        for review in world.all(lambda tx: tx.reviews.all())
        if review.track_id == track_id
    ]


def test_a_new_reviewer_is_assigned_within_a_second(world: World) -> None:
    track_id = starved(world)

    reviewer = world.a_reviewer()
    tick(world)

    assert heard_by(world, track_id) == [reviewer.id]


def test_a_proven_address_is_assigned_within_a_second(world: World) -> None:
    track_id = starved(world)
    user = world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))
    reviewer = world.a_reviewer(user)
    tick(world)
    assert heard_by(world, track_id) == []

    world.do(confirm_email_as_admin, ConfirmEmailAsAdmin(user_id=UserId(user.id), admin_id=ADMIN))
    tick(world)

    assert heard_by(world, track_id) == [reviewer.id]


def test_other_genres_are_assigned_within_a_second(world: World) -> None:
    user = world.a_user()
    reviewer = world.a_reviewer(user, genres=("jazz", "rock", "latin"))
    track_id = starved(world)

    world.do(
        open_reviewer_profile,
        OpenReviewerProfile(user_id=user.id, genres=("house", "rock", "latin"), country="DE"),
    )
    tick(world)

    assert heard_by(world, track_id) == [reviewer.id]


def test_a_reviewer_who_delivered_is_assigned_again(world: World) -> None:
    reviewer = world.a_reviewer()
    busy = [world.assign(world.a_queued_track())[0] for _ in range(3)]
    track_id = starved(world)

    world.deliver(busy[0])
    tick(world)

    assert heard_by(world, track_id) == [reviewer.id]


def test_a_starved_track_is_looked_at_again_as_accounts_come_of_age() -> None:
    world = World(reviewer_account_age_hours=24)
    reviewer = world.a_reviewer()
    track_id = starved(world)

    world.wait(hours=24)
    tick(world)

    assert heard_by(world, track_id) == [reviewer.id]


def test_several_workers_assign_each_slot_once(world: World) -> None:
    world.reviewers(8)
    tracks = [world.a_queued_track() for _ in range(3)]
    workers = [threading.Thread(target=Worker(world.app).drain) for _ in range(4)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    world.check()

    for track in tracks:
        slots = [review.slot_number for review in world.reviews(track)]
        assert sorted(slots) == [1, 2, 3, 4, 5]


# ── robustness ───────────────────────────────────────────────────────────────────────────────


def test_a_step_that_fails_does_not_stop_the_others(world: World) -> None:
    def dies(call: Call) -> Fault:
        raise RuntimeError("the processor's library broke")

    world.reviewers(1)
    track = world.a_queued_track()
    world.cancel(track)
    queued = world.a_queued_track()
    world.reach_bank_through(payments=FaultyPayments(world.bank, dies))

    tick(world)

    assert len(world.reviews(queued)) == 1
    assert world.refunds(track)[0].status is RefundStatus.PROCESSING


def test_what_the_processor_does_not_answer_is_left_for_another_time(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.reach_bank_through(payments=FaultyPayments(world.bank, lambda _: Fault.LOST_AFTER))

    world.work()
    assert world.track(track).status is TrackStatus.PENDING_PAYMENT
    world.reach_bank_through()
    world.wait(minutes=3)
    world.settle()

    assert world.track(track).status is TrackStatus.QUEUED


def test_a_worker_runs_until_it_is_stopped(world: World) -> None:
    stop = threading.Event()
    world.reviewers(1)
    track = world.a_queued_track()
    thread = threading.Thread(target=Worker(world.app).run, args=(stop,))

    thread.start()
    for _ in range(200):
        if world.reviews(track):
            break
        stop.wait(0.02)
    stop.set()
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert len(world.reviews(track)) == 1


def test_nothing_is_left_to_do_after_everything_was_done(world: World) -> None:
    world.reviewers(5)
    world.a_queued_track()
    world.work()

    assert world.work() == 0


def test_keys_are_forgotten_after_their_days_and_not_before() -> None:
    world = World(idempotency_days=2)
    worker = Worker(world.app)
    user = world.a_user()
    command = OpenArtistProfile(user_id=user.id, artist_name="Nova")
    world.do(open_artist_profile, command, key="k")

    world.wait(days=2)
    worker.drain()
    with pytest.raises(IdempotencyKeyReused):
        world.do(open_artist_profile, attrs.evolve(command, artist_name="Luna"), key="k")
    world.wait(hours=2)
    worker.drain()
    changed = world.do(open_artist_profile, attrs.evolve(command, artist_name="Luna"), key="k")

    assert changed.artist_name == "Luna"


# ── what has had its time ────────────────────────────────────────────────────────────────────


def test_sessions_and_tokens_are_forgotten_once_they_have_expired(world: World) -> None:
    user = world.a_user()
    signed = world.drive(sign_in, SignIn(email=user.email, password=PASSWORD))
    world.do(request_password_reset, RequestPasswordReset(email=user.email))
    world.drive(
        change_email, ChangeEmail(user_id=user.id, email="new@example.com", password=PASSWORD)
    )
    world.work()

    def held() -> tuple[int, int, int]:
        return world.look(
            lambda tx: (
                len(list(tx.sessions.all())),
                len(list(tx.email_tokens.all())),
                len(list(tx.reset_tokens.all())),
            )
        )

    sessions, tokens, leaves = held()
    assert signed.session.expires_at == world.clock() + SESSION_LIFE
    assert min(sessions, tokens, leaves) >= 1

    world.clock.advance(seconds=(TOKENS_KEPT_FOR + VERIFICATION_LIFE).total_seconds())
    world.work()
    # Those that expire at this very instant are still to be forgotten.
    assert held() == (sessions, tokens, 0)
    world.clock.advance(hours=1)
    world.work()
    assert held() == (sessions, 0, 0)
    world.clock.advance(seconds=SESSION_LIFE.total_seconds())
    world.work()
    assert held() == (0, 0, 0)


def test_a_mail_for_a_token_that_was_forgotten_is_not_sent(world: World) -> None:
    user = world.a_user()
    world.work()
    before = len(world.mail.letters)
    world.drive(
        change_email, ChangeEmail(user_id=user.id, email="new@example.com", password=PASSWORD)
    )
    world.clock.advance(days=40)
    Worker(world.app).forget()

    world.work()

    assert [letter.to for letter in world.mail.letters[before:]] == [user.email]
    assert all(event.delivered_at is not None for event in world.events())


def test_a_batch_that_is_full_is_followed_by_the_next_in_the_next_round(world: World) -> None:
    worker = Worker(world.app)
    with world.app.store.begin() as tx:
        for number in range(FORGET_BATCH + 1):
            tx.rate_limits.hit(str(number), window=timedelta(minutes=1))
    world.clock.advance(hours=1)

    assert [worker.forget() for _ in range(3)] == [FORGET_BATCH, 1, 0]


def test_a_sweep_ends_no_more_at_once_than_it_is_told(world: World) -> None:
    world.a_reviewer(tier=Tier.PRO)
    world.a_reviewer(tier=Tier.PRO)
    world.assign(world.a_queued_track())
    world.wait(days=365)

    grants = [len(world.do(end_grants, EndGrants(limit=limit))) for limit in (1, 1, 1)]
    reviews = [
        len(world.do(expire_assignments, ExpireAssignments(limit=limit))) for limit in (1, 1, 1)
    ]

    assert grants == reviews == [1, 1, 0]


# ── how it does ──────────────────────────────────────────────────────────────────────────────


def test_a_worker_tells_how_often_its_steps_ran_failed_and_did_something(world: World) -> None:
    worker = Worker(world.app)
    user = world.a_user()
    told = len(world.events())
    assert set(worker.tallies) == {step.__name__ for step in worker.steps}

    rounds = 1
    while worker.tick():
        rounds += 1

    deliver = worker.tallies["deliver"]
    assert (deliver.runs, deliver.failures, deliver.done) == (rounds, 0, told)
    assert deliver.seconds > 0
    assert user.id not in repr(worker.tallies)


def test_a_step_that_fails_is_counted_as_failed(world: World) -> None:
    worker = Worker(world.app)

    def fail() -> int:
        raise OSError

    worker.tallies["fail"] = Tally()
    worker.steps = (fail, worker.assign)
    worker.tick()

    tally = worker.tallies["fail"]
    assert (tally.runs, tally.failures, tally.done) == (1, 1, 0)
    assert worker.tallies["assign"].runs == 1
