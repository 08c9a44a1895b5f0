"""A table in memory: rows by key, with indexes that stay right as rows come, change and go.

No operation grows with the number of rows: rows and groups are found by hash, and a group is kept
in order in chunks of bounded length.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

import attrs

from reviewcore.ports.codec import field_types
from reviewcore.ports.constraints import UNIQUES, Unique

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

CHUNK_MAX = 512
_first = itemgetter(0)


class Ordered:
    """A sorted set of things that can be compared."""

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: list[list[Any]] = []

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._chunks)

    def add(self, item: Any) -> None:
        """Put *item* in its place; it is not there yet."""
        if not self._chunks:
            self._chunks.append([item])
            return
        number = self._chunk_of(item)
        chunk = self._chunks[number]
        insort(chunk, item)
        if len(chunk) > CHUNK_MAX:
            half = CHUNK_MAX // 2
            self._chunks.insert(number + 1, chunk[half:])
            del chunk[half:]

    def remove(self, item: Any) -> None:
        """Take *item* out; it is there."""
        number = self._chunk_of(item)
        chunk = self._chunks[number]
        place = bisect_left(chunk, item)
        assert chunk[place] == item, "an index has lost a row"
        del chunk[place]
        if not chunk:
            del self._chunks[number]

    def after(self, item: Any) -> Iterator[Any]:
        """Iterate over what is greater than *item*."""
        if not self._chunks:
            return iter(())
        number = self._chunk_of(item)
        chunk = self._chunks[number]
        rest = chunk[bisect_right(chunk, item) :]
        return chain(rest, chain.from_iterable(self._chunks[number + 1 :]))

    def _chunk_of(self, item: Any) -> int:
        if len(self._chunks) == 1:
            return 0
        return max(bisect_right(self._chunks, item, key=_first) - 1, 0)


class Index(Generic[V]):
    """Keys of rows by group, in order of rank and then key.

    *groups* tells the groups a row belongs to; *rank* what orders it within them, by default the
    key alone.
    """

    __slots__ = ("_by_group", "_groups", "_rank")

    def __init__(
        self,
        groups: Callable[[V], Iterable[Hashable]],
        rank: Callable[[V], Any] | None = None,
    ) -> None:
        self._groups = groups
        self._rank = rank if rank is not None else lambda _: None
        self._by_group: dict[Hashable, Ordered] = {}

    def keys(self, group: Hashable = None) -> Iterator[Any]:
        """Iterate over the keys of a group, in order."""
        return (key for _, key in self._by_group.get(group, ()))

    def keys_after(self, key: Any, group: Hashable = None) -> Iterator[Any]:
        """Iterate over the keys of an unranked group that are greater than *key*, if any."""
        if key is None:
            return self.keys(group)
        return (found for _, found in self._of(group).after((None, key)))

    def ranked(self, group: Hashable = None) -> Iterator[tuple[Any, Any]]:
        """Iterate over rank and key of the members of a group, in order."""
        return iter(self._by_group.get(group, ()))

    def ranked_from(self, rank: Any, group: Hashable = None) -> Iterator[tuple[Any, Any]]:
        """Iterate over rank and key from *rank* on, this one included."""
        # Every key is greater than the empty text.
        return self._of(group).after((rank, ""))

    def groups(self) -> Iterator[Hashable]:
        """Iterate over the groups that have members."""
        return iter(self._by_group)

    def move(self, key: Any, before: V | None, after: V | None) -> None:
        """Follow the change of a row (None: there is none)."""
        old = self._places(before, key)
        new = self._places(after, key)
        if old == new:
            return
        for group, place in old:
            members = self._by_group[group]
            members.remove(place)
            if not members:
                del self._by_group[group]
        for group, place in new:
            self._by_group.setdefault(group, Ordered()).add(place)

    def _of(self, group: Hashable) -> Ordered:
        return self._by_group.get(group) or Ordered()

    def _places(self, row: V | None, key: Any) -> list[tuple[Hashable, tuple[Any, Any]]]:
        if row is None:
            return []
        groups = self._groups(row)
        if not groups:
            return []
        place = (self._rank(row), key)
        return [(group, place) for group in groups]


class Holders:
    """Who holds which value of a unique key; two may, until the end of the block."""

    __slots__ = ("_by_value", "_value_of", "unique")

    def __init__(self, unique: Unique) -> None:
        self.unique = unique
        self._value_of = attrgetter(*unique.fields)
        self._by_value: dict[Hashable, list[Any]] = {}

    def value(self, row: Any) -> Hashable:
        """Tell the value that *row* holds; None when it is exempt."""
        if self.unique.when is not None and not self.unique.when(row):
            return None
        value: Hashable = self._value_of(row)
        if isinstance(value, tuple) and None in value:
            return None
        return value

    def key(self, value: Hashable) -> Any:
        """Tell the key of the row that holds *value*, or None."""
        keys = self._by_value.get(value)
        return keys[0] if keys else None

    def has_rivals(self, row: Any) -> bool:
        """Whether another row holds the same value."""
        value = self.value(row)
        return value is not None and len(self._by_value[value]) > 1

    def move(self, key: Any, before: Any, after: Any) -> None:
        """Follow the change of a row (None: there is none)."""
        old = None if before is None else self.value(before)
        new = None if after is None else self.value(after)
        if old == new:
            return
        if old is not None:
            keys = self._by_value[old]
            keys.remove(key)
            if not keys:
                del self._by_value[old]
        if new is not None:
            self._by_value.setdefault(new, []).append(key)


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
        self._followers: tuple[Index[V] | Holders, ...] = (
            *self.indexes.values(),
            *self.holders.values(),
        )
        types = field_types(kind) if attrs.has(kind) else {}
        self._times = tuple(
            name for name, told in types.items() if told in (datetime, datetime | None)
        )

    def put(self, key: K, row: V | None) -> None:
        """Have *row* under *key*, or nothing (None)."""
        before = self.rows.get(key)
        for follower in self._followers:
            follower.move(key, before, row)
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
        self.changes += 1

    def in_utc(self, row: V) -> V:
        """Return *row* with its times in UTC. Raises ValueError that names a naive one."""
        for name in self._times:
            at = getattr(row, name)
            if at is None or at.tzinfo is UTC:
                continue
            if at.tzinfo is None:
                raise ValueError(f"{self.kind.__name__}.{name} is naive; times carry their zone")
            moved: Any = attrs.evolve(row, **{name: at.astimezone(UTC)})  # type: ignore[misc]
            row = moved
        return row

    def holder(self, unique: str, value: Hashable) -> V | None:
        """Return the row that holds *value* of a unique key."""
        key = self.holders[unique].key(value)
        return None if key is None else self.rows[key]

    def of(self, index: str, group: Hashable = None) -> list[V]:
        """Return the rows of a group of an index, in its order."""
        return [self.rows[key] for key in self.indexes[index].keys(group)]
