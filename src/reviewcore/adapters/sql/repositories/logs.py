"""The ledger, the event log and the idempotency records: what is mostly only added to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import (
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.dialects import ByDialect, Query
from reviewcore.adapters.sql.maps import EntryHead, EntryPosting
from reviewcore.adapters.sql.repositories.base import (
    BATCH,
    LIMIT,
    ByKey,
    Pages,
    every,
    locking,
    pages,
)
from reviewcore.adapters.sql.repositories.purging import purging
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain import events
from reviewcore.domain.ids import EntryId, EventId
from reviewcore.domain.ledger import BalanceLine, Draft, Entry, Posting
from reviewcore.domain.money import Cents
from reviewcore.ports.codec import encode
from reviewcore.ports.store import IdempotencyRecord

_entries, _postings = tables.ledger_entries, tables.ledger_postings

_NEXT_ENTRIES = ByKey(maps.ENTRIES).next
_POSTINGS_OF = Query(
    select(*maps.POSTINGS.selected)
    .where(among(_postings.c.entry_id, "entries"))
    .order_by(_postings.c.entry_id, _postings.c.number)
)
_LINES = Query(
    select(*maps.ENTRIES.selected, _postings.c.amount)
    .select_from(_postings.join(_entries))
    .where(_postings.c.account == bindparam("account"))
    .order_by(_postings.c.entry_id, _postings.c.number)
)


class SqlLedger:
    """The ledger: entries are added and read, nothing else."""

    def __init__(self, unit: Unit, context: Context) -> None:
        self._unit = unit
        self._context = context

    def add(self, *drafts: Draft) -> None:
        for draft in drafts:
            if not draft.postings:
                continue
            assert sum(one.amount for one in draft.postings) == 0, "an entry must balance"
            entry_id = EntryId(self._context.new_id())
            head = EntryHead(
                id=entry_id,
                kind=draft.kind,
                cause=draft.cause,
                at=self._context.now,
                rules_version=self._context.rules.version,
            )
            self._unit.add(maps.ENTRIES, head)
            self._unit.add(
                maps.POSTINGS,
                *(
                    EntryPosting(
                        entry_id=entry_id, number=number, account=one.account, amount=one.amount
                    )
                    for number, one in enumerate(draft.postings, 1)
                ),
            )

    def lines(self, account: str) -> Sequence[BalanceLine]:
        told = []
        for *row, amount in self._unit.rows(_LINES, account=account):
            head = maps.ENTRIES.load(self._unit.dialect, tuple(row))
            line = BalanceLine(
                entry_id=head.id, kind=head.kind, cause=head.cause, at=head.at, amount=Cents(amount)
            )
            told.append(line)
        return told

    def all(self) -> Iterator[Entry]:
        after = ""
        while rows := self._unit.rows(_NEXT_ENTRIES, after=after, limit=BATCH):
            heads = [maps.ENTRIES.load(self._unit.dialect, row) for row in rows]
            postings = self._postings_of(heads)
            for head in heads:
                yield Entry(
                    id=head.id,
                    kind=head.kind,
                    cause=head.cause,
                    at=head.at,
                    rules_version=head.rules_version,
                    postings=tuple(postings[head.id]),
                )
            after = heads[-1].id

    def _postings_of(self, heads: Sequence[EntryHead]) -> dict[EntryId, list[Posting]]:
        postings: dict[EntryId, list[Posting]] = defaultdict(list)
        for row in self._unit.rows(_POSTINGS_OF, entries=[head.id for head in heads]):
            told = maps.POSTINGS.load(self._unit.dialect, row)
            postings[told.entry_id].append(Posting(told.account, told.amount))
        return postings


_events = tables.events
_earlier = _events.alias("earlier")

_EVENT_PAGES = Pages(maps.EVENTS)
_ABOUT = ByKey(maps.EVENTS).by("aggregate", order=("sequence",))
_BY_ACTOR = Query(
    pages(
        # As text, because a partial index serves only a condition that is known when planning.
        select(*maps.EVENTS.selected).where(
            _events.c.actor == bindparam("actor"), text(tables.BY_SOMEBODY)
        ),
        _events.c.id,
    )
)
_NEXT_EVENTS = ByKey(maps.EVENTS).next
_DUE_EVENTS = locking(
    select(*maps.EVENTS.selected)
    .where(
        text(tables.UNDELIVERED.format("events.")),
        or_(_events.c.next_attempt_at.is_(None), _events.c.next_attempt_at <= bindparam("now")),
        or_(_events.c.leased_until.is_(None), _events.c.leased_until <= bindparam("now")),
        ~exists(
            select(literal_column("1")).where(
                _earlier.c.aggregate == _events.c.aggregate,
                _earlier.c.sequence < _events.c.sequence,
                text(tables.UNDELIVERED.format("earlier.")),
            )
        ),
    )
    .order_by(_events.c.id)
    .limit(LIMIT),
    skip_locked=True,
)
_tried = _events.c.attempts + literal_column("1")
_MARK_DELIVERED = Query(
    update(_events)
    .values(delivered_at=bindparam("at"), attempts=_tried, leased_until=null())
    .where(among(_events.c.id, "ids"))
)
_MARK_FAILED = Query(
    update(_events)
    .values(
        failure=bindparam("told"),
        next_attempt_at=bindparam("again"),
        attempts=_tried,
        leased_until=null(),
    )
    .where(_events.c.id == bindparam("event_id"))
)


_REVIVE = Query(
    update(_events)
    .values(next_attempt_at=bindparam("again"), leased_until=null())
    .where(_events.c.id == bindparam("event_id"), _events.c.delivered_at.is_(None))
)


_WAITING_EVENTS = Query(
    select(func.count().label("count"))
    .select_from(_events)
    .where(text(tables.UNDELIVERED.format("")))
)


class SqlEventLog:
    """The event log: audit trail and outbox."""

    def __init__(self, unit: Unit, context: Context) -> None:
        self._unit = unit
        self._context = context

    def add(self, *told: events.Event) -> None:
        for event in told:
            record = events.EventRecord(
                id=EventId(self._context.new_id()),
                aggregate=event.aggregate,
                sequence=0,  # Given by the database, see statements.py.
                type=type(event).__name__,
                payload=encode(event),
                actor=self._context.actor,
                at=self._context.now,
                rules_version=self._context.rules.version,
            )
            self._unit.add(maps.EVENTS, record)

    def page(self, *, after: str | None, limit: int) -> Sequence[events.EventRecord]:
        return _EVENT_PAGES.get(self._unit, after=after, limit=limit)

    def about(self, aggregate: str) -> Sequence[events.EventRecord]:
        return self._unit.entities(maps.EVENTS, _ABOUT, aggregate=aggregate)

    def by_actor(
        self, actor: str, *, after: str | None, limit: int
    ) -> Sequence[events.EventRecord]:
        return self._unit.entities(
            maps.EVENTS, _BY_ACTOR, actor=actor, after=after or "", limit=limit
        )

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[events.EventRecord]:
        found = self._unit.locked(maps.EVENTS, _DUE_EVENTS, now=now, limit=limit)
        leased = [attrs.evolve(record, leased_until=until) for record in found]
        self._unit.update(maps.EVENTS, *leased)
        return leased

    def mark_delivered(self, event_ids: Sequence[EventId], *, at: datetime) -> None:
        self._unit.run(_MARK_DELIVERED, ids=event_ids, at=at)
        self._unit.forget(maps.EVENTS)

    def mark_failed(
        self, event_id: EventId, *, failure: str, next_attempt_at: datetime | None
    ) -> None:
        self._unit.run(_MARK_FAILED, event_id=event_id, told=failure, again=next_attempt_at)
        self._unit.forget(maps.EVENTS)

    def waiting(self) -> int:
        return int(self._unit.rows(_WAITING_EVENTS)[0][0])

    def revive(self, event_id: EventId, *, at: datetime) -> bool:
        revived = self._unit.run(_REVIVE, event_id=event_id, again=at)
        self._unit.forget(maps.EVENTS)
        return revived > 0

    def all(self) -> Iterator[events.EventRecord]:
        return every(self._unit, maps.EVENTS, _NEXT_EVENTS)


_records = tables.idempotency_records
_claimed: dict[str, Any] = {name: bindparam(name) for name in maps.IDEMPOTENCY.columns}
_CLAIM = ByDialect(
    postgresql=postgresql.insert(_records).values(_claimed).on_conflict_do_nothing(),
    sqlite=sqlite.insert(_records).values(_claimed).on_conflict_do_nothing(),
)
_RECORD = Query(
    select(*maps.IDEMPOTENCY.selected).where(
        *(_records.c[name] == bindparam(name) for name in maps.IDEMPOTENCY.key)
    )
)
_PURGE = purging(_records, "created_at")
_FORGET = Query(
    delete(_records).where(
        _records.c.result.is_not(None),
        or_(among(_records.c.actor, "people"), among(_records.c.about, "people")),
    )
)


class SqlIdempotency:
    """Which keys were used for what."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def claim(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        told = attrs.asdict(record)
        used_by = {name: told[name] for name in maps.IDEMPOTENCY.key}
        # Once more when the record of another was purged between our two statements.
        while not self._unit.run(_CLAIM, **told):
            earlier = self._unit.entity(maps.IDEMPOTENCY, _RECORD, **used_by)
            if earlier is not None:
                return earlier
        self._unit.remember(maps.IDEMPOTENCY, record)
        return None

    def finish(self, record: IdempotencyRecord) -> None:
        self._unit.update(maps.IDEMPOTENCY, record)

    def forget(self, people: Collection[str]) -> int:
        return self._unit.run(_FORGET, people=set(people))

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE, before=before, limit=limit)
        self._unit.forget(maps.IDEMPOTENCY)
        return purged
