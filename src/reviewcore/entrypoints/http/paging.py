"""Long lists in pages: an opaque cursor tells where the last page ended."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Protocol, TypeVar

import attrs
from litestar.params import QueryParameter

from reviewcore.domain.errors import InvalidCursor

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
ID_MAX = 64

V = TypeVar("V")

Limit = Annotated[
    int, QueryParameter(ge=1, le=LIMIT_MAX, description="How many at most; 20 unless said.")
]
Cursor = Annotated[
    str | None, QueryParameter(max_length=128, description="The `next_cursor` of the page before.")
]


class Identified(Protocol):
    """Something with an id that later ones sort after."""

    @property
    def id(self) -> str:
        """The id."""
        ...


E = TypeVar("E", bound=Identified)


@attrs.frozen
class Page(Generic[V]):
    """Some items in the order they were made; *next_cursor* is null on the last page."""

    items: tuple[V, ...]
    next_cursor: str | None


def page_of(
    read: Callable[[str | None, int], Sequence[E]],
    view: Callable[[E], V],
    *,
    cursor: str | None,
    limit: int,
) -> Page[V]:
    """Read one page by ``read(after, limit)`` and show its items. Raises InvalidCursor."""
    found = read(_after(cursor), limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    return Page(
        items=tuple(view(one) for one in shown),
        next_cursor=_cursor(shown[-1].id) if more else None,
    )


def whole(items: Sequence[V]) -> Page[V]:
    """Show a short list as its only page."""
    return Page(items=tuple(items), next_cursor=None)


def _cursor(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def _after(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    if not told or len(told) > ID_MAX or not told.isprintable() or _cursor(told) != cursor:
        raise InvalidCursor
    return told
