"""People come: accounts, sessions, addresses, profiles, onboarding."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import AlreadyOnboarded, SessionExpired
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.base import MachineFrame
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import NOBODY, PASSWORD, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    AnswerQuiz,
    ConfirmEmailAsAdmin,
    FinishOnboarding,
    OpenArtistProfile,
    OpenReviewerProfile,
    RequestEmailVerification,
    SignIn,
    SignOut,
    SignUp,
    VerifyEmail,
    answer_quiz,
    confirm_email_as_admin,
    finish_onboarding,
    open_artist_profile,
    open_reviewer_profile,
    request_email_verification,
    sign_in,
    sign_out,
    sign_up,
    verify_email,
)

TOKEN = re.compile(r"^Token: (\S+)$", re.MULTILINE)


class People(MachineFrame):
    """Accounts and profiles."""

    admin: UserId

    def settle_in(self) -> None:
        """Have an administrator, artists, reviewers, one who is both and one who is neither."""
        self.admin = self.newcomer("admin@example.com")
        self.perform(request_email_verification, RequestEmailVerification(user_id=self.admin))
        self.run_pending()
        self.perform(verify_email, VerifyEmail(token=self.letters()[-1]))
        for name in ("ann", "bob"):
            self.become_artist(self.newcomer(f"{name}@example.com"))
        for name in ("cy", "dan", "eve"):
            self.become_reviewer(self.newcomer(f"{name}@example.com"))
        both = self.newcomer("flo@example.com")
        self.become_artist(both)
        self.become_reviewer(both)
        self._meet_the_unready()
        self.clock.advance(hours=24)
        self.run_pending()

    def _meet_the_unready(self) -> None:
        """Have one who began everything and finished nothing, signed in twice."""
        user_id = self.newcomer("gus@example.com")
        self.perform(open_artist_profile, OpenArtistProfile(user_id=user_id, artist_name="Gus"))
        profile = OpenReviewerProfile(user_id=user_id, genres=("house",), country="DE")
        reviewer = self.perform(open_reviewer_profile, profile)
        self.perform(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))
        for _ in range(2):
            self.drive(sign_in, SignIn(email="gus@example.com", password=PASSWORD))

    def newcomer(self, email: str) -> UserId:
        """Make an account."""
        user = self.drive(sign_up, SignUp(email=email, password=PASSWORD, name="Sam"))
        user_id: UserId = user.id
        return user_id

    def become_artist(self, user_id: UserId) -> None:
        """Make an artist who may submit."""
        self._vouch(user_id)
        self.perform(
            open_artist_profile,
            OpenArtistProfile(user_id=user_id, artist_name="The Samples", genres=("house",)),
        )

    def become_reviewer(self, user_id: UserId) -> ReviewerId:
        """Make a reviewer who may be assigned, once his account is old enough."""
        self._vouch(user_id)
        profile = self.perform(
            open_reviewer_profile,
            OpenReviewerProfile(user_id=user_id, genres=("electronic", "jazz"), country="DE"),
        )
        reviewer_id: ReviewerId = profile.id
        self.perform(answer_quiz, AnswerQuiz(reviewer_id=reviewer_id, answers=self.right_answers()))
        self.perform(finish_onboarding, FinishOnboarding(reviewer_id=reviewer_id))
        return reviewer_id

    def right_answers(self) -> dict[int, int]:
        """Know the quiz by heart."""
        return {number: one.answer for number, one in enumerate(self.rules_in_force.quiz)}

    def letters(self) -> list[str]:
        """Find the tokens in the mail, in the order sent."""
        texts = (letter.text for letter in self.lanes.first.mail.letters)
        return [found[1] for found in map(TOKEN.search, texts) if found is not None]

    def bring_reviewer(self) -> None:
        """Have one more reviewer, and a day pass, after which he may be assigned."""
        self.become_reviewer(self.newcomer(f"p{len(self.now.users)}@example.com"))
        self.clock.advance(hours=24)

    def _vouch(self, user_id: UserId) -> None:
        self.perform(
            confirm_email_as_admin,
            ConfirmEmailAsAdmin(user_id=user_id, admin_id=self.admin, reason="known"),
        )

    @property
    def reviewer_ids(self) -> list[ReviewerId]:
        """Every reviewer there is."""
        return [one.id for one in self.now.view.reviewers]

    # ── accounts ─────────────────────────────────────────────────────────────────────────────

    @precondition(when.newcomers_are_welcome)
    @rule(
        kind=st.sampled_from(("new", "new", "kin", "taken", "invalid")),
        password=sayings.PASSWORDS,
        name=sayings.NAMES,
    )
    def a_person_signs_up(self, *, kind: str, password: str, name: str) -> None:
        number = len(self.now.users)
        email = {
            "new": f"p{number}@example.com",
            "kin": f"ann+{number}@example.com",
            "taken": "ANN@example.com",
            "invalid": "nobody at all",
        }[kind]
        self.drive(sign_up, SignUp(email=email, password=password, name=name))

    @precondition(when.is_quiet)
    @rule(which=WHICH, password=st.sampled_from((PASSWORD, PASSWORD, "wrong horse")))
    def a_person_signs_in(self, *, which: int, password: str) -> None:
        emails = [*(user.email for user in self.now.users), "who@example.com", "nobody at all"]
        self.drive(sign_in, SignIn(email=pick(which, emails), password=password))

    @precondition(when.somebody_is_signed_in)
    @rule(which=WHICH, slip=SLIPS)
    def a_person_signs_out(self, *, which: int, slip: Slip) -> None:
        session = pick(which, self.now.sessions)
        user_id = actor(slip, session.user_id, [user.id for user in self.now.users])
        command = SignOut(session_id=named(slip, session.id), user_id=user_id)
        answer = self.perform(sign_out, command)
        if slip in {Slip.UNKNOWN, Slip.FOREIGN}:
            assert isinstance(answer, Refusal)
            assert answer.kind is SessionExpired

    @precondition(when.is_quiet)
    @rule(which=WHICH)
    def a_person_wants_another_mail(self, *, which: int) -> None:
        user = pick(which, self.now.users)
        self.perform(request_email_verification, RequestEmailVerification(user_id=user.id))

    @precondition(when.is_quiet)
    @rule(which=WHICH)
    def a_person_shows_a_token(self, *, which: int) -> None:
        # The newest first: most of the others were used or have expired.
        token = pick(which, [*reversed(self.letters()), "made up"])
        self.perform(verify_email, VerifyEmail(token=token))

    @precondition(when.is_quiet)
    @rule(which=WHICH, slip=SLIPS)
    def an_administrator_vouches(self, *, which: int, slip: Slip) -> None:
        user = pick(which, self.now.users)
        command = ConfirmEmailAsAdmin(user_id=named(slip, user.id), admin_id=self.admin)
        self.perform(confirm_email_as_admin, command)

    # ── profiles ─────────────────────────────────────────────────────────────────────────────

    @precondition(when.is_quiet)
    @rule(which=WHICH, name=sayings.ARTIST_NAMES, genres=sayings.GENRES)
    def a_person_becomes_an_artist(self, *, which: int, name: str, genres: tuple[str, ...]) -> None:
        user_id = pick(which, [*(user.id for user in self.now.users), NOBODY])
        command = OpenArtistProfile(user_id=user_id, artist_name=name, genres=genres)
        self.perform(open_artist_profile, command)

    @precondition(when.is_quiet)
    @rule(
        which=WHICH,
        genres=sayings.mostly(("electronic", "jazz"), ("house",), (), ("polka",)),
        country=sayings.COUNTRIES,
    )
    def a_person_becomes_a_reviewer(
        self, *, which: int, genres: tuple[str, ...], country: str
    ) -> None:
        user = pick(which, self.now.users)
        command = OpenReviewerProfile(user_id=user.id, genres=genres, country=country)
        self.perform(open_reviewer_profile, command)

    @precondition(when.is_quiet)
    @rule(which=WHICH, kind=st.sampled_from(("right", "wrong", "missing", "odd")))
    def a_reviewer_takes_the_quiz(self, *, which: int, kind: str) -> None:
        right = self.right_answers()
        answers = {
            "right": right,
            "wrong": {number: (choice + 1) % 3 for number, choice in right.items()},
            "missing": {},
            "odd": right | {0: 99},
        }[kind]
        reviewer_id = pick(which, self.reviewer_ids[::-1])
        self.perform(answer_quiz, AnswerQuiz(reviewer_id=reviewer_id, answers=answers))

    @precondition(when.is_quiet)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_is_ready(self, *, which: int, slip: Slip) -> None:
        reviewer_id = named(slip, pick(which, self.reviewer_ids[::-1]))
        answer = self.perform(finish_onboarding, FinishOnboarding(reviewer_id=reviewer_id))
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=AlreadyOnboarded)

    @precondition(when.newcomers_are_welcome)
    @rule()
    def a_whole_reviewer_arrives(self) -> None:
        self.bring_reviewer()
