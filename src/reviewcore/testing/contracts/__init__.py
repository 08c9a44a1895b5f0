"""What every adapter must do, as pytest classes to subclass: one contract, many adapters.

Each contract has a version of its own and says what an adapter may claim besides what all must
keep (`Contract`). `reviewcore.testing.plugin` reports who kept what; `docs/adapters.md` leads from
an empty file to a green contract.
"""

import pkgutil

import pytest

# Published modules are no test files, so pytest would not explain their failing assertions.
pytest.register_assert_rewrite(
    *(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__))
)

from reviewcore.testing.contracts.audio import AudioContract  # noqa: E402 - after the rewriting of asserts
from reviewcore.testing.contracts.base import Capability, Contract, optional  # noqa: E402 - as above
from reviewcore.testing.contracts.files import FilesContract  # noqa: E402 - as above
from reviewcore.testing.contracts.identities import IdentitiesContract  # noqa: E402 - as above
from reviewcore.testing.contracts.mail import MailContract  # noqa: E402 - as above
from reviewcore.testing.contracts.passwords import PasswordsContract  # noqa: E402 - as above
from reviewcore.testing.contracts.processor import (  # noqa: E402 - as above
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.store import StoreContract  # noqa: E402 - as above

__all__ = [
    "AudioContract",
    "Capability",
    "Contract",
    "FilesContract",
    "IdentitiesContract",
    "MailContract",
    "PasswordsContract",
    "PaymentsContract",
    "PayoutsContract",
    "StoreContract",
    "WebhooksContract",
    "optional",
]
