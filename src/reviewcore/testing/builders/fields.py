"""What the builders share: ids, the genres that everybody has, and the way things are put together.

Times that nobody asked for are fitted around those that somebody did.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from reviewcore.domain.ids import GenreId
from reviewcore.testing.builders.fits import require_fit
from reviewcore.testing.clock import START

T = TypeVar("T")

Fields = dict[str, Any]

ID_LENGTH = 26

GENRES = (GenreId("electronic"), GenreId("house"), GenreId("techno"))
"""Ids of the built-in catalogue: a root and two of its children."""

_numbers: Iterator[int] = itertools.count(1)


def an_id(kind: str, *, length: int = ID_LENGTH) -> Any:
    """Make an id as long as a store's; of one *kind*, later ids sort after earlier ones."""
    return f"{kind}{next(_numbers):0{length - len(kind)}d}"


def built(kind: type[T], fields: Fields, changes: Fields) -> T:
    """Make a *kind* of *fields*, as changed. Raises Inconsistent for what could never be."""
    return require_fit(kind(**(fields | changes)))


def begun(changes: Fields, *later: str, at: str = "created_at") -> datetime:
    """Tell when a thing begins: when asked for, else at `START` or before what came *later*."""
    asked: datetime | None = changes.get(at)
    return asked or min([START, *_told(changes, later)])


def after(earlier: datetime, changes: Fields, *later: str) -> datetime:
    """Tell a time from *earlier* on, about `START`, and not past what is to come *later*."""
    return min([max(START, earlier), *_told(changes, later)])


def _told(changes: Fields, names: tuple[str, ...]) -> list[datetime]:
    return [changes[name] for name in names if changes.get(name) is not None]
