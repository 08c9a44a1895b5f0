"""What was asked of the API, for tests that count."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs

from reviewcore.testing.stripe.faults import Fault


class Fate(StrEnum):
    """What became of a call."""

    EXECUTED = "EXECUTED"
    REPLAYED = "REPLAYED"
    REFUSED = "REFUSED"


# EXECUTED  its endpoint ran, whatever it answered and whether or not the answer arrived.
# REPLAYED  the first answer to its idempotency key was repeated.
# REFUSED   it never ran: no valid key, bad parameters, a fault before execution.


@attrs.frozen(kw_only=True)
class Call:
    """One request of the API and its *status*; *params* as they were read from the form."""

    method: str
    path: str
    params: dict[str, Any]
    account: str | None
    idempotency_key: str | None
    request_id: str
    fate: Fate
    status: int
    fault: Fault | None
    body: bytes = attrs.field(repr=False)
