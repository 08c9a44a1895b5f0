"""Accounts begin empty, are completed by their owner, and can be held back or leave."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe.merchant import new_account, payee, transfer_to

BY_CONTROLLER: Any = {
    "controller": {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "stripe_dashboard": {"type": "express"},
    },
    "country": "DE",
    "email": "reviewer@market.example",
    "capabilities": {"transfers": {"requested": True}},
    "metadata": {"reviewer": "r1"},
    "settings": {"payouts": {"schedule": {"interval": "manual"}}},
    "tos_acceptance": {"service_agreement": "recipient"},
}
LINKS = {"return_url": "https://market.example/back", "refresh_url": "https://market.example/again"}


def test_a_new_account_can_do_nothing(client: stripe.StripeClient) -> None:
    account: Any = client.v1.accounts.retrieve(new_account(client))

    assert account.type == "express"
    assert account.capabilities.transfers == "inactive"
    assert not any([account.details_submitted, account.payouts_enabled, account.charges_enabled])
    assert account.requirements.currently_due
    assert account.requirements.disabled_reason == "requirements.past_due"


def test_an_account_can_be_made_by_its_controller(client: stripe.StripeClient) -> None:
    account: Any = client.v1.accounts.create(BY_CONTROLLER)

    assert (account.type, account.country) == ("express", "DE")
    assert account.controller.fees.payer == "application"
    assert account.settings.payouts.schedule.interval == "manual"
    assert account.tos_acceptance.service_agreement == "recipient"
    assert account.metadata.to_dict() == {"reviewer": "r1"}


@pytest.mark.parametrize(
    "params",
    [
        {"type": "express", "controller": {"stripe_dashboard": {"type": "express"}}},
        {"capabilities": {"card_payments": {"requested": True}}},
    ],
)
def test_accounts_that_cannot_be_are_refused(client: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.create(params)


def test_onboarding_goes_through_verification(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    id = new_account(client)

    server.submit_details(id)
    pending: Any = client.v1.accounts.retrieve(id)
    server.onboard(id)
    active: Any = client.v1.accounts.retrieve(id)

    assert pending.details_submitted
    assert (pending.capabilities.transfers, active.capabilities.transfers) == ("pending", "active")
    assert active.payouts_enabled
    assert active.requirements.currently_due == []
    event = server.objects("event", account_id=id)[-1]
    assert (event["type"], event["account"]) == ("account.updated", id)
    assert event["data"]["previous_attributes"]["capabilities"] == {"transfers": "pending"}


def test_an_account_can_be_held_back(server: StripeServer, client: stripe.StripeClient) -> None:
    id = payee(server, client)

    server.disable(id, reason="rejected.fraud")

    account: Any = client.v1.accounts.retrieve(id)
    assert account.capabilities.transfers == "inactive"
    assert account.requirements.disabled_reason == "rejected.fraud"
    assert account.details_submitted
    assert not account.payouts_enabled


def test_an_account_can_be_changed(client: stripe.StripeClient) -> None:
    account: Any = client.v1.accounts.update(
        new_account(client),
        {
            "email": "new@market.example",
            "metadata": {"a": "1"},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "capabilities": {"transfers": {"requested": True}},
        },
    )

    assert (account.email, account.metadata.to_dict()) == ("new@market.example", {"a": "1"})
    assert account.settings.payouts.schedule.interval == "manual"


def test_a_payee_can_name_another_bank_account(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    id = payee(server, client)
    (before,) = client.v1.accounts.external_accounts.list(id).data

    server.change_external_account(id, last4="1111")

    (after,) = client.v1.accounts.external_accounts.list(id).data
    assert after.id != before.id
    assert after.last4 == "1111"
    assert [event["type"] for event in server.objects("event", account_id=id)[-3:]] == [
        "account.external_account.deleted",
        "account.external_account.created",
        "account.updated",
    ]


def test_an_owner_can_disconnect(server: StripeServer, client: stripe.StripeClient) -> None:
    id = payee(server, client)
    server.set_balance(1_000)

    server.deauthorize(id)

    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(transfer_to(id))
    assert server.objects("event", account_id=id)[-1]["type"] == "account.application.deauthorized"


def test_links_to_onboarding_need_both_ways_back(client: stripe.StripeClient) -> None:
    asked: Any = {"account": new_account(client), "type": "account_onboarding"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.account_links.create(asked)

    link = client.v1.account_links.create(asked | LINKS)

    assert link.expires_at - link.created == 300
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.account_links.create(asked | LINKS | {"type": "account_update"})


def test_links_to_the_dashboard_come_after_onboarding(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    id = new_account(client)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.login_links.create(id)
    server.onboard(id)

    assert client.v1.accounts.login_links.create(id).url.startswith(f"{server.url}/express/{id}/")


def test_only_express_accounts_have_login_links(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    id = client.v1.accounts.create({"type": "custom"}).id
    server.onboard(id)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.login_links.create(id)
