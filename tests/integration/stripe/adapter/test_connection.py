"""What the library would do by itself: wait, tell, log, and look at the environment."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest
import stripe

from reviewcore.adapters.stripe import API_VERSION, StripeHealth, StripeProcessor, StripeSettings
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import Endpoint
from reviewcore.ports.processor import Done, Unknown
from reviewcore.testing.contracts.processor.orders import account_order, done, transfer_order
from reviewcore.testing.stripe import Fault, StripeServer
from tests.integration.stripe.adapter.canned import Canned, refusing, saying
from tests.integration.stripe.adapter.peers import (
    API_KEY,
    LEAKED,
    READ_SECONDS,
    SECRETS,
    SETTINGS,
    WEBHOOK_SECRET,
)

BALANCE = saying({"object": "balance", "available": [], "livemode": False})


@pytest.fixture
def canned() -> Iterator[Canned]:
    with Canned(BALANCE) as canned:
        yield canned


@pytest.fixture
def stranger(canned: Canned) -> Iterator[StripeProcessor]:
    with StripeProcessor(attrs.evolve(SETTINGS, base_url=canned.url)) as processor:
        yield processor


def test_the_version_of_the_api_is_the_one_of_the_library(
    canned: Canned, stranger: StripeProcessor
) -> None:
    stranger.payouts.available("usd")

    assert stripe.api_version == API_VERSION
    assert canned.heads[0]["Stripe-Version"] == API_VERSION


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_test_1", False), ("rk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)],
)
def test_the_key_says_which_mode_is_meant(key: str, livemode: bool) -> None:
    assert StripeSettings(api_key=key).livemode is livemode


def test_a_silent_peer_is_not_waited_for_long(server: StripeServer) -> None:
    short = attrs.evolve(SETTINGS, base_url=server.url, read_seconds=READ_SECONDS)
    server.plan(Fault.STALL, "/v1/balance", method="GET", seconds=20 * READ_SECONDS)
    with StripeProcessor(short) as processor:
        began = time.monotonic()
        answer = processor.payouts.available("usd")
        took = time.monotonic() - began

    assert answer == Unknown("no clear answer from Stripe (ReadTimeout)")
    assert READ_SECONDS <= took < 10 * READ_SECONDS


def test_the_time_outs_are_stripes_own_only_in_a_test() -> None:
    assert (StripeSettings(api_key=API_KEY).connect_seconds, SETTINGS.connect_seconds) == (3, 2)
    assert StripeSettings(api_key=API_KEY).read_seconds == 20


def test_a_connection_that_was_closed_while_idle_is_not_used_again(
    server: StripeServer, processor: StripeProcessor
) -> None:
    done(processor.payouts.available("usd"))
    with server.unreachable():
        pass

    assert isinstance(processor.payouts.available("usd"), Done)


def test_many_threads_share_a_processor_and_leave_nothing_open(
    server: StripeServer, settings: StripeSettings
) -> None:
    before = threading.active_count()
    with StripeProcessor(settings) as processor, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: processor.payouts.available("usd"), range(80)))

    assert {type(answer) for answer in answers} == {Done}
    server.close()
    # A socket that was not closed would warn here, and a warning is an error.
    gc.collect()
    assert threading.active_count() <= before


def test_neither_proxies_nor_a_netrc_of_the_environment_are_used(
    canned: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)

    with StripeProcessor(attrs.evolve(SETTINGS, base_url=canned.url)) as processor:
        answer = processor.payouts.available("usd")

    assert isinstance(answer, Done)
    assert canned.heads[0]["Authorization"] == f"Bearer {API_KEY}"


def test_cookies_are_not_kept(canned: Canned, stranger: StripeProcessor) -> None:
    canned.said = attrs.evolve(BALANCE, headers={"Set-Cookie": "whose=mine"})

    stranger.payouts.available("usd")
    stranger.payouts.available("usd")

    assert "Cookie" not in canned.heads[1]


TELLS = """
import sys
from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
settings = StripeSettings(api_key="sk_test_51LeakedKey", base_url=sys.argv[1])
with StripeProcessor(settings) as processor:
    print(processor.payouts.available("usd"))
    print(processor.payouts.account("acct_1"))
"""


def test_a_new_process_writes_no_file_and_prints_nothing(canned: Canned, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": os.defpath, "STRIPE_LOG": "debug"}

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", TELLS, canned.url],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.startswith("Done(view=0)")
    assert ran.stderr == ""
    assert list(tmp_path.iterdir()) == []
    heads = canned.heads[1]
    assert "X-Stripe-Client-Telemetry" not in heads
    assert "telemetry_id" not in heads["X-Stripe-Client-User-Agent"]
    assert "reviewcore" in heads["User-Agent"]


def test_no_secret_is_ever_shown(
    canned: Canned, stranger: StripeProcessor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(stranger), repr(stranger.payments), repr(SETTINGS), str(SETTINGS)]
    shown += [repr(stranger.payments._connection), repr(stranger.health.report)]
    for said in (refusing(401), refusing(500), refusing(400, code="Leaked"), BALANCE):
        canned.said = said
        shown.append(repr(stranger.payouts.available("usd")))
        shown.append(repr(stranger.payouts.transfer(transfer_order("acct_1"))))
    for header in (None, "t=1,v1=00"):
        with pytest.raises(InvalidWebhook) as refused:
            stranger.webhooks.authenticate(Endpoint.ACCOUNT, WEBHOOK_SECRET.encode(), header)
        shown.append(f"{refused.value!r} {refused.value}")

    text = "\n".join([*shown, caplog.text])

    assert LEAKED not in text
    assert not any(secret in text for secret in SECRETS)


def test_a_one_time_link_is_not_logged(
    server: StripeServer, processor: StripeProcessor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    opened = done(processor.payouts.open_account(account_order()))

    url = done(processor.payouts.account_link(opened.account_id, return_url="http://a.test/"))

    assert url.rpartition("/")[2] not in caplog.text


def test_health_is_good_until_something_was_asked() -> None:
    health = StripeHealth()

    assert health.is_reachable
    assert not health.is_degraded
    assert health.report.answered_at is None


def test_health_remembers_what_was_wrong_after_it_is_well_again(
    canned: Canned, stranger: StripeProcessor
) -> None:
    canned.said = refusing(403)
    stranger.payouts.available("usd")
    refused = stranger.health.is_degraded
    canned.said = BALANCE
    stranger.payouts.available("usd")

    assert refused
    assert not stranger.health.is_degraded
    assert stranger.health.report.misconfiguration == "Stripe does not accept the key (403)"
    assert stranger.health.report.answered_at is not None
