"""What goes wrong outside: a processor, its webhooks, the mail, and processes that die."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

import attrs

from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.ports.mail import Letter
from reviewcore.testing.clock import START
from reviewcore.testing.faults import Call, Fault
from reviewcore.testing.simulator.dice import Lot

HOUR = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Faults:
    """How often what goes wrong; shares run from 0 (never) to 1 (always).

    Attributes:
        lost_before: calls to the processor of which it never hears.
        lost_after: calls on which it acts, and whose answers are lost.
        declined: calls that it refuses for good.
        short: calls that it refuses for now.
        slow_seconds: how long calls take on average; meanwhile others act.
        outages_a_week: how often nothing reaches the processor at all.
        outage_hours: how long an outage lasts.
        overdraft_cents: how far below 0 the bank lends before transfers wait; None: any sum.
        crashes: acts of workers and people in which the process dies between two transactions or
            calls. A worker comes back after `restart_seconds`.
        restart_seconds: how long a dead worker stays away.
        webhooks_lost: events of the processor that are never told.
        webhooks_repeated: events that are told twice.
        webhooks_late: events that are told hours late, after newer ones.
        webhook_seconds: how long the others take on average.
        disputes: payments that their cardholder disputes.
        disputes_won: disputes that the market wins.
        refunds_returned: refunds that the payer's bank returns.
        transfers_reversed: payouts of which the processor takes a part back.
        mail_refused: letters that have to be written again.
        repeats: commands whose answer is lost, so that people send them again with their key.
    """

    lost_before: float = 0.02
    lost_after: float = 0.02
    declined: float = 0.004
    short: float = 0.01
    slow_seconds: float = 1.5
    outages_a_week: float = 1.0
    outage_hours: float = 3.0
    overdraft_cents: int | None = 0
    crashes: float = 0.004
    restart_seconds: float = 300.0
    webhooks_lost: float = 0.04
    webhooks_repeated: float = 0.08
    webhooks_late: float = 0.04
    webhook_seconds: float = 20.0
    disputes: float = 0.05
    disputes_won: float = 0.5
    refunds_returned: float = 0.05
    transfers_reversed: float = 0.03
    mail_refused: float = 0.01
    repeats: float = 0.05

    @classmethod
    def none(cls) -> Self:
        """Have nothing go wrong."""
        nothing: dict[str, Any] = {field.name: 0.0 for field in attrs.fields(cls)}
        return cls(**nothing | {"overdraft_cents": None})


class Crash(BaseException):
    """The process dies: nothing catches this but whoever started it."""


class Doom:
    """Kills the act under way when it comes to a boundary, if it is doomed.

    Boundaries are the beginnings of transactions and calls, so whatever was committed or called
    before stands, and nothing after it happens.
    """

    def __init__(self) -> None:
        self._left: int | None = None

    def spare(self) -> None:
        """Have the act under way live."""
        self._left = None

    def strike(self, boundary: int) -> None:
        """Have the act under way die at a *boundary*, counted from 0."""
        self._left = boundary

    def pass_by(self) -> None:
        """Come to a boundary. Raises Crash."""
        if self._left is None:
            return
        if self._left == 0:
            self._left = None
            raise Crash
        self._left -= 1

    def swap(self, left: int | None = None) -> int | None:
        """Put another act's doom in the place of this one's, and return this one's."""
        self._left, before = left, self._left
        return before


class Weather:
    """Decides what becomes of calls to the processor; asks the lot of the act that calls.

    A processor that has acted on a key cannot refuse that key afterwards, so such a refusal is
    left out: a refusal promises that nothing happened.
    """

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self._seed = seed
        self._acted: set[str] = set()

    def clear_up(self) -> None:
        """Have nothing go wrong from now on."""
        self.faults = attrs.evolve(Faults.none(), overdraft_cents=self.faults.overdraft_cents)

    def seconds(self, lot: Lot) -> float:
        """Tell how long a call takes."""
        return self.faults.slow_seconds * 2 * lot.share()

    def fault(self, call: Call, *, lot: Lot, at: datetime) -> Fault:
        """Tell what becomes of *call*."""
        fault = Fault.LOST_BEFORE if self._is_out(at) else self._draw(lot)
        key = getattr(call.arguments[0], "key", None)
        if key is None:
            # What only looks is not refused; it is answered or not.
            return Fault.NONE if fault in {Fault.DECLINED, Fault.SHORT} else fault
        if fault in {Fault.DECLINED, Fault.SHORT} and key in self._acted:
            fault = Fault.NONE
        if fault in {Fault.NONE, Fault.LOST_AFTER}:
            self._acted.add(key)
        return fault

    def _draw(self, lot: Lot) -> Fault:
        faults = self.faults
        point = lot.share()
        for fault, share in (
            (Fault.LOST_BEFORE, faults.lost_before),
            (Fault.LOST_AFTER, faults.lost_after),
            (Fault.DECLINED, faults.declined),
            (Fault.SHORT, faults.short),
        ):
            point -= share
            if point < 0:
                return fault
        return Fault.NONE

    def _is_out(self, at: datetime) -> bool:
        """Tell whether the processor is out of reach: for some hours of some weeks."""
        if not self.faults.outages_a_week:
            return False
        hours = (at - START) / HOUR
        period = 168 / self.faults.outages_a_week
        lot = Lot(self._seed, -1 - int(hours // period))
        begins = lot.share() * max(0.0, period - self.faults.outage_hours)
        return begins <= hours % period < begins + self.faults.outage_hours


class Mailbox:
    """Keeps the newest letter to each address, and refuses some."""

    def __init__(self) -> None:
        self.newest: dict[str, Letter] = {}
        self.refuses: Callable[[], bool] = lambda: False

    def send(self, letter: Letter, /) -> None:
        """Keep the letter. Raises ProcessorUnavailable for one that has to come again."""
        if self.refuses():
            raise ProcessorUnavailable
        self.newest[letter.to] = letter
