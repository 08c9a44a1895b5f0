"""What every payment processor keeps: the promises of `reviewcore.ports.processor` as tests.

Besides the ports an adapter supplies those who play the other sides (`sides`): functions that
return when the processor knows of what they did. Ids and keys are new in every test, so that a
suite may run against a processor that remembers.
"""

import pytest

# Only so do failures in these modules show the values that they compared.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in (
            "checkouts",
            "disputes",
            "orders",
            "payments",
            "payouts",
            "refunds",
            "reversals",
            "sides",
            "webhooks",
        )
    )
)

from reviewcore.testing.contracts.processor.payments import PaymentsContract  # noqa: E402 - after the rewriting of asserts
from reviewcore.testing.contracts.processor.payouts import PayoutsContract  # noqa: E402 - after the rewriting of asserts
from reviewcore.testing.contracts.processor.sides import (  # noqa: E402 - after the rewriting of asserts
    Cardholder,
    Payee,
    Payer,
    PayersBank,
)
from reviewcore.testing.contracts.processor.webhooks import WebhooksContract  # noqa: E402 - after the rewriting of asserts

__all__ = [
    "Cardholder",
    "Payee",
    "Payer",
    "PayersBank",
    "PaymentsContract",
    "PayoutsContract",
    "WebhooksContract",
]
