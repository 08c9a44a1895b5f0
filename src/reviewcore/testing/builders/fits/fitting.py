"""What the sentences about entities are made of, and the error that a builder raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

Sentences = Mapping[str, Callable[[Any], bool]]
"""What is true of every entity of a class, by the sentence that says it."""


class Inconsistent(ValueError):
    """A builder was asked for what the market could never hold; *broken* says why not."""

    def __init__(self, entity: object, broken: tuple[str, ...]) -> None:
        super().__init__(f"{'; '.join(broken)} - but this was asked for: {entity!r}")
        self.entity = entity
        self.broken = broken


def sentences(**told: Callable[[Any], bool]) -> Sentences:
    """Make sentences of names: ``a_paid_slot_is_old=…`` says "a paid slot is old"."""
    return MappingProxyType({name.replace("_", " "): holds for name, holds in told.items()})


def all_or_none(*things: object) -> bool:
    """Tell whether all of *things* are there, or none is."""
    return len({thing is not None for thing in things}) == 1


def none_of(*things: object) -> bool:
    """Tell whether all of *things* are None, 0 or otherwise nothing."""
    return not any(things)


def in_order(*times: datetime | None) -> bool:
    """Tell whether those of *times* that are known never step back."""
    # A naive time is for a store to refuse, not for a builder.
    known = [at if at.tzinfo else at.replace(tzinfo=UTC) for at in times if at is not None]
    return known == sorted(known)
