"""Memory stores in which one thing is wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import attrs

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.errors import EntityNotFound, ReviewcoreError
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import SYSTEM
from reviewcore.ports.codec import field_types

Twist = Callable[[Any], None]
"""Makes something of a transaction wrong."""


class Twisted(MemoryStore):
    """A memory store whose transactions are twisted; *read_too*, its snapshots as well."""

    def __init__(self, twist: Twist, **parts: Any) -> None:
        super().__init__(**parts)
        self._twist = twist

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # a manager as well
        with super().begin(actor=actor) as tx:
            self._twist(tx)
            yield tx

    @contextlib.contextmanager
    def read(self) -> Iterator[Any]:  # type: ignore[override]  # as above
        with super().read() as tx:
            self._twist(tx)
            yield tx


# ── methods of repositories ──────────────────────────────────────────────────────────────────


def method(repository: str, name: str, replace: Callable[[Any, Callable[..., Any]], Any]) -> Twist:
    """Replace one method of one repository; the new one is made of the transaction and the old."""

    def twist(tx: Any) -> None:
        rows = getattr(tx, repository)
        setattr(rows, name, replace(tx, getattr(rows, name)))

    return twist


def answer(repository: str, name: str, change: Callable[[Any], Any]) -> Twist:
    """Change what one method of one repository answers."""
    return method(
        repository, name, lambda _, told: lambda *given, **named: change(told(*given, **named))
    )


def backwards(repository: str, name: str) -> Twist:
    return answer(repository, name, lambda told: list(told)[::-1])


def one_too_many(repository: str, name: str) -> Twist:
    def replace(_: Any, told: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: told(*given, **named | {"limit": named["limit"] + 1})

    return method(repository, name, replace)


def one_too_few(repository: str, name: str) -> Twist:
    return answer(repository, name, lambda told: list(told)[:-1])


def from_the_last(repository: str, name: str) -> Twist:
    """Let a page begin with the last row of the one before."""

    def replace(tx: Any, told: Callable[..., Any]) -> Callable[..., Any]:
        def page(*given: Any, after: str | None, limit: int, **named: Any) -> Any:
            found = list(told(*given, after=None, limit=10_000, **named))
            return list(islice((one for one in found if after is None or one.id >= after), limit))

        return page

    return method(repository, name, replace)


def deaf_to(repository: str, name: str, **always: Any) -> Twist:
    """Ignore an argument."""

    def replace(_: Any, told: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: told(*given, **named | always)

    return method(repository, name, replace)


def unleased(repository: str) -> Twist:
    """Hand rows out without writing down until when."""

    def replace(tx: Any, told: Callable[..., Any]) -> Callable[..., Any]:
        def lease(now: Any, *, until: Any, limit: int) -> Any:
            del until
            return told(now, until=now, limit=limit)

        return lease

    return method(repository, "lease", replace)


def raising(repository: str, name: str, error: Callable[[], Exception]) -> Twist:
    """Raise another error than EntityNotFound."""

    def replace(_: Any, told: Callable[..., Any]) -> Callable[..., Any]:
        def look(*given: Any) -> Any:
            try:
                return told(*given)
            except EntityNotFound:
                raise error() from None

        return look

    return method(repository, name, replace)


def storing(change: Callable[[Any], Any]) -> Twist:
    """Store other rows than were given."""

    def twist(tx: Any) -> None:
        work = tx.work
        work.__class__ = _changing(change)

    return twist


def _changing(change: Callable[[Any], Any]) -> type[Work]:
    class Changing(Work):
        def put(self, table: Any, key: Any, row: Any) -> None:
            super().put(table, key, row if row is None else change(row))

    return Changing


def each_field(kind: type, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change the fields of a row that are of this kind, nested ones too."""

    def changed(row: Any) -> Any:
        if not attrs.has(type(row)):
            return row
        told = {}
        for field in attrs.fields(type(row)):
            value = getattr(row, field.name)
            if type(value) is kind and field.init:
                told[field.name] = change(value)
            elif attrs.has(type(value)):
                told[field.name] = changed(value)
        return attrs.evolve(row, **told) if told else row

    return changed


def truncated_amounts(row: Any) -> Any:
    """Keep the lower 32 bits of amounts, as a column that is too small does."""
    if not attrs.has(type(row)):
        return row
    if hasattr(row, "postings"):
        cut = [attrs.evolve(one, amount=_low(one.amount)) for one in row.postings]
        return attrs.evolve(row, postings=tuple(cut))
    told = {
        name: _low(getattr(row, name))
        for name, kind in field_types(type(row)).items()
        if "Cents" in str(kind) and getattr(row, name) is not None
    }
    return attrs.evolve(row, **told)


def _low(amount: int) -> int:
    return (amount + 2**31) % 2**32 - 2**31


# ── stores ───────────────────────────────────────────────────────────────────────────────────


class Keeping(MemoryStore):
    """What a block wrote before it failed is kept."""

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # a manager as well
        failed: Exception | None = None
        with super().begin(actor=actor) as tx:
            try:
                yield tx
            except Exception as error:  # noqa: BLE001 - it is raised again
                failed = error
        if failed is not None:
            raise failed


class Swallowing(MemoryStore):
    """A conflict at the end of a block is swallowed, and the block with it."""

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # as above
        with contextlib.suppress(ReviewcoreError), super().begin(actor=actor) as tx:
            yield tx


