"""Money that has moved moves again: disputes, returned refunds, reversals; and unclear payouts."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.adapters.sandbox import MoreThanIsLeft, PayerOutcome
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import AttemptId, UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import Payout, PayoutMethod
from reviewcore.domain.rules import PackageType
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.testing.machine.telling import Telling
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    OpenCheckout,
    PayoutTruth,
    ResolvePayout,
    SendPayout,
    SendRefund,
    cancel_track,
    check_out,
    close_track,
    open_checkout,
    resolve_payout,
    send_payout,
    send_refund,
)

PARTS = st.sampled_from((None, None, Cents(1), Cents(40)))
"""Cents of what has moved; None for all that is left of it."""

LOSSES = st.sampled_from((Fault.NONE, Fault.LOST_AFTER))

MEANWHILE = st.sampled_from(("cancelled", "closed", "worked on", "nothing"))
"""What becomes of a track while its payment is disputed."""


class Banking(Telling):
    """Cardholders, their banks, and the bank behind the payouts."""

    # ── disputes ─────────────────────────────────────────────────────────────────────────────

    def dispute(self, payment_id: str, part: Cents | None) -> str | None:
        """Have the cardholder dispute a payment; None when he has all of it back."""

        def open_dispute(lane: Lane) -> str | None:
            try:
                return lane.processor.players.open_dispute(payment_id, part)
            except MoreThanIsLeft:
                return None

        told = f"{payment_id} is disputed: {part}"
        opened: str | None = self.act(open_dispute, told=told)
        return opened

    def decide(self, external_id: str, *, won: bool) -> None:
        """Have the card network decide a dispute."""

        def close(lane: Lane) -> None:
            (lane.processor.players.win_dispute if won else lane.processor.players.lose_dispute)(
                external_id
            )

        self.act(close, told=f"dispute {external_id} is {'won' if won else 'lost'}")

    def undecided(self) -> list[str]:
        """List the disputes that are open at the bank."""
        open_ones = (one for one in self.books.disputed() if one.status is DisputeStatus.OPEN)
        return [one.external_id for one in open_ones]

    @precondition(when.something_was_paid)
    @rule(which=WHICH, part=PARTS)
    def a_cardholder_disputes(self, *, which: int, part: Cents | None) -> None:
        self.dispute(pick(which, self.books.paid()[::-1]).payment_id, part)

    @precondition(when.there_are_disputes)
    @rule(which=WHICH, won=st.booleans())
    def a_dispute_is_decided(self, *, which: int, won: bool) -> None:
        undecided = self.undecided()
        if undecided:
            self.decide(pick(which, undecided), won=won)

    @precondition(when.something_was_paid)
    @rule(which=WHICH, part=PARTS, meanwhile=MEANWHILE, won=st.booleans())
    def a_dispute_runs_its_course(
        self, *, which: int, part: Cents | None, meanwhile: str, won: bool
    ) -> None:
        paid = pick(which, self.books.paid()[::-1])
        external_id = self.dispute(paid.payment_id, part)
        if external_id is None:
            return
        self.hear_all()
        self._go_on(paid.attempt_id, meanwhile)
        self.decide(external_id, won=won)
        self.hear_all()
        self.reached(f"a dispute is {'won' if won else 'lost'}")

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, part=PARTS, won=st.booleans(), heard=st.booleans())
    def a_payment_for_nothing_is_disputed(
        self, *, which: int, part: Cents | None, won: bool, heard: bool
    ) -> None:
        """The track was cancelled while its payer paid, so the money is on its way back."""
        track_id = self.submitted(which, PackageType.STARTER)
        artist_id = self.now.track[track_id].artist_id
        self.perform(check_out, CheckOut(track_id=track_id, artist_id=artist_id))
        self.drive(open_checkout, OpenCheckout(track_id=track_id, artist_id=artist_id))
        self.perform(cancel_track, CancelTrack(track_id=track_id, artist_id=artist_id))
        self.play_payer(self.now.attempts[-1].id, PayerOutcome.PAY)
        paid = [one for one in self.books.paid() if one.track_id == track_id]
        external_id = self.dispute(paid[-1].payment_id, part) if paid else None
        if external_id is None:
            return
        if heard:
            self.hear_all()
        self.decide(external_id, won=won)
        self.hear_all()
        self.reached(f"a dispute of what was not applied is {'won' if won else 'lost'}")

    def _go_on(self, attempt_id: str, meanwhile: str) -> None:
        """Try what a dispute forbids, and do what it allows."""
        attempts = {one.id: one for one in self.now.attempts}
        attempt = attempts.get(AttemptId(attempt_id))
        if attempt is None:
            return
        track_id = attempt.track_id
        match meanwhile:
            case "cancelled":
                cancel = CancelTrack(track_id=track_id, admin_id=self.admin, reason="enough")
                self.perform(cancel_track, cancel)
            case "closed":
                close = CloseTrack(track_id=track_id, admin_id=self.admin, reason="enough")
                self.perform(close_track, close)
            case "worked on":
                for review in [one for one in self.now.active if one.track_id == track_id]:
                    self.deliver(review)
        for refund in self.now.view.refunds:
            if refund.attempt_id == attempt.id and not refund.is_final:
                self.drive(send_refund, SendRefund(refund_id=refund.id))

    # ── what comes back ──────────────────────────────────────────────────────────────────────

    @precondition(when.money_went_back)
    @rule(which=WHICH)
    def a_refund_comes_back(self, *, which: int) -> None:
        made = self.books.refunded()[::-1]
        self._fail_refund(pick(which, made).external_id)

    def _fail_refund(self, external_id: str) -> None:
        self.act(
            lambda lane: lane.processor.players.fail_refund(external_id),
            told=f"{external_id} fails",
        )

    @precondition(when.there_are_live_tracks)
    @rule(which=WHICH, heard=st.booleans())
    def a_track_is_closed_and_its_refund_comes_back(self, *, which: int, heard: bool) -> None:
        track = pick(which, self.now.live)
        close = CloseTrack(track_id=track.id, admin_id=self.admin, reason="enough")
        self.perform(close_track, close)
        for refund in self.now.view.refunds:
            if refund.track_id == track.id:
                self.drive(send_refund, SendRefund(refund_id=refund.id))
        ours = {one.id for one in self.now.view.refunds if one.track_id == track.id}
        for made in [one for one in self.books.refunded() if one.refund_id in ours]:
            self._fail_refund(made.external_id)
            self.reached("a refund comes back")
        if heard:
            self.hear_all()

    @precondition(when.somebody_is_rich)
    @rule(which=WHICH, parts=st.lists(PARTS, min_size=1, max_size=3), fault=LOSSES)
    def a_reviewer_is_paid_and_loses_it_again(
        self, *, which: int, parts: list[Cents | None], fault: Fault
    ) -> None:
        payout = self.withdrawn(which, PayoutMethod.STRIPE_CONNECT)
        if payout is None:
            return
        with self.weather(fault):
            self.drive(send_payout, SendPayout(payout_id=payout.id))
        made = [one for one in self.books.transferred() if one.payout_id == payout.id]
        for part in parts if made else ():
            if self._reverse(made[0].external_id, part) is not None:
                self.reached("a transfer is reversed")
            self.hear_all()

    @precondition(when.money_left)
    @rule(which=WHICH, parts=st.lists(PARTS, min_size=1, max_size=2))
    def a_transfer_is_reversed(self, *, which: int, parts: list[Cents | None]) -> None:
        external_id = pick(which, self.books.transferred()[::-1]).external_id
        for part in parts:
            self._reverse(external_id, part)

    def _reverse(self, external_id: str, part: Cents | None) -> str | None:
        def reverse(lane: Lane) -> str | None:
            try:
                return lane.processor.players.reverse_transfer(external_id, part)
            except MoreThanIsLeft:
                return None

        told = f"{external_id} is reversed: {part}"
        reversed_by: str | None = self.act(reverse, told=told)
        return reversed_by

    @precondition(when.there_are_accounts)
    @rule(which=WHICH)
    def a_payee_names_another_destination(self, *, which: int) -> None:
        held = [one.stripe_account_id for one in self.now.view.reviewers if one.stripe_account_id]
        account_id = pick(which, held)
        self.act(
            lambda lane: lane.processor.players.change_destination(account_id),
            told=f"{account_id} names another destination",
        )

    # ── payouts that a person must look at ───────────────────────────────────────────────────

    def resolve(self, payout: Payout, *, by: UserId, slip: Slip = Slip.NONE) -> object:
        """Have an administrator say what is true of a payout; he never errs."""
        sent = {one.payout_id: one for one in self.books.transferred()}
        found = sent.get(payout.id)
        # He may have seen the transfer and not have noted its id.
        noted = found.external_id if found is not None and payout.attempts % 2 else None
        command = ResolvePayout(
            payout_id=named(slip, payout.id),
            admin_id=by,
            truth=PayoutTruth.ABSENT if found is None else PayoutTruth.FOUND,
            reason="looked at the processor",
            external_id=noted,
        )
        answer = self.perform(resolve_payout, command)
        if not isinstance(answer, Refusal):
            self.reached(f"a payout is {command.truth} by a person")
        return answer

    @precondition(when.is_plain)
    @precondition(when.there_are_payouts)
    @rule(which=WHICH, slip=SLIPS, own=sayings.mostly(False, True))  # noqa: FBT003 - drawn
    def an_administrator_resolves_a_payout(self, *, which: int, slip: Slip, own: bool) -> None:
        everything = self.now.view.payouts
        payout = pick(which, everything if slip is Slip.STALE else self.now.unclear or everything)
        by = self.now.reviewer[payout.reviewer_id].user_id if own else self.admin
        answer = self.resolve(payout, by=by, slip=slip)
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)

    @precondition(when.somebody_is_rich)
    @rule(which=WHICH, left=st.booleans(), seen=st.booleans())
    def a_payout_stays_unclear(self, *, which: int, left: bool, seen: bool) -> None:
        payout = self.withdrawn(which, PayoutMethod.STRIPE_CONNECT)
        if payout is None:
            return
        command = SendPayout(payout_id=payout.id)
        with self.weather(Fault.LOST_AFTER if left else Fault.LOST_BEFORE):
            self.drive(send_payout, command)
        if not left:
            self.resolve(payout, by=self.admin)
        for _ in range(2):
            self.clock.advance(hours=24)
            with self.weather(Fault.NONE if seen else Fault.LOST_BEFORE):
                self.drive(send_payout, command)
        answer = self.resolve(payout, by=self.admin)
        if not (left or seen):
            assert isinstance(answer, Refusal), "nobody has looked in vain for what is absent"

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def settle_outside(self) -> None:
        """Have the card network decide every dispute."""
        super().settle_outside()
        for number, external_id in enumerate(self.undecided()):
            self.decide(external_id, won=number % 2 == 0)

    def settle_inside(self) -> None:
        """Have administrators resolve what nobody else can, one who has no stake in it."""
        super().settle_inside()
        for payout in self.now.unclear:
            mine = self.now.reviewer[payout.reviewer_id].user_id
            other = next(user.id for user in self.now.users if user.id != mine)
            self.resolve(payout, by=other)
