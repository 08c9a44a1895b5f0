"""The line to the Stripe server: requests and answers are lost on it, so the adapter sees it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import TypeVar

from reviewcore.ports.processor import Outcome, Unknown
from reviewcore.testing.faults import Fault, befall
from reviewcore.testing.stripe import Fault as Mishap
from reviewcore.testing.stripe import StripeServer

V = TypeVar("V")

BEFORE = (
    Mishap.CLOSED,
    Mishap.UNAVAILABLE,
    Mishap.RATE_LIMITED,
    Mishap.LOCK_TIMEOUT,
    Mishap.FORBIDDEN,
)
"""What becomes of requests that Stripe never acts upon, one after the other."""

AFTER = (
    Mishap.HANG_UP,
    Mishap.BAD_GATEWAY,
    Mishap.TRUNCATED,
    Mishap.RESET,
    Mishap.SERVER_ERROR,
)
"""What becomes of answers after it did; the last is repeated to whoever comes with the same key."""


class StripeLine:
    """Loses requests and answers on the way, where the adapter must notice; refuses before it."""

    def __init__(self, server: StripeServer) -> None:
        self._server = server
        self._mishaps = {Fault.LOST_BEFORE: cycle(BEFORE), Fault.LOST_AFTER: cycle(AFTER)}

    def __call__(self, fault: Fault, act: Callable[[], Outcome[V]], /) -> Outcome[V]:
        """Make a call whose first request meets a mishap of the kind that *fault* is."""
        mishaps = self._mishaps.get(fault)
        if mishaps is None:
            return befall(fault, act)
        mishap = next(mishaps)
        for method in ("GET", "POST"):
            self._server.plan(mishap, method=method)
        outcome = act()
        self._server.clear_faults()
        assert isinstance(outcome, Unknown), f"{mishap} was taken for {outcome}"
        return outcome
