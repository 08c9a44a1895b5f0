"""What the tests of the sandbox bank share."""

from __future__ import annotations

from reviewcore.adapters.sandbox import PayeeOutcome, PayerOutcome, SandboxBank
from reviewcore.ports.processor import CheckoutOrder
from reviewcore.testing.contracts.processor.orders import account_order, checkout_order, done


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
