"""Every field of every row that a step of a person makes; what is not named here is the default."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import GenreId
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.links import SourceType
from reviewcore.domain.money import Cents
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import PackageType
from reviewcore.domain.support import AuthorType, SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.uploads import Upload, UploadStatus
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
    token_hash,
)
from reviewcore.usecases import (
    CaptureLead,
    ChangeEmail,
    GetFeedback,
    OpenTicket,
    ReplyToTicket,
    RequestPasswordReset,
    SignIn,
    SignUp,
    capture_lead,
    change_email,
    get_feedback,
    open_ticket,
    reply_to_ticket,
    request_password_reset,
    sign_in,
    sign_up,
)
from tests.unit.usecases.market import ADMIN, PASSWORD, World
from tests.unit.usecases.test_credentials import newest, token_in
from tests.unit.usecases.test_linked_accounts import Elsewhere

ADA = "ada@example.com"
NEW = "new@example.com"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def a_new_user(user: User, **told: object) -> User:
    """Somebody who has done nothing yet but come, now."""
    fields: dict[str, object] = {
        "id": user.id,
        "email": ADA,
        "password": None,
        "email_verified": None,
        "is_artist": False,
        "is_reviewer": False,
        "country": None,
    }
    return User(**(fields | told))  # type: ignore[arg-type]  # fields by name


def test_a_user_who_signed_up(world: World) -> None:
    user = world.drive(sign_up, SignUp(email=ADA, password=PASSWORD, name="Ada"))

    assert user == a_new_user(
        user, name="Ada", password=f"plain:{PASSWORD}", created_at=world.clock()
    )
    assert world.all(lambda tx: tx.users.all()) == [user]
    assert set(world.all(lambda tx: tx.identities.of_user(user.id))) == {
        IdentityMark(user_id=user.id, kind=MarkKind.USER, value=user.id),
        IdentityMark(user_id=user.id, kind=MarkKind.EMAIL, value=ADA),
    }


def test_a_user_who_came_from_a_provider() -> None:
    world = Elsewhere()

    user = world.come().user

    now = world.clock()
    assert user == a_new_user(user, name="Ada", email_verified=now, created_at=now)
    [account] = world.accounts(user)
    assert account == Account(
        id=account.id,
        user_id=user.id,
        provider="peer",
        provider_account_id="s-ada",
        email=ADA,
        created_at=now,
    )
    assert {one.kind for one in world.all(lambda tx: tx.identities.of_user(user.id))} == {
        MarkKind.USER,
        MarkKind.EMAIL,
        MarkKind.ACCOUNT,
    }


def test_a_session(world: World) -> None:
    user = world.a_user(ADA)

    told = world.drive(sign_in, SignIn(email=ADA, password=PASSWORD))

    assert told.user == user
    assert told.session == Session(
        id=told.session.id,
        user_id=user.id,
        token_hash=token_hash(told.token),
        created_at=world.clock(),
        expires_at=world.clock() + 30 * DAY,
    )
    assert world.all(lambda tx: tx.sessions.all()) == [told.session]


def test_the_tokens_that_go_out_with_mails(world: World) -> None:
    user = world.drive(sign_up, SignUp(email=ADA, password=PASSWORD))
    proof = token_in(newest(world, ADA))
    world.do(request_password_reset, RequestPasswordReset(email=ADA))
    leave = token_in(newest(world, ADA))
    now = world.clock()

    [kept] = world.all(lambda tx: tx.email_tokens.all())
    assert kept == EmailVerificationToken(
        id=kept.id,
        user_id=user.id,
        email=ADA,
        token_hash=token_hash(proof),
        created_at=now,
        expires_at=now + DAY,
    )
    [reset] = world.all(lambda tx: tx.reset_tokens.all())
    assert reset == PasswordResetToken(
        id=reset.id,
        user_id=user.id,
        token_hash=token_hash(leave),
        created_at=now,
        expires_at=now + HOUR,
    )


def test_the_token_for_another_address_is_worth_nothing_until_it_is_mailed(world: World) -> None:
    user = world.a_user(ADA)
    world.work()
    asked_at = world.clock()
    world.drive(change_email, ChangeEmail(user_id=user.id, email=NEW, password=PASSWORD))

    def kept() -> EmailVerificationToken:
        tokens = world.all(lambda tx: tx.email_tokens.of_user(user.id))
        [wanted] = [one for one in tokens if one.is_change]
        assert isinstance(wanted, EmailVerificationToken)
        return wanted

    before = kept()
    assert before == EmailVerificationToken(
        id=before.id,
        user_id=user.id,
        email=NEW,
        token_hash=before.token_hash,
        created_at=asked_at,
        expires_at=asked_at + DAY,
        is_change=True,
    )
    world.wait(hours=1)
    letter = newest(world, NEW)

    assert kept().token_hash == token_hash(token_in(letter)) != before.token_hash
    assert (kept().created_at, kept().expires_at) == (asked_at, asked_at + HOUR + DAY)
    assert f"/verify-email?token={token_in(letter)}" in letter.text


# ── profiles and tracks ──────────────────────────────────────────────────────────────────────


def test_an_artist(world: World) -> None:
    user = world.a_user()

    artist = world.an_artist(user)

    assert artist == ArtistProfile(
        id=artist.id,
        user_id=user.id,
        artist_name="The Band",
        genres=(),
        free_review_credits=1,
    )


def test_a_reviewer(world: World) -> None:
    user = world.a_user()

    reviewer = world.a_newcomer(user, genres=("house", "techno", "jazz"))

    assert reviewer == ReviewerProfile(
        id=reviewer.id,
        user_id=user.id,
        genres=reviewer.genres,
        country="DE",
    )
    assert set(reviewer.genres) == {GenreId(one) for one in ("house", "techno", "jazz")}
    assert world.look(lambda tx: tx.users.get(user.id)).is_reviewer


@pytest.mark.parametrize(
    ("package", "price", "priority", "reviews"),
    [(PackageType.STARTER, 495, 0, 5), (PackageType.DEEP_DIVE, 2995, 10, 25)],
)
def test_a_track(
    world: World, package: PackageType, price: int, priority: int, reviews: int
) -> None:
    artist = world.an_artist()

    track = world.a_track(
        artist, package=package, title=" Dawn ", duration=215, feedback_focus=" the mix "
    )

    assert track == Track(
        id=track.id,
        artist_id=artist.id,
        source_url="https://soundcloud.com/the-band/first-light",
        source_type=SourceType.SOUNDCLOUD,
        title="Dawn",
        status=TrackStatus.PENDING_PAYMENT,
        package_type=package,
        genres=(GenreId("house"),),
        price=Cents(price),
        priority=priority,
        reviews_requested=reviews,
        duration=215,
        feedback_focus="the mix",
        created_at=world.clock(),
        rules_version=world.rules.version,
    )


def test_who_gets_feedback_is_user_artist_and_has_a_track(world: World) -> None:
    command = GetFeedback(
        email=" Ada@Example.com",
        password=PASSWORD,
        name=" Ada ",
        artist_name="Nova",
        title="Dawn",
        source_url="https://youtu.be/dQw4w9WgXcQ",
        genres=("jazz", "house"),
    )

    told = world.drive(get_feedback, command)

    user, now = told.user, world.clock()
    assert user == a_new_user(
        user, name="Ada", password=f"plain:{PASSWORD}", is_artist=True, created_at=now
    )
    assert told.artist == ArtistProfile(
        id=told.artist.id,
        user_id=user.id,
        artist_name="Nova",
        genres=told.artist.genres,
        free_review_credits=1,
    )
    assert told.artist.genres == told.track.genres
    assert set(told.artist.genres) == {GenreId("jazz"), GenreId("house")}
    assert (told.track.artist_id, told.track.source_type) == (told.artist.id, SourceType.YOUTUBE)
    assert (told.track.title, told.track.source_url) == ("Dawn", command.source_url)


def test_an_upload(world: World) -> None:
    artist = world.an_artist()

    upload = world.an_upload(artist)

    assert upload == Upload(
        id=upload.id,
        artist_id=artist.id,
        key=f"incoming/{upload.id}",
        filename="demo.mp3",
        content_type="audio/mpeg",
        content_length=len(b"plays 200"),
        status=UploadStatus.STARTED,
        created_at=world.clock(),
    )


# ── support and leads ────────────────────────────────────────────────────────────────────────


def test_a_ticket_and_its_messages(world: World) -> None:
    user, asked_at = world.a_user(), world.clock()
    ask = OpenTicket(user_id=user.id, subject=" Payout ", message="Where is it?")
    ticket = world.do(open_ticket, ask)
    world.wait(hours=1)
    reply = ReplyToTicket(ticket_id=ticket.id, admin_id=ADMIN, message="It left today.")

    answer = world.do(reply_to_ticket, reply)

    assert ticket == SupportTicket(
        id=ticket.id,
        user_id=user.id,
        subject="Payout",
        status=TicketStatus.OPEN,
        created_at=asked_at,
        updated_at=asked_at,
    )
    first, second = world.all(lambda tx: tx.messages.of_ticket(ticket.id))
    assert first == SupportMessage(
        id=first.id,
        ticket_id=ticket.id,
        author_type=AuthorType.USER,
        author_id=user.id,
        body="Where is it?",
        created_at=asked_at,
    )
    assert second == answer
    assert answer == SupportMessage(
        id=answer.id,
        ticket_id=ticket.id,
        author_type=AuthorType.ADMIN,
        author_id=ADMIN,
        body="It left today.",
        created_at=world.clock(),
    )


def test_a_lead(world: World) -> None:
    world.do(capture_lead, CaptureLead(email=NEW, artist_name=" Nova ", source=" landing "))

    [lead] = world.all(lambda tx: tx.leads.all())
    assert lead == LeadCapture(
        id=lead.id,
        email=NEW,
        artist_name="Nova",
        source="landing",
        created_at=world.clock(),
        next_attempt_at=world.clock() + DAY,
    )
