"""The inbox of what the processor tells, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewcore.adapters.memory.rows import Leased
from reviewcore.domain.webhooks import StripeWebhookEvent


class MemoryInbox(Leased[StripeWebhookEvent, str]):
    """What the processor told unasked."""

    def receive(self, event: StripeWebhookEvent) -> bool:
        self._work.require_writable()
        if event.id in self._table.rows:
            return False
        self._work.add(self._table, event)
        return True

    def page(
        self, *, is_handled: bool | None, after: str | None, limit: int
    ) -> Sequence[StripeWebhookEvent]:
        return self._page(after=after, limit=limit, is_handled=is_handled)

    def newest(self) -> datetime | None:
        made = [at for at, _ in self._table.indexes["made"].ranked()]
        return made[-1] if made else None

    def purge(self, before: datetime) -> int:
        old = [
            event.id
            for event in self._table.rows.values()
            if event.is_handled and event.received_at < before
        ]
        for key in old:
            self._work.put(self._table, key, None)
        return len(old)
