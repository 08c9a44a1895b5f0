"""Keep what the processor tells, to act upon it later."""

from __future__ import annotations

import attrs

from reviewcore.domain.webhooks import ProcessorEvent, StripeWebhookEvent, receive
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class ReceiveEvent:
    """An event that the processor surely sent (`Webhooks.authenticate`)."""

    event: ProcessorEvent


def receive_event(tx: Transaction, command: ReceiveEvent) -> StripeWebhookEvent:
    """Put the event in the inbox once; a duplicate returns the first."""
    tx.inbox.receive(receive(command.event, tx.now))
    return tx.inbox.get(command.event.id)
