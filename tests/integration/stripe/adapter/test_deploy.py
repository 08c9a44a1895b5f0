from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reviewcore.adapters.stripe.lookout import Lookout
from reviewcore.bootstrap import deploy
from reviewcore.ports.processor import Done, Unknown
from reviewcore.settings import Settings, WrongSetting, settings_from
from reviewcore.testing.stripe import Fault, StripeServer
from tests.integration.stripe.adapter.peers import API_KEY, CONNECT_SECRET, LEAKED, WEBHOOK_SECRET


def told(tmp_path: Path, url: str, *, api_key: str = API_KEY) -> Settings:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path}/market.db",
        "REVIEWCORE_PAYMENTS": "stripe",
        "REVIEWCORE_STRIPE_API_KEY": api_key,
        "REVIEWCORE_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "REVIEWCORE_STRIPE_CONNECT_WEBHOOK_SECRET": CONNECT_SECRET,
        "REVIEWCORE_STRIPE_BASE_URL": url,
    }
    return settings_from(environ, default_base_url="http://127.0.0.1:8000")


def test_a_deployment_can_be_paid_through_stripe(server: StripeServer, tmp_path: Path) -> None:
    with deploy(told(tmp_path, server.url)) as deployment:
        assert deployment.bank is None
        assert deployment.stripe is not None
        assert deployment.app.payments is deployment.stripe.payments
        assert deployment.app.payouts is deployment.stripe.payouts
        assert deployment.app.webhooks is deployment.stripe.webhooks
        assert not deployment.is_degraded()


@pytest.mark.parametrize("fault", [None, Fault.FORBIDDEN])
def test_a_key_that_stripe_rejects_stops_the_start_with_one_line(
    server: StripeServer, tmp_path: Path, fault: Fault | None
) -> None:
    key = "sk_live_51LeakedKey" if fault is None else API_KEY
    if fault is not None:
        server.plan(fault, "/v1/balance", method="GET")

    with pytest.raises(WrongSetting) as wrong:
        deploy(told(tmp_path, server.url, api_key=key))

    assert wrong.value.name == "REVIEWCORE_STRIPE_API_KEY"
    assert "does not accept the key" in wrong.value.reason
    assert "\n" not in str(wrong.value)
    assert LEAKED not in str(wrong.value)


def test_a_stripe_out_of_reach_degrades_until_it_is_back(
    server: StripeServer, tmp_path: Path
) -> None:
    with server.unreachable():
        deployment = deploy(told(tmp_path, server.url))
        away = deployment.is_degraded()
    with deployment:
        back = deployment.app.payouts.available("usd")

        assert away
        assert isinstance(back, Done)
        assert not deployment.is_degraded()
        server.plan(Fault.UNAVAILABLE, "/v1/balance", method="GET")
        assert isinstance(deployment.app.payouts.available("usd"), Unknown)
        assert deployment.is_degraded()


def test_whoever_asks_how_stripe_is_waits_briefly_and_asks_it_once() -> None:
    answered, asked = threading.Event(), []

    def ask() -> None:
        asked.append(1)
        answered.wait(30)

    lookout = Lookout(ask)

    begun = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        told_so = list(pool.map(lambda _: lookout.is_answered(), range(5)))
    took = time.monotonic() - begun
    answered.set()

    assert told_so == [False] * 5
    assert took < 10
    assert lookout.is_answered()
    assert asked == [1]


def test_the_sandbox_is_never_degraded(tmp_path: Path) -> None:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path}/market.db",
        "REVIEWCORE_SANDBOX_FILE": str(tmp_path / "bank.db"),
    }
    settings = settings_from(environ, default_base_url="http://127.0.0.1:8000")
    with deploy(settings) as deployment:
        assert deployment.bank is not None
        assert not deployment.is_degraded()
