from __future__ import annotations

import attrs
import pytest

from reviewcore.adapters.stripe import (
    StripePayments,
    StripePayouts,
    StripeProcessor,
    StripeWebhooks,
)
from reviewcore.ports.processor import Payments as Port
from reviewcore.ports.processor import SessionState
from reviewcore.testing.contracts.processor import (
    Cardholder,
    Payee,
    Payer,
    PayersBank,
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.processor.orders import checkout_order, done


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
    def test_an_open_session_is_closed(self, payments: Port) -> None:
        # As everywhere, but for its address: Stripe forgets it once nobody can pay there.
        opened = done(payments.open_checkout(checkout_order()))

        closed = done(payments.expire_session(opened.session_id))

        assert closed == attrs.evolve(opened, state=SessionState.EXPIRED, url="")
        assert done(payments.session(opened.session_id)) == closed


class TestStripePayouts(Payouts, PayoutsContract):
    pass


class TestStripeWebhooks(Payments, Payouts, WebhooksContract):
    @pytest.fixture
    def webhooks(self, processor: StripeProcessor) -> StripeWebhooks:
        return processor.webhooks
