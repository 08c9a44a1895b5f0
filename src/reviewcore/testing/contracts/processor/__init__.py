"""What every payment processor keeps: the promises of `reviewcore.ports.processor` as tests.

Besides the ports an adapter supplies those who play the other sides (`sides`): functions that
return when the processor knows of what they did. Ids and keys are new in every test, so that a
suite may run against a processor that remembers.
"""

from reviewcore.testing.contracts.processor.payments import PaymentsContract
from reviewcore.testing.contracts.processor.payouts import PayoutsContract
from reviewcore.testing.contracts.processor.sides import (
    Cardholder,
    Payee,
    Payer,
    PayersBank,
)
from reviewcore.testing.contracts.processor.webhooks import Deliver, Delivery, WebhooksContract

__all__ = [
    "Cardholder",
    "Deliver",
    "Delivery",
    "Payee",
    "Payer",
    "PayersBank",
    "PaymentsContract",
    "PayoutsContract",
    "WebhooksContract",
]
