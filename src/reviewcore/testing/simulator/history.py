"""What happened: a fingerprint of the event log, and the acts that led to it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.events import EventRecord
from reviewcore.ports.codec import encode

# To make an encoder costs more than to encode an event.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

SAID = ("id", "aggregate", "sequence", "type", "payload", "actor", "at", "rules_version")
"""What an event says; the rest is how far its delivery is."""


class Fingerprint:
    """SHA-256 over the canonical JSON of all events, in the order in which they were told."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.events: Counter[str] = Counter()

    def follow(self, changes: Iterable[Change]) -> None:
        """Take up the events that a block added."""
        for kind, _, before, after in changes:
            if kind is EventRecord and before is None:
                self._hash.update(canonical(after))
                self.events[after.type] += 1

    @property
    def digest(self) -> str:
        """The fingerprint so far, in hexadecimal."""
        return self._hash.hexdigest()


def canonical(event: EventRecord) -> bytes:
    """Write down what an event says, always in the same bytes."""
    told = {name: encode(getattr(event, name)) for name in SAID}
    return _canonical(told).encode() + b"\n"
