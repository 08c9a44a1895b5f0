"""A table in memory: rows by key, with indexes that stay right as rows come, change and go.

No operation grows with the number of rows: rows and groups are found by hash, and a group is kept
in order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

import attrs

from reviewcore.adapters.memory.ordered import Ordered
from reviewcore.ports.codec import field_types
from reviewcore.ports.constraints import UNIQUES, Unique

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_second = itemgetter(1)
_EMPTY = Ordered()


def _nothing(_: object) -> None:
    return None


def _all_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Read several attributes as a tuple, also when there is one or none."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple(getattr(row, name) for name in names)


class Index(Generic[V]):
    """Keys of rows by group, in order of rank and then key.

    *groups* tells the groups a row belongs to; the field *rank* orders it within them (None: the
    key alone does). *watch* names the other fields that decide its groups: while they are as they
    were, the index need not look.

    It follows its rows late: the table notes what changes, and the index works that in when it is
    next asked. What comes and goes between two questions costs next to nothing, and what comes
    before the first question nothing at all.
    """

    __slots__ = (
        "_by_group",
        "_groups",
        "_late",
        "_news",
        "_rank",
        "_rows",
        "_watched",
        "is_told",
        "watch",
    )

    def __init__(
        self,
        groups: Callable[[V], Iterable[Hashable]],
        *,
        watch: tuple[str, ...] = (),
        rank: str | Callable[[V], Any] | None = None,
    ) -> None:
        self._groups = groups
        self.watch = (*watch, rank) if isinstance(rank, str) else watch
        self._watched = attrgetter(*self.watch) if self.watch else _nothing
        self._rank = attrgetter(rank) if isinstance(rank, str) else rank or _nothing
        self._by_group: dict[Hashable, Ordered] = {}
        # By key, the row as the groups still have it (None: they have none).
        self._late: dict[Any, V | None] = {}
        self._rows: Mapping[Any, V] = {}
        self._news: Callable[[Index[V]], object] = _nothing
        self.is_told = False

    def follow(self, rows: Mapping[Any, V], news: Callable[[Index[V]], object]) -> None:
        """Index *rows*; *news* has their table tell what it noted since this was last told."""
        self._rows = rows
        self._news = news

    def note(self, changed: Mapping[Any, V | None]) -> None:
        """Take note of keys and the rows that they had (None: none), to be worked in later."""
        if not self._late:
            self._late.update(changed)
            return
        # The first note of a key stands: it is what the groups know.
        for key, before in changed.items():
            self._late.setdefault(key, before)

    def keys(self, group: Hashable = None) -> Iterator[Any]:
        """Iterate over the keys of a group, in order."""
        return map(_second, self._of(group))

    def keys_after(self, key: Any, group: Hashable = None) -> Iterator[Any]:
        """Iterate over the keys of an unranked group that are greater than *key*, if any."""
        if key is None:
            return self.keys(group)
        return (found for _, found in self._of(group).after((None, key)))

    def ranked(self, group: Hashable = None) -> Iterator[tuple[Any, Any]]:
        """Iterate over rank and key of the members of a group, in order."""
        return iter(self._of(group))

    def last_ranked(self, group: Hashable = None) -> tuple[Any, Any] | None:
        """Return rank and key of the last member of a group, None if it is empty."""
        last: tuple[Any, Any] | None = self._of(group).last()
        return last

    def ranked_from(self, rank: Any, group: Hashable = None) -> Iterator[tuple[Any, Any]]:
        """Iterate over rank and key from *rank* on, this one included."""
        # Every key is greater than the empty text.
        return self._of(group).after((rank, ""))

    def _of(self, group: Hashable) -> Ordered:
        self._news(self)
        if self._late:
            self._catch_up()
        return self._by_group.get(group, _EMPTY)

    def _catch_up(self) -> None:
        for key, before in self._late.items():
            self._move(key, before, self._rows.get(key))
        self._late.clear()

    def _move(self, key: Any, before: V | None, after: V | None) -> None:
        if before is not None and after is not None:
            if self._watched(before) == self._watched(after):
                return
            groups = self._groups(before)
            if groups == self._groups(after) and (
                not groups or self._rank(before) == self._rank(after)
            ):
                return
        if before is not None:
            self._leave(key, before)
        if after is not None:
            self._enter(key, after)

    def _enter(self, key: Any, row: V) -> None:
        groups = self._groups(row)
        if not groups:
            return
        place = (self._rank(row), key)
        for group in groups:
            members = self._by_group.get(group)
            if members is None:
                self._by_group[group] = Ordered(place)
            else:
                members.add(place)

    def _leave(self, key: Any, row: V) -> None:
        groups = self._groups(row)
        if not groups:
            return
        place = (self._rank(row), key)
        for group in groups:
            members = self._by_group[group]
            members.remove(place)
            if not members:
                del self._by_group[group]


def _value_of(unique: Unique) -> Callable[[Any], Hashable]:
    """Make what tells the value that a row holds of a unique key; None when it is exempt."""
    fields, when = attrgetter(*unique.fields), unique.when
    is_single = len(unique.fields) == 1
    if is_single and when is None:
        return fields

    def value_of(row: Any) -> Hashable:
        if when is not None and not when(row):
            return None
        value: Any = fields(row)
        return None if not is_single and None in value else value

    return value_of


class Holders:
    """Who holds which value of a unique key; two may, until the end of the block.

    *rivals* are the values that more than one row holds.
    """

    __slots__ = ("_by_value", "_value_of", "rivals", "unique")

    def __init__(self, unique: Unique) -> None:
        self.unique = unique
        self.rivals: set[Hashable] = set()
        self._value_of = _value_of(unique)
        self._by_value: dict[Hashable, tuple[Any, ...]] = {}

    def key(self, value: Hashable) -> Any:
        """Tell the key of the row that holds *value*, or None."""
        keys = self._by_value.get(value)
        return keys[0] if keys else None

    def move(self, key: Any, before: Any, after: Any) -> None:
        """Follow the change of a row (None: there is none)."""
        old = None if before is None else self._value_of(before)
        new = None if after is None else self._value_of(after)
        if old == new:
            return
        if old is not None:
            self._set(old, tuple(one for one in self._by_value[old] if one != key))
        if new is not None:
            self._set(new, (*self._by_value.get(new, ()), key))

    def _set(self, value: Hashable, keys: tuple[Any, ...]) -> None:
        if keys:
            self._by_value[value] = keys
        else:
            del self._by_value[value]
        if len(keys) > 1:
            self.rivals.add(value)
        else:
            self.rivals.discard(value)


class Table(Generic[K, V]):
    """Rows of one kind."""

    def __init__(
        self, kind: type[V], key_of: Callable[[V], K], indexes: Mapping[str, Index[V]] | None = None
    ) -> None:
        self.kind = kind
        self.key_of = key_of
        self.rows: dict[K, V] = {}
        self.changes = 0
        self.indexes = dict(indexes or {})
        self.holders = {unique.name: Holders(unique) for unique in UNIQUES if unique.entity is kind}
        # The indexes that were asked so far: for the others nothing needs to be noted.
        self._told: list[Index[V]] = []
        # By key, the row that was there when they were last told.
        self._noted: dict[K, V | None] = {}
        for index in self.indexes.values():
            index.follow(self.rows, self._tell)
        self._claims = tuple(self.holders.values())
        types = field_types(kind) if attrs.has(kind) else {}
        self._times = tuple(
            name for name, told in types.items() if told in (datetime, datetime | None)
        )
        self._times_of = _all_of(self._times)

    def put(self, key: K, before: V | None, after: V | None) -> None:
        """Have *after* under *key*, where *before* was; None is nothing."""
        self.changes += 1
        if after is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = after
        if self._told:
            self._noted.setdefault(key, before)
        for holders in self._claims:
            holders.move(key, before, after)

    def _tell(self, index: Index[V]) -> None:
        """Tell all that changed, to one that asks for the first time that every row is new."""
        if self._noted:
            for one in self._told:
                one.note(self._noted)
            self._noted.clear()
        if not index.is_told:
            index.is_told = True
            self._told.append(index)
            index.note(dict.fromkeys(self.rows))

    def in_utc(self, row: V) -> V:
        """Return *row* with its times in UTC. Raises ValueError that names a naive one."""
        for at in self._times_of(row):
            if at is not None and at.tzinfo is not UTC:
                return self._moved_to_utc(row)
        return row

    def _moved_to_utc(self, row: V) -> V:
        moved: dict[str, datetime] = {}
        for name in self._times:
            at = getattr(row, name)
            if at is None:
                continue
            if at.tzinfo is None:
                raise ValueError(f"{self.kind.__name__}.{name} is naive; times carry their zone")
            moved[name] = at.astimezone(UTC)
        changed: Any = row
        return attrs.evolve(changed, **moved)  # type: ignore[no-any-return]  # a V again

    def holder(self, unique: str, value: Hashable) -> V | None:
        """Return the row that holds *value* of a unique key."""
        key = self.holders[unique].key(value)
        return None if key is None else self.rows[key]

    def of(self, index: str, group: Hashable = None) -> list[V]:
        """Return the rows of a group of an index, in its order."""
        rows = self.rows
        return [rows[key] for _, key in self.indexes[index].ranked(group)]
