"""A person can play: hosted pages, and everything else from another process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import StripeBroke, StripeServer
from reviewcore.testing.stripe.server import ACCOUNT_SECRET
from tests.integration.stripe import http
from tests.integration.stripe.merchant import client_of, new_account, order, payee, transfer_to
from tests.integration.stripe.receiver import Receiver

LINKS = {
    "return_url": "https://market.example/back",
    "refresh_url": "https://market.example/again",
}


def asked(account: str) -> Any:
    return {"account": account, "type": "account_onboarding", **LINKS}


def press(url: str, outcome: str) -> str:
    answer = http.post(url, data={"outcome": outcome})
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.mark.parametrize(
    ("outcome", "status", "payment_status"),
    [
        ("pay", "complete", "paid"),
        ("later", "complete", "unpaid"),
        ("decline", "open", "unpaid"),
        ("abandon", "open", "unpaid"),
    ],
)
def test_a_payer_presses_a_button_and_goes_home(
    client: stripe.StripeClient, outcome: str, status: str, payment_status: str
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert session.url is not None
    assert f'value="{outcome}"' in http.get(session.url).text

    home = press(session.url, outcome)

    if status == "complete":
        assert home == f"https://market.example/thanks?session={session.id}"
    else:
        assert home == "https://market.example/cart"
    now = client.v1.checkout.sessions.retrieve(session.id)
    assert (now.status, now.payment_status) == (status, payment_status)


def test_what_is_over_cannot_be_paid_again(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())
    assert session.url is not None
    press(session.url, "pay")

    again = http.post(session.url, data={"outcome": "pay"})

    assert "This session is complete" in again.text
    assert server.effects().sessions_paid == 1


def test_a_button_nobody_drew_changes_nothing(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())

    assert session.url is not None
    assert press(session.url, "steal") == session.url


def test_titles_are_shown_as_text(client: stripe.StripeClient) -> None:
    wanted = order()
    wanted["line_items"][0]["price_data"]["product_data"]["name"] = "<script>alert(1)</script>"

    page = http.get(str(client.v1.checkout.sessions.create(wanted).url)).text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_payee_completes_the_account(client: stripe.StripeClient) -> None:
    account = new_account(client)
    link = client.v1.account_links.create(asked(account))
    assert "Complete" in http.get(link.url).text

    assert press(link.url, "complete") == LINKS["return_url"]

    assert client.v1.accounts.retrieve(account).payouts_enabled
    assert press(link.url, "complete") == LINKS["refresh_url"]


@pytest.mark.parametrize("outcome", ["refuse", "leave"])
def test_a_payee_may_come_back_without_being_done(
    client: stripe.StripeClient, outcome: str
) -> None:
    account = new_account(client)
    link = client.v1.account_links.create(asked(account))

    assert press(link.url, outcome) == LINKS["return_url"]
    assert not client.v1.accounts.retrieve(account).payouts_enabled


def test_a_link_opens_once_and_not_for_long(
    client: stripe.StripeClient, clock: ManualClock
) -> None:
    account = new_account(client)
    seen = client.v1.account_links.create(asked(account))
    late = client.v1.account_links.create(asked(account))

    http.get(seen.url)
    second_look = http.get(seen.url)
    clock.advance(minutes=5)
    too_late = http.get(late.url)

    for answer in (second_look, too_late):
        assert answer.headers["Location"] == LINKS["refresh_url"]


def test_a_payee_sees_the_payments(server: StripeServer, client: stripe.StripeClient) -> None:
    account = payee(server, client)
    link = client.v1.accounts.login_links.create(account)
    assert "Nothing yet" in http.get(link.url).text
    server.set_balance(1_000)

    client.v1.transfers.create(transfer_to(account, amount=512))

    assert "5.12 USD" in http.get(link.url).text


@pytest.mark.parametrize("path", ["/c/pay/cs_1", "/setup/e/acct_1/x", "/express/acct_1/x"])
def test_a_page_that_is_not_there_is_told(server: StripeServer, path: str) -> None:
    assert http.get(server.url + path).status_code == 404


def test_everything_can_be_played_over_http(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())

    paid = control(server.url, "pay", session_id=session.id, amount=900)
    control(server.url, "advance", seconds=3 * 24 * 3_600)
    control(server.url, "check")

    assert paid["payment_status"] == "paid"
    assert control(server.url, "effects")["paid"] == 900
    assert control(server.url, "balance") == {"available": 844, "pending": 0}
    assert control(server.url, "calls")[0]["fate"] == "EXECUTED"
    assert control(server.url, "webhooks/undelivered") == []


def test_refunds_can_be_held_up_over_http(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    control(server.url, "begin_refunds_as", statuses=["pending", "failed"])
    session = client.v1.checkout.sessions.create(order())
    intent = server.pay(session.id)["payment_intent"]

    made = [client.v1.refunds.create({"payment_intent": intent, "amount": 1}) for _ in range(3)]

    assert [refund.status for refund in made] == ["pending", "failed", "succeeded"]


def test_faults_can_be_planned_over_http(server: StripeServer, client: stripe.StripeClient) -> None:
    control(server.url, "plan", fault="RESET", path="/v1/checkout/sessions")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(order())

    assert len(control(server.url, "objects", noun="checkout.session")) == 1


@pytest.mark.parametrize(
    ("verb", "arguments", "status"),
    [
        ("fly", {}, 404),
        ("pay", {"session": "x"}, 400),
        ("pay", {"session_id": "cs_1"}, 404),
        ("plan", {"fault": "EARTHQUAKE"}, 400),
    ],
)
def test_what_cannot_be_played_is_told(
    server: StripeServer, verb: str, arguments: dict[str, str], status: int
) -> None:
    answer = http.post(f"{server.url}/_test/{verb}", json=arguments)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_an_outage_ends_by_itself(server: StripeServer) -> None:
    control(server.url, "go_down", seconds=0.5)

    waited_for(lambda: not listens(server.url))
    waited_for(lambda: listens(server.url))
    assert control(server.url, "effects")["paid"] == 0


def test_a_server_of_its_own_process_outlives_its_clients(receiver: Receiver) -> None:
    with started("--webhook", receiver.url) as url:
        with client_of(url) as client:
            session = client.v1.checkout.sessions.create(order())
        control(url, "pay", session_id=session.id)
        control(url, "webhooks/wait")

        with client_of(url) as another:
            assert another.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
            assert another.v1.balance.retrieve().available[0].amount == 941
    types = [arrived.event(ACCOUNT_SECRET).type for arrived in receiver.arrived]
    assert types[-1] == "checkout.session.completed"


def test_a_server_that_broke_says_so_when_it_is_closed() -> None:
    def broken(amount: int) -> int:
        return amount // 0

    server = StripeServer(fee=broken)
    server.start()
    with client_of(server.url) as client:
        session = client.v1.checkout.sessions.create(order())
    answer = http.post(str(session.url), data={"outcome": "pay"})

    assert answer.status_code == 500
    with pytest.raises(StripeBroke, match="ZeroDivisionError"):
        server.close()


def listens(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) == 0


def waited_for(fact: Callable[[], bool]) -> None:
    given_up_at = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < given_up_at
        time.sleep(0.01)


def control(url: str, verb: str, **arguments: Any) -> Any:
    answer = http.post(f"{url}/_test/{verb}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


@contextmanager
def started(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "reviewcore.testing.stripe", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            assert process.wait(20) == 0
