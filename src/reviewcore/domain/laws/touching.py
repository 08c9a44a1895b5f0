"""From the rows that a step wrote to what has to be judged after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reviewcore.domain.laws.law import Scope
from reviewcore.domain.ledger import Entry

HANGS_ON = (
    "id",
    "artist_id",
    "reviewer_id",
    "track_id",
    "review_id",
    "payment_id",
    "payout_id",
)
"""The names under which a row bears its own id and those of what is judged with it."""


def touched(rows: Iterable[object]) -> Scope:
    """Say what laws have to judge after *rows* were written: each of them and what it hangs on.

    Give a changed or removed row as it was besides what it became, if what it hangs on may change.
    """
    return Scope(ids=frozenset(one for row in rows for one in _ids_of(row)))


def _ids_of(row: object) -> Iterator[str]:
    kind = type(row)
    if kind not in _NAMED:
        _NAMED[kind] = tuple(name for name in HANGS_ON if hasattr(kind, name))
    for name in _NAMED[kind]:
        yield getattr(row, name)
    if isinstance(row, Entry):
        # A cause may be a part of something, such as slot 2 of a track.
        yield row.cause.partition("/")[0]
        for posting in row.postings:
            yield posting.account.rpartition(":")[2]


_NAMED: dict[type, tuple[str, ...]] = {}
"""The names of `HANGS_ON` that rows of a kind have."""
