"""What Stripe tells unasked: signed events, and the list of those that went astray."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime
from itertools import islice

from reviewcore.adapters.stripe.desk import Desk
from reviewcore.adapters.stripe.events import event_view
from reviewcore.adapters.stripe.health import StripeHealth
from reviewcore.adapters.stripe.past import Past
from reviewcore.adapters.stripe.settings import TOLERANCE, StripeSettings
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent
from reviewcore.ports.processor import EventPage, Outcome
from reviewcore.sources import Clock, system_clock

SECONDS = re.compile("[0-9]{1,12}")
SIGNATURES_MAX = 16
"""Stripe signs with two secrets at most; a longer header is somebody's attempt to keep us busy."""


class StripeWebhooks(Desk):
    """The port Webhooks at Stripe; threads may share it.

    `since` tells of our own account first, then of those connected to it.
    """

    def __init__(
        self,
        settings: StripeSettings,
        *,
        health: StripeHealth | None = None,
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(settings, health=health)
        self._clock = clock
        self._past = Past(self._stripe, told=self._told)

    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        # Not by the library, whose own check accepts what will be signed in a year, and cannot
        # be told the time.
        secrets = self._settings.secrets_of(endpoint)
        if not secrets:
            raise InvalidWebhook(reason="this endpoint has no secret")
        if not signature:
            raise InvalidWebhook(reason="it is not signed")
        signed_at, signatures = _signatures(signature)
        expected = [_sign(secret, signed_at, body) for secret in secrets]
        if not any(hmac.compare_digest(one, given) for one in expected for given in signatures):
            raise InvalidWebhook(reason="no signature fits")
        if abs(self._clock().timestamp() - signed_at) > TOLERANCE.total_seconds():
            raise InvalidWebhook(reason="it was signed too long ago, or in the future")
        return self._read(body)

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return self._run(lambda: self._past.page(at, cursor))

    def _read(self, body: bytes) -> ProcessorEvent:
        try:
            told = json.loads(body)
            event = event_view(told)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError):
            raise InvalidWebhook(reason="it is no event") from None
        if told.get("livemode") is not self._settings.livemode:
            raise InvalidWebhook(reason="it is of the other mode")
        return event


def _signatures(header: str) -> tuple[int, list[bytes]]:
    """Read `t=1700000000,v1=…,v1=…,v0=…`. Raises InvalidWebhook."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    # Other schemes than v1 are for Stripe's own tests.
    given = islice((value for name, _, value in pairs if name == "v1"), SIGNATURES_MAX)
    # Whatever cannot be encoded fits nothing.
    signatures = [value.encode(errors="replace") for value in given]
    if len(times) != 1 or not SECONDS.fullmatch(times[0]) or not signatures:
        raise InvalidWebhook(reason="its signature cannot be read")
    return int(times[0]), signatures


def _sign(secret: str, signed_at: int, body: bytes) -> bytes:
    message = b"%d.%b" % (signed_at, body)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode()
