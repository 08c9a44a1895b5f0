from __future__ import annotations

import attrs
import pytest

from reviewcore.adapters.sandbox import AccountState, MoreThanIsLeft, PayeeOutcome, SandboxBank
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    reversal_order,
    transfer_order,
)
from tests.unit.sandbox import balance, pay, ready_account


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank(base_url="http://shop.test/")


def test_the_links_of_an_account_are_under_the_base_url(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    page = f"http://shop.test/sandbox/accounts/{account_id}"

    assert account_id.startswith("acct_")
    assert bank.account_link(account_id, return_url="http://shop.test/back") == Done(page)
    assert bank.dashboard_link(account_id) == Done(f"{page}/dashboard")


def test_the_payee_goes_back_to_where_the_newest_link_says(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id

    without_link = bank.play_payee(account_id, PayeeOutcome.REFUSE)
    done(bank.account_link(account_id, return_url="http://shop.test/first"))
    done(bank.account_link(account_id, return_url="http://shop.test/second"))
    with_link = bank.play_payee(account_id, PayeeOutcome.COMPLETE)

    assert (without_link, with_link) == ("http://shop.test/", "http://shop.test/second")


def test_an_account_follows_what_its_payee_did_last(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    states = [bank.view_account(account_id)]
    for outcome in (PayeeOutcome.REFUSE, PayeeOutcome.COMPLETE, PayeeOutcome.REFUSE):
        bank.play_payee(account_id, outcome)
        states.append(bank.view_account(account_id))

    assert [view.state for view in states if view is not None] == [
        AccountState.NEW,
        AccountState.REFUSED,
        AccountState.READY,
        AccountState.REFUSED,
    ]


def test_there_is_no_page_for_an_unknown_account(bank: SandboxBank) -> None:
    assert bank.view_account("acct_unknown") is None
    with pytest.raises(EntityNotFound):
        bank.play_payee("acct_unknown", PayeeOutcome.COMPLETE)


def test_transfers_are_declined_by_name(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id

    assert bank.transfer(transfer_order(account_id)) == Declined("account_not_ready")
    assert bank.transfer(transfer_order("acct_unknown")) == Declined("not_found")
    assert bank.transferred() == ()


def test_a_declined_key_stays_declined(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    order = transfer_order(account_id)
    declined = bank.transfer(order)
    bank.play_payee(account_id, PayeeOutcome.COMPLETE)

    again = bank.transfer(order)
    anew = bank.transfer(attrs.evolve(order, key="another-key"))

    assert again == declined == Declined("account_not_ready")
    assert isinstance(anew, Done)


# ── Transfers that come back, and a balance that runs short ──────────────────────────────────


def test_the_bank_takes_a_transfer_back_by_itself(bank: SandboxBank) -> None:
    sent = done(bank.transfer(transfer_order(ready_account(bank), amount=Cents(1000))))
    before = balance(bank)

    part = bank.reverse_transfer(sent.external_id, Cents(300))
    rest = bank.reverse_transfer(sent.external_id)

    told = done(bank.transfer_view(sent.external_id))
    assert [(one.external_id, one.amount) for one in told.reversals] == [(part, 300), (rest, 700)]
    assert balance(bank) == before + 1000
    assert [one.reversed_amount for one in bank.transferred()] == [1000]


def test_no_more_is_taken_back_than_was_sent(bank: SandboxBank) -> None:
    sent = done(bank.transfer(transfer_order(ready_account(bank), amount=Cents(1000))))
    done(bank.reverse(reversal_order(sent.external_id, amount=Cents(1000))))

    with pytest.raises(MoreThanIsLeft):
        bank.reverse_transfer(sent.external_id)
    with pytest.raises(EntityNotFound):
        bank.reverse_transfer("tr_unknown")

    assert bank.reverse(reversal_order(sent.external_id)) == Declined("over_reversal")
    assert bank.reverse(reversal_order("tr_unknown")) == Declined("not_found")


@pytest.mark.parametrize(("overdraft", "amount"), [(0, 941), (100, 1041)])
def test_a_balance_that_is_too_short_declines_for_now(overdraft: int, amount: int) -> None:
    bank = SandboxBank(clock=ManualClock(), overdraft=Cents(overdraft))
    account_id = ready_account(bank)
    pay(bank, checkout_order(amount=Cents(1000)))
    order = transfer_order(account_id, amount=Cents(amount + 1))

    first = bank.transfer(order)
    fitting = bank.transfer(transfer_order(account_id, amount=Cents(amount)))
    pay(bank)
    again = bank.transfer(order)

    assert first == again == Declined("balance_insufficient", is_passing=True)
    assert done(fitting).amount == amount


def test_without_a_limit_the_bank_lends(bank: SandboxBank) -> None:
    done(bank.transfer(transfer_order(ready_account(bank), amount=Cents(10**9))))

    assert done(bank.available("usd")) == -(10**9)
