"""Support, leads, uploads and throttles, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from reviewcore.adapters.memory.rows import Leased, Rows, purge
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.ids import ArtistId, LeadId, TicketId, UploadId, UserId
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.support import SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.uploads import Upload


class MemoryTickets(Rows[SupportTicket, TicketId]):
    """Support tickets."""

    def page(
        self,
        *,
        user_id: UserId | None,
        status: TicketStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[SupportTicket]:
        return self._page(after=after, limit=limit, user_id=user_id, status=status)


class MemoryMessages:
    """Messages of support tickets."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.messages

    def of_ticket(self, ticket_id: TicketId) -> Sequence[SupportMessage]:
        return self._table.of("ticket", ticket_id)

    def add(self, *messages: SupportMessage) -> None:
        for message in messages:
            self._work.add(self._table, message)

    def update(self, *messages: SupportMessage) -> None:
        for message in messages:
            self._work.update(self._table, message)


class MemoryRateLimits:
    """Counters of attempts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.rate_limits

    def hit(self, key: str, *, window: timedelta) -> RateLimit:
        known = self._table.rows.get(key)
        if known is None or known.reset_at <= self._work.now:
            counter = RateLimit(key=key, count=1, reset_at=self._work.now + window)
        else:
            counter = attrs.evolve(known, count=known.count + 1)
        self._work.put(self._table, key, counter)
        return counter

    def find(self, key: str) -> RateLimit | None:
        known = self._table.rows.get(key)
        return known if known is not None and known.reset_at > self._work.now else None

    def forgive(self, key: str) -> None:
        known = self.find(key)
        if known is not None and known.count > 0:
            self._work.put(self._table, key, attrs.evolve(known, count=known.count - 1))

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "reset", before=before, limit=limit)


class MemoryLeads(Leased[LeadCapture, LeadId]):
    """Addresses without an account."""

    def by_email(self, email: str) -> LeadCapture | None:
        return self._table.holder("uq_leads_email", email)

    def remove(self, lead_id: LeadId) -> None:
        self._work.put(self._table, lead_id, None)


class MemoryUploads(Rows[Upload, UploadId]):
    """Files of artists."""

    def of_artist(self, artist_id: ArtistId) -> Sequence[Upload]:
        return self._table.of("artist", artist_id)

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "unused", before=before, limit=limit)

    def remove(self, upload_id: UploadId) -> None:
        self._work.put(self._table, upload_id, None)
