"""What a step tells: the events that it adds to the log, as they were meant, and by whom."""

from __future__ import annotations

from collections.abc import Callable

from reviewcore.domain.events import Event, event_kinds
from reviewcore.domain.ids import SYSTEM
from reviewcore.ports.codec import decode
from tests.unit.usecases.market import World


def told(world: World, step: Callable[[], object], *, by: str = SYSTEM) -> list[Event]:
    """Take a step and return the events that it adds, each of which is said to be *by* somebody."""
    before = len(world.events())

    step()

    records = world.events()[before:]
    assert {record.actor for record in records} <= {by}
    events: list[Event] = [decode(event_kinds()[one.type], one.payload) for one in records]
    return events
