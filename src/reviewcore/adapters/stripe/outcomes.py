"""One table from every failure of Stripe's library and of the way there to our outcomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs
import requests
import stripe
from urllib3.exceptions import NewConnectionError

from reviewcore.ports.processor import Declined, Unknown


class Kind(StrEnum):
    """What a failure means."""

    NOT_FOUND = "NOT_FOUND"
    DECLINED = "DECLINED"
    PASSING = "PASSING"
    MISCONFIGURED = "MISCONFIGURED"
    STRANGER = "STRANGER"
    BUSY = "BUSY"
    UNREACHABLE = "UNREACHABLE"
    KEY_CONFLICT = "KEY_CONFLICT"
    AMBIGUOUS = "AMBIGUOUS"


# Nothing happened, and Stripe said so:
# NOT_FOUND      it has no such object.
# DECLINED       it refuses, and will again.
# PASSING        it refuses for now; later the same may be accepted, under a new key.
#
# No answer to what was asked. Most of these surely did nothing now, but an earlier request with the
# same key may have, so they are no refusals:
# MISCONFIGURED  it does not accept our key, or not for this: a person must look.
# STRANGER       what answers there has not Stripe's certificate, or not its addresses.
# BUSY           too many requests, or one with this key is at work: the same key, later.
# UNREACHABLE    nothing was sent.
# KEY_CONFLICT   the key came back with another order: a mistake of ours.
# AMBIGUOUS      it may have happened.

REASONS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MISCONFIGURED: "Stripe does not accept the key",
        Kind.STRANGER: "what answers is not Stripe",
        Kind.KEY_CONFLICT: "the idempotency key belongs to another order",
        Kind.BUSY: "Stripe is busy",
        Kind.UNREACHABLE: "Stripe is out of reach",
        Kind.AMBIGUOUS: "no clear answer from Stripe",
    }
)

BY_CODE: Mapping[str, Kind] = MappingProxyType(
    {
        "resource_missing": Kind.NOT_FOUND,
        "balance_insufficient": Kind.PASSING,
        "charge_disputed": Kind.PASSING,
        "refund_disputed_payment": Kind.PASSING,
        # A 403, but about the payee's account, which is closed, not ours or not there.
        "account_invalid": Kind.DECLINED,
        "api_key_expired": Kind.MISCONFIGURED,
        "livemode_mismatch": Kind.MISCONFIGURED,
        "more_permissions_required": Kind.MISCONFIGURED,
        "more_permissions_required_for_application": Kind.MISCONFIGURED,
        "platform_api_key_expired": Kind.MISCONFIGURED,
        "secret_key_required": Kind.MISCONFIGURED,
        "idempotency_key_in_use": Kind.BUSY,
        "lock_timeout": Kind.BUSY,
        "rate_limit": Kind.BUSY,
    }
)
"""What a code decides whatever its status, as long as the status is a 4xx."""

BY_CLASS: tuple[tuple[type[stripe.StripeError], Kind], ...] = (
    (stripe.CardError, Kind.DECLINED),
    (stripe.IdempotencyError, Kind.KEY_CONFLICT),
    (stripe.InvalidRequestError, Kind.DECLINED),
    (stripe.AuthenticationError, Kind.MISCONFIGURED),
    (stripe.PermissionError, Kind.MISCONFIGURED),
    (stripe.RateLimitError, Kind.BUSY),
)
"""What the library's class decides where no code did; anything else may have happened."""

UNNAMED = "rejected"
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
CONFLICT = 409
NOT_FOUND = 404


@attrs.frozen(kw_only=True)
class Failure:
    """What a call's failure means; *word* is Stripe's code or ours, free of secrets."""

    kind: Kind
    word: str

    @property
    def reason(self) -> str:
        """Why there was no answer; only for kinds that are none."""
        return f"{REASONS[self.kind]} ({self.word})"

    @property
    def outcome(self) -> Declined | Unknown:
        """The failure as an answer of the port."""
        match self.kind:
            case Kind.NOT_FOUND:
                return Declined("not_found")
            case Kind.DECLINED:
                return Declined(self.word)
            case Kind.PASSING:
                return Declined(self.word, is_passing=True)
            case _:
                return Unknown(self.reason)


def failure_of(error: Exception) -> Failure:
    """Say what an exception means that was raised by a call, before or after it was sent.

    Nothing of its text is used: it holds the answer's body and headers.
    """
    if isinstance(error, stripe.APIConnectionError):
        cause = error.__cause__
        return Failure(kind=_kind_of_connection(cause), word=type(cause or error).__name__)
    if not isinstance(error, stripe.StripeError):
        # Malformed decimals, for one, surface as errors of the standard library, after the call
        # was executed.
        return Failure(kind=Kind.AMBIGUOUS, word=type(error).__name__)
    code, status = _code(error), error.http_status or 0
    kind = _kind(error, code=code, status=status)
    if kind in REASONS:
        return Failure(kind=kind, word=f"{status} {code}" if code else str(status))
    return Failure(kind=kind, word=code or UNNAMED)


def _kind(error: stripe.StripeError, *, code: str | None, status: int) -> Kind:
    if not 400 <= status < 500:  # noqa: PLR2004 - the statuses that refuse
        # Every 5xx may have been executed, and a 200 is here when its body could not be read.
        return Kind.AMBIGUOUS
    if code is not None and code in BY_CODE:
        return BY_CODE[code]
    if status == CONFLICT:
        return Kind.BUSY
    if status == NOT_FOUND:
        # Not an object but the address is unknown.
        return Kind.STRANGER
    for kind_of_error, kind in BY_CLASS:
        if isinstance(error, kind_of_error):
            return kind
    return Kind.AMBIGUOUS


def _kind_of_connection(cause: BaseException | None) -> Kind:
    if isinstance(cause, requests.exceptions.SSLError):
        return Kind.STRANGER
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return Kind.UNREACHABLE
    # Only this far down can a connection that was never made be told from one that broke.
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return Kind.UNREACHABLE if isinstance(reason, NewConnectionError) else Kind.AMBIGUOUS


def _code(error: stripe.StripeError) -> str | None:
    # The exception's own `code` is empty for half of the classes; the body has it for all.
    body = error.json_body
    told = body.get("error") if isinstance(body, dict) else None
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, str) and CODE.fullmatch(code) else None
