from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import stripe

from reviewcore.adapters.stripe import (
    StripePayments,
    StripePayouts,
    StripeProcessor,
    StripeWebhooks,
)
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import Payments as Port
from reviewcore.ports.processor import SessionState
from reviewcore.testing.contracts import Capability
from reviewcore.testing.contracts.processor import (
    Cardholder,
    Deliver,
    Delivery,
    Payee,
    Payer,
    PayersBank,
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.processor.orders import checkout_order, done, fresh
from tests.integration.stripe.adapter.peers import CONNECT_SECRET, WEBHOOK_SECRET


class Payments:
    """Money in at our own Stripe; the fixtures of the folder play its other side."""

    @pytest.fixture
    def payments(self, processor: StripeProcessor) -> StripePayments:
        return processor.payments

    @pytest.fixture
    def payer(self, payer: Payer) -> Payer:
        return payer

    @pytest.fixture
    def cardholder(self, cardholder: Cardholder) -> Cardholder:
        return cardholder

    @pytest.fixture
    def payers_bank(self, payers_bank: PayersBank) -> PayersBank:
        return payers_bank


class Payouts:
    """Money out at our own Stripe."""

    @pytest.fixture
    def payouts(self, processor: StripeProcessor) -> StripePayouts:
        return processor.payouts

    @pytest.fixture
    def payee(self, payee: Payee) -> Payee:
        return payee


class TestStripePayments(Payments, PaymentsContract):
    capabilities = frozenset(
        {Capability.PARTIAL_REFUNDS, Capability.LATE_FAILURES, Capability.DISPUTES}
    )

    def test_an_open_session_is_closed(self, payments: Port) -> None:
        # As everywhere, but for its address: Stripe forgets it once nobody can pay there.
        opened = done(payments.open_checkout(checkout_order()))

        closed = done(payments.expire_session(opened.session_id))

        assert closed == attrs.evolve(opened, state=SessionState.EXPIRED, url="")
        assert done(payments.session(opened.session_id)) == closed


class TestStripePayouts(Payouts, PayoutsContract):
    capabilities = frozenset({Capability.REVERSALS, Capability.DASHBOARDS})


class TestStripeWebhooks(Payments, Payouts, WebhooksContract):
    capabilities = frozenset(
        {
            Capability.LATE_FAILURES,
            Capability.DISPUTES,
            Capability.REVERSALS,
            Capability.SIGNATURES,
        }
    )

    @pytest.fixture
    def webhooks(self, processor: StripeProcessor) -> StripeWebhooks:
        return processor.webhooks

    @pytest.fixture
    def deliver(self) -> Deliver:
        return delivered


def delivered(endpoint: Endpoint, age: timedelta = timedelta(0)) -> Delivery:
    """Deliver as Stripe's own library signs."""
    now = datetime.now(UTC).replace(microsecond=0)
    is_connected = endpoint is Endpoint.CONNECT
    event = ProcessorEvent(
        id=fresh("evt"),
        type="account.updated" if is_connected else "transfer.reversed",
        subject=Subject.ACCOUNT if is_connected else Subject.TRANSFER,
        object_id=fresh("obj"),
        created_at=now - age,
        account_id="acct_1" if is_connected else None,
    )
    told: dict[str, object] = {
        "id": event.id,
        "object": "event",
        "created": int(event.created_at.timestamp()),
        "livemode": False,
        "type": event.type,
        "data": {"object": {"id": event.object_id}},
    }
    body = json.dumps(told | ({"account": "acct_1"} if is_connected else {}))
    signature = stripe.WebhookSignature.generate_signature_header(
        body,
        CONNECT_SECRET if is_connected else WEBHOOK_SECRET,
        int((now - age).timestamp()),
    )
    return Delivery(body.encode(), str(signature), event)
