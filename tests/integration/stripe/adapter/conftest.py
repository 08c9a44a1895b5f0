"""A Stripe of our own for each test, and the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
from reviewcore.testing.contracts.processor import Cardholder, Payee, Payer, PayersBank
from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe.adapter.peers import BALANCE, SETTINGS
from tests.integration.stripe.oracle import oracle


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with StripeServer() as server:
        server.set_balance(BALANCE)
        yield server
    # Whatever the adapter asked must be what Stripe's own document lets it ask.
    assert oracle().judge(server) == []


@pytest.fixture
def settings(server: StripeServer) -> StripeSettings:
    return attrs.evolve(SETTINGS, base_url=server.url)


@pytest.fixture
def processor(settings: StripeSettings) -> Iterator[StripeProcessor]:
    with StripeProcessor(settings) as processor:
        yield processor


@pytest.fixture
def payer(server: StripeServer, processor: StripeProcessor) -> Payer:
    def play(session_id: str, outcome: str) -> None:
        match outcome:
            case "pay":
                server.pay(session_id)
            case "decline":
                # A card that is declined ends nothing: the payer tries another.
                server.pay_later(session_id)
                server.fail_payment(session_id)
            case _:
                processor.payments.expire_session(session_id)

    return play


@pytest.fixture
def cardholder(server: StripeServer) -> Cardholder:
    opened: dict[str, str] = {}

    def play(payment_id: str, outcome: str) -> str:
        if outcome == "dispute":
            opened[payment_id] = server.open_dispute(payment_id)["id"]
        elif outcome == "win":
            server.win_dispute(opened[payment_id])
        else:
            server.lose_dispute(opened[payment_id])
        return opened[payment_id]

    return play


@pytest.fixture
def payers_bank(server: StripeServer) -> PayersBank:
    return server.fail_refund


@pytest.fixture
def payee(server: StripeServer) -> Payee:
    def play(account_id: str, outcome: str) -> None:
        if outcome == "complete":
            server.onboard(account_id)
        else:
            server.disable(account_id)

    return play
