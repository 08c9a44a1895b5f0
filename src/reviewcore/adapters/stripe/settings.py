"""What one deployment knows of Stripe: key, webhook secrets, address, how long to wait."""

from __future__ import annotations

from datetime import timedelta

import attrs

from reviewcore.domain.webhooks import Endpoint

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API that this adapter was written for; the library's own default.

Named here so that a newer library does not change it. Webhook endpoints should be made with the
same version, although only ids are read from events.
"""

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0

MAX_NETWORK_RETRIES = 0
"""The library repeats nothing: what moves money is sent again, with its key, by our own intents.

Each of those tries is committed first and waits longer than the last; a repeat within the call
would hide a failure from both, and double the time for which a thread waits.
"""

TOLERANCE = timedelta(seconds=300)
"""How old an event's signature may be, and how far in the future: what Stripe proposes."""


@attrs.frozen(kw_only=True)
class StripeSettings:
    """How to reach one Stripe account; its repr shows no secret.

    *api_key* begins with `sk_` or `rk_`. Of each endpoint's webhook secrets any is accepted, so
    that they can be rotated; an endpoint without one accepts nothing. *base_url* is Stripe's own
    unless another is named. Waiting for a connection, and for each part of an answer, is bounded
    in seconds.
    """

    api_key: str = attrs.field(repr=False)
    webhook_secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    connect_webhook_secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    base_url: str | None = None
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS

    @property
    def livemode(self) -> bool:
        """Whether the key moves real money; what Stripe tells must be of the same mode."""
        return "_live_" in self.api_key[:12]

    def secrets_of(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Return the secrets of one of the two webhook endpoints."""
        if endpoint is Endpoint.CONNECT:
            return self.connect_webhook_secrets
        return self.webhook_secrets
