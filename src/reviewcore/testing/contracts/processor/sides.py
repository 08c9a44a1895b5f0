"""What a suite needs of the other sides: those who pay, who are paid, and their banks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Payments, Payouts, SessionView
from reviewcore.testing.contracts.base import Capability, Contract
from reviewcore.testing.contracts.processor.orders import PRICE, account_order, checkout_order, done

Payer = Callable[[str, Literal["pay", "decline", "abandon"]], object]
"""Brings the session of this id to PAID, FAILED or EXPIRED."""

Cardholder = Callable[[str, Literal["dispute", "win", "lose"]], str]
"""Disputes all of the payment of this id, or has its open dispute decided, for us or against us.

Returns the processor's id of the dispute.
"""

PayersBank = Callable[[str], object]
"""Returns the refund of this id, so that it has failed after all and the money is ours again."""

Payee = Callable[[str, Literal["complete", "refuse"]], object]
"""Makes the account of this id one that can be paid, or that cannot."""


class PaymentsSide(Contract):
    """Money in, and those who play its other side.

    Supply `payments` and `payer`; for DISPUTES `cardholder`, for LATE_FAILURES `payers_bank`.
    """

    @property
    def part(self) -> Cents:
        """How much of $19.95 a refund is of: all, where it cannot be less."""
        is_divisible = Capability.PARTIAL_REFUNDS in self.capabilities
        return Cents(500) if is_divisible else PRICE

    @pytest.fixture
    def payments(self) -> Payments:
        """The adapter."""
        raise NotImplementedError

    @pytest.fixture
    def payer(self, payments: Payments) -> Payer:
        """The other side of *payments*."""
        raise NotImplementedError

    @pytest.fixture
    def cardholder(self, payments: Payments) -> Cardholder:
        """He who disputes what was paid."""
        raise NotImplementedError

    @pytest.fixture
    def payers_bank(self, payments: Payments) -> PayersBank:
        """The bank that does not want a refund."""
        raise NotImplementedError

    @pytest.fixture
    def paid(self, payments: Payments, payer: Payer) -> SessionView:
        """A session that was paid."""
        opened = done(payments.open_checkout(checkout_order()))
        payer(opened.session_id, "pay")
        return done(payments.session(opened.session_id))

    @pytest.fixture
    def payment_id(self, paid: SessionView) -> str:
        """The payment of *paid*."""
        assert paid.payment_id is not None
        return paid.payment_id


class PayoutsSide(Contract):
    """Money out, and he who plays its other side; supply the first two.

    There is money enough for some transfers of a few dollars in a test.
    """

    @pytest.fixture
    def payouts(self) -> Payouts:
        """The adapter."""
        raise NotImplementedError

    @pytest.fixture
    def payee(self, payouts: Payouts) -> Payee:
        """The other side of *payouts*."""
        raise NotImplementedError

    @pytest.fixture
    def account_id(self, payouts: Payouts, payee: Payee) -> str:
        """An account that can be paid."""
        opened = done(payouts.open_account(account_order()))
        payee(opened.account_id, "complete")
        return opened.account_id
