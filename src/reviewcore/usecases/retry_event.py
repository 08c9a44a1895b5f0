"""Try an event again that was given up."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import EventId, UserId
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class RetryEvent:
    """An administrator has mended what was in the way of an event: ours, or the processor's."""

    event_id: str
    admin_id: UserId


def retry_event(tx: Transaction, command: RetryEvent) -> None:
    """Have the worker deliver or handle the event now; harmless for one that waits anyway.

    Raises EntityNotFound for an id that no event has, and for one that is done.
    """
    told = tx.inbox.find(command.event_id)
    if told is not None:
        waiting = tx.inbox.lock(told.id)
        if waiting.is_handled:
            raise EntityNotFound(entity="StripeWebhookEvent", id=command.event_id)
        tx.inbox.update(waiting.retry(tx.now))
    elif not tx.events.revive(EventId(command.event_id), at=tx.now):
        raise EntityNotFound(entity="EventRecord", id=command.event_id)

    tx.events.add(
        events.AdminActed(
            subject=f"event:{command.event_id}", act="retry_event", reason="tried again"
        )
    )
