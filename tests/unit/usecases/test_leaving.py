"""Leaving for good: what must be settled first, what goes, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import pytest

from reviewcore.adapters.files import MemoryFiles
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.memory.table import Table
from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.errors import (
    Busy,
    CannotLeave,
    EmailNotVerified,
    EntityNotFound,
    InvalidTransition,
    NotOnboarded,
    PayoutAccountTaken,
    WrongCredentials,
)
from reviewcore.domain.ids import AccountId, UploadId, UserId
from reviewcore.domain.links import SourceType
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import EndReason, Review, ReviewStatus
from reviewcore.domain.rules import Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.uploads import Upload, UploadStatus
from reviewcore.domain.users import Account, MarkKind, PasswordResetToken, User
from reviewcore.testing.builders import a_lead
from reviewcore.usecases import (
    AcceptUpload,
    CancelTrack,
    ChangeEmail,
    CheckOut,
    ConfirmEmailAsAdmin,
    ConnectPayoutAccount,
    EraseUser,
    OpenArtistProfile,
    OpenReviewerProfile,
    OpenTicket,
    RequestEmailVerification,
    SetTicketStatus,
    SettlePayout,
    SignIn,
    SignUp,
    SubmitTrack,
    accept_upload,
    cancel_track,
    change_email,
    check_out,
    confirm_email_as_admin,
    connect_payout_account,
    erase_user,
    open_artist_profile,
    open_reviewer_profile,
    open_ticket,
    request_email_verification,
    set_ticket_status,
    settle_payout,
    sign_in,
    sign_up,
    submit_track,
)
from reviewcore.usecases.forget_uploads import ForgetUploads, forget_uploads
from reviewcore.usecases.steps.credentials import begin_session
from tests.unit.usecases.disputing import applied, dispute, win
from tests.unit.usecases.market import ADMIN, PASSWORD, World

CANARY = "canary"
WINDOW = {"days": 8}
"""Longer than a review can be flagged."""


@pytest.fixture
def world() -> World:
    return World(minimum_payout_cents=50)


def leave(world: World, user_id: UserId, *, forfeit: bool = False) -> User:
    return world.do(erase_user, EraseUser(user_id=user_id, forfeit_balance=forfeit))


def in_the_way(world: World, user_id: UserId, *, forfeit: bool = False) -> dict[str, Any]:
    """What an erasure is refused for; it must have changed nothing."""
    store = world.app.store
    assert isinstance(store, MemoryStore)
    before = rows(store)
    with pytest.raises(CannotLeave) as refused:
        leave(world, user_id, forfeit=forfeit)
    assert rows(store) == before
    return {name: told for name, told in refused.value.extras.items() if told}


def rows(store: MemoryStore) -> dict[str, dict[Any, Any]]:
    tables = vars(store.tables).items()
    return {name: dict(table.rows) for name, table in tables if isinstance(table, Table)}


def user_of(world: World, user_id: UserId) -> User:
    return world.look(lambda tx: tx.users.get(user_id))


def delivered(world: World) -> tuple[ReviewerProfile, Review]:
    """A reviewer who has delivered one review, and earned its pay."""
    reviewer = world.a_reviewer()
    (review,) = world.assign(world.a_queued_track())
    return reviewer, world.deliver(review)


# ── going ────────────────────────────────────────────────────────────────────────────────────


def test_whoever_left_is_nobody_and_his_address_is_free(world: World) -> None:
    user = world.a_user("ada@example.com")
    world.drive(sign_in, SignIn(email=user.email, password=PASSWORD))

    erased = leave(world, user.id)

    assert erased == user_of(world, user.id)
    assert erased.erased_at == world.clock()
    assert (erased.email, erased.name, erased.country) == (f"erased:{user.id}", "", None)
    assert (erased.password, erased.email_verified) == (None, None)
    assert world.all(lambda tx: tx.sessions.of_user(user.id)) == []
    for email in ("ada@example.com", erased.email):
        with pytest.raises(WrongCredentials):
            world.drive(sign_in, SignIn(email=email, password=PASSWORD))
    another = world.a_user("ada@example.com")
    assert another.id != user.id
    assert world.look(lambda tx: tx.identities.kin(another.id)) == {another.id}


def test_leaving_again_changes_nothing(world: World) -> None:
    user = world.a_user()
    erased = leave(world, user.id)
    world.wait(days=1)

    assert leave(world, user.id) == erased
    assert len(world.events("UserErased")) == 1


def test_who_never_was_cannot_leave(world: World) -> None:
    with pytest.raises(EntityNotFound):
        leave(world, UserId("nobody"))


def test_nothing_personal_or_secret_is_left_in_any_table(world: World) -> None:
    user = full_of_canaries(world)
    store = world.app.store
    assert isinstance(store, MemoryStore)
    assert {"users", "accounts", "marks", "leads", "uploads", "messages"} <= with_canaries(store)

    leave(world, user.id)

    # The row names the file until the worker has removed it.
    assert with_canaries(store) == {"uploads"}
    world.work()
    assert with_canaries(store) == set()
    assert world.all(lambda tx: tx.email_tokens.of_user(user.id)) == []
    assert world.all(lambda tx: tx.reset_tokens.of_user(user.id)) == []
    assert [one.kind for one in world.all(lambda tx: tx.identities.of_user(user.id))] == [
        MarkKind.STRIPE_ACCOUNT,
        MarkKind.USER,
    ]


def with_canaries(store: MemoryStore) -> set[str]:
    return {name for name, held in rows(store).items() if CANARY in all_of(held).lower()}


def all_of(held: dict[Any, Any]) -> str:
    """Every field of every row, those as well that are not printed."""
    return repr([attrs.asdict(one) if attrs.has(type(one)) else one for one in held.values()])


def full_of_canaries(world: World) -> User:
    """Somebody whose every personal or secret field says so."""
    user = world.a_user(f"{CANARY}@example.com")
    with world.app.store.begin() as tx:
        user = attrs.evolve(user, name=f"A {CANARY}", country="DE", password=f"hash of {CANARY}")
        tx.users.update(user)
        tx.accounts.add(an_account(user))
        tx.reset_tokens.add(a_leave(world, user))
        tx.leads.add(a_lead(email=user.email, artist_name=CANARY, source=CANARY))
    artist = world.do(
        open_artist_profile, OpenArtistProfile(user_id=user.id, artist_name=f"The {CANARY}")
    )
    reviewer = world.connect(world.a_reviewer(user))
    with world.app.store.begin() as tx:
        held = tx.reviewers.lock(reviewer.id)
        tx.reviewers.update(attrs.evolve(held, restriction_reason=CANARY))
        tx.uploads.add(an_upload(world, artist.id))
    track = world.a_track(
        artist, source_url=f"https://soundcloud.com/{CANARY}/song", feedback_focus=CANARY
    )
    world.checked_out(track)
    world.do(open_ticket, OpenTicket(user_id=user.id, subject=CANARY, message=f"I am {CANARY}"))
    return user_of(world, user.id)


def an_account(user: User) -> Account:
    return Account(
        id=AccountId("an-account"),
        user_id=user.id,
        provider="example",
        provider_account_id=CANARY,
        email=user.email,
        created_at=user.created_at,
    )


def a_leave(world: World, user: User) -> PasswordResetToken:
    return PasswordResetToken(
        id="a-leave",
        user_id=user.id,
        token_hash=f"hash of {CANARY}",
        created_at=world.clock(),
        expires_at=world.clock(),
    )


def an_upload(world: World, artist_id: Any) -> Upload:
    return Upload(
        id=UploadId("an-upload"),
        artist_id=artist_id,
        key=f"uploads/{CANARY}",
        filename=f"{CANARY}.mp3",
        content_type="audio/mpeg",
        content_length=1000,
        status=UploadStatus.ACCEPTED,
        created_at=world.clock(),
    )


def test_nobody_else_loses_anything(world: World) -> None:
    reviewer, review = delivered(world)
    world.wait(**WINDOW)
    world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="me@example.com")
    stays = user_of(world, reviewer.user_id)
    world.drive(sign_in, SignIn(email=stays.email, password=PASSWORD))
    ticket = world.do(open_ticket, OpenTicket(user_id=stays.id, subject="Me", message="It is I"))
    goes = world.a_reviewer()
    world.do(open_ticket, OpenTicket(user_id=goes.user_id, subject="Me", message="It is I"))
    for user in (stays, user_of(world, goes.user_id)):
        wish = ChangeEmail(user_id=user.id, email=f"new-{user.email}", password=PASSWORD)
        world.drive(change_email, wish)

    def held() -> list[Any]:
        return world.look(
            lambda tx: [
                tx.users.get(stays.id),
                tx.tickets.get(ticket.id),
                *tx.messages.of_ticket(ticket.id),
                *tx.sessions.of_user(stays.id),
                *tx.email_tokens.of_user(stays.id),
                *tx.identities.of_user(stays.id),
                tx.reviewers.get(reviewer.id),
                tx.reviews.get(review.id),
            ]
        )

    before = held()

    leave(world, goes.user_id)

    assert held() == before
    assert len(before) > 8
    assert world.all(lambda tx: tx.email_tokens.of_user(goes.user_id)) == []


def test_a_payout_account_stays_his_and_other_marks_do_not_outlast_him(world: World) -> None:
    reviewer = world.connect(world.a_reviewer())
    account_id = reviewer.stripe_account_id

    leave(world, reviewer.user_id)

    assert world.reviewer(reviewer).stripe_account_id is None
    with pytest.raises(PayoutAccountTaken):
        world.connect(world.a_reviewer(), account_id)


def test_his_files_go_and_those_of_whoever_is_there_stay(world: World) -> None:
    gone, there = world.an_artist(), world.an_artist()
    mine, other = (
        world.drive(accept_upload, AcceptUpload(upload_id=one.id, artist_id=one.artist_id))
        for one in (world.an_upload(gone), world.an_upload(there))
    )
    assert set(world.files.held()) == {mine.key, other.key}

    leave(world, gone.user_id)
    [named] = world.all(lambda tx: tx.uploads.of_artist(gone.id))
    assert (named.key, named.filename) == (mine.key, "")
    world.work()
    world.drive(forget_uploads, ForgetUploads(user_id=there.user_id))

    assert world.files.held() == (other.key,)
    assert world.all(lambda tx: tx.uploads.of_artist(gone.id)) == []
    assert world.all(lambda tx: tx.uploads.of_artist(there.id)) == [other]


class Hurried:
    """Removes files, before which each is accepted after all."""

    def __init__(self, files: MemoryFiles, accept: Callable[[], object]) -> None:
        self._files, self._accept = files, accept

    def remove(self, key: str) -> None:
        self._accept()
        self._files.remove(key)


def test_a_file_that_is_listened_to_while_it_is_forgotten_goes_as_well(world: World) -> None:
    artist = world.an_artist()
    upload = world.an_upload(artist)
    command = AcceptUpload(upload_id=upload.id, artist_id=artist.id)
    leave(world, artist.user_id)
    accept = partial(world.drive, accept_upload, command)

    forget_uploads(
        world.app.store,
        Hurried(world.files, accept),  # type: ignore[arg-type]  # all that is needed of files
        ForgetUploads(user_id=artist.user_id),
    )

    assert world.files.held() == ()
    assert world.all(lambda tx: tx.uploads.of_artist(artist.id)) == []


def test_the_link_of_an_upload_is_an_opaque_name_and_stays(world: World) -> None:
    track = world.a_track()
    link = "https://market.example/uploads/an-upload"
    heard = attrs.evolve(track, source_type=SourceType.UPLOAD, source_url=link)

    assert track.erase().source_url == ""
    assert heard.erase().source_url == link


def test_tickets_are_closed_and_say_nothing_any_more(world: World) -> None:
    user = world.a_user()
    ticket = world.do(open_ticket, OpenTicket(user_id=user.id, subject="Me", message="It is I"))

    leave(world, user.id)

    kept = world.look(lambda tx: tx.tickets.get(ticket.id))
    assert (kept.subject, kept.status) == ("", TicketStatus.CLOSED)
    assert [one.body for one in world.all(lambda tx: tx.messages.of_ticket(ticket.id))] == [""]


# ── what stays, unsigned ─────────────────────────────────────────────────────────────────────


def test_what_was_delivered_stays_and_can_still_be_judged(world: World) -> None:
    reviewer, review = delivered(world)
    world.wait(**WINDOW)

    leave(world, reviewer.user_id, forfeit=True)

    assert world.review(review) == review
    assert world.look(lambda tx: tx.tracks.get(review.track_id)).reviews_completed == 1


def test_what_he_worked_on_goes_to_others(world: World) -> None:
    track = world.a_queued_track()
    reviewer = world.a_reviewer()
    (review,) = world.assign(track)
    world.beat(review)

    leave(world, reviewer.user_id)

    ended = world.review(review)
    assert (ended.status, ended.end_reason) == (ReviewStatus.SKIPPED, EndReason.SKIP)
    assert world.queue(review) == []
    other = world.a_reviewer()
    assert [one.reviewer_id for one in world.assign(track)] == [other.id]


def test_whoever_left_is_assigned_nothing(world: World) -> None:
    reviewer = world.a_reviewer(tier=Tier.PRO)
    leave(world, reviewer.user_id)

    assert world.assign(world.a_queued_track()) == []
    world.wait(days=400)
    world.work()
    assert world.all(lambda tx: tx.reviews.all()) == []


def test_no_mail_goes_to_whoever_left_though_events_are_delivered(world: World) -> None:
    user = world.a_user()
    world.do(open_ticket, OpenTicket(user_id=user.id, subject="Me", message="It is I"))
    sent = len(world.mail.letters)

    leave(world, user.id)
    world.work()

    assert len(world.mail.letters) == sent
    assert all(event.delivered_at is not None for event in world.events())


def test_tracks_that_nobody_paid_for_are_cancelled_and_the_finished_stay(world: World) -> None:
    artist = world.an_artist()
    waiting, priced = world.a_track(artist), world.checked_out(world.a_track(artist))
    done = world.a_queued_track(artist)
    world.close(done)
    world.work()

    leave(world, artist.user_id)

    assert world.artist(artist).artist_name == ""
    for track in (waiting, priced, done):
        kept = world.track(track)
        assert (kept.status, kept.source_url) == (TrackStatus.CANCELLED, "")
        assert kept.title == track.title
    with pytest.raises(InvalidTransition):
        world.do(check_out, CheckOut(track_id=priced.id, artist_id=artist.id))


# ── what must be settled first ───────────────────────────────────────────────────────────────


def test_a_balance_is_withdrawn_or_given_up_expressly(world: World) -> None:
    reviewer, review = delivered(world)
    world.wait(**WINDOW)
    assert in_the_way(world, reviewer.user_id) == {"balance_cents": review.paid_amount}

    leave(world, reviewer.user_id, forfeit=True)

    assert world.balance("forfeited") == review.paid_amount
    assert world.reviewer(reviewer).pending_balance == 0
    assert world.reviewer(reviewer).total_earnings == review.paid_amount
    [told] = world.events("BalanceForfeited")
    assert told.payload == {"reviewer_id": reviewer.id, "amount": review.paid_amount}


def test_a_debt_cannot_be_given_up(world: World) -> None:
    reviewer, review = delivered(world)
    payout = world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="me@example.com")
    settle = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="PP-1")
    world.do(settle_payout, settle)
    world.uphold(world.flag(review))

    told = in_the_way(world, reviewer.user_id, forfeit=True)

    assert told == {"balance_cents": -50}


def test_a_review_that_can_be_flagged_or_whose_flag_is_open_is_in_the_way(world: World) -> None:
    reviewer, review = delivered(world)
    assert in_the_way(world, reviewer.user_id, forfeit=True) == {"flaggable_reviews": (review.id,)}
    flag = world.flag(review)
    assert in_the_way(world, reviewer.user_id, forfeit=True) == {"flagged_reviews": (review.id,)}
    world.dismiss(flag)

    leave(world, reviewer.user_id, forfeit=True)


def test_a_payout_under_way_is_in_the_way(world: World) -> None:
    reviewer, _ = delivered(world)
    world.wait(**WINDOW)
    payout = world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="me@example.com")

    assert in_the_way(world, reviewer.user_id) == {"payouts": (payout.id,)}

    world.do(settle_payout, SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="PP-1"))
    leave(world, reviewer.user_id)


def test_a_track_under_way_and_then_its_refund_are_in_the_way(world: World) -> None:
    artist = world.an_artist()
    track = world.a_queued_track(artist)
    assert in_the_way(world, artist.user_id) == {"tracks": (track.id,)}
    world.cancel(track)
    [refund] = world.refunds(track)
    assert in_the_way(world, artist.user_id) == {"refunds": (refund.id,)}
    world.work()

    leave(world, artist.user_id)


def test_a_session_that_can_be_paid_is_in_the_way(world: World) -> None:
    artist = world.an_artist()
    track = world.checked_out(world.a_track(artist))
    attempt = world.open_session(track)
    assert in_the_way(world, artist.user_id) == {"attempts": (attempt.id,)}
    assert attempt.session_id is not None
    world.bank.play_payer(attempt.session_id, PayerOutcome.ABANDON)
    world.confirm(attempt)

    leave(world, artist.user_id)

    assert world.track(track).status is TrackStatus.CANCELLED


def test_a_dispute_is_in_the_way_until_it_is_decided(world: World) -> None:
    artist = world.an_artist()
    track = world.a_queued_track(artist)
    world.a_reviewer()
    world.deliver(world.assign(track)[0])
    world.close(track)
    world.work()
    external_id = dispute(world, applied(world, track), 99)
    [opened] = world.all(lambda tx: tx.disputes.all())
    assert in_the_way(world, artist.user_id) == {"disputes": (opened.id,)}
    win(world, external_id)

    leave(world, artist.user_id)


def test_all_that_is_in_the_way_is_named_at_once(world: World) -> None:
    reviewer, review = delivered(world)
    artist = world.an_artist(user_of(world, reviewer.user_id))
    track = world.a_queued_track(artist)
    waiting = world.checked_out(world.a_track(artist))
    attempt = world.open_session(waiting)

    assert in_the_way(world, reviewer.user_id) == {
        "balance_cents": review.paid_amount,
        "tracks": (track.id,),
        "attempts": (attempt.id,),
        "flaggable_reviews": (review.id,),
    }


# ── whoever left does not come back ──────────────────────────────────────────────────────────


def test_whoever_left_can_do_nothing_any_more(world: World) -> None:
    reviewer = world.a_reviewer()
    artist = world.an_artist(user_of(world, reviewer.user_id))
    user_id = leave(world, reviewer.user_id).id

    for usecase, command in (
        (open_artist_profile, OpenArtistProfile(user_id=user_id, artist_name="Back")),
        (
            open_reviewer_profile,
            OpenReviewerProfile(
                user_id=user_id, genres=("house", "techno", "electronic"), country="DE"
            ),
        ),
        (open_ticket, OpenTicket(user_id=user_id, subject="Me", message="again")),
        (request_email_verification, RequestEmailVerification(user_id=user_id)),
        (confirm_email_as_admin, ConfirmEmailAsAdmin(user_id=user_id, admin_id=ADMIN)),
    ):
        with pytest.raises(EntityNotFound):
            world.do(usecase, command)  # type: ignore[arg-type]  # each with its own command
    with pytest.raises(EmailNotVerified):
        world.do(
            submit_track,
            SubmitTrack(
                artist_id=artist.id,
                title="Back",
                source_url="https://soundcloud.com/back/again",
                genres=("house",),
            ),
        )
    with pytest.raises(NotOnboarded):
        world.drive(connect_payout_account, ConnectPayoutAccount(reviewer_id=reviewer.id))


def test_no_session_begins_for_whoever_left_meanwhile(world: World) -> None:
    user = leave(world, world.a_user().id)

    with pytest.raises(Busy), world.app.store.begin() as tx:
        begin_session(tx, user)


# ── answers kept for keys ────────────────────────────────────────────────────────────────────


def test_no_answer_that_is_kept_for_a_key_tells_of_whoever_left(world: World) -> None:
    perform = world.app.perform
    user = world.app.drive(
        sign_up, SignUp(email=f"{CANARY}@example.com", password=PASSWORD, name=f"Ada {CANARY}")
    )
    vouch = ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN, reason="known")
    perform(confirm_email_as_admin, vouch, key="1")
    artist = perform(
        open_artist_profile, OpenArtistProfile(user_id=user.id, artist_name=CANARY), key="2"
    )
    place = f"https://soundcloud.com/{CANARY}/one"
    submission = SubmitTrack(artist_id=artist.id, title="One", source_url=place, genres=("techno",))
    track = perform(submit_track, submission, key="3")
    asked = OpenTicket(user_id=user.id, subject=CANARY, message=CANARY)
    ticket = perform(open_ticket, asked, key="4")
    shut = SetTicketStatus(ticket_id=ticket.id, admin_id=ADMIN, status=TicketStatus.RESOLVED)
    perform(set_ticket_status, shut, key="5")
    stopped = CancelTrack(track_id=track.id, admin_id=ADMIN, reason="x")
    perform(cancel_track, stopped, key="6")
    bob = world.a_user()
    perform(open_artist_profile, OpenArtistProfile(user_id=bob.id, artist_name="Bob"), key="7")
    store = world.app.store
    assert isinstance(store, MemoryStore)
    assert sum(CANARY in repr(one) for one in rows(store)["uses"].values()) == 6

    left = perform(erase_user, EraseUser(user_id=user.id), key="8")

    kept = rows(store)["uses"].values()
    assert CANARY not in repr(kept)
    assert sorted(one.key for one in kept) == ["7", "8"]
    assert perform(erase_user, EraseUser(user_id=user.id), key="8") == left
