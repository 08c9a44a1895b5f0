"""Load from threads of a process of its own, through the library."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from bench import market
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.ports.store import Store
from reviewcore.usecases.complete_review import complete_review
from reviewcore.usecases.record_heartbeat import record_heartbeat

WARM_UP = 15
"""Operations of each thread before the clock runs: connections, prepared statements."""


@attrs.frozen(kw_only=True)
class Job:
    """*operation* on each *step*th cell of *first* to *last*, by so many threads, for so long."""

    url: str
    operation: str
    concurrency: int
    seconds: float
    first: int
    last: int
    step: int = 1


@attrs.frozen(kw_only=True)
class Measured:
    """What a run did, and *before* its clock ran. Latencies in milliseconds, sorted.

    *cpu* is in seconds, of the own process.
    """

    operations: int
    seconds: float
    cpu: float
    latencies: list[float]
    errors: tuple[str, ...] = ()
    before: int = 0

    @property
    def rate(self) -> float:
        return self.operations / self.seconds


class Numbers:
    """Hands out cells: each once, or round and round for what may be repeated."""

    def __init__(self, first: int, last: int, *, again: bool, step: int = 1) -> None:
        self._numbers = range(first, last + 1, step)
        self._again = again
        self._next = 0
        self._lock = threading.Lock()

    def take(self) -> int | None:
        with self._lock:
            place, self._next = self._next, self._next + 1
        if place < len(self._numbers):
            return self._numbers[place]
        return self._numbers[place % len(self._numbers)] if self._again else None


_apps: dict[str, App] = {}


def app_on(url: str) -> App:
    """Return this process's app on a database, connected once."""
    if url not in _apps:
        _apps[url] = app_of(SqlStore(url, rules=market.RULES))
    return _apps[url]


def app_of(store: Store) -> App:
    """Make an app whose world outside is nobody's: what is measured never calls it."""
    plain = in_memory()
    return App(
        store=store,
        payments=plain.payments,
        payouts=plain.payouts,
        mail=plain.mail,
        passwords=plain.passwords,
    )


def operation_of(app: App, name: str) -> Callable[[int], Any]:
    match name:
        case "complete_review":
            return lambda number: app.perform(complete_review, market.completion(number))
        case "record_heartbeat":
            return lambda number: app.perform(record_heartbeat, market.heartbeat(number))
    raise ValueError(name)


def run(job: Job) -> Measured:
    """Do a job; runs in the load process."""
    do = operation_of(app_on(job.url), job.operation)
    again = job.operation == "record_heartbeat"
    numbers = Numbers(job.first, job.last, again=again, step=job.step)
    ready = threading.Barrier(job.concurrency + 1)
    go = threading.Event()
    ends: list[float] = []
    latencies: list[list[float]] = []
    errors: list[str] = []
    deadline, warm, lock = [0.0], [0], threading.Lock()

    def work() -> None:
        told: list[float] = []
        try:
            for _ in range(WARM_UP):
                number = numbers.take()
                if number is not None:
                    do(number)
                    with lock:
                        warm[0] += 1
            ready.wait()
            go.wait()
            while (begun := time.perf_counter()) < deadline[0]:
                number = numbers.take()
                if number is None:
                    break
                do(number)
                told.append((time.perf_counter() - begun) * 1000)
        except Exception as error:  # noqa: BLE001 - told to whoever measures
            errors.append(repr(error))
            ready.abort()
        ends.append(time.perf_counter())
        latencies.append(told)

    threads = [threading.Thread(target=work) for _ in range(job.concurrency)]
    for thread in threads:
        thread.start()
    try:
        ready.wait()
    except threading.BrokenBarrierError:
        errors.append("warm-up failed")
    cpu, begun = time.process_time(), time.perf_counter()
    deadline[0] = begun + job.seconds
    go.set()
    for thread in threads:
        thread.join()
    return Measured(
        operations=sum(map(len, latencies)),
        seconds=max(ends) - begun,
        cpu=time.process_time() - cpu,
        latencies=sorted(one for told in latencies for one in told),
        errors=tuple(errors),
        before=warm[0],
    )


def run_in_memory(completions: int) -> Measured:
    """Complete reviews in a memory store, one thread, one core."""
    store = MemoryStore(rules=market.RULES)
    market.add_genres(store)
    market.add_cells(store, range(1, completions + WARM_UP + 1))
    do = operation_of(app_of(store), "complete_review")
    # Indexes follow late: what was made beforehand is worked in before anything is measured.
    for number in range(completions + 1, completions + WARM_UP + 1):
        do(number)
    # The market made beforehand is no garbage of what is measured.
    gc.collect()
    gc.freeze()
    latencies = []
    cpu, begun = time.process_time(), time.perf_counter()
    for number in range(1, completions + 1):
        started = time.perf_counter()
        do(number)
        latencies.append((time.perf_counter() - started) * 1000)
    return Measured(
        operations=completions,
        seconds=time.perf_counter() - begun,
        cpu=time.process_time() - cpu,
        latencies=sorted(latencies),
    )


def time_assignments(url: str, tracks: Sequence[str]) -> Measured:
    """Assign 25 reviewers to each of *tracks*, one after the other."""
    from reviewcore.domain.ids import TrackId  # noqa: PLC0415 - only here
    from reviewcore.usecases.assign_reviewers import (  # noqa: PLC0415 - only here
        AssignReviewers,
        assign_reviewers,
    )

    app = app_on(url)
    latencies, errors = [], []
    cpu, begun = time.process_time(), time.perf_counter()
    for track_id in tracks:
        started = time.perf_counter()
        told = app.perform(assign_reviewers, AssignReviewers(track_id=TrackId(track_id)))
        latencies.append((time.perf_counter() - started) * 1000)
        if len(told.assigned) != 25:
            errors.append(f"{len(told.assigned)} of 25 slots were assigned")
    return Measured(
        operations=len(tracks),
        seconds=time.perf_counter() - begun,
        cpu=time.process_time() - cpu,
        latencies=sorted(latencies),
        errors=tuple(errors),
    )
