"""The inbox of what the processor tells, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewcore.adapters.memory.rows import Leased, purge
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

    def waiting(self) -> int:
        waits = (not one.is_handled and one.next_attempt_at is not None for one in self.all())
        return sum(waits)

    def newest(self) -> datetime | None:
        made = self._table.indexes["made"].last_ranked()
        return None if made is None else made[0]

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "handled", before=before, limit=limit)
