"""Refusals of the API, and the envelope in which they travel."""

from __future__ import annotations

from typing import Any

import attrs

DOCUMENTED = "https://stripe.com/docs/error-codes/"
LOGS = "https://dashboard.stripe.com/test/logs/"


@attrs.frozen(kw_only=True, str=False, slots=False)
class Refusal(Exception):
    """An answer other than 200; *stored* when an idempotency key remembers it."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    stored: bool = True

    def __str__(self) -> str:
        return self.message

    def body(self, request_id: str) -> dict[str, Any]:
        """Write the envelope; fields that say nothing are left out, as Stripe does."""
        error = {"message": self.message, "type": self.type}
        if self.code is not None:
            error |= {"code": self.code, "doc_url": DOCUMENTED + self.code.replace("_", "-")}
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = LOGS + request_id
        return {"error": error}


def refused(message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
    """Make the refusal of a request that began to execute: a key stores it."""
    return Refusal(status=400, message=message, code=code, param=param)


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
    """Make the refusal of parameters that were never executed: a key stays free."""
    return Refusal(status=400, message=message, code=code, param=param, stored=False)


def missing(noun: str, id: str, *, param: str = "id", status: int = 404) -> Refusal:
    """Make the refusal of an id that nothing here has; 400 where it was a parameter."""
    return Refusal(
        status=status, message=f"No such {noun}: '{id}'", code="resource_missing", param=param
    )


def unauthenticated(message: str) -> Refusal:
    """Make the refusal of a caller without a valid key."""
    return Refusal(status=401, message=message, stored=False)


def unknown_url(method: str, path: str) -> Refusal:
    """Make the refusal of a path that this server does not have."""
    return Refusal(
        status=404,
        message=f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs.",
        stored=False,
    )


def key_reused(key: str) -> Refusal:
    """Make the refusal of a key that came back with another request."""
    return Refusal(
        status=400,
        type="idempotency_error",
        message="Keys for idempotent requests can only be used with the same parameters they were "
        f"first used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        stored=False,
    )


def key_in_use(key: str) -> Refusal:
    """Make the refusal of a key whose first request is still at work."""
    return Refusal(
        status=409,
        code="idempotency_key_in_use",
        message="There is currently another in-progress request using this idempotency key "
        f"('{key}'). Please try again later.",
        stored=False,
    )


def insufficient() -> Refusal:
    """Make the refusal of money that is not there, or not available yet."""
    return refused(
        "You have insufficient available funds in your Stripe account. Try adding funds directly "
        "to your available balance.",
        code="balance_insufficient",
    )
