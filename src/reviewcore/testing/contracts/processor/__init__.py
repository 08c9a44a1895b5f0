"""What every payment processor keeps: the promises of `reviewcore.ports.processor` as tests.

Besides the port an adapter supplies a *payer* or a *payee*: a function that plays the other side,
and returns when the processor knows of it. Ids and keys are new in every test, so that a suite may
run against a processor that remembers.
"""

import pytest

# Only so do failures in these modules show the values that they compared.
pytest.register_assert_rewrite(f"{__name__}.orders", f"{__name__}.payments", f"{__name__}.payouts")

from reviewcore.testing.contracts.processor.payments import Payer, PaymentsContract  # noqa: E402 - after the rewriting of asserts
from reviewcore.testing.contracts.processor.payouts import Payee, PayoutsContract  # noqa: E402 - after the rewriting of asserts

__all__ = ["Payee", "Payer", "PaymentsContract", "PayoutsContract"]
