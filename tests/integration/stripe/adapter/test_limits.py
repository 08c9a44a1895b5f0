"""What a real Stripe does at its edges, and our own server does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from reviewcore.adapters.stripe import StripeProcessor
from reviewcore.ports.processor import Declined, Unknown
from reviewcore.testing.contracts.processor.orders import account_order, done
from reviewcore.testing.stripe import Fault, StripeServer
from tests.integration.stripe.adapter.canned import Canned, Said, refusing, saying
from tests.integration.stripe.adapter.peers import SETTINGS

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PAGE = 100


@pytest.fixture
def canned() -> Iterator[Canned]:
    with Canned(Said()) as canned:
        yield canned


@pytest.fixture
def stranger(canned: Canned) -> Iterator[StripeProcessor]:
    with StripeProcessor(attrs.evolve(SETTINGS, base_url=canned.url)) as processor:
        yield processor


def page(data: list[Any], url: str, *, more: bool) -> dict[str, Any]:
    return {"object": "list", "data": data, "has_more": more, "url": url}


def reversal(number: int) -> dict[str, Any]:
    return {"object": "transfer_reversal", "id": f"trr_{number}", "amount": number}


def test_reversals_that_a_transfer_does_not_show_are_asked_for(
    canned: Canned, stranger: StripeProcessor
) -> None:
    url = "/v1/transfers/tr_1/reversals"
    newest_first = [reversal(number) for number in range(12, 0, -1)]
    canned.said = saying(
        {
            "object": "transfer",
            "id": "tr_1",
            "amount": 100,
            "metadata": {},
            "reversals": page(newest_first[:10], url, more=True),
        }
    )
    canned.paths[url] = saying(page(newest_first, url, more=False))

    told = done(stranger.payouts.transfer_view("tr_1"))

    assert [one.amount for one in told.reversals] == list(range(1, 13))


def test_a_session_that_is_refused_to_be_closed_and_is_open_is_declined(
    canned: Canned, stranger: StripeProcessor
) -> None:
    canned.paths["/v1/checkout/sessions/cs_1/expire"] = refusing(400, code="not_now")
    canned.said = saying(
        {
            "object": "checkout.session",
            "id": "cs_1",
            "amount_total": 1,
            "currency": "usd",
            "expires_at": 1,
            "metadata": {},
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "url": "http://a.test",
        }
    )

    assert stranger.payments.expire_session("cs_1") == Declined("not_now")


def test_a_list_without_an_end_is_given_up(canned: Canned, stranger: StripeProcessor) -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 1, "metadata": {}, "status": "failed"}
    canned.said = saying(page([refund] * PAGE, "/v1/refunds", more=True))

    found = stranger.payments.find_refund("refund-1", "pi_1")

    assert found == Unknown("Stripe has too many objects to look through")


def test_a_past_without_a_beginning_is_given_up(canned: Canned, stranger: StripeProcessor) -> None:
    canned.said = saying(page([{"object": "event", "id": "evt_1"}], "/v1/events", more=True))

    told = stranger.webhooks.since(LONG_AGO)

    assert told == Unknown("Stripe has too many events since then")


def test_an_account_whose_events_are_forbidden_to_us_is_not_passed_over(
    server: StripeServer, processor: StripeProcessor
) -> None:
    done(processor.payouts.open_account(account_order()))
    ours = done(processor.webhooks.since(LONG_AGO))
    server.plan(Fault.FORBIDDEN, "/v1/events", method="GET")

    answer = processor.webhooks.since(LONG_AGO, cursor=ours.cursor)

    assert isinstance(answer, Unknown)
    assert answer.reason.startswith("Stripe does not accept the key (403")


def test_a_connection_that_nobody_takes_is_out_of_reach() -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        # Nobody accepts, and with two waiting there is no room for a third.
        deaf.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        impatient = attrs.evolve(SETTINGS, base_url=url, connect_seconds=0.3)
        with StripeProcessor(impatient) as processor:
            answer = processor.payouts.available("usd")

    assert answer == Unknown("Stripe is out of reach (ConnectTimeout)")
