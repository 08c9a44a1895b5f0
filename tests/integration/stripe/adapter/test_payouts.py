from __future__ import annotations

import pytest

from reviewcore.adapters.stripe import StripePayouts, StripeProcessor
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import AccountView, Declined, Done
from reviewcore.testing.contracts.processor import Payee
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    done,
    fresh,
    reversal_order,
    transfer_order,
)
from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe.adapter.peers import BALANCE


@pytest.fixture
def payouts(processor: StripeProcessor) -> StripePayouts:
    return processor.payouts


@pytest.fixture
def opened(payouts: StripePayouts) -> AccountView:
    return done(payouts.open_account(account_order()))


@pytest.fixture
def account_id(payee: Payee, opened: AccountView) -> str:
    payee(opened.account_id, "complete")
    return opened.account_id


def test_an_account_can_receive_transfers_and_nothing_else(
    server: StripeServer, payouts: StripePayouts
) -> None:
    order = account_order(country="PT")

    done(payouts.open_account(order))

    asked = server.calls[-1].params
    assert asked["country"] == "PT"
    assert asked["capabilities"] == {"transfers": {"requested": "true"}}
    assert asked["controller"]["stripe_dashboard"] == {"type": "express"}
    assert asked["metadata"] == {"reviewer_id": order.reviewer_id}


def test_an_account_that_is_being_verified_is_not_ready(
    server: StripeServer, payouts: StripePayouts, opened: AccountView
) -> None:
    server.submit_details(opened.account_id)

    assert not done(payouts.account(opened.account_id)).ready


def test_a_disconnected_account_is_declined(
    server: StripeServer, payouts: StripePayouts, account_id: str
) -> None:
    server.deauthorize(account_id)

    assert payouts.account(account_id) == Declined("account_invalid")


@pytest.mark.parametrize(
    ("return_url", "refresh_url"),
    [
        ("http://a.test/back", "http://a.test/back?refresh=1"),
        ("http://a.test/back?a=1", "http://a.test/back?a=1&refresh=1"),
    ],
)
def test_who_comes_with_a_dead_link_is_sent_back_to_begin_again(
    server: StripeServer,
    payouts: StripePayouts,
    opened: AccountView,
    return_url: str,
    refresh_url: str,
) -> None:
    first = done(payouts.account_link(opened.account_id, return_url=return_url))
    second = done(payouts.account_link(opened.account_id, return_url=return_url))

    asked = server.calls[-1].params
    assert (asked["return_url"], asked["refresh_url"]) == (return_url, refresh_url)
    assert first != second


def test_nobody_looks_at_a_dashboard_before_his_account_is_complete(
    payouts: StripePayouts, opened: AccountView
) -> None:
    assert payouts.dashboard_link(opened.account_id) == Declined("rejected")


def test_a_transfer_is_asked_for_with_our_id_in_both_places(
    server: StripeServer, payouts: StripePayouts, account_id: str
) -> None:
    order = transfer_order(account_id)

    done(payouts.transfer(order))

    assert server.calls[-1].params == {
        "amount": str(order.amount),
        "currency": "usd",
        "destination": account_id,
        "metadata": {"payout_id": order.payout_id},
        "transfer_group": order.payout_id,
    }


def test_a_group_that_somebody_else_used_is_no_transfer_of_ours(
    payouts: StripePayouts, account_id: str
) -> None:
    order = transfer_order(account_id)
    theirs = payouts._stripe.transfers.create(
        {
            "amount": 1,
            "currency": "usd",
            "destination": account_id,
            "transfer_group": order.payout_id,
        }
    )

    assert payouts.find_transfer(order.payout_id) == Done(None)
    assert done(payouts.transfer_view(theirs.id)).payout_id == ""
    made = done(payouts.transfer(order))
    assert done(payouts.find_transfer(order.payout_id)) == made


def test_every_reversal_is_told_oldest_first_however_many(
    server: StripeServer, payouts: StripePayouts, account_id: str
) -> None:
    order = transfer_order(account_id)
    sent = done(payouts.transfer(order))
    ours = done(payouts.reverse(reversal_order(sent.external_id, amount=Cents(50))))
    for amount in range(1, 13):
        server.reverse_transfer(sent.external_id, amount=amount)

    told = done(payouts.transfer_view(sent.external_id))

    assert told.reversals[0] == ours
    assert [reversal.amount for reversal in told.reversals[1:]] == list(range(1, 13))
    assert done(payouts.find_transfer(order.payout_id)) == told


def test_only_what_is_there_can_be_taken_back(
    server: StripeServer, payouts: StripePayouts, account_id: str
) -> None:
    sent = done(payouts.transfer(transfer_order(account_id)))
    server.set_balance(0, account_id=account_id)
    order = reversal_order(sent.external_id)

    assert payouts.reverse(order) == Declined("balance_insufficient", is_passing=True)


def test_what_is_available_is_told_by_currency(payouts: StripePayouts) -> None:
    assert done(payouts.available("usd")) == done(payouts.available("USD")) == BALANCE
    assert done(payouts.available("eur")) == 0


def test_a_transfer_to_nobody_is_declined(payouts: StripePayouts) -> None:
    assert payouts.transfer(transfer_order(fresh("acct"))) == Declined("not_found")
