"""The inbox of what the processor tells, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.dialects import ByDialect, Query
from reviewcore.adapters.sql.repositories.base import ByKey, SqlRepository, pages
from reviewcore.adapters.sql.repositories.leases import due, lease
from reviewcore.adapters.sql.repositories.purging import purging
from reviewcore.domain.webhooks import StripeWebhookEvent

_events = tables.stripe_webhook_events
_told: dict[str, Any] = {name: bindparam(name) for name in maps.INBOX.columns}
_RECEIVE = ByDialect(
    postgresql=postgresql.insert(_events).values(_told).on_conflict_do_nothing(),
    sqlite=sqlite.insert(_events).values(_told).on_conflict_do_nothing(),
)
_DUE = due(maps.INBOX, "handled_at IS NULL AND next_attempt_at IS NOT NULL")
_every = select(*maps.INBOX.selected)
_PAGES = {
    None: Query(pages(_every, _events.c.id)),
    True: Query(pages(_every.where(text("handled_at IS NOT NULL")), _events.c.id)),
    False: Query(pages(_every.where(text("handled_at IS NULL")), _events.c.id)),
}
_NEWEST = Query(select(*maps.INBOX.selected).order_by(_events.c.created_at.desc()).limit(1))
_WAITING = Query(
    select(func.count().label("count"))
    .select_from(_events)
    .where(text("handled_at IS NULL AND next_attempt_at IS NOT NULL"))
)
_PURGE = purging(_events, "received_at", "handled_at IS NOT NULL")


class SqlInbox(SqlRepository[StripeWebhookEvent, str]):
    """What the processor told unasked."""

    _keyed = ByKey(maps.INBOX)

    def receive(self, event: StripeWebhookEvent) -> bool:
        if not self._unit.run(_RECEIVE, **attrs.asdict(event)):
            return False
        self._unit.remember(maps.INBOX, event)
        return True

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StripeWebhookEvent]:
        return lease(self._unit, maps.INBOX, _DUE, now=now, until=until, limit=limit)

    def page(
        self, *, is_handled: bool | None, after: str | None, limit: int
    ) -> Sequence[StripeWebhookEvent]:
        return self._unit.entities(maps.INBOX, _PAGES[is_handled], after=after or "", limit=limit)

    def waiting(self) -> int:
        return int(self._unit.rows(_WAITING)[0][0])

    def newest(self) -> datetime | None:
        event = self._unit.entity(maps.INBOX, _NEWEST)
        return None if event is None else event.created_at

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE, before=before, limit=limit)
        self._unit.forget(maps.INBOX)
        return purged
