"""Whatever goes wrong on the way, what was made is there, and the same key finds it."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest
import stripe

from reviewcore.testing.stripe import Fault, StripeServer
from tests.integration.stripe import http
from tests.integration.stripe.merchant import client_of, order, payee, transfer_to

KEY: stripe.RequestOptions = {"idempotency_key": "wd:1:a1"}
PROGRAM = """
import stripe
client = stripe.StripeClient("sk_test_1", base_addresses={{"api": "{url}"}})
stripe.enable_telemetry = False
client.v1.transfers.create({asked}, {key})
"""
LOST = {
    Fault.BAD_GATEWAY: stripe.APIError,
    Fault.RESET: stripe.APIConnectionError,
    Fault.HANG_UP: stripe.APIConnectionError,
    Fault.TRUNCATED: stripe.APIConnectionError,
    Fault.STALL: stripe.APIConnectionError,
}
NEVER = {
    Fault.RATE_LIMITED: stripe.RateLimitError,
    Fault.LOCK_TIMEOUT: stripe.APIError,
    Fault.UNAVAILABLE: stripe.APIError,
    Fault.FORBIDDEN: stripe.PermissionError,
    Fault.CLOSED: stripe.APIConnectionError,
}


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_leaves_one_transfer_that_the_key_finds(
    server: StripeServer, client: stripe.StripeClient, fault: Fault
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    server.plan(fault, "/v1/transfers", seconds=5)
    with client_of(server.url, timeout=0.3) as hasty, pytest.raises(LOST[fault]):
        hasty.v1.transfers.create(transfer_to(account, transfer_group="wd:1"), KEY)

    (made,) = client.v1.transfers.list({"transfer_group": "wd:1"}).data
    again = client.v1.transfers.create(transfer_to(account, transfer_group="wd:1"), KEY)

    assert again.id == made.id
    assert server.effects().transfers_by_group == {"wd:1": 1}
    assert server.executed("wd:1:a1") == 1


@pytest.mark.parametrize("fault", NEVER)
def test_what_fails_before_execution_leaves_nothing(
    server: StripeServer, client: stripe.StripeClient, fault: Fault
) -> None:
    server.plan(fault, "/v1/checkout/sessions")
    with pytest.raises(NEVER[fault]):
        client.v1.checkout.sessions.create(order(), KEY)

    assert client.v1.checkout.sessions.list().data == []
    assert server.executed("wd:1:a1") == 0


def test_a_server_nobody_listens_at_refuses_connections_and_comes_back(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    client.v1.balance.retrieve()
    with server.unreachable(), pytest.raises(stripe.APIConnectionError) as failure:
        client.v1.balance.retrieve()

    cause = failure.value.__cause__
    assert cause is not None
    assert "NewConnectionError" in repr(cause.args[0])
    assert client.v1.balance.retrieve().object == "balance"


def test_a_fault_hits_the_requests_it_was_planned_for(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.plan(Fault.UNAVAILABLE, "/v1/bal.*", method="GET", nth=2, times=2)
    statuses = []
    for _ in range(5):
        try:
            client.v1.balance.retrieve()
            client.v1.checkout.sessions.list()
            statuses.append(200)
        except stripe.APIError as error:
            statuses.append(error.http_status or 0)

    assert statuses == [200, 503, 503, 200, 200]


def test_planned_faults_can_be_called_off(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.plan(Fault.UNAVAILABLE, method="GET", times=100)
    server.clear_faults()

    assert client.v1.balance.retrieve().object == "balance"


def test_stripe_can_overrule_the_library_about_retries(server: StripeServer) -> None:
    server.plan(Fault.RATE_LIMITED, method="GET", should_retry=True)
    server.plan(Fault.UNAVAILABLE, "/v1/events", method="GET", should_retry=False)

    with client_of(server.url, retries=2) as client:
        client.v1.balance.retrieve()
        with pytest.raises(stripe.APIError):
            client.v1.events.list()

    assert [call.status for call in server.calls] == [429, 200, 503]


def test_a_fault_that_does_not_exist_is_refused(server: StripeServer) -> None:
    with pytest.raises(ValueError, match="EARTHQUAKE"):
        server.plan("EARTHQUAKE")


def test_half_a_body_arrives(server: StripeServer) -> None:
    server.plan(Fault.TRUNCATED, "/v1/balance", method="GET")

    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        http.get(f"{server.url}/v1/balance", headers={"Authorization": "Bearer sk_test_1"})


def test_a_process_killed_while_it_waits_leaves_one_transfer(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    asked = transfer_to(payee(server, client), transfer_group="wd:1")
    server.set_balance(1_000)
    server.plan(Fault.STALL, "/v1/transfers", seconds=60)
    program = PROGRAM.format(url=server.url, asked=asked, key=KEY)
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        while not server.executed("wd:1:a1"):
            time.sleep(0.01)
        process.kill()

    again = client.v1.transfers.create(asked, KEY)

    assert [made["id"] for made in server.objects("transfer")] == [again.id]


def test_an_outage_cuts_what_is_stalled(server: StripeServer, client: stripe.StripeClient) -> None:
    server.plan(Fault.STALL, "/v1/balance", method="GET", seconds=3_600)
    with client_of(server.url, timeout=0.2) as hasty, pytest.raises(stripe.APIConnectionError):
        hasty.v1.balance.retrieve()

    with server.unreachable():
        pass

    assert client.v1.balance.retrieve().object == "balance"


def test_closing_a_server_cuts_what_it_stalls() -> None:
    with StripeServer() as stalling, client_of(stalling.url, timeout=0.2) as client:
        stalling.plan(Fault.STALL, "/v1/balance", method="GET", seconds=3_600)
        with pytest.raises(stripe.APIConnectionError):
            client.v1.balance.retrieve()
