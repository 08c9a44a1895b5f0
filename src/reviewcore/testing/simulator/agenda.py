"""What is going to happen, in order, on a clock that jumps from one thing to the next."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from reviewcore.testing.clock import ManualClock

Doing = Callable[[], object]

MILLISECOND = timedelta(milliseconds=1)


def end_of_wait(begun: datetime, seconds: float) -> datetime:
    """Tell until when a wait lets others act."""
    return begun + timedelta(milliseconds=1 + int(seconds * 1000))


class Agenda:
    """Things to be done at their times; those of one time in the order in which they were added.

    Times are whole milliseconds. One thing may take a while (`pass_time`), and others happen
    meanwhile, as they do to processes that wait on each other.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self._heap: list[tuple[datetime, int, Doing]] = []
        self._added = 0

    def at(self, when: datetime, doing: Doing) -> None:
        """Have something done at a time, or now if that is over."""
        self._added += 1
        heapq.heappush(self._heap, (max(when, self.clock()), self._added, doing))

    def after(self, seconds: float, doing: Doing) -> None:
        """Have something done in a while."""
        self.at(self.clock() + timedelta(milliseconds=int(seconds * 1000)), doing)

    def run_until(self, end: datetime) -> None:
        """Do what is due before *end*, which it is then."""
        heap = self._heap
        while heap and heap[0][0] < end:
            when, _, doing = heapq.heappop(heap)
            if when > self.clock():
                self.clock.set(when)
            doing()
        if self.clock() < end:
            self.clock.set(end)

    def pass_time(self, seconds: float) -> None:
        """Wait, and let others act meanwhile."""
        self.run_until(end_of_wait(self.clock(), seconds))
        # Whoever waited goes on after all that happened meanwhile, and not at the same instant.
        self.clock.set(self.clock() + MILLISECOND)

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
