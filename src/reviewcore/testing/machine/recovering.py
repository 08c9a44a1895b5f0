"""People forget passwords, change addresses and leave their sessions."""

from __future__ import annotations

from hypothesis.stateful import rule

from reviewcore.domain.errors import SessionExpired
from reviewcore.testing.machine import sayings
from reviewcore.testing.machine.choosing import actor, named, pick
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.people import TOKEN
from reviewcore.testing.machine.refunding import Refunding
from reviewcore.testing.machine.sayings import PASSWORD, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    ChangeEmail,
    ExtendSession,
    RequestPasswordReset,
    ResetPassword,
    SignIn,
    SignOut,
    SignOutEverywhere,
    VerifyEmail,
    change_email,
    extend_session,
    request_password_reset,
    reset_password,
    sign_in,
    sign_out,
    sign_out_everywhere,
    verify_email,
)

RESETS = "Choose another password"
DAYS = sayings.mostly(0, 16, 20)
"""More than half of a session's life, and less than the processor remembers what it told."""

MINUTES = sayings.mostly(0, 61)
"""How long a letter lies unread; a leave to choose a password lasts an hour."""


class Recovering(Refunding):
    """Leaves of all kinds that are mailed, and sessions."""

    def mailed(self, subject: str | None = None) -> str:
        """Have letters written, and find the newest token (of a letter with *subject*)."""
        self.act(_deliver_all, told="worker.deliver() while there is something to deliver")
        letters = self.lanes.first.mail.letters
        texts = [one.text for one in letters if subject in {None, one.subject}]
        found = [token[1] for token in map(TOKEN.search, texts) if token is not None]
        return found[-1] if found else "made up"

    def choose_password(self, password: str, *, minutes: int) -> None:
        """Choose another password with the newest leave to do so, which serves once."""
        token = self.mailed(RESETS)
        self.clock.advance(minutes=minutes)
        for _ in range(2):
            self.drive(reset_password, ResetPassword(token=token, password=password))

    @rule(
        which=WHICH,
        kind=sayings.mostly("known", "unknown", "invalid"),
        password=sayings.PASSWORDS,
        minutes=MINUTES,
    )
    def a_person_forgets_his_password(
        self, *, which: int, kind: str, password: str, minutes: int
    ) -> None:
        email = {
            "known": pick(which, self.now.present).email,
            "unknown": "who@example.com",
            "invalid": "nobody at all",
        }[kind]
        self.perform(request_password_reset, RequestPasswordReset(email=email))
        self.choose_password(password, minutes=minutes)

    @rule(
        which=WHICH,
        kind=sayings.mostly("new", "taken", "invalid"),
        password=sayings.mostly(PASSWORD, "wrong horse"),
    )
    def a_person_changes_his_address(self, *, which: int, kind: str, password: str) -> None:
        self.commands += 1
        email = {
            "new": f"moved{self.commands}@example.com",
            "taken": pick(which + 1, self.now.users).email,
            "invalid": "nobody at all",
        }[kind]
        user = pick(which, self.now.present)
        self.drive(change_email, ChangeEmail(user_id=user.id, email=email, password=password))
        self.perform(verify_email, VerifyEmail(token=self.mailed()))

    @rule(which=WHICH, slip=SLIPS, days=DAYS)
    def a_person_comes_and_goes(self, *, which: int, slip: Slip, days: int) -> None:
        user = pick(which, self.now.present)
        signs_in = SignIn(email=user.email, password=PASSWORD)
        if isinstance(self.drive(sign_in, signs_in), Refusal):
            return
        session = pick(0 if slip is Slip.NONE else which, self.now.sessions[::-1])
        session_id = named(slip, session.id)
        user_id = actor(slip, session.user_id, [user.id for user in self.now.users])
        self.clock.advance(days=days)
        for usecase, command in (
            (extend_session, ExtendSession(session_id=session_id, user_id=user_id)),
            (sign_out, SignOut(session_id=session_id, user_id=user_id)),
        ):
            answer = self.perform(usecase, command)
            if slip in {Slip.UNKNOWN, Slip.FOREIGN}:
                assert isinstance(answer, Refusal)
                assert answer.kind is SessionExpired
        self.drive(sign_in, signs_in)
        self.perform(sign_out_everywhere, SignOutEverywhere(user_id=user.id))
        assert not [one for one in self.now.sessions if one.user_id == user.id]


def _deliver_all(lane: Lane) -> None:
    while lane.worker.deliver():
        # What fails is due later, so this comes to an end.
        pass
