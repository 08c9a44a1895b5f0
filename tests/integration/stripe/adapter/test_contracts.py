from __future__ import annotations

import pytest

from reviewcore.adapters.stripe import (
    StripePayments,
    StripePayouts,
    StripeProcessor,
    StripeWebhooks,
)
from reviewcore.testing.contracts.processor import (
    Cardholder,
    Payee,
    Payer,
    PayersBank,
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)


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
    pass


class TestStripePayouts(Payouts, PayoutsContract):
    pass


class TestStripeWebhooks(Payments, Payouts, WebhooksContract):
    @pytest.fixture
    def webhooks(self, processor: StripeProcessor) -> StripeWebhooks:
        return processor.webhooks
