"""The genre catalogue, kept in memory for a while: it hardly ever changes."""

from __future__ import annotations

import threading
import time

from sqlalchemy import select

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.genres import Genre, GenreTree

TREE_SECONDS_MAX = 30.0
"""How old a tree may be; the port allows a minute."""

_ALL = Query(select(*maps.GENRES.selected).order_by(tables.genres.c.id))


class TreeCache:
    """The newest tree that some transaction of a store has read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tree: GenreTree | None = None
        self._read_at = 0.0

    def get(self) -> GenreTree | None:
        """Return the tree unless it is too old."""
        with self._lock:
            is_fresh = time.monotonic() - self._read_at < TREE_SECONDS_MAX
            return self._tree if is_fresh else None

    def put(self, tree: GenreTree) -> None:
        """Keep a tree that was read now."""
        with self._lock:
            self._tree, self._read_at = tree, time.monotonic()

    def clear(self) -> None:
        """Have the tree read again: genres were added."""
        with self._lock:
            self._tree = None


class SqlGenres:
    """The genre catalogue as one transaction sees it."""

    def __init__(self, unit: Unit, cache: TreeCache) -> None:
        self._unit = unit
        self._cache = cache
        self._added = False

    def tree(self) -> GenreTree:
        kept = None if self._added else self._cache.get()
        if kept is not None:
            return kept
        tree = GenreTree(self._unit.entities(maps.GENRES, _ALL))
        if not self._added:
            # What was added here is nobody else's before it is committed.
            self._cache.put(tree)
        return tree

    def add(self, *genres: Genre) -> None:
        self._unit.add_new(maps.GENRES, *genres)
        self._added = True

    def committed(self) -> None:
        """Have the next transaction see what was added."""
        if self._added:
            self._cache.clear()
