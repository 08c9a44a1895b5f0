"""What the steps of a worker have in common: an app, batches, leases, and patience."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import attrs

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.events import EventRecord
from reviewcore.ports.files import Files
from reviewcore.ports.store import Store, Transaction

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")

log = logging.getLogger("reviewcore.worker")

BATCH = 50
LEASE = timedelta(minutes=2)
"""Longer than a call to the processor may take (47 s), so that a lease outlives its holder's."""


@attrs.define
class Tally:
    """What a step has come to: how often it ran and failed, how much it did, and for how long."""

    runs: int = 0
    failures: int = 0
    done: int = 0
    seconds: float = 0.0


class Runner(Protocol):
    """What a worker needs of an app."""

    @property
    def store(self) -> Store:
        """Where the work stands."""
        ...

    @property
    def base_url(self) -> str:
        """What links in mails begin with."""
        ...

    @property
    def files(self) -> Files:
        """Where uploads are."""
        ...

    @property
    def subscribers(self) -> Sequence[Callable[[EventRecord], None]]:
        """Who else is told of events."""
        ...

    def perform(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run a use case in a transaction."""
        ...

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run a use case that waits on the outside world."""
        ...


class Steps:
    """Steps of a worker; each does one batch and returns how much it did."""

    def __init__(self, app: Runner) -> None:
        self._app = app
        self.tallies: dict[str, Tally] = {}
        """By the names of the steps. One thread runs a step and counts it; others may look."""

    def _each(self, things: Iterable[T], act: Callable[[T], object]) -> int:
        """Act on each thing and count the successes; what is refused is left for another time.

        A refusal here means that somebody else was faster, or that the processor gave no answer:
        the row itself says whether and when it is due again.
        """
        done = 0
        for thing in things:
            try:
                act(thing)
            except ReviewcoreError as error:
                log.info("left for another time: %s", error.title)
            else:
                done += 1
        return done

    def _block(self, act: Callable[[Transaction], R]) -> R:
        """Run *act* in a transaction, again if others were in the way."""
        return self._app.perform(lambda tx, _: act(tx), None)

    def _guarded(self, step: Callable[[], int]) -> int:
        tally = self.tallies[step.__name__]
        did, began = 0, time.monotonic()
        try:
            did = step()
        except Exception:
            # A worker that dies of one bad row helps nobody; the row stays and is seen in the log.
            log.exception("%s failed", step.__name__)
            tally.failures += 1
        tally.runs += 1
        tally.done += did
        tally.seconds += time.monotonic() - began
        return did
