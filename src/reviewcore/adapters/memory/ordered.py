"""A sorted set that grows and shrinks in chunks of bounded length."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Any

CHUNK_MAX = 512
_first = itemgetter(0)


class Ordered:
    """A sorted set of things that can be compared."""

    __slots__ = ("_chunks",)

    def __init__(self, *items: Any) -> None:
        # In order already; as a rule there is one.
        self._chunks: list[list[Any]] = [[*items]] if items else []

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._chunks)

    def last(self) -> Any:
        """Return the greatest of them, None if there are none."""
        return self._chunks[-1][-1] if self._chunks else None

    def add(self, item: Any) -> None:
        """Put *item* in its place; it is not there yet."""
        if not self._chunks:
            self._chunks.append([item])
            return
        number = self._chunk_of(item)
        chunk = self._chunks[number]
        # Most things come last: ids and times grow.
        if item > chunk[-1]:
            chunk.append(item)
        else:
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
        last = len(self._chunks) - 1
        if last == 0 or item >= self._chunks[last][0]:
            return last
        return max(bisect_right(self._chunks, item, key=_first) - 1, 0)
