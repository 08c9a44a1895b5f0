"""What people do now and then beside reviewing and being reviewed: ask, forget, leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reviewcore.domain.support import TicketStatus
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.rhythm import DAY_SECONDS
from reviewcore.usecases import (
    EraseUser,
    ExportUser,
    OpenTicket,
    ReplyToTicket,
    RequestPasswordReset,
    ResetPassword,
    erase_user,
    export_user,
    open_ticket,
    reply_to_ticket,
    request_password_reset,
    reset_password,
)

if TYPE_CHECKING:
    from reviewcore.testing.simulator.people import Person

READS_MAIL_SECONDS = 600.0

Errand = Callable[["Errands"], None]


class Errands:
    """The errands of one person, with dice of their own."""

    def __init__(self, person: Person, dice: Dice) -> None:
        self._person = person
        self._dice = dice
        self._words = 0

    def begin(self) -> None:
        """Run errands from now on, some day or other."""
        self._person.later(self._dice.wait(DAY_SECONDS / _A_DAY), self._run)

    def _run(self) -> None:
        if self._person.is_gone:
            return
        self._dice.weighted(ERRANDS)(self)
        self.begin()

    def ask_for_help(self) -> None:
        """Open a ticket, or answer what one was asked."""
        tickets = self._person.stage.world.store.tables.tickets.rows.values()
        mine = (one for one in tickets if one.user_id == self._person.user_id)
        asked = next((one for one in mine if one.status is TicketStatus.NEEDS_INFO), None)
        self._words += 1
        if asked is not None:
            reply = ReplyToTicket(
                ticket_id=asked.id, user_id=asked.user_id, message=f"It is this: {self._words}."
            )
            self._person.perform(reply_to_ticket, reply)
            return
        told = OpenTicket(
            user_id=self._person.user_id, subject="Help", message=f"Question {self._words}."
        )
        self._person.perform(open_ticket, told)

    def forget_password(self) -> None:
        """Have a token mailed, and use it once the mail is read."""
        command = RequestPasswordReset(email=self._person.email)
        self._person.perform(request_password_reset, command)
        self._person.later(self._dice.wait(READS_MAIL_SECONDS), self._choose_password)

    def _choose_password(self) -> None:
        token = self._person.mailed()
        if token is not None and not self._person.is_gone:
            self._words += 1
            command = ResetPassword(token=token, password=f"another horse {self._words}")
            self._person.drive(reset_password, command)

    def ask_what_is_held(self) -> None:
        """Have everything told that is held about oneself."""
        person = self._person
        person.stage.tell(person.name, export_user, ExportUser(user_id=person.user_id))

    def leave(self) -> None:
        """Leave for good, if nothing holds him; what he has earned is given up."""
        person = self._person
        command = EraseUser(user_id=person.user_id, forfeit_balance=True)
        person.perform(erase_user, command)
        user = person.stage.world.store.tables.users.rows[person.user_id]
        person.is_gone = user.erased_at is not None


ERRANDS: tuple[tuple[Errand, float], ...] = (
    (Errands.ask_for_help, 0.02),
    (Errands.forget_password, 0.01),
    (Errands.ask_what_is_held, 0.005),
    (Errands.leave, 0.003),
)
"""What is run, and how often a day by one person."""

_A_DAY = sum(times for _, times in ERRANDS)
