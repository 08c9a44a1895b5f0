"""What can go wrong with one request, before it executes or, worse, after."""

from __future__ import annotations

import re
from enum import StrEnum

import attrs

from reviewcore.testing.stripe.errors import Refusal


class Fault(StrEnum):
    """What becomes of one request."""

    RATE_LIMITED = "RATE_LIMITED"
    LOCK_TIMEOUT = "LOCK_TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    CLOSED = "CLOSED"
    SLOW = "SLOW"
    SERVER_ERROR = "SERVER_ERROR"
    BAD_GATEWAY = "BAD_GATEWAY"
    RESET = "RESET"
    HANG_UP = "HANG_UP"
    TRUNCATED = "TRUNCATED"
    STALL = "STALL"


# Before it executes; nothing happened, and an idempotency key stays free:
# RATE_LIMITED  429.
# LOCK_TIMEOUT  409 with the code lock_timeout.
# UNAVAILABLE   503.
# FORBIDDEN     403: the key lacks a permission.
# CLOSED        the connection is closed without an answer.
# SLOW          it waits so many seconds, executes and is answered; until then its key is in use.
#
# After it executed; what was made is there:
# SERVER_ERROR  500, which is what an idempotency key stores and repeats.
# BAD_GATEWAY   502 with a page of HTML; the key stores the true answer, here and below.
# RESET         the connection is reset (RST).
# HANG_UP       the connection is closed (FIN) without an answer.
# TRUNCATED     half of the body arrives.
# STALL         the answer comes after so many seconds; the key already repeats it.

REFUSALS = {
    Fault.RATE_LIMITED: Refusal(
        status=429,
        code="rate_limit",
        message="Request rate limit exceeded. Learn more about rate limits at "
        "https://stripe.com/docs/rate-limits.",
        stored=False,
    ),
    Fault.LOCK_TIMEOUT: Refusal(
        status=409,
        code="lock_timeout",
        message="This object cannot be accessed right now because another API request or Stripe "
        "process is currently accessing it. If you see this error intermittently, retry the "
        "request.",
        stored=False,
    ),
    Fault.UNAVAILABLE: Refusal(
        status=503,
        type="api_error",
        message="Stripe is temporarily unavailable. Please try again.",
        stored=False,
    ),
    Fault.FORBIDDEN: Refusal(
        status=403,
        message="The provided key does not have the required permissions for this endpoint.",
        stored=False,
    ),
}

SERVER_ERROR = Refusal(
    status=500,
    type="api_error",
    message="An unknown error occurred: something went wrong on Stripe's end.",
)
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>\n"

WIRE = frozenset({Fault.RESET, Fault.HANG_UP, Fault.TRUNCATED, Fault.STALL})
"""Faults of the connection alone; the answer itself is as it should be."""


@attrs.define(kw_only=True)
class Plan:
    """Do *fault* to requests like `POST /v1/transfers`: from the *nth* on, so many *times*.

    *path* is a regular expression that must match the whole path; *seconds* is for SLOW and STALL.
    With *should_retry* the answer carries the header by which Stripe overrules its own library.
    """

    fault: Fault
    method: str = "POST"
    path: str = ".*"
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    should_retry: bool | None = None
    met: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Count a request if it is of this kind; tell whether it is its turn."""
        if method != self.method or re.fullmatch(self.path, path) is None:
            return False
        self.met += 1
        return self.nth <= self.met < self.nth + self.times


class Faults:
    """The plans that lie ahead; the first that meets a request decides. Used under the lock."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []

    def add(self, plan: Plan) -> None:
        """Plan a fault."""
        self._plans.append(plan)

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._plans.clear()

    def take(self, method: str, path: str) -> Plan | None:
        """Count a request in every plan, and return the one whose turn it is."""
        due = [plan for plan in self._plans if plan.meets(method, path)]
        return due[0] if due else None
