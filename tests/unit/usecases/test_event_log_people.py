"""What the log tells of people: every word of every event, and who brought it about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reviewcore.domain.events import (
    AccountLinked,
    AdminActed,
    ArtistProfileChanged,
    ArtistProfileOpened,
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    EmailVerified,
    FreeCreditGranted,
    LeadCaptured,
    LeadConverted,
    LeadReminded,
    NewEmailVerificationRequested,
    PasswordChanged,
    PasswordResetRequested,
    QuizAnswered,
    ReviewerOnboarded,
    ReviewerProfileChanged,
    ReviewerProfileOpened,
    ReviewerRestricted,
    ReviewerUnrestricted,
    SignedIn,
    SignedOut,
    SignedOutEverywhere,
    TicketAnswered,
    TicketContinued,
    TicketMoved,
    TicketOpened,
    TierChanged,
    TierGranted,
    TierGrantEnded,
    UserErased,
    UserSignedUp,
)
from reviewcore.domain.ids import TokenId, UserId
from reviewcore.domain.rules import Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.domain.users import User
from reviewcore.usecases import (
    AnswerQuiz,
    CaptureLead,
    ChangeEmail,
    ConfirmEmailAsAdmin,
    EraseUser,
    FinishOnboarding,
    GetFeedback,
    GrantFreeCredit,
    GrantTier,
    OpenArtistProfile,
    OpenReviewerProfile,
    OpenTicket,
    RemindLead,
    ReplyToTicket,
    RequestEmailVerification,
    RequestPasswordReset,
    ResetPassword,
    RestrictReviewer,
    SetTicketStatus,
    SignIn,
    SignOut,
    SignOutEverywhere,
    SignUp,
    UnrestrictReviewer,
    VerifyEmail,
    answer_quiz,
    capture_lead,
    change_email,
    confirm_email_as_admin,
    erase_user,
    finish_onboarding,
    get_feedback,
    grant_free_credit,
    grant_tier,
    open_artist_profile,
    open_reviewer_profile,
    open_ticket,
    remind_lead,
    reply_to_ticket,
    request_email_verification,
    request_password_reset,
    reset_password,
    restrict_reviewer,
    set_ticket_status,
    sign_in,
    sign_out,
    sign_out_everywhere,
    sign_up,
    unrestrict_reviewer,
    verify_email,
)
from reviewcore.usecases.end_grants import EndGrants, end_grants
from tests.unit.usecases.market import ADMIN, GENRES, PASSWORD, World
from tests.unit.usecases.telling import told
from tests.unit.usecases.test_credentials import newest, token_in
from tests.unit.usecases.test_linked_accounts import Elsewhere

ADA = "ada@example.com"
NEW = "new@example.com"


@pytest.fixture
def world() -> World:
    return World()


def signed_up(world: World) -> User:
    return world.drive(sign_up, SignUp(email=ADA, password=PASSWORD))


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def test_signing_up(world: World) -> None:
    events = told(world, lambda: signed_up(world))

    [user] = world.all(lambda tx: tx.users.all())
    assert events == [UserSignedUp(user_id=user.id), EmailVerificationRequested(user_id=user.id)]


def test_asking_for_another_mail(world: World) -> None:
    user = signed_up(world)
    command = RequestEmailVerification(user_id=user.id)

    events = told(world, lambda: world.do(request_email_verification, command), by=user.id)

    assert events == [EmailVerificationRequested(user_id=user.id)]


def test_proving_an_address(world: World) -> None:
    user = signed_up(world)
    token = token_in(newest(world, ADA))

    events = told(world, lambda: world.do(verify_email, VerifyEmail(token=token)))

    assert events == [EmailVerified(user_id=user.id)]


def test_vouching_for_an_address(world: World) -> None:
    user = signed_up(world)
    command = ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN, reason="phoned him")

    events = told(world, lambda: world.do(confirm_email_as_admin, command), by=ADMIN)

    assert events == [
        EmailVerified(user_id=user.id),
        AdminActed(subject=f"user:{user.id}", act="verify_email", reason="phoned him"),
    ]


def test_signing_in_and_out(world: World) -> None:
    user = world.a_user(ADA)
    command = SignIn(email=ADA, password=PASSWORD)

    entering = told(world, lambda: world.drive(sign_in, command), by=user.id)
    [session] = world.all(lambda tx: tx.sessions.of_user(user.id))
    leave = SignOut(session_id=session.id, user_id=user.id)
    leaving = told(world, lambda: world.do(sign_out, leave), by=user.id)
    everywhere = SignOutEverywhere(user_id=user.id)
    ending = told(world, lambda: world.do(sign_out_everywhere, everywhere), by=user.id)

    assert entering == [SignedIn(user_id=user.id)]
    assert leaving == [SignedOut(user_id=user.id)]
    assert ending == [SignedOutEverywhere(user_id=user.id)]


def test_choosing_another_password(world: World) -> None:
    user = world.a_user(ADA)
    ask = RequestPasswordReset(email=ADA)

    asking = told(world, lambda: world.do(request_password_reset, ask))
    choose = ResetPassword(token=token_in(newest(world, ADA)), password="another long password")
    choosing = told(world, lambda: world.drive(reset_password, choose), by=user.id)

    assert asking == [PasswordResetRequested(user_id=user.id)]
    assert choosing == [PasswordChanged(user_id=user.id)]


def test_choosing_another_address(world: World) -> None:
    user = world.a_user(ADA)
    ask = ChangeEmail(user_id=user.id, email=NEW, password=PASSWORD)

    asking = told(world, lambda: world.drive(change_email, ask), by=user.id)
    [token] = [one for one in world.all(lambda tx: tx.email_tokens.all()) if one.is_change]
    prove = VerifyEmail(token=token_in(newest(world, NEW)))
    proving = told(world, lambda: world.do(verify_email, prove))

    assert asking == [
        EmailChangeRequested(user_id=user.id),
        NewEmailVerificationRequested(user_id=user.id, token_id=TokenId(token.id)),
    ]
    assert proving == [EmailChanged(user_id=user.id)]


def test_coming_from_a_provider() -> None:
    world = Elsewhere()
    world.do(capture_lead, CaptureLead(email=ADA))
    [lead] = world.all(lambda tx: tx.leads.all())

    first = told(world, world.come)
    again = told(world, world.come)

    [account] = world.all(lambda tx: tx.accounts.all())
    user_id = account.user_id
    assert first == [
        UserSignedUp(user_id=user_id),
        EmailVerified(user_id=user_id),
        LeadConverted(lead_id=lead.id, user_id=user_id),
        AccountLinked(user_id=user_id, account_id=account.id),
        SignedIn(user_id=user_id),
    ]
    assert again == [SignedIn(user_id=user_id)]


def test_leaving_for_good(world: World) -> None:
    user = world.a_user()

    events = told(world, lambda: world.do(erase_user, EraseUser(user_id=user.id)), by=user.id)

    assert events == [UserErased(user_id=user.id)]


# ── profiles ─────────────────────────────────────────────────────────────────────────────────


def test_becoming_an_artist_and_changing_it(world: World) -> None:
    user = world.a_user()
    command = OpenArtistProfile(user_id=user.id, artist_name="Nova")

    opening = told(world, lambda: world.do(open_artist_profile, command), by=user.id)
    changing = told(world, lambda: world.do(open_artist_profile, command), by=user.id)

    [artist] = world.all(lambda tx: tx.artists.all())
    assert opening == [ArtistProfileOpened(artist_id=artist.id, user_id=user.id)]
    assert changing == [ArtistProfileChanged(artist_id=artist.id)]


def test_becoming_a_reviewer_step_by_step(world: World) -> None:
    user = world.a_user()
    command = OpenReviewerProfile(user_id=user.id, genres=GENRES, country="DE")

    opening = told(world, lambda: world.do(open_reviewer_profile, command), by=user.id)
    changing = told(world, lambda: world.do(open_reviewer_profile, command), by=user.id)
    [reviewer] = world.all(lambda tx: tx.reviewers.all())
    right = {number: one.answer for number, one in enumerate(world.rules.quiz)}

    def answer(answers: dict[int, int]) -> object:
        return world.do(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers=answers))

    # Three right answers of four pass, two do not.
    failing = told(world, lambda: answer(right | {0: 0, 1: 1}), by=reviewer.id)
    passing = told(world, lambda: answer(right | {0: 0}), by=reviewer.id)
    ready = FinishOnboarding(reviewer_id=reviewer.id)
    finishing = told(world, lambda: world.do(finish_onboarding, ready), by=reviewer.id)

    assert opening == [ReviewerProfileOpened(reviewer_id=reviewer.id, user_id=user.id)]
    assert changing == [ReviewerProfileChanged(reviewer_id=reviewer.id)]
    assert failing == [QuizAnswered(reviewer_id=reviewer.id, score=2, passed=False)]
    assert passing == [QuizAnswered(reviewer_id=reviewer.id, score=3, passed=True)]
    assert finishing == [ReviewerOnboarded(reviewer_id=reviewer.id)]


def test_getting_feedback(world: World) -> None:
    command = GetFeedback(
        email=ADA,
        password=PASSWORD,
        artist_name="Nova",
        title="Dawn",
        source_url="https://soundcloud.com/nova/dawn",
        genres=("house",),
    )

    events = told(world, lambda: world.drive(get_feedback, command))

    [artist] = world.all(lambda tx: tx.artists.all())
    assert events[2] == ArtistProfileOpened(artist_id=artist.id, user_id=artist.user_id)


# ── what administrators do to people ─────────────────────────────────────────────────────────


def test_granting_a_tier_until_it_ends(world: World) -> None:
    reviewer = world.a_reviewer()
    until = world.clock() + timedelta(days=1)
    command = GrantTier(
        reviewer_id=reviewer.id, admin_id=ADMIN, tier=Tier.PRO, until=until, reason="well known"
    )

    granting = told(world, lambda: world.do(grant_tier, command), by=ADMIN)
    world.clock.set(until)
    ending = told(world, lambda: world.do(end_grants, EndGrants()))

    up = TierChanged(reviewer_id=reviewer.id, before="NORMAL", after="PRO")
    down = TierChanged(reviewer_id=reviewer.id, before="PRO", after="NORMAL")
    assert granting == [
        TierGranted(reviewer_id=reviewer.id, tier="PRO", until=until),
        up,
        AdminActed(subject=f"reviewer:{reviewer.id}", act="grant_tier", reason="well known"),
    ]
    assert ending == [TierGrantEnded(reviewer_id=reviewer.id), down]


def test_granting_credits(world: World) -> None:
    artist = world.an_artist()
    command = GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=3, reason="sorry")

    events = told(world, lambda: world.do(grant_free_credit, command), by=ADMIN)

    assert events == [
        FreeCreditGranted(artist_id=artist.id, credits=3),
        AdminActed(subject=f"artist:{artist.id}", act="grant_free_credit", reason="sorry"),
    ]


def test_restricting_and_lifting_it(world: World) -> None:
    reviewer = world.a_reviewer()
    words: dict[str, Any] = {"reviewer_id": reviewer.id, "admin_id": ADMIN}
    bar, free = (
        RestrictReviewer(**words, reason="spam"),
        UnrestrictReviewer(**words, reason="sorry"),
    )

    barring = told(world, lambda: world.do(restrict_reviewer, bar), by=ADMIN)
    freeing = told(world, lambda: world.do(unrestrict_reviewer, free), by=ADMIN)

    subject = f"reviewer:{reviewer.id}"
    assert barring == [
        ReviewerRestricted(reviewer_id=reviewer.id, cause="ADMIN"),
        AdminActed(subject=subject, act="restrict_reviewer", reason="spam"),
    ]
    assert freeing == [
        ReviewerUnrestricted(reviewer_id=reviewer.id),
        AdminActed(subject=subject, act="unrestrict_reviewer", reason="sorry"),
    ]


# ── support and leads ────────────────────────────────────────────────────────────────────────


def test_a_ticket_from_its_question_to_its_end(world: World) -> None:
    user = world.a_user()
    ask = OpenTicket(user_id=user.id, subject="Payout", message="Where is it?")
    asking = told(world, lambda: world.do(open_ticket, ask), by=user.id)
    [ticket] = world.all(lambda tx: tx.tickets.all())

    def write(**by: UserId) -> object:
        return world.do(reply_to_ticket, ReplyToTicket(ticket_id=ticket.id, message="So", **by))

    def move(status: TicketStatus) -> object:
        command = SetTicketStatus(ticket_id=ticket.id, admin_id=ADMIN, status=status)
        return world.do(set_ticket_status, command)

    answering = told(world, lambda: write(admin_id=ADMIN), by=ADMIN)
    solving = told(world, lambda: move(TicketStatus.RESOLVED), by=ADMIN)
    insisting = told(world, lambda: write(user_id=user.id), by=user.id)
    closing = told(world, lambda: move(TicketStatus.CLOSED), by=ADMIN)

    _, answer, again = world.all(lambda tx: tx.messages.of_ticket(ticket.id))
    assert asking == [TicketOpened(ticket_id=ticket.id, user_id=user.id)]
    assert answering == [TicketAnswered(ticket_id=ticket.id, message_id=answer.id)]
    assert solving == [TicketMoved(ticket_id=ticket.id, status="RESOLVED")]
    assert insisting == [
        TicketContinued(ticket_id=ticket.id, message_id=again.id),
        TicketMoved(ticket_id=ticket.id, status="OPEN"),
    ]
    assert closing == [TicketMoved(ticket_id=ticket.id, status="CLOSED")]


def test_a_lead_until_it_signs_up(world: World) -> None:
    capturing = told(world, lambda: world.do(capture_lead, CaptureLead(email=ADA)))
    [lead] = world.all(lambda tx: tx.leads.all())

    reminding = told(world, lambda: world.do(remind_lead, RemindLead(lead_id=lead.id)))
    joining = told(world, lambda: signed_up(world))

    [user] = world.all(lambda tx: tx.users.all())
    assert capturing == [LeadCaptured(lead_id=lead.id)]
    assert reminding == [LeadReminded(lead_id=lead.id)]
    assert joining[-1] == LeadConverted(lead_id=lead.id, user_id=user.id)
