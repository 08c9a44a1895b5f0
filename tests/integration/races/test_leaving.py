"""People who leave for good while they, and others with them, are at work."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.ledger import payable
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.users import User
from reviewcore.ports.identities import Identity
from reviewcore.testing.builders import GENRES, a_lead, a_session, an_account
from reviewcore.usecases import (
    AssignReviewers,
    CaptureLead,
    ChangeEmail,
    CheckOut,
    EraseUser,
    ExportUser,
    LinkAccount,
    OpenCheckout,
    OpenTicket,
    RecordHeartbeat,
    RemindLead,
    RequestPasswordReset,
    SkipReview,
    StartUpload,
    SubmitTrack,
    assign_reviewers,
    capture_lead,
    change_email,
    check_out,
    erase_user,
    export_user,
    link_account,
    open_checkout,
    open_ticket,
    record_heartbeat,
    remind_lead,
    request_password_reset,
    skip_review,
    start_upload,
    submit_track,
    withdraw,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import RULES, World, race, refusals, rounds, successes

PEOPLE = 4
# What was delivered before this instant can be flagged no longer.
BRIEF = attrs.evolve(RULES, flag_window_days=0)
UNPAID = 4
CANARY = "canary"
PASSWORD = "correct horse battery"


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_reviewers_leave_while_they_deliver_withdraw_and_are_assigned(
    make_world: MakeWorld, turn: int
) -> None:
    world = make_world(BRIEF)
    reviewers, active = _at_work(world)
    waiting = [world.track() for _ in range(3)]
    leaves = [
        partial(
            world.app.perform,
            erase_user,
            EraseUser(user_id=one.user_id, forfeit_balance=True),
        )
        for one in reviewers
    ]

    with world.told(f"{PEOPLE} reviewers leave at work"):
        answers = race(
            [
                *leaves,
                *leaves,
                *(partial(world.complete, one) for one in active[::2]),
                *(partial(_skip, world, one) for one in active[1::2]),
                *(partial(_beat, world, one) for one in active),
                *(
                    partial(world.app.perform, withdraw, world.withdrawal(one))
                    for one in reviewers[::2]
                ),
                *(
                    partial(world.app.perform, assign_reviewers, AssignReviewers(track_id=one.id))
                    for one in waiting
                ),
            ],
            jitter_seconds=0.02,
        )

    assert set(refusals(answers[: 2 * PEOPLE])) <= {"CannotLeave"}
    # Nobody is told of a failure: each was in time, or heard why not.
    assert set(refusals(answers)) <= {
        "CannotLeave", "NotOnboarded", "ReviewNotActive", "EmailNotVerified", "BelowMinimumPayout",
    }  # fmt: skip
    for one in reviewers:
        _require_gone_or_whole(world, one)
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_a_review_is_flagged_or_its_reviewer_leaves(make_world: MakeWorld, turn: int) -> None:
    world = make_world(BRIEF)
    (reviewer,) = world.reviewers(1)
    (review,) = world.delivered(world.track(package=PackageType.PRO), [reviewer])
    leave = EraseUser(user_id=reviewer.user_id, forfeit_balance=True)
    flag = partial(world.flag, review)

    with world.told("a flag and a farewell"):
        answers = race([partial(world.app.perform, erase_user, leave), flag], jitter_seconds=0.005)

    # At the instant of its delivery it can be flagged, or is: both ways he must stay.
    assert refusals(answers) == {"CannotLeave": 1}
    assert not isinstance(answers[1], ReviewcoreError)
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_an_artist_leaves_while_he_submits_and_pays(world: World, turn: int) -> None:
    (user,) = world.users(1)
    artist = world.artist(user)
    unpaid = [world.unpaid(artist) for _ in range(UNPAID)]
    submit = SubmitTrack(
        artist_id=artist.id,
        title="First Light",
        source_url="https://soundcloud.com/the-samples/first-light",
        genres=(GENRES[0],),
    )
    free = CheckOut(track_id=unpaid[0].id, artist_id=artist.id, use_free_credit=True)
    pay = OpenCheckout(track_id=unpaid[1].id, artist_id=artist.id)
    leave = EraseUser(user_id=user.id)

    with world.told("an artist leaves while he submits and pays"):
        answers = race(
            [
                *[partial(world.app.perform, erase_user, leave)] * 2,
                *[partial(world.app.perform, submit_track, submit)] * 3,
                *([partial(world.app.perform, check_out, free)] if turn % 3 == 1 else []),
                *([partial(world.app.drive, open_checkout, pay)] if turn % 3 == 2 else []),
            ],
            jitter_seconds=0.02,
        )

    assert set(refusals(answers)) <= {
        "CannotLeave", "EmailNotVerified", "InvalidTransition", "NoFreeCredit",
    }  # fmt: skip
    with world.store.read() as tx:
        has_left = tx.users.get(user.id).erased_at is not None
        tracks = [one for one in tx.tracks.all() if one.artist_id == artist.id]
    assert has_left == bool(successes(answers[:2]))
    if has_left:
        assert {one.status for one in tracks} == {TrackStatus.CANCELLED}
        assert {one.source_url for one in tracks} == {""}
    world.settle()


def _at_work(world: World) -> tuple[list[ReviewerProfile], list[Review]]:
    """Make reviewers with a balance and two reviews each that they have listened to."""
    reviewers = [world.payee(one) for one in world.reviewers(PEOPLE)]
    world.delivered(world.track(), reviewers)
    world.clock.advance(seconds=1)
    active = [review for _ in range(2) for review in world.heard(world.track(), reviewers)]
    return reviewers, active


def _skip(world: World, review: Review) -> Review:
    command = SkipReview(review_id=review.id, reviewer_id=review.reviewer_id)
    return world.app.perform(skip_review, command)


def _beat(world: World, review: Review) -> Review:
    command = RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)
    return world.app.perform(record_heartbeat, command)


def _require_gone_or_whole(world: World, stale: ReviewerProfile) -> None:
    with world.store.read() as tx:
        user, reviewer = tx.users.get(stale.user_id), tx.reviewers.get(stale.id)
        lines = tx.ledger.lines(payable(reviewer.id))
        active = tx.reviews.active_of(reviewer.id)
    assert sum(line.amount for line in lines) == reviewer.pending_balance
    if user.erased_at is None:
        assert reviewer == attrs.evolve(reviewer, genres=stale.genres, country=stale.country)
        return
    assert active == []
    assert (reviewer.pending_balance, reviewer.active_count, reviewer.genres) == (0, 0, ())


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_a_user_leaves_while_he_uploads_asks_links_and_signs_in(world: World, turn: int) -> None:
    (user,) = world.users(1)
    artist = world.artist(user)
    _add_an_account(world, user)
    ask, drive = partial(world.app.ask, export_user), partial(world.app.drive, change_email)
    upload = StartUpload(
        artist_id=artist.id, filename=CANARY, content_type="audio/mpeg", content_length=1_000
    )
    ticket = OpenTicket(user_id=user.id, subject=CANARY, message=CANARY)
    identity = Identity(
        provider="peer", subject=CANARY, email=f"{CANARY}@example.com", email_verified=True, name=""
    )
    wanted = ChangeEmail(user_id=user.id, email=f"{CANARY}2@example.com", password=PASSWORD)
    perform = world.app.perform

    with world.told("a user leaves while he uploads, asks, links and signs in"):
        answers = race(
            [
                partial(perform, erase_user, EraseUser(user_id=user.id)),
                partial(perform, start_upload, upload, key="upload"),
                partial(perform, open_ticket, ticket, key="ticket"),
                partial(perform, link_account, LinkAccount(user_id=user.id, identity=identity)),
                partial(perform, request_password_reset, RequestPasswordReset(email=user.email)),
                partial(ask, ExportUser(user_id=user.id)),
                partial(drive, wanted),
            ],
            jitter_seconds=0.02,
        )

    assert not isinstance(answers[0], ReviewcoreError), "nothing is in his way"
    told = answers[5]
    if not isinstance(told, ReviewcoreError):
        _require_of_one_piece(told, user.email)
    world.settle()
    with world.store.read() as tx:
        left = [
            *tx.sessions.of_user(user.id),
            *tx.accounts.of_user(user.id),
            *tx.email_tokens.of_user(user.id),
            *tx.reset_tokens.of_user(user.id),
            *(one for one in tx.identities.of_user(user.id) if not one.outlasts_him),
        ]
        kept = [*tx.users.all(), *tx.uploads.all(), *tx.tickets.all()]
        kept += [line for one in tx.tickets.all() for line in tx.messages.of_ticket(one.id)]
    assert left == []
    assert CANARY not in repr(kept)
    with world.store.begin() as tx:
        assert tx.idempotency.forget({user.id, artist.id}) == 0


@pytest.mark.parametrize("turn", range(rounds(3)))
def test_a_user_leaves_while_his_address_is_left_and_reminded(world: World, turn: int) -> None:
    (user,) = world.users(1)
    # He signed up while his address was being left, and neither saw the other.
    stale = a_lead(email=user.email, artist_name=CANARY)
    with world.store.begin() as tx:
        tx.leads.add(stale)
    perform = world.app.perform
    capture = CaptureLead(email=user.email, artist_name="again")

    with world.told("a user leaves while his address is left and reminded"):
        answers = race(
            [
                partial(perform, erase_user, EraseUser(user_id=user.id)),
                *[partial(perform, remind_lead, RemindLead(lead_id=stale.id))] * 2,
                *[partial(perform, capture_lead, capture)] * 3,
                partial(world.app.ask, export_user, ExportUser(user_id=user.id)),
            ],
            jitter_seconds=0.02,
        )

    assert not isinstance(answers[0], ReviewcoreError), "nothing is in his way"
    assert set(refusals(answers)) <= {"EntityNotFound"}
    told = answers[-1]
    if not isinstance(told, ReviewcoreError):
        assert bool(told["leads"]) == (told["user"]["email"] == user.email)
    world.settle()
    with world.store.read() as tx:
        left = list(tx.leads.all())
        mailed = [one.type for one in tx.events.all() if one.type == "LeadReminded"]
    # Whoever left the address after he had gone is a stranger, and one of them is enough.
    assert [(one.artist_name, one.converted) for one in left] in ([], [("again", None)])
    assert stale.id not in {one.id for one in left}
    assert mailed == []


def _add_an_account(world: World, user: User) -> None:
    hashed = world.app.passwords.hash(PASSWORD)
    with world.store.begin() as tx:
        tx.users.update(tx.users.lock(user.id).choose_password(hashed))
        tx.sessions.add(a_session(user_id=user.id))
        tx.accounts.add(an_account(user_id=user.id))


def _require_of_one_piece(told: dict[str, Any], email: str) -> None:
    """An export is from before he left or from after, never from between."""
    accounts, sessions = told["accounts"], told["sessions"]
    if told["user"]["email"] == email:
        assert accounts
        assert sessions
    else:
        assert not accounts
        assert not sessions
        assert CANARY not in repr(told)
