from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.domain.money import ZERO, Cents
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor import (
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.processor.orders import checkout_order
from tests.unit.sandbox import PAID_OUT, TAKEN_IN, TOLD, MovingClock, SandboxSides, pay


@pytest.fixture(params=["memory", "file"])
def bank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxBank]:
    path = ":memory:" if request.param == "memory" else tmp_path / "bank.db"
    bank = SandboxBank(path, clock=MovingClock(), base_url="http://shop.test/")
    yield bank
    bank.close()


class TestSandboxPayments(SandboxSides, PaymentsContract):
    capabilities = TAKEN_IN

    @pytest.fixture
    def payments(self, bank: SandboxBank) -> SandboxBank:
        return bank


class TestSandboxPayouts(SandboxSides, PayoutsContract):
    capabilities = PAID_OUT

    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> SandboxBank:
        return bank


class TestSandboxPayoutsThatAreNeverLent(SandboxSides, PayoutsContract):
    capabilities = PAID_OUT

    @pytest.fixture
    def bank(self) -> SandboxBank:
        bank = SandboxBank(clock=ManualClock(), overdraft=ZERO)
        pay(bank, checkout_order(amount=Cents(10_000)))
        return bank

    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> SandboxBank:
        return bank


class TestSandboxWebhooks(SandboxSides, WebhooksContract):
    capabilities = TOLD

    @pytest.fixture
    def payments(self, bank: SandboxBank) -> SandboxBank:
        return bank

    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> SandboxBank:
        return bank

    @pytest.fixture
    def webhooks(self, bank: SandboxBank) -> SandboxBank:
        return bank
