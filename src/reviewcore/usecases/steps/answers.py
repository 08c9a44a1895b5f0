"""What a use case makes of an answer of the processor without which it cannot go on."""

from __future__ import annotations

from reviewcore.domain.errors import ProcessorRefused, ProcessorUnavailable
from reviewcore.ports.processor import Declined, Done, Outcome, Unknown, V


def require_done(outcome: Outcome[V]) -> V:
    """Return what was done or told. Raises ProcessorRefused, ProcessorUnavailable."""
    match outcome:
        case Done(view):
            return view
        case Declined(code):
            raise ProcessorRefused(code=code)
        case Unknown():  # pragma: no branch - an outcome is one of the three
            raise ProcessorUnavailable
