"""What is true of every entity by itself, whatever the market around it: no rules, no store.

The laws (`reviewcore.domain.laws`) say how entities hang together; these say what one of them can
be at all. Builders refuse to build anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from reviewcore.testing.builders.fits import money, people, service, tracks
from reviewcore.testing.builders.fits.fitting import Inconsistent, Sentences

T = TypeVar("T")

FITS: Mapping[type, Sentences] = MappingProxyType(
    tracks.SENTENCES | money.SENTENCES | people.SENTENCES | service.SENTENCES
)
"""The sentences by class of entity."""


def misfits(entity: object) -> tuple[str, ...]:
    """Tell the sentences about its class that *entity* breaks; none when it is consistent."""
    told = FITS[type(entity)]
    return tuple(sentence for sentence, holds in told.items() if not holds(entity))


def require_fit(entity: T) -> T:
    """Return *entity* if the market could hold it. Raises Inconsistent."""
    broken = misfits(entity)
    if broken:
        raise Inconsistent(entity, broken)
    return entity


__all__ = ["FITS", "Inconsistent", "misfits", "require_fit"]
