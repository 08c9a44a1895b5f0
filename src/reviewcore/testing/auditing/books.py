"""A processor's own books, with which the market's are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reviewcore.adapters.sandbox import Paid, Refunded, Transferred
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import DisputeView


class Books(Protocol):
    """What has happened at the processor, in order, as its own books have it."""

    def paid(self) -> Sequence[Paid]:
        """List what was paid."""
        ...

    def refunded(self) -> Sequence[Refunded]:
        """List refunds as they stand."""
        ...

    def transferred(self) -> Sequence[Transferred]:
        """List what went out to payees, with what came back of it."""
        ...

    def disputed(self) -> Sequence[DisputeView]:
        """List disputes as they stand."""
        ...

    def balance(self, currency: str, /) -> Cents:
        """Tell what the market has there, in cents, after fees; below 0 when it was lent."""
        ...
