"""What the adapter relies on in Stripe's own library, watched for changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import stripe

from reviewcore.testing.stripe import Fate, Fault, StripeServer
from reviewcore.testing.stripe.world import API_VERSION
from tests.integration.stripe.merchant import KEY, client_of, order


def test_the_pinned_version_is_the_servers() -> None:
    assert stripe.api_version == API_VERSION


def test_a_client_does_not_retry_unless_it_is_told(server: StripeServer) -> None:
    server.plan(Fault.UNAVAILABLE, method="GET", times=3)
    silent = stripe.StripeClient(KEY, base_addresses={"api": server.url})

    with pytest.raises(stripe.APIError):
        silent.v1.balance.retrieve()

    assert len(server.calls) == 1


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.LOCK_TIMEOUT, Fault.RESET])
def test_retries_keep_the_key(server: StripeServer, fault: Fault) -> None:
    server.plan(fault)

    with client_of(server.url, retries=2) as client:
        client.v1.checkout.sessions.create(order())

    assert len(server.calls) == 2
    assert len({call.idempotency_key for call in server.calls}) == 1
    assert server.calls[0].idempotency_key
    assert server.executed(server.calls[0].idempotency_key) == 1


def test_a_key_of_our_own_is_kept(server: StripeServer) -> None:
    server.plan(Fault.HANG_UP)

    with client_of(server.url, retries=1) as client:
        client.v1.checkout.sessions.create(order(), {"idempotency_key": "ours"})

    assert [call.idempotency_key for call in server.calls] == ["ours", "ours"]
    assert [call.fate for call in server.calls] == [Fate.EXECUTED, Fate.REPLAYED]


def test_429_is_not_retried(server: StripeServer) -> None:
    server.plan(Fault.RATE_LIMITED, method="GET")

    with client_of(server.url, retries=2) as client, pytest.raises(stripe.RateLimitError) as error:
        client.v1.balance.retrieve()

    assert len(server.calls) == 1
    assert error.value.code is None
    assert error.value.error is not None
    assert error.value.error.code == "rate_limit"


def test_a_truncated_answer_is_no_reason_to_retry_though_it_was_executed(
    server: StripeServer,
) -> None:
    server.plan(Fault.TRUNCATED)

    with (
        client_of(server.url, retries=2) as client,
        pytest.raises(stripe.APIConnectionError) as failure,
    ):
        client.v1.checkout.sessions.create(order())

    assert failure.value.should_retry is False
    assert [call.fate for call in server.calls] == [Fate.EXECUTED]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HANG_UP, Fault.CLOSED])
def test_a_cut_connection_does_not_tell_whether_it_was_executed(
    server: StripeServer, client: stripe.StripeClient, fault: Fault
) -> None:
    server.plan(fault)

    with pytest.raises(stripe.APIConnectionError) as failure:
        client.v1.checkout.sessions.create(order())

    assert failure.value.should_retry is True
    assert "Connection aborted" in str(failure.value.__cause__)


def test_a_page_of_html_is_an_error_of_the_api(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.plan(Fault.BAD_GATEWAY)

    with pytest.raises(stripe.APIError) as failure:
        client.v1.checkout.sessions.create(order())

    assert failure.value.http_status == 502


def test_without_telemetry_nothing_is_written_at_home(
    server: StripeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    with client_of(server.url) as client:
        for _ in range(2):
            client.v1.balance.retrieve()

    assert list(tmp_path.rglob("*")) == []


def test_objects_are_no_dictionaries(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())

    assert session["id"] == session.to_dict()["id"]
    with pytest.raises(AttributeError):
        session.get  # type: ignore[attr-defined] # noqa: B018 - it is gone, which is the point
