"""Whether what is kept is what its type says: as strict as a database, and stricter of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.events import EventRecord, event_kinds
from reviewcore.ports.codec import Undecodable, decode, encode


def misfits(changes: Iterable[Change]) -> Iterator[str]:
    """Tell of each row that was written and is not what its type says, and of such events."""
    for change in changes:
        row = change.after
        if row is None or not attrs.has(change.kind):
            continue
        try:
            decode(change.kind, encode(row))
            if isinstance(row, EventRecord):
                decode(event_kinds()[row.type], row.payload)
        except Undecodable as error:
            yield f"{row!r}: {error}"
