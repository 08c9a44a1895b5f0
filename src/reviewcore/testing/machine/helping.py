"""People ask the administrators, and are answered."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.support import SupportTicket, TicketStatus
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.arriving import Arriving
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.usecases import (
    OpenTicket,
    ReplyToTicket,
    SetTicketStatus,
    open_ticket,
    reply_to_ticket,
    set_ticket_status,
)

BODIES = sayings.mostly("Where is my track?\nI paid for it.", " ", "bell\x07")


class Helping(Arriving):
    """Support tickets."""

    @precondition(when.is_plain)
    @rule(which=WHICH, subject=sayings.mostly("My track", "", "two\nlines"), message=BODIES)
    def a_person_asks_for_help(self, *, which: int, subject: str, message: str) -> None:
        user = pick(which, self.now.users)
        self.perform(open_ticket, OpenTicket(user_id=user.id, subject=subject, message=message))

    @rule(which=WHICH, status=st.sampled_from(TicketStatus))
    def a_person_is_helped(self, *, which: int, status: TicketStatus) -> None:
        user = pick(which, self.now.present)
        asks = OpenTicket(user_id=user.id, subject="My track", message="Where is it?")
        ticket_id = self.perform(open_ticket, asks).id
        answer = ReplyToTicket(ticket_id=ticket_id, admin_id=self.admin, message="Which one?")
        self.perform(reply_to_ticket, answer)
        move = SetTicketStatus(ticket_id=ticket_id, admin_id=self.admin, status=status)
        self.perform(set_ticket_status, move)
        again = ReplyToTicket(ticket_id=ticket_id, user_id=user.id, message="The last one.")
        self.perform(reply_to_ticket, again)

    @precondition(when.there_are_tickets)
    @rule(which=WHICH, slip=SLIPS, message=BODIES)
    def a_person_writes_again(self, *, which: int, slip: Slip, message: str) -> None:
        ticket = self._ticket(which, slip)
        command = ReplyToTicket(
            ticket_id=named(slip, ticket.id),
            user_id=actor(slip, ticket.user_id, [user.id for user in self.now.users]),
            message=message,
        )
        require_slip(slip, self.perform(reply_to_ticket, command), foreign=EntityNotFound)

    @precondition(when.there_are_tickets)
    @rule(which=WHICH, slip=SLIPS, message=BODIES, status=st.sampled_from(TicketStatus))
    def an_administrator_answers(
        self, *, which: int, slip: Slip, message: str, status: TicketStatus
    ) -> None:
        ticket = self._ticket(which, slip)
        # A foreign judge is here one with a stake: whoever asked.
        admin = ticket.user_id if slip is Slip.FOREIGN else self.admin
        ticket_id = named(slip, ticket.id)
        answer = ReplyToTicket(ticket_id=ticket_id, admin_id=admin, message=message)
        self.perform(reply_to_ticket, answer)
        move = SetTicketStatus(ticket_id=ticket_id, admin_id=admin, status=status)
        self.perform(set_ticket_status, move)

    def _ticket(self, which: int, slip: Slip) -> SupportTicket:
        everything = self.now.tickets
        waiting = [one for one in everything if one.status is not TicketStatus.CLOSED]
        return pick(which, everything if slip is Slip.STALE else waiting or everything)
