"""Refunds that the processor cannot make: what a person pays instead, and what comes after."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import UserId
from reviewcore.domain.refunds import OWED, Refund, RefundStatus
from reviewcore.ports.processor import RefundOrder, RefundState
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.banking import Banking
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    SendRefund,
    SettleRefund,
    cancel_track,
    close_track,
    send_refund,
    settle_refund,
)

AFTERWARDS = st.sampled_from(("nothing", "it is made", "it is made and comes back"))
"""What becomes of a refund at the processor once it was given up here."""


class Refunding(Banking):
    """Ends refunds that nobody else can end."""

    def settle_refund(self, refund: Refund, *, by: UserId, slip: Slip = Slip.NONE) -> object:
        """Have an administrator say that he has paid a refund by hand."""
        command = SettleRefund(
            refund_id=named(slip, refund.id),
            admin_id=by,
            reference="transfer 7",
            reason="the processor cannot",
        )
        answer = self.perform(settle_refund, command)
        if not isinstance(answer, Refusal):
            self.reached(f"a refund that was {refund.status} is settled by a person")
        return answer

    def stuck(self) -> list[Refund]:
        """List the refunds that no worker can end."""
        at = self.clock()
        failed = {RefundStatus.FAILED, RefundStatus.RETURNED}
        return [
            one
            for one in self.now.view.refunds
            if one.status in failed or (one.status is RefundStatus.PROCESSING and one.is_absent(at))
        ]

    @precondition(when.is_plain)
    @precondition(when.there_are_refunds)
    @rule(which=WHICH, slip=SLIPS, own=sayings.mostly(False, True))  # noqa: FBT003 - drawn
    def an_administrator_settles_a_refund(self, *, which: int, slip: Slip, own: bool) -> None:
        everything = self.now.view.refunds
        refund = pick(which, everything if slip is Slip.STALE else self.stuck() or everything)
        owner = self.now.artist[self.now.track[refund.track_id].artist_id].user_id
        answer = self.settle_refund(refund, by=owner if own else self.admin, slip=slip)
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)
        if own or refund.status not in OWED:
            assert isinstance(answer, Refusal), f"{refund} was settled"

    @precondition(when.there_are_live_tracks)
    @rule(which=WHICH, cancels=st.booleans(), seen=st.booleans(), then=AFTERWARDS)
    def a_refund_is_lost_and_settled(
        self, *, which: int, cancels: bool, seen: bool, then: str
    ) -> None:
        """The processor was asked for it and never told; a person pays, and then it is made."""
        track = pick(which, self.now.live)
        before = {one.id for one in self.now.view.refunds}
        if cancels:
            cancel = CancelTrack(track_id=track.id, admin_id=self.admin, reason="enough")
            self.perform(cancel_track, cancel)
        else:
            close = CloseTrack(track_id=track.id, admin_id=self.admin, reason="enough")
            self.perform(close_track, close)
        fresh = [one for one in self.now.view.refunds if one.id not in before]
        for refund in fresh[:1]:
            command = SendRefund(refund_id=refund.id)
            with self.weather(Fault.LOST_BEFORE):
                self.drive(send_refund, command)
            for hours in (23, 24):
                self.clock.advance(hours=hours)
                with self.weather(Fault.NONE if seen else Fault.LOST_BEFORE):
                    self.drive(send_refund, command)
            told = self._known(refund)
            answer = self.settle_refund(told, by=self.admin)
            if not seen:
                assert isinstance(answer, Refusal), "nobody has looked in vain for what is absent"
            if not isinstance(answer, Refusal):
                self._go_on_with(told, then)

    def _go_on_with(self, refund: Refund, then: str) -> None:
        """Have the processor make what is settled, long after it was asked to."""
        if then == "nothing":
            return
        attempts = {one.id: one for one in self.now.attempts}
        payment_id = attempts[refund.attempt_id].external_payment_id
        assert payment_id is not None, "only what was paid is refunded"
        order = RefundOrder(
            refund_id=refund.id,
            payment_id=payment_id,
            amount=refund.amount,
            currency=refund.currency,
            key=refund.key,
        )
        self.act(
            lambda lane: lane.processor.payments.refund(order),
            told=f"{refund.id} is made after all",
        )
        made = [one for one in self.books.refunded() if one.refund_id == refund.id]
        # A storm that is still to come is not to befall what is judged here.
        with self.weather(Fault.NONE):
            if then == "it is made":
                self.hear_all()
            for one in made if then == "it is made and comes back" else ():
                self._fail_refund(one.external_id)
            self.hear_all()
        told = self._known(refund)
        taken = any(one.state is RefundState.TAKEN for one in made)
        wanted = RefundStatus.DOUBLED if then == "it is made" and taken else RefundStatus.SETTLED
        assert told.status is wanted, f"{told} though {then}"
        self.reached(f"a refund is settled, and {then}")

    def _known(self, refund: Refund) -> Refund:
        return next(one for one in self.now.view.refunds if one.id == refund.id)

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def settle_inside(self) -> None:
        """Have administrators settle every other refund that is stuck; the rest stays listed."""
        super().settle_inside()
        for number, refund in enumerate(self.stuck()):
            owner = self.now.artist[self.now.track[refund.track_id].artist_id].user_id
            others = (user.id for user in self.now.users if user.id != owner)
            if number % 2 == 0:
                self.settle_refund(refund, by=next(others))
