"""What the Stripe server sends unasked, signed as Stripe signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from reviewcore.domain.webhooks import Endpoint, Subject
from reviewcore.testing.machine.outside import Sent
from reviewcore.testing.stripe import StripeServer
from reviewcore.testing.stripe.webhooks import CONNECT
from reviewcore.testing.stripe.world import Json

BY_OBJECT: Mapping[str, Subject] = MappingProxyType(
    {
        "checkout.session": Subject.CHECKOUT,
        "refund": Subject.REFUND,
        "dispute": Subject.DISPUTE,
        "transfer": Subject.TRANSFER,
        "account": Subject.ACCOUNT,
        "bank_account": Subject.DESTINATION,
        "application": Subject.DISCONNECTED,
    }
)
"""What an event is about by the kind of its object, where the adapter goes by the event's type."""


class StripePost:
    """Every event of a server, of our own account and of connected ones."""

    def __init__(self, server: StripeServer) -> None:
        self._server = server

    def sent(self, *, after: int) -> tuple[Sent, ...]:
        """List all events, in order, but the first *after*."""
        webhooks = self._server.webhooks
        return tuple(self._sent(event_id) for event_id in webhooks.events(after=after))

    def _sent(self, event_id: str) -> Sent:
        signed = self._server.webhooks.signed(event_id)
        return Sent(
            endpoint=Endpoint.CONNECT if signed.endpoint == CONNECT else Endpoint.ACCOUNT,
            body=signed.body,
            signature=signed.header,
            subject=_subject(json.loads(signed.body)),
        )


def _subject(event: Json) -> Subject:
    if event["type"] == "payout.failed":
        return Subject.BANK_PAYOUT
    return BY_OBJECT.get(event["data"]["object"]["object"], Subject.OTHER)
