"""The event log and the records of idempotency keys, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import attrs

from reviewcore.adapters.memory.rows import due, purge
from reviewcore.adapters.memory.work import Work
from reviewcore.domain import events
from reviewcore.domain.ids import EventId
from reviewcore.ports.codec import encode
from reviewcore.ports.store import IdempotencyRecord


class MemoryEvents:
    """The event log: audit trail and outbox.

    An event is due from the time it is told; `next_attempt_at` is None once it was delivered or
    given up.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.events
        self._sequences = work.tables.sequences

    def add(self, *told: events.Event) -> None:
        for event in told:
            self._work.add(self._table, self._record(event))

    def page(self, *, after: str | None, limit: int) -> Sequence[events.EventRecord]:
        keys = islice(self._table.indexes["page"].keys_after(after), limit)
        return [self._table.rows[key] for key in keys]

    def about(self, aggregate: str) -> Sequence[events.EventRecord]:
        return self._table.of("aggregate", aggregate)

    def by_actor(
        self, actor: str, *, after: str | None, limit: int
    ) -> Sequence[events.EventRecord]:
        keys = islice(self._table.indexes["actor"].keys_after(after, actor), limit)
        return [self._table.rows[key] for key in keys]

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[events.EventRecord]:
        self._work.require_writable()
        first = (key for key in due(self._table, "ready", now) if self._is_first(key))
        taken = sorted(islice(first, limit))
        for key in taken:
            self._change(key, leased_until=until)
        return [self._table.rows[key] for key in taken]

    def mark_delivered(self, event_ids: Sequence[EventId], *, at: datetime) -> None:
        for key in event_ids:
            self._change(
                key,
                delivered_at=at,
                attempts=self._table.rows[key].attempts + 1,
                next_attempt_at=None,
                leased_until=None,
            )

    def mark_failed(
        self, event_id: EventId, *, failure: str, next_attempt_at: datetime | None
    ) -> None:
        self._change(
            event_id,
            attempts=self._table.rows[event_id].attempts + 1,
            failure=failure,
            next_attempt_at=next_attempt_at,
            leased_until=None,
        )

    def waiting(self) -> int:
        waits = (one.delivered_at is None and one.next_attempt_at is not None for one in self.all())
        return sum(waits)

    def revive(self, event_id: EventId, *, at: datetime) -> bool:
        record = self._table.rows.get(event_id)
        if record is None or record.delivered_at is not None:
            return False
        self._change(event_id, next_attempt_at=at, leased_until=None)
        return True

    def all(self) -> Iterator[events.EventRecord]:
        return iter(self._table.of("page"))

    def _record(self, event: events.Event) -> events.EventRecord:
        work, aggregate = self._work, event.aggregate
        sequence = self._sequences.rows.get(aggregate, 0) + 1
        work.put(self._sequences, aggregate, sequence)
        return events.EventRecord(
            id=EventId(work.new_id()),
            aggregate=aggregate,
            sequence=sequence,
            type=type(event).__name__,
            payload=encode(event),
            actor=work.actor,
            at=work.now,
            rules_version=work.rules.version,
            next_attempt_at=work.now,
        )

    def _is_first(self, key: EventId) -> bool:
        aggregate = self._table.rows[key].aggregate
        first: EventId = next(self._table.indexes["pending"].keys(aggregate))
        return first == key

    def _change(self, key: EventId, **changes: Any) -> None:
        self._work.update(self._table, attrs.evolve(self._table.rows[key], **changes))


class MemoryIdempotency:
    """Which keys were used for what; waiting for another user of a key is the store's lock."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.uses

    def claim(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        self._work.require_writable()
        earlier = self._table.rows.get(self._table.key_of(record))
        if earlier is None:
            self._work.add(self._table, record)
        return earlier

    def finish(self, record: IdempotencyRecord) -> None:
        self._work.update(self._table, record)

    def forget(self, people: Collection[str]) -> int:
        found = [
            one
            for who in people
            for name in ("actor", "about")
            for one in self._table.of(name, who)
        ]
        old = {self._table.key_of(one) for one in found if one.result is not None}
        for key in old:
            self._work.put(self._table, key, None)
        return len(old)

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "made", before=before, limit=limit)
