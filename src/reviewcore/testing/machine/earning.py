"""Reviewers connect accounts and withdraw what they earned."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import Payout, PayoutMethod
from reviewcore.ports.processor import Done
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.judging import Judging
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.sayings import NOBODY, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    ConnectPayoutAccount,
    ExplainBalance,
    OpenPayoutDashboard,
    SendPayout,
    SettlePayout,
    Withdraw,
    connect_payout_account,
    explain_balance,
    open_payout_dashboard,
    send_payout,
    settle_payout,
    withdraw,
)

METHODS = st.sampled_from(PayoutMethod)
DESTINATIONS = st.sampled_from(("own", "own", "shared", "x", None))


class Earning(Judging):
    """Money out."""

    @property
    def by_wealth(self) -> list[ReviewerId]:
        """Every reviewer, the richest first: they have most to withdraw."""
        richest = sorted(self.now.view.reviewers, key=lambda one: -one.pending_balance)
        return [one.id for one in richest]

    @precondition(when.is_plain)
    @rule(which=WHICH, account=sayings.mostly("open", "another's", "unknown"))
    def a_reviewer_connects_an_account(self, *, which: int, account: str) -> None:
        held = [
            one.stripe_account_id
            for one in self.now.view.reviewers
            if one.stripe_account_id is not None
        ]
        account_id = {
            "open": None,
            "another's": held[0] if held else None,
            "unknown": f"acct_{which}",
        }[account]
        reviewer_id = pick(which, self.by_wealth)
        command = ConnectPayoutAccount(reviewer_id=reviewer_id, account_id=account_id)
        self.drive(connect_payout_account, command)

    @precondition(when.is_plain)
    @precondition(when.there_are_accounts)
    @rule(which=WHICH, outcome=sayings.mostly(*PayeeOutcome))
    def a_payee_decides(self, *, which: int, outcome: PayeeOutcome) -> None:
        held = [one.stripe_account_id for one in self.now.view.reviewers if one.stripe_account_id]
        self.play_payee(pick(which, held), outcome)

    def play_payee(self, account_id: str, outcome: PayeeOutcome) -> None:
        """Play the payee; an account that the bank does not know is left alone."""

        def play(lane: Lane) -> object:
            found = lane.processor.payouts.account(account_id)
            is_known = isinstance(found, Done)
            return is_known and lane.processor.players.play_payee(account_id, outcome)

        self.act(play, told=f"the payee of {account_id} does {outcome}")

    @precondition(when.is_plain)
    @rule(
        which=WHICH,
        slip=SLIPS,
        method=METHODS,
        amount=st.sampled_from(("all", "all", "all", "least", "more", "little")),
        destination=DESTINATIONS,
    )
    def a_reviewer_withdraws(
        self,
        *,
        which: int,
        slip: Slip,
        method: PayoutMethod,
        amount: str,
        destination: str | None,
    ) -> None:
        everybody = self.by_wealth
        rich = [one for one in everybody if self.now.reviewer[one].pending_balance > 0]
        reviewer_id = pick(which, everybody if slip is Slip.STALE else rich or everybody)
        balance = self.now.reviewer[reviewer_id].pending_balance
        least = self.rules_in_force.minimum_payout_cents
        told = f"{reviewer_id}@pay.example" if destination == "own" else destination
        command = Withdraw(
            reviewer_id=named(slip, reviewer_id),
            method=method,
            amount={
                "all": None,
                "least": least,
                "more": Cents(max(balance, least) + 1),
                "little": Cents(least - 1),
            }[amount],
            destination=told,
        )
        self.perform(withdraw, command)

    @precondition(when.is_plain)
    @precondition(when.there_are_payouts)
    @rule(which=WHICH, slip=SLIPS)
    def a_payout_is_sent(self, *, which: int, slip: Slip) -> None:
        payout = pick(which, self.now.view.payouts[::-1])
        self.drive(send_payout, SendPayout(payout_id=named(slip, payout.id)))

    @precondition(when.is_plain)
    @precondition(when.there_are_payouts)
    @rule(
        which=WHICH,
        slip=SLIPS,
        own=sayings.mostly(False, True),  # noqa: FBT003 - drawn
        reference=sayings.mostly("transfer 7", ""),
    )
    def an_administrator_settles_a_payout(
        self,
        *,
        which: int,
        slip: Slip,
        own: bool,
        reference: str,
    ) -> None:
        by_hand = [one for one in self.now.view.payouts if not one.is_automatic]
        open_ones = [one for one in by_hand if not one.is_final]
        everything = self.now.view.payouts
        payout = pick(which, everything if slip is Slip.STALE else open_ones or everything)
        admin = self.now.reviewer[payout.reviewer_id].user_id if own else self.admin
        command = SettlePayout(
            payout_id=named(slip, payout.id), admin_id=admin, reference=reference
        )
        self.perform(settle_payout, command)

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_asks_about_his_balance(self, *, which: int, slip: Slip) -> None:
        reviewer_id = named(slip, pick(which, self.by_wealth))
        balance = self.ask(explain_balance, ExplainBalance(reviewer_id=reviewer_id))
        if isinstance(balance, Refusal):
            return
        explained = sum(line.amount for line in balance.entries)
        assert explained == balance.pending_balance, "a cent is unexplained"
        assert 0 <= balance.withdrawable <= max(0, balance.pending_balance)

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_looks_at_his_account(self, *, which: int, slip: Slip) -> None:
        holders = [one.id for one in self.now.view.reviewers if one.stripe_account_id]
        reviewer_id = pick(which, self.reviewer_ids if slip is Slip.STALE else holders or [NOBODY])
        command = OpenPayoutDashboard(reviewer_id=named(slip, reviewer_id))
        answer = self.drive(open_payout_dashboard, command)
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)

    # ── in one go ────────────────────────────────────────────────────────────────────────────

    @rule(which=WHICH, patient=st.booleans())
    def a_reviewer_can_be_paid(self, *, which: int, patient: bool) -> None:
        reviewer_id = pick(which, self.by_wealth)
        self.make_payable(reviewer_id)
        hasty = Withdraw(reviewer_id=reviewer_id, method=PayoutMethod.STRIPE_CONNECT)
        self.perform(withdraw, hasty)
        forgotten = Withdraw(reviewer_id=reviewer_id, method=PayoutMethod.MANUAL)
        self.perform(withdraw, forgotten)
        if patient:
            self.clock.advance(days=self.rules_in_force.payout_delay_days)

    def make_payable(self, reviewer_id: ReviewerId) -> None:
        """Open an account, complete it, and let the market know."""
        command = ConnectPayoutAccount(reviewer_id=reviewer_id)
        self.drive(connect_payout_account, command)
        account_id = self.now.reviewer[reviewer_id].stripe_account_id
        if account_id is None:
            return
        self.play_payee(account_id, PayeeOutcome.COMPLETE)
        self.drive(connect_payout_account, command)
        self.drive(open_payout_dashboard, OpenPayoutDashboard(reviewer_id=reviewer_id))

    @precondition(when.somebody_is_rich)
    @rule(which=WHICH, method=METHODS, refused=st.booleans())
    def a_reviewer_is_paid(self, *, which: int, method: PayoutMethod, refused: bool) -> None:
        payout = self.withdrawn(which, method)
        if payout is None:
            return
        if not payout.is_automatic:
            settle = SettlePayout(payout_id=payout.id, admin_id=self.admin, reference="7")
            self.perform(settle_payout, settle)
            return
        if refused:
            self.play_payee(payout.destination, PayeeOutcome.REFUSE)
        self.drive(send_payout, SendPayout(payout_id=payout.id))

    def withdrawn(self, which: int, method: PayoutMethod) -> Payout | None:
        """Withdraw all that a rich reviewer has; None when he may not."""
        rich = [one for one in self.now.view.reviewers if one.pending_balance > 0]
        least = self.rules_in_force.minimum_payout_cents
        reviewer = pick(which, [one for one in rich if one.pending_balance >= least] or rich)
        if method is PayoutMethod.STRIPE_CONNECT and not reviewer.payout_account_ready:
            self.make_payable(reviewer.id)
            self.clock.advance(days=self.rules_in_force.payout_delay_days)
        command = Withdraw(reviewer_id=reviewer.id, method=method, destination=f"{reviewer.id}@pay")
        payout = self.perform(withdraw, command)
        return None if isinstance(payout, Refusal) else payout

    @precondition(when.somebody_is_rich)
    @rule(which=WHICH)
    def two_reviewers_share_a_destination(self, *, which: int) -> None:
        rich = [one.id for one in self.now.view.reviewers if one.pending_balance > 0]
        for place in (which, which + 1):
            command = Withdraw(
                reviewer_id=pick(place, rich), method=PayoutMethod.PAYPAL, destination="shared"
            )
            self.perform(withdraw, command)
