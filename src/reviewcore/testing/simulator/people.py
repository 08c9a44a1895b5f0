"""What all simulated people have in common: an address, a mailbox, and days of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reviewcore.domain.ids import UserId
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.errands import Errands
from reviewcore.testing.simulator.personas import Artist, Reviewer
from reviewcore.testing.simulator.rhythm import DAY_SECONDS
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import DIED, Refusal
from reviewcore.usecases import (
    RequestEmailVerification,
    SignUp,
    VerifyEmail,
    request_email_verification,
    sign_up,
    verify_email,
)

TOKEN = re.compile(r"^Token: (\S+)$", re.MULTILINE)
PASSWORD = "correct horse"
READS_MAIL_SECONDS = 300.0
TRIES_AGAIN_SECONDS = 120.0


def is_done(answer: Any) -> bool:
    """Tell whether an act was done: neither refused nor cut off."""
    return answer is not DIED and not isinstance(answer, Refusal)


class Person:
    """Somebody with an account; *number* tells apart those of one persona."""

    user_id: UserId

    def __init__(self, stage: Stage, persona: Artist | Reviewer, number: int, dice: Dice) -> None:
        self.stage = stage
        self.dice = dice
        self.name = f"{persona.name} {number}"
        self.persona_name = persona.name
        self.email = f"{persona.name}.{number}@example.com"
        self.is_gone = False
        self._errands = Errands(self, dice.fork())
        self._comes_within = persona.comes_within_days

    def come(self) -> None:
        """Sign up some day."""
        self.later(self.dice.between(0, self._comes_within) * DAY_SECONDS, self._sign_up)

    def settle_in(self) -> None:
        """Do what comes after the address is proven."""
        raise NotImplementedError

    def later(self, seconds: float, doing: Callable[[], object]) -> None:
        """Do something in a while."""
        self.stage.agenda.after(seconds, doing)

    def perform(self, usecase: Callable[..., Any], command: Any) -> Any:
        """Have a use case run under a key."""
        return self.stage.perform(self.name, usecase, command)

    def drive(self, usecase: Callable[..., Any], command: Any) -> Any:
        """Have a use case run that waits on the outside world."""
        return self.stage.drive(self.name, usecase, command)

    def _sign_up(self) -> None:
        command = SignUp(email=self.email, password=PASSWORD, name=self.name)
        user = self.drive(sign_up, command)
        if is_done(user):
            self.user_id = user.id
            self.later(self.dice.wait(READS_MAIL_SECONDS), self._read_mail)
        else:
            self.later(TRIES_AGAIN_SECONDS, self._sign_up)

    def mailed(self) -> str | None:
        """Find the token in the newest letter; None when there is none."""
        letter = self.stage.world.mail.newest.get(self.email)
        found = TOKEN.search(letter.text) if letter is not None else None
        return found[1] if found is not None else None

    def _read_mail(self) -> None:
        token = self.mailed()
        if token is None:
            self.later(DAY_SECONDS / 4, self._ask_for_mail)
        elif is_done(self.perform(verify_email, VerifyEmail(token=token))):
            self._begin()
        else:
            self.later(TRIES_AGAIN_SECONDS, self._ask_for_mail)

    def _begin(self) -> None:
        self._errands.begin()
        self.settle_in()

    def _ask_for_mail(self) -> None:
        command = RequestEmailVerification(user_id=self.user_id)
        answer = self.perform(request_email_verification, command)
        if isinstance(answer, Refusal) and answer.kind.__name__ == "AlreadyVerified":
            # He had proved it, and the answer was lost.
            self._begin()
        else:
            self.later(READS_MAIL_SECONDS, self._read_mail)
