"""The world outside: time, a processor that answers badly, mail that fails, the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import UnknownLaw
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import pick
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.sayings import WHICH
from reviewcore.testing.machine.scenes import Scenes
from reviewcore.usecases import (
    CheckLaws,
    CloseTrack,
    SendPayout,
    SendRefund,
    check_laws,
    close_track,
    send_payout,
    send_refund,
)

FIRST = sayings.mostly(Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.SHORT, Fault.DECLINED, Fault.NONE)
HOURS = st.sampled_from((24, 24, 22, 0))
SECOND = st.sampled_from((Fault.DECLINED, Fault.SHORT, Fault.NONE, Fault.LOST_AFTER))

STEPS = st.sampled_from(
    (
        "deliver",
        "expire",
        "assign",
        "follow_checkouts",
        "send_refunds",
        "send_payouts",
        "close",
        "lapse",
        "reconcile",
        "handle_events",
        "sweep",
        "forget",
        "remind",
    )
)


class World(Scenes):
    """What nobody in the market decides."""

    @rule(seconds=sayings.SECONDS)
    def a_while_passes(self, *, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @precondition(when.is_quiet)
    @rule(days=sayings.DAYS)
    def days_pass(self, *, days: int) -> None:
        self.clock.advance(days=days)

    @rule(fault=sayings.FAULTS)
    def a_storm_comes(self, *, fault: Fault) -> None:
        for lane in self.lanes.all:
            lane.weather.brew(fault)

    @precondition(when.somebody_is_rich)
    @rule(which=WHICH, first=FIRST, hours=HOURS, second=SECOND)
    def a_payout_meets_a_storm(
        self, *, which: int, first: Fault, hours: int, second: Fault
    ) -> None:
        payout = self.withdrawn(which, PayoutMethod.STRIPE_CONNECT)
        if payout is not None:
            command = SendPayout(payout_id=payout.id)
            self._twice(send_payout, command, faults=(first, second), hours=hours)

    @precondition(when.there_are_live_tracks)
    @rule(which=WHICH, first=FIRST, hours=HOURS, second=SECOND)
    def a_refund_meets_a_storm(
        self, *, which: int, first: Fault, hours: int, second: Fault
    ) -> None:
        track = pick(which, self.now.live)
        close = CloseTrack(track_id=track.id, admin_id=self.admin, reason="enough")
        self.perform(close_track, close)
        waiting = [one for one in self.now.view.refunds if not one.is_final]
        if waiting:
            command = SendRefund(refund_id=pick(which, waiting).id)
            self._twice(send_refund, command, faults=(first, second), hours=hours)

    def _twice(
        self,
        usecase: Callable[..., Any],
        command: Any,
        *,
        faults: tuple[Fault, Fault],
        hours: int,
    ) -> None:
        """Send money, and send it again or look for it some hours later."""
        for fault in faults:
            for lane in self.lanes.all:
                lane.weather.clear()
                lane.weather.brew(fault)
            self.drive(usecase, command)
            self.clock.advance(hours=hours)
        if hours and faults[0] is Fault.LOST_AFTER:
            self.reached("an answer is lost and asked for later")

    @rule(letters=st.integers(1, 3))
    def the_mail_fails(self, *, letters: int) -> None:
        for lane in self.lanes.all:
            lane.mail.refusals = letters

    @rule(step=STEPS)
    def the_worker_takes_a_batch(self, *, step: str) -> None:
        def work(lane: Lane) -> object:
            done: int = getattr(lane.worker, step)()
            # How many rows a store marks to find them faster is its own affair.
            return None if step == "sweep" else done

        self.act(work, told=f"worker.{step}()")

    @rule()
    def the_worker_does_all_there_is(self) -> None:
        self.run_pending()

    @precondition(when.is_quiet)
    @rule()
    def an_operator_checks_the_laws(self) -> None:
        assert self.ask(check_laws, CheckLaws()) == ()
        answer = self.ask(check_laws, CheckLaws(law="no law"))
        assert isinstance(answer, Refusal)
        assert answer.kind is UnknownLaw
