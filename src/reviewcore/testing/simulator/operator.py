"""The administrator, who judges, settles and tries again what nobody else can."""

from __future__ import annotations

from datetime import timedelta

from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.domain.rules import Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.testing.simulator.artists import POOR, Worth
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.rhythm import DAY_SECONDS
from reviewcore.testing.simulator.stage import Stage
from reviewcore.usecases import (
    DismissFlag,
    GrantTier,
    PayoutTruth,
    ReplyToTicket,
    ResolvePayout,
    RetryEvent,
    SetTicketStatus,
    SettlePayout,
    UnrestrictReviewer,
    UpholdFlag,
    dismiss_flag,
    grant_tier,
    reply_to_ticket,
    resolve_payout,
    retry_event,
    set_ticket_status,
    settle_payout,
    unrestrict_reviewer,
    uphold_flag,
)

NAME = "operator"
ADMIN = UserId("operator")
GRANTED_FOR = timedelta(days=60)
OVERLOOKS = 0.15
"""Flags that nobody judges in time."""

PARDONS = 0.02
"""Restrictions that are lifted, a day."""


ANSWERS = (
    (TicketStatus.RESOLVED, 0.6),
    (TicketStatus.NEEDS_INFO, 0.3),
    (TicketStatus.CLOSED, 0.1),
)
"""How tickets stand once they are answered."""


class Operator:
    """Comes once a day. *worth* is what a flagged review turns out to be."""

    def __init__(self, stage: Stage, dice: Dice, *, worth: Worth) -> None:
        self._stage = stage
        self._dice = dice
        self._worth = worth
        self._overlooked: set[str] = set()

    def begin(self) -> None:
        """Do a day's work, and come again tomorrow."""
        self._stage.agenda.after(DAY_SECONDS, self.begin)
        self._judge_flags()
        self._pay_by_hand()
        self._resolve()
        self._help()
        self.try_again()
        self._pardon()

    def vouch(self, reviewer_id: ReviewerId) -> None:
        """Grant a reviewer PRO for a while: a new market has none."""
        command = GrantTier(
            reviewer_id=reviewer_id,
            admin_id=ADMIN,
            tier=Tier.PRO,
            until=self._stage.world.clock() + GRANTED_FOR,
            reason="known from elsewhere",
        )
        self._stage.perform(NAME, grant_tier, command)

    def _judge_flags(self) -> None:
        for flag in [*self._stage.live.flag_of.values()]:
            if flag.status is not FlagStatus.OPEN or flag.id in self._overlooked:
                continue
            if self._dice.chance(OVERLOOKS):
                self._overlooked.add(flag.id)
                continue
            worth = self._worth(flag.review_id)
            if worth is not None and worth < POOR:
                uphold = UpholdFlag(flag_id=flag.id, admin_id=ADMIN, reason="says little")
                self._stage.perform(NAME, uphold_flag, uphold)
            else:
                dismiss = DismissFlag(flag_id=flag.id, admin_id=ADMIN, reason="is fair")
                self._stage.perform(NAME, dismiss_flag, dismiss)

    def _pay_by_hand(self) -> None:
        for payout in self._open_payouts():
            if not payout.is_automatic:
                command = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="paid")
                self._stage.perform(NAME, settle_payout, command)

    def _help(self) -> None:
        """Answer what was asked; now and then by a question, and sometimes for good."""
        waiting = [
            one.id
            for one in self._stage.world.store.tables.tickets.rows.values()
            if one.status is TicketStatus.OPEN
        ]
        for ticket_id in waiting:
            reply = ReplyToTicket(ticket_id=ticket_id, admin_id=ADMIN, message="It is so.")
            self._stage.perform(NAME, reply_to_ticket, reply)
            moved = SetTicketStatus(
                ticket_id=ticket_id, admin_id=ADMIN, status=self._dice.weighted(ANSWERS)
            )
            self._stage.perform(NAME, set_ticket_status, moved)

    def _resolve(self) -> None:
        """Look for payouts of which the processor gave no clear answer for days."""
        for payout in self._open_payouts():
            if payout.status is PayoutStatus.PROCESSING and payout.look_ups > 1:
                self.resolve(payout)

    def resolve(self, payout: Payout) -> None:
        """Say what became of a payout, having looked at the bank's books."""
        made = {one.payout_id for one in self._stage.world.bank.transferred()}
        truth = PayoutTruth.FOUND if payout.id in made else PayoutTruth.ABSENT
        command = ResolvePayout(payout_id=payout.id, admin_id=ADMIN, truth=truth, reason="looked")
        self._stage.perform(NAME, resolve_payout, command)

    def _open_payouts(self) -> list[Payout]:
        return [one for one in self._stage.live.payout.values() if not one.is_final]

    def try_again(self) -> None:
        """Try again what was given up: deliveries of ours, handling of theirs."""
        tables = self._stage.world.store.tables
        given_up = [
            one.id
            for one in tables.inbox.rows.values()
            if not one.is_handled and one.failure and one.next_attempt_at is None
        ]
        for event_id in given_up:
            command = RetryEvent(event_id=event_id, admin_id=ADMIN)
            self._stage.perform(NAME, retry_event, command)

    def _pardon(self) -> None:
        for reviewer in [*self._stage.live.reviewer.values()]:
            if reviewer.is_restricted and self._dice.chance(PARDONS):
                command = UnrestrictReviewer(
                    reviewer_id=reviewer.id, admin_id=ADMIN, reason="promised to care"
                )
                self._stage.perform(NAME, unrestrict_reviewer, command)
