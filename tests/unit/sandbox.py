"""What the tests of the sandbox bank share."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pytest

from reviewcore.adapters.sandbox import PayeeOutcome, PayerOutcome, SandboxBank
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import CheckoutOrder
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import Capability
from reviewcore.testing.contracts.processor import Cardholder, Payee, Payer, PayersBank
from reviewcore.testing.contracts.processor.orders import account_order, checkout_order, done

TAKEN_IN = frozenset({Capability.PARTIAL_REFUNDS, Capability.LATE_FAILURES, Capability.DISPUTES})
PAID_OUT = frozenset({Capability.REVERSALS, Capability.DASHBOARDS})
TOLD = frozenset({Capability.LATE_FAILURES, Capability.DISPUTES, Capability.REVERSALS})
"""What the sandbox claims of payments, payouts and webhooks: it is asked and never delivers."""


class MovingClock(ManualClock):
    """Moves by a millisecond whenever it is asked, so that one event comes after the other."""

    def __call__(self) -> datetime:
        return self.advance(milliseconds=1)


def pay(bank: SandboxBank, order: CheckoutOrder | None = None) -> str:
    opened = done(bank.open_checkout(order or checkout_order()))
    bank.play_payer(opened.session_id, PayerOutcome.PAY)
    paid = done(bank.session(opened.session_id))
    assert paid.payment_id is not None
    return paid.payment_id


def ready_account(bank: SandboxBank) -> str:
    opened = done(bank.open_account(account_order()))
    bank.play_payee(opened.account_id, PayeeOutcome.COMPLETE)
    return opened.account_id


def balance(bank: SandboxBank) -> Cents:
    return bank.balance("usd")


class SandboxSides:
    """The other sides of the fixture `bank`, for the contracts."""

    @pytest.fixture
    def payer(self, bank: SandboxBank) -> Payer:
        return lambda session_id, outcome: bank.play_payer(session_id, PayerOutcome(outcome))

    @pytest.fixture
    def cardholder(self, bank: SandboxBank) -> Cardholder:
        def play(payment_id: str, act: Literal["dispute", "win", "lose"]) -> str:
            # While a dispute is open, to dispute again only tells its id.
            external_id = bank.open_dispute(payment_id)
            if act == "win":
                bank.win_dispute(external_id)
            if act == "lose":
                bank.lose_dispute(external_id)
            return external_id

        return play

    @pytest.fixture
    def payers_bank(self, bank: SandboxBank) -> PayersBank:
        return bank.fail_refund

    @pytest.fixture
    def payee(self, bank: SandboxBank) -> Payee:
        return lambda account_id, outcome: bank.play_payee(account_id, PayeeOutcome(outcome))
