from __future__ import annotations

import attrs
import pytest

from reviewcore.adapters.sandbox import AccountState, PayeeOutcome, SandboxBank
from reviewcore.domain.errors import EntityNotFound
from reviewcore.ports.processor import Declined, Done
from reviewcore.testing.contracts.processor.orders import account_order, done, transfer_order


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
