"""What every adapter of `Payments` keeps."""

from __future__ import annotations

from reviewcore.testing.contracts.processor.checkouts import CheckoutPromises
from reviewcore.testing.contracts.processor.disputes import DisputePromises
from reviewcore.testing.contracts.processor.refunds import RefundPromises


class PaymentsContract(CheckoutPromises, RefundPromises, DisputePromises):
    """What every adapter of `Payments` keeps; supply what `PaymentsSide` asks for."""
