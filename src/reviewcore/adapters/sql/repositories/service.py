"""Support, leads, uploads and throttles, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.dialects import ByDialect, Query
from reviewcore.adapters.sql.repositories.base import ByKey, Pages, SqlRepository
from reviewcore.adapters.sql.repositories.leases import due, lease
from reviewcore.adapters.sql.repositories.purging import purging
from reviewcore.adapters.sql.statements import Op
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import ArtistId, LeadId, TicketId, UploadId, UserId
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.support import SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.uploads import Upload

_TICKETS = ByKey(maps.TICKETS)
_TICKET_PAGES = Pages(maps.TICKETS, "user_id", "status")

_MESSAGES_OF_TICKET = ByKey(maps.MESSAGES).by("ticket_id")

_LEADS = ByKey(maps.LEADS)
_LEAD_BY_EMAIL = _LEADS.by("email")
_DUE_LEADS = due(maps.LEADS, "reminded IS NULL AND next_attempt_at IS NOT NULL")

_UPLOADS = ByKey(maps.UPLOADS)
_UPLOADS_OF_ARTIST = _UPLOADS.by("artist_id")
_PURGE_UPLOADS = purging(tables.uploads, "created_at", "status <> 'ACCEPTED'")

_limits = tables.rate_limits


def _hit(insert: Any) -> Any:
    """Make the statement that begins a window or counts in the one that runs."""
    over = _limits.c.reset_at <= bindparam("now")
    started = insert(_limits).values(
        key=bindparam("key"), count=literal_column("1"), reset_at=bindparam("reset_at")
    )
    return started.on_conflict_do_update(
        index_elements=[_limits.c.key],
        set_={
            "count": case((over, literal_column("1")), else_=_limits.c.count + literal_column("1")),
            "reset_at": case((over, bindparam("reset_at")), else_=_limits.c.reset_at),
        },
    )


_HIT = ByDialect(postgresql=_hit(postgresql.insert), sqlite=_hit(sqlite.insert))
_COUNTER = Query(select(*maps.RATE_LIMITS.selected).where(_limits.c.key == bindparam("key")))
_RUNNING = Query(
    select(*maps.RATE_LIMITS.selected).where(
        _limits.c.key == bindparam("key"), _limits.c.reset_at > bindparam("now")
    )
)
_FORGIVE = Query(
    update(_limits)
    .where(
        _limits.c.key == bindparam("key"),
        _limits.c.reset_at > bindparam("now"),
        _limits.c.count > literal_column("0"),
    )
    .values(count=_limits.c.count - literal_column("1"))
)
_PURGE = purging(_limits, "reset_at")


class SqlTickets(SqlRepository[SupportTicket, TicketId]):
    """Support tickets."""

    _keyed = _TICKETS

    def page(
        self,
        *,
        user_id: UserId | None,
        status: TicketStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[SupportTicket]:
        return _TICKET_PAGES.get(
            self._unit, after=after, limit=limit, user_id=user_id, status=status
        )


class SqlMessages:
    """Messages of support tickets."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_ticket(self, ticket_id: TicketId) -> Sequence[SupportMessage]:
        return self._unit.entities(maps.MESSAGES, _MESSAGES_OF_TICKET, ticket_id=ticket_id)

    def add(self, *messages: SupportMessage) -> None:
        self._unit.add(maps.MESSAGES, *messages)

    def update(self, *messages: SupportMessage) -> None:
        self._unit.update(maps.MESSAGES, *messages)


class SqlRateLimits:
    """Counters of attempts."""

    def __init__(self, unit: Unit, context: Context) -> None:
        self._unit = unit
        self._context = context

    def hit(self, key: str, *, window: timedelta) -> RateLimit:
        now = self._context.now
        # The row stays locked from here on, so that what is read next is what was counted.
        self._unit.run(_HIT, key=key, now=now, reset_at=now + window)
        counter = self._unit.entity(maps.RATE_LIMITS, _COUNTER, key=key)
        assert counter is not None, "it was just counted"
        return counter

    def find(self, key: str) -> RateLimit | None:
        return self._unit.entity(maps.RATE_LIMITS, _RUNNING, key=key, now=self._context.now)

    def forgive(self, key: str) -> None:
        self._unit.run(_FORGIVE, key=key, now=self._context.now)

    def purge(self, before: datetime, *, limit: int) -> int:
        return self._unit.run(_PURGE, before=before, limit=limit)


class SqlLeads(SqlRepository[LeadCapture, LeadId]):
    """Addresses without an account."""

    _keyed = _LEADS

    def by_email(self, email: str) -> LeadCapture | None:
        return self._unit.entity(maps.LEADS, _LEAD_BY_EMAIL, email=email)

    def remove(self, lead_id: LeadId) -> None:
        self._unit.remove(maps.LEADS, lead_id, op=Op.FORGET)

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[LeadCapture]:
        return lease(self._unit, maps.LEADS, _DUE_LEADS, now=now, until=until, limit=limit)


class SqlUploads(SqlRepository[Upload, UploadId]):
    """Files of artists."""

    _keyed = _UPLOADS

    def of_artist(self, artist_id: ArtistId) -> Sequence[Upload]:
        return self._unit.entities(maps.UPLOADS, _UPLOADS_OF_ARTIST, artist_id=artist_id)

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE_UPLOADS, before=before, limit=limit)
        self._unit.forget(maps.UPLOADS)
        return purged

    def remove(self, upload_id: UploadId) -> None:
        self._unit.remove(maps.UPLOADS, upload_id, op=Op.FORGET)
