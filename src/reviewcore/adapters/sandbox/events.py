"""The sandbox bank's desk for news: what happened there, told to whoever asks."""

from __future__ import annotations

from datetime import datetime
from typing import Never

from reviewcore.adapters.sandbox.books import Row
from reviewcore.adapters.sandbox.desk import Desk, answered, stamp
from reviewcore.adapters.sandbox.news import SUBJECTS, News
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import KEPT_FOR, Endpoint, ProcessorEvent
from reviewcore.ports.processor import Done, EventPage, Outcome

PAGE_MAX = 100
"""How many events a page holds, as at Stripe."""


class Events(Desk):
    """The port Webhooks."""

    def authenticate(self, endpoint: Endpoint, body: bytes, signature: str | None, /) -> Never:
        """Refuse whatever came: it came from somebody else. Raises InvalidWebhook."""
        del endpoint, body, signature
        raise InvalidWebhook(reason="the sandbox bank sends nothing, it only answers")

    @answered
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        with self._books.reading() as sheet:
            # Events are numbered as they happen, so the order of numbers is that of time.
            rows = sheet.execute(
                "SELECT * FROM events WHERE number > ? AND created_at >= ? ORDER BY number LIMIT ?",
                (int(cursor or 0), stamp(max(at, self._clock() - KEPT_FOR)), PAGE_MAX + 1),
            ).fetchall()
        told = rows[:PAGE_MAX]
        return Done(
            EventPage(
                events=tuple(_event(row) for row in told),
                cursor=str(told[-1]["number"]) if len(rows) > PAGE_MAX else None,
            )
        )


def _event(row: Row) -> ProcessorEvent:
    return ProcessorEvent(
        id=row["id"],
        type=row["type"],
        subject=SUBJECTS[News(row["type"])],
        object_id=row["object_id"],
        created_at=datetime.fromisoformat(row["created_at"]),
        account_id=row["account_id"],
    )
