"""What every adapter of `Payments` keeps."""

from __future__ import annotations

from reviewcore.testing.contracts.processor.checkouts import CheckoutPromises
from reviewcore.testing.contracts.processor.disputes import DisputePromises
from reviewcore.testing.contracts.processor.refunds import RefundPromises


class PaymentsContract(CheckoutPromises, RefundPromises, DisputePromises):
    """What every adapter of `Payments` keeps; supply what `PaymentsSide` asks for.

    To be claimed: PARTIAL_REFUNDS, of less than was paid (without them the market gives all back
    or nothing, and a track that is partly reviewed cannot be refunded); LATE_FAILURES, when the
    payer's bank may send a refund back that was taken; DISPUTES, when payers can dispute.
    """

    CONTRACT_VERSION = "1.0"
