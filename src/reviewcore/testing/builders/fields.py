"""What the builders share: ids, and the genres that everybody has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from reviewcore.domain.ids import GenreId

Fields = dict[str, Any]

ID_LENGTH = 26

GENRES = (GenreId("electronic"), GenreId("house"), GenreId("techno"))
"""Ids of the built-in catalogue: a root and two of its children."""

_numbers: Iterator[int] = itertools.count(1)


def an_id(kind: str, *, length: int = ID_LENGTH) -> Any:
    """Make an id as long as a store's; of one *kind*, later ids sort after earlier ones."""
    return f"{kind}{next(_numbers):0{length - len(kind)}d}"