class Unchecked(MemoryStore):
    """Nothing is unique."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.tables.holders = []


class Nested(MemoryStore):
    """A block within a block is the same block."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._open: Any = None

    def begin(self, *, actor: str = SYSTEM) -> Any:
        if self._open is not None:
            return contextlib.nullcontext(self._open)
        return self._outer(actor)

    @contextlib.contextmanager
    def _outer(self, actor: str) -> Iterator[Any]:
        with super().begin(actor=actor) as tx:
            self._open = tx
            try:
                yield tx
            finally:
                self._open = None


class Turnless:
    """Lets everybody in at once."""

    def take(self) -> None:
        pass

    def give_up(self) -> None:
        pass


class Crowded(MemoryStore):
    """Blocks do not wait for each other: no lock locks, and nothing is hidden until committed."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.turn = Turnless()  # type: ignore[assignment]  # that is the mistake


class Peeping(MemoryStore):
    """Snapshots do not wait for the block that is open, and look at what it writes."""

    def read(self) -> Any:
        return _peep(self)


def _peep(store: MemoryStore) -> AbstractContextManager[Any]:
    open_store = Crowded(rules=store.rules, clock=store._clock)
    open_store.tables = store.tables
    return MemoryStore.read(open_store)


class Writable(MemoryStore):
    """A snapshot takes writes."""

    def read(self) -> Any:
        return self.begin()


class Forgetting(MemoryStore):
    """Blocks that fail are rolled back, but for the numbers of events."""

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # as above
        numbers: dict[str, int] = {}
        try:
            with super().begin(actor=actor) as tx:
                try:
                    yield tx
                finally:
                    numbers = dict(self.tables.sequences.rows)
        finally:
            self.tables.sequences.rows.update(numbers)


class Ticking(MemoryStore):
    """A block's time goes on."""

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # as above
        store = self
        with super().begin(actor=actor) as tx:
            tx.__class__ = type("Ticking", (type(tx),), {"now": property(lambda _: store.now())})
            yield tx


# ── twists of their own ──────────────────────────────────────────────────────────────────────


def late(tx: Any) -> None:
    """Find conflicts at the end of the block only."""
    tx.flush = lambda: None


def duplicated(tx: Any) -> None:
    """Number the events of an aggregate all alike."""
    record = tx.events._record

    def renumbered(event: Any) -> EventRecord:
        told: EventRecord = attrs.evolve(record(event), sequence=1)
        return told

    tx.events._record = renumbered


def twice(tx: Any) -> None:
    """Write each entry of the ledger twice."""
    add = tx.ledger.add
    tx.ledger.add = lambda *drafts: add(*drafts, *drafts)


def lopsided(tx: Any) -> None:
    """Take entries that do not balance."""
    ledger = tx.ledger

    def add(*drafts: Any) -> None:
        tx.work.require_writable()
        for draft in drafts:
            if draft.postings:
                tx.work.add(ledger._table, ledger._entry(draft))

    ledger.add = add


def upserting(tx: Any) -> None:
    """Make a row by updating what is not there."""
    users = tx.users
    users.update = lambda *rows: [tx.work.put(users._table, one.id, one) for one in rows]


def naive(tx: Any) -> None:
    """Take a naive time for UTC, and leave other zones as they are."""
    for table in vars(tx.work.tables).values():
        if hasattr(table, "in_utc"):
            table.in_utc = lambda row: row


def stale(tx: Any) -> None:
    """Answer from what the block found when it began."""
    before = dict(tx.users._table.rows)
    tx.users.get = lambda key: before[key]


def alive(tx: Any) -> None:
    """Hand out the store's own lists."""
    kept: dict[Any, list[Any]] = tx.store.__dict__.setdefault("kept", {})
    told = tx.slots.of_track

    def of_track(track_id: Any) -> Any:
        if len(kept.get(track_id, [])) != 0 or track_id not in kept:
            kept[track_id] = kept.get(track_id) or list(told(track_id))
        return kept[track_id]

    tx.slots.of_track = of_track


def keyed_by(fold: Callable[[str], str]) -> Twist:
    """Take keys for equal that a fold makes equal."""

    def twist(tx: Any) -> None:
        claim, hit = tx.idempotency.claim, tx.rate_limits.hit
        tx.idempotency.claim = lambda record: claim(attrs.evolve(record, key=fold(record.key)))
        tx.rate_limits.hit = lambda key, *, window: hit(fold(key), window=window)

    return twist


class Hesitating(Crowded):
    """Locks nothing, and takes its time between what it reads and what it writes."""

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Any]:  # type: ignore[override]  # a manager as well
        with super().begin(actor=actor) as tx:
            for name in ("attempts", "refunds", "payouts", "inbox", "leads"):
                _hesitant_lease(getattr(tx, name))
            _hesitant_numbers(tx)
            yield tx


def _hesitant_lease(rows: Any) -> None:
    told = rows.lease

    def lease(now: Any, *, until: Any, limit: int) -> Any:
        found = told(now, until=now, limit=limit)
        time.sleep(0.002)
        leased = [attrs.evolve(one, leased_until=until) for one in found]
        rows.update(*leased)
        return leased

    rows.lease = lease


def _hesitant_numbers(tx: Any) -> None:
    record, numbers = tx.events._record, tx.work.tables.sequences.rows

    def numbered(event: Any) -> EventRecord:
        next_ = numbers.get(event.aggregate, 0) + 1
        time.sleep(0.002)
        told: EventRecord = attrs.evolve(record(event), sequence=next_)
        numbers[event.aggregate] = next_
        return told

    tx.events._record = numbered
