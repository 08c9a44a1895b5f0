"""What every adapter must do, as pytest classes to subclass: one contract, many adapters."""

import pytest

# Published modules are no test files, so pytest would not explain their failing assertions.
pytest.register_assert_rewrite(
    "reviewcore.testing.contracts.mail",
    *(
        f"reviewcore.testing.contracts.store.{module}"
        for module in (
            "ages",
            "blocks",
            "comebacks",
            "constraints",
            "events",
            "inbox",
            "ledger",
            "matching",
            "payments",
            "people",
            "races",
            "reviews",
            "roundtrips",
            "rows",
            "service",
            "throttles",
            "tracks",
            "unsettled",
        )
    ),
)
