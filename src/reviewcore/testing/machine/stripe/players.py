"""Those at the other end of Stripe: each plays his part in every way that Stripe knows of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

from reviewcore.adapters.sandbox import MoreThanIsLeft, PayeeOutcome, PayerOutcome
from reviewcore.domain.money import ZERO, Cents
from reviewcore.testing.stripe import Refusal, StripeServer

REFUNDS = ("succeeded", "succeeded", "pending", "succeeded", "failed") * 50
"""How refunds begin, one after the other."""

Way = Callable[[str], object]


class StripePlayers:
    """Plays at a *server*; those who can do a thing in several ways take turns among them."""

    def __init__(self, server: StripeServer) -> None:
        self._server = server
        server.begin_refunds_as(*REFUNDS)
        self._payers: dict[PayerOutcome, Iterator[Way]] = {
            PayerOutcome.PAY: cycle((server.pay, self._pay_later)),
            PayerOutcome.DECLINE: cycle((self._fail_later, server.decline)),
            # Who closes the page is expected back for a day.
            PayerOutcome.ABANDON: cycle((lambda _: None,)),
        }
        self._payees: dict[PayeeOutcome, Iterator[Way]] = {
            PayeeOutcome.COMPLETE: cycle((server.onboard, self._wait_and_onboard)),
            PayeeOutcome.REFUSE: cycle((server.disable, server.disable, server.deauthorize)),
        }

    def play_payer(self, session_id: str, outcome: PayerOutcome, /) -> None:
        """Pay by card or by what takes days; be declined before or after; close the page."""
        self._unless_refused(next(self._payers[outcome]), session_id)

    def play_payee(self, account_id: str, outcome: PayeeOutcome, /) -> None:
        """Complete the account, at once or in two steps; be held back, or disconnect."""
        self._unless_refused(next(self._payees[outcome]), account_id)

    def change_destination(self, account_id: str, /) -> None:
        """Name another bank account, after what was sent to the old one came back."""
        held = self._server.balance(account_id=account_id).available
        if held > 0:
            self._unless_refused(self._bounce, account_id)
        self._server.change_external_account(account_id)

    def open_dispute(self, payment_id: str, amount: Cents | None = None, /) -> str:
        """Dispute a payment; Stripe knows of one dispute of each. Raises MoreThanIsLeft."""
        for known in self._server.objects("dispute"):
            if known["payment_intent"] == payment_id:
                if known["status"] in {"won", "lost"}:
                    raise MoreThanIsLeft(wanted=amount or ZERO, left=ZERO)
                return str(known["id"])
        charges = self._server.objects("charge")
        charge = next(one for one in charges if one["payment_intent"] == payment_id and one["paid"])
        left = Cents(charge["amount"] - charge["amount_refunded"])
        taken = left if amount is None else amount
        if not 0 < taken <= left:
            raise MoreThanIsLeft(wanted=taken, left=left)
        return str(self._server.open_dispute(charge["id"], amount=taken)["id"])

    def win_dispute(self, external_id: str, /) -> None:
        """Decide for the market; the fee comes back, too."""
        self._unless_refused(self._server.win_dispute, external_id)

    def lose_dispute(self, external_id: str, /) -> None:
        """Decide for the payer."""
        self._unless_refused(self._server.lose_dispute, external_id)

    def fail_refund(self, external_id: str, /) -> None:
        """Return a refund."""
        self._unless_refused(self._server.fail_refund, external_id)

    def reverse_transfer(self, external_id: str, amount: Cents | None = None, /) -> str:
        """Take back a part of a transfer. Raises MoreThanIsLeft, also for what the payee spent."""
        try:
            transfer = self._server.reverse_transfer(external_id, amount=amount)
        except Refusal as refusal:
            raise MoreThanIsLeft(wanted=amount or ZERO, left=ZERO) from refusal
        return str(transfer["reversals"]["data"][0]["id"])

    def _pay_later(self, session_id: str) -> None:
        self._server.pay_later(session_id)
        self._server.settle_payment(session_id)

    def _fail_later(self, session_id: str) -> None:
        self._server.pay_later(session_id)
        self._server.fail_payment(session_id)

    def _wait_and_onboard(self, account_id: str) -> None:
        self._server.submit_details(account_id)
        self._server.onboard(account_id)

    def _bounce(self, account_id: str) -> None:
        held = self._server.balance(account_id=account_id).available
        payout = self._server.pay_out(account_id, amount=held)
        self._server.fail_payout(payout["id"])

    def _unless_refused(self, play: Way, thing_id: str) -> None:
        """Play a part, or find that it is too late for it."""
        try:
            play(thing_id)
        except Refusal:
            return
