from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import Endpoint
from reviewcore.ports.processor import Declined, Done, Payments, Payouts, Unknown, Webhooks
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.processor import (
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    refund_order,
    reversal_order,
    transfer_order,
)
from reviewcore.testing.faults import Call, Fault, FaultyPayments, FaultyPayouts, FaultyWebhooks
from tests.unit.sandbox import PAID_OUT, TAKEN_IN, TOLD, SandboxSides, pay, ready_account


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank(clock=ManualClock())


class TestFaultyPaymentsWithoutFaults(SandboxSides, PaymentsContract):
    capabilities = TAKEN_IN

    @pytest.fixture
    def payments(self, bank: SandboxBank) -> Payments:
        return FaultyPayments(bank)


class TestFaultyPayoutsWithoutFaults(SandboxSides, PayoutsContract):
    capabilities = PAID_OUT

    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> Payouts:
        return FaultyPayouts(bank)


class TestFaultyWebhooksWithoutFaults(SandboxSides, WebhooksContract):
    capabilities = TOLD

    @pytest.fixture
    def webhooks(self, bank: SandboxBank) -> Webhooks:
        return FaultyWebhooks(bank)

    @pytest.fixture
    def payments(self, bank: SandboxBank) -> Payments:
        return bank

    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> Payouts:
        return bank


@pytest.mark.parametrize(
    ("fault", "answered", "acted"),
    [
        (Fault.NONE, Done, True),
        (Fault.LOST_BEFORE, Unknown, False),
        (Fault.LOST_AFTER, Unknown, True),
        (Fault.DECLINED, Declined, False),
    ],
)
def test_a_fault_decides_what_is_answered_and_what_is_done(
    bank: SandboxBank, fault: Fault, answered: type[object], acted: bool
) -> None:
    payment_id, account_id = pay(bank), ready_account(bank)
    checkout = checkout_order()
    payments, payouts = FaultyPayments(bank, [fault] * 2), FaultyPayouts(bank, [fault])

    answers = (
        payments.open_checkout(checkout),
        payments.refund(refund_order(payment_id)),
        payouts.transfer(transfer_order(account_id)),
    )

    assert [type(answer) for answer in answers] == [answered] * 3
    assert (done(bank.find_session(checkout.attempt_id)) is not None) is acted
    assert len(bank.refunded()) == len(bank.transferred()) == acted


def test_a_lost_answer_is_found_by_the_same_key(bank: SandboxBank) -> None:
    payouts = FaultyPayouts(bank, [Fault.LOST_AFTER])
    order = transfer_order(ready_account(bank))

    lost = payouts.transfer(order)
    found = payouts.transfer(order)

    assert isinstance(lost, Unknown)
    assert found == bank.find_transfer(order.payout_id)
    assert len(bank.transferred()) == 1


def test_a_script_that_ends_leaves_the_line_sound(bank: SandboxBank) -> None:
    payments = FaultyPayments(bank, [Fault.LOST_BEFORE, Fault.NONE])

    answers = [payments.find_session("attempt") for _ in range(4)]

    assert [type(answer) for answer in answers] == [Unknown, Done, Done, Done]


def test_a_function_chooses_by_the_call(bank: SandboxBank) -> None:
    def only_transfers(call: Call) -> Fault:
        return Fault.LOST_BEFORE if call.method == "transfer" else Fault.NONE

    payouts = FaultyPayouts(bank, only_transfers)

    opened = done(payouts.open_account(account_order()))

    assert isinstance(payouts.transfer(transfer_order(opened.account_id)), Unknown)


def test_a_function_that_raises_kills_the_caller_before_the_call(bank: SandboxBank) -> None:
    def die(call: Call) -> Fault:
        raise KeyboardInterrupt

    payments = FaultyPayments(bank, die)
    order = checkout_order()

    with pytest.raises(KeyboardInterrupt):
        payments.open_checkout(order)

    assert bank.find_session(order.attempt_id) == Done(None)
    assert len(payments.calls) == 1


def test_every_call_is_written_down(bank: SandboxBank) -> None:
    payments, payouts = FaultyPayments(bank), FaultyPayouts(bank, [Fault.DECLINED])
    webhooks = FaultyWebhooks(bank)
    checkout, refund = checkout_order(), refund_order("pi_1")
    account, transfer = account_order(), transfer_order("acct_1")
    reversal = reversal_order("tr_1")

    payments.open_checkout(checkout)
    payments.session("cs_1")
    payments.find_session("attempt-1")
    payments.expire_session("cs_1")
    payments.refund(refund)
    payments.find_refund("refund-1", "pi_1")
    payments.refund_view("re_1")
    payments.fee("pi_1")
    payments.dispute("dp_1")
    payouts.open_account(account)
    payouts.account("acct_1")
    payouts.account_link("acct_1", return_url="http://shop.test/")
    payouts.dashboard_link("acct_1")
    payouts.transfer(transfer)
    payouts.find_transfer("payout-1")
    payouts.transfer_view("tr_1")
    payouts.reverse(reversal)
    payouts.available("usd")
    webhooks.since(START, cursor="1")

    assert payments.calls == [
        Call(method="open_checkout", arguments=(checkout,)),
        Call(method="session", arguments=("cs_1",)),
        Call(method="find_session", arguments=("attempt-1",)),
        Call(method="expire_session", arguments=("cs_1",)),
        Call(method="refund", arguments=(refund,)),
        Call(method="find_refund", arguments=("refund-1", "pi_1")),
        Call(method="refund_view", arguments=("re_1",)),
        Call(method="fee", arguments=("pi_1",)),
        Call(method="dispute", arguments=("dp_1",)),
    ]
    assert payouts.calls == [
        Call(method="open_account", arguments=(account,)),
        Call(method="account", arguments=("acct_1",)),
        Call(method="account_link", arguments=("acct_1", "http://shop.test/")),
        Call(method="dashboard_link", arguments=("acct_1",)),
        Call(method="transfer", arguments=(transfer,)),
        Call(method="find_transfer", arguments=("payout-1",)),
        Call(method="transfer_view", arguments=("tr_1",)),
        Call(method="reverse", arguments=(reversal,)),
        Call(method="available", arguments=("usd",)),
    ]
    assert webhooks.calls == [Call(method="since", arguments=(START, "1"))]


def test_news_get_lost_as_well(bank: SandboxBank) -> None:
    pay(bank)
    webhooks = FaultyWebhooks(bank, [Fault.LOST_BEFORE, Fault.LOST_AFTER])

    answers = [webhooks.since(START) for _ in range(3)]

    assert [type(answer) for answer in answers] == [Unknown, Unknown, Done]
    assert answers[-1] == bank.since(START)


def test_what_has_come_needs_no_line(bank: SandboxBank) -> None:
    webhooks = FaultyWebhooks(bank, [Fault.LOST_BEFORE])

    with pytest.raises(InvalidWebhook):
        webhooks.authenticate(Endpoint.ACCOUNT, b"{}", None)

    assert webhooks.calls == []


def test_threads_share_a_script(bank: SandboxBank) -> None:
    payments = FaultyPayments(bank, [Fault.LOST_BEFORE] * 10)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(payments.find_session, ["attempt"] * 40))

    assert sum(isinstance(answer, Unknown) for answer in answers) == 10
    assert len(payments.calls) == 40
