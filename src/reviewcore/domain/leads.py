"""Leads: people who left an address in the get-feedback funnel and no account yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

import attrs

from reviewcore.domain.ids import LeadId
from reviewcore.domain.texts import require_line

SOURCE_MAX = 200
ARTIST_NAME_MAX = 100

REMIND_AFTER = timedelta(hours=24)
"""A reminder goes once, a day after the address was left."""


@attrs.frozen(kw_only=True)
class LeadCapture:
    """An address that somebody left; *source* is the page or campaign it came from.

    *reminded* and *converted* are when the one reminder went, and when the address signed up.
    """

    id: LeadId
    email: str
    artist_name: str | None
    source: str | None
    created_at: datetime
    reminded: datetime | None = None
    converted: datetime | None = None
    next_attempt_at: datetime | None = None
    leased_until: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has been reminded and nobody has signed up yet."""
        return self.reminded is None and self.converted is None

    def remind(self, at: datetime) -> Self:
        """Have been reminded; harmless when repeated."""
        return attrs.evolve(
            self, reminded=self.reminded or at, next_attempt_at=None, leased_until=None
        )

    def convert(self, at: datetime) -> Self:
        """Have signed up: no reminder is due any more."""
        return attrs.evolve(
            self, converted=self.converted or at, next_attempt_at=None, leased_until=None
        )


def require_source(source: str | None) -> str | None:
    """Return *source* on one line, at most 200 characters; None when empty. Raises InvalidText."""
    return require_line("source", source or "", longest=SOURCE_MAX, shortest=0) or None


def require_lead_name(name: str | None) -> str | None:
    """Return *name* on one line, at most 100 characters; None when empty. Raises InvalidText."""
    return require_line("artist_name", name or "", longest=ARTIST_NAME_MAX, shortest=0) or None
