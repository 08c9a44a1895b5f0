"""Taking rows whose time has come, so that two workers share them instead of doing them twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs
from sqlalchemy import bindparam, or_, select, text

from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.repositories.base import LIMIT, locking
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import Payout
from reviewcore.domain.refunds import Refund
from reviewcore.domain.webhooks import StripeWebhookEvent

E = TypeVar("E", CheckoutAttempt, Refund, Payout, StripeWebhookEvent, LeadCapture)


def due(rows: RowMap[Any], condition: str) -> Query:
    """Make the query that takes rows whose time has come and that nobody else is at.

    *condition* is text, because a partial index serves only what is known when planning.
    """
    table = rows.table
    free = or_(table.c.leased_until.is_(None), table.c.leased_until <= bindparam("now"))
    return locking(
        select(*rows.selected)
        .where(text(condition), table.c.next_attempt_at <= bindparam("now"), free)
        .order_by(table.c.next_attempt_at, table.c.id)
        .limit(LIMIT),
        skip_locked=True,
    )


def lease(
    unit: Unit, rows: RowMap[E], query: Query, *, now: datetime, until: datetime, limit: int
) -> Sequence[E]:
    """Lease the longest due; they are returned in order of id."""
    found = unit.locked(rows, query, now=now, limit=limit)
    leased = [attrs.evolve(entity, leased_until=until) for entity in found]
    unit.update(rows, *leased)
    return sorted(leased, key=lambda entity: entity.id)
