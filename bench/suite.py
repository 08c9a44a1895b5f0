"""The whole benchmark: what is run, in which order, beside which floor, and what must hold."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import attrs
import psycopg

from bench import load, market, people, web
from bench.database import CACHE, Floor, cpu_of, run_floor
from bench.load import Measured
from bench.report import Line, show, show_trips
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.laws import MarketView, violations
from reviewcore.ports.store import Store, Transaction
from tests.integration.postgres import Server, running_server

SAMPLE_EVERY = 20
"""One cell in so many is checked against the laws afterwards."""

LATEST = Path(__file__).parent / "latest.json"
OPERATIONS = ("complete_review", "record_heartbeat")


@attrs.frozen(kw_only=True)
class Size:
    """How often everything is run, and how long. *slice_cells* is what one run may use up."""

    rounds: int
    warm_up: int
    """Requests of each connection before the clock runs."""
    seconds: float
    slice_cells: int
    memory_completions: int
    sqlite_cells: int
    crowd: int
    tracks_a_round: int
    http: bool


FULL = Size(
    rounds=3,
    warm_up=20,
    seconds=6,
    slice_cells=9_000,
    memory_completions=10_000,
    sqlite_cells=3_000,
    crowd=100_000,
    tracks_a_round=6,
    http=True,
)
QUICK = Size(
    rounds=2,
    warm_up=5,
    seconds=1,
    slice_cells=1_800,
    memory_completions=2_000,
    sqlite_cells=600,
    crowd=10_000,
    tracks_a_round=2,
    http=True,
)


class Cell(NamedTuple):
    """One thing that is run: *path* is ``floor``, ``as sent``, ``library`` or ``http``."""

    operation: str
    path: str
    concurrency: int


class Result(NamedTuple):
    """One run of a cell."""

    rate: float
    measured: Measured | None
    client_cpu: float
    postgres_cpu: float


class Broken(Exception):
    """A run had errors, or left a market that breaks a law; its figures mean nothing."""


def main(arguments: Sequence[str]) -> int:
    """Run, print and keep the results; 0 when all targets were met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", default=os.environ.get("QUICK") == "1")
    parser.add_argument("--no-http", action="store_true")
    parser.add_argument("--only", choices=("postgres", "assignment", "crowd", "memory", "sqlite"))
    options = parser.parse_args(arguments)
    size = QUICK if options.quick else FULL
    size = attrs.evolve(size, http=not options.no_http)
    begun = time.monotonic()
    lines: list[Line] = []
    with (
        tempfile.TemporaryDirectory(prefix="reviewcore-bench-") as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as loader,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as browser,
    ):
        if options.only in {None, "memory"}:
            lines += in_memory(loader, size)
        if options.only in {None, "sqlite"}:
            lines += in_sqlite(loader, size, Path(folder))
        if options.only in {None, "postgres", "assignment", "crowd"}:
            with running_server(CACHE) as server:
                if options.only in {None, "postgres"}:
                    bench = Bench(server, loader, browser, size=size, folder=Path(folder))
                    lines += bench.run()
                if options.only in {None, "assignment"}:
                    lines += assignments(server, loader, size)
                if options.only in {None, "crowd"}:
                    lines += people.heartbeats(
                        partial(prepare, server),
                        loader,
                        seconds=size.seconds,
                        rounds=size.rounds,
                        many=size.crowd,
                    )
    print(
        f"\n{platform.python_version()}, {os.cpu_count()} cores, {time.monotonic() - begun:.0f} s"
    )
    missed = show(lines) + show_trips()
    LATEST.write_text(json.dumps([line.entry() for line in lines], indent=1) + "\n")
    return 1 if missed else 0


# ── without a server ─────────────────────────────────────────────────────────────────────────


def in_memory(loader: ProcessPoolExecutor, size: Size) -> list[Line]:
    """Complete reviews in memory, on one core."""
    runs = [
        _sound(loader.submit(load.run_in_memory, size.memory_completions).result())
        for _ in range(size.rounds)
    ]
    # By the CPU that was used: on a shared machine the clock also counts the neighbours.
    best = sorted(runs, key=lambda run: run.operations / run.cpu)[(size.rounds - 1) // 2]
    return [
        Line(
            operation="complete_review",
            path="memory",
            store="memory",
            concurrency=1,
            rate=best.operations / best.cpu,
            p50_ms=market.percentile(best.latencies, 50),
            p99_ms=market.percentile(best.latencies, 99),
            cpu_us=best.cpu / best.operations * 1e6,
            target="rate >= 5000",
        )
    ]


def in_sqlite(loader: ProcessPoolExecutor, size: Size, folder: Path) -> list[Line]:
    """Complete reviews in SQLite from eight threads; a locked database is an error."""
    url = f"sqlite:///{folder / 'market.db'}"
    store = SqlStore(url, rules=market.RULES)
    store.migrate()
    market.add_genres(store)
    cells = size.sqlite_cells * size.rounds
    market.add_cells(store, range(1, cells + 1))
    runs = []
    for number in range(size.rounds):
        job = load.Job(
            url=url,
            operation="complete_review",
            concurrency=8,
            seconds=size.seconds,
            first=number * size.sqlite_cells + 1,
            last=(number + 1) * size.sqlite_cells,
        )
        runs.append(_sound(loader.submit(load.run, job).result()))
    _require_laws(store, completed=sum(run.operations + run.before for run in runs))
    store.close()
    return [
        Line(
            operation="complete_review",
            path="library",
            store="sqlite",
            concurrency=8,
            rate=median(run.rate for run in runs),
            p50_ms=median(market.percentile(run.latencies, 50) for run in runs),
            p99_ms=median(market.percentile(run.latencies, 99) for run in runs),
            cpu_us=median(run.cpu / run.operations * 1e6 for run in runs),
            target="p99_ms <= 100",
        )
    ]


# ── beside the floors ────────────────────────────────────────────────────────────────────────


class Bench:
    """Library and HTTP on PostgreSQL, each run beside its floor."""

    def __init__(
        self,
        server: Server,
        loader: ProcessPoolExecutor,
        browser: ProcessPoolExecutor,
        *,
        size: Size,
        folder: Path,
    ) -> None:
        self._server = server
        self._loader = loader
        self._browser = browser
        self._size = size
        self._folder = folder
        self._completed = 0
        self._results: dict[Cell, list[Result]] = defaultdict(list)

    def run(self) -> list[Line]:
        cells = list(_cells(http=self._size.http))
        using_up = [cell for cell in cells if cell.operation == "complete_review"]
        slices = len(using_up) * self._size.rounds
        # The last slice is never completed, so heartbeats can go on in it.
        total = (slices + 1) * self._size.slice_cells
        self._library = prepare(self._server, total)
        self._floor = self._server.create_database(template=self._library.rpartition("/")[2])
        market.settle(self._floor)
        numbers = itertools.count()
        with self._served() as self._base_url:
            for number in range(self._size.rounds):
                for cell in cells[number:] + cells[:number]:
                    place = next(numbers) if cell in using_up else slices
                    self._results[cell].append(self._run(cell, place))
        store = SqlStore(self._library, rules=market.RULES)
        _require_laws(store, completed=self._completed)
        store.close()
        return [self._line(cell) for cell in cells]

    def _run(self, cell: Cell, place: int) -> Result:
        first = place * self._size.slice_cells + 1
        numbers = range(first, first + self._size.slice_cells)
        before = cpu_of(self._server.pid)
        match cell.path:
            case "floor" | "as sent":
                rate, client, done = self._run_floor(cell, numbers)
                used = cpu_of(self._server.pid) - before
                return Result(rate, None, client * 1e6 / done, used * 1e6 / done)
            case "library":
                job = load.Job(
                    url=self._library,
                    operation=cell.operation,
                    concurrency=cell.concurrency,
                    seconds=self._size.seconds,
                    first=numbers.start,
                    last=numbers.stop - 1,
                )
                measured = _sound(self._loader.submit(load.run, job).result())
                client = measured.cpu
            case _:
                calls = web.Calls(
                    base_url=self._base_url,
                    operation=cell.operation,
                    concurrency=cell.concurrency,
                    seconds=self._size.seconds,
                    first=numbers.start,
                    last=numbers.stop - 1,
                    warm_up=self._size.warm_up,
                )
                used = cpu_of(self._serving)
                measured = _sound(self._browser.submit(web.run, calls).result())
                share = measured.operations / (measured.operations + measured.before)
                client = (cpu_of(self._serving) - used) * share
        if cell.operation == "complete_review":
            self._completed += measured.operations + measured.before
        share = measured.operations / (measured.operations + measured.before)
        postgres = (cpu_of(self._server.pid) - before) * share
        each = 1e6 / measured.operations
        return Result(measured.rate, measured, client * each, postgres * each)

    def _run_floor(self, cell: Cell, numbers: range) -> Floor:
        form = "as_sent" if cell.path == "as sent" else "one_by_one"
        return run_floor(
            self._server,
            self._floor,
            f"{cell.operation}_{form}",
            concurrency=cell.concurrency,
            seconds=self._size.seconds,
            cells=numbers,
        )

    @contextlib.contextmanager
    def _served(self) -> Iterator[str]:
        """Serve the library's database over HTTP, without the market's own worker."""
        if not self._size.http:
            yield ""
            return
        port = _free_port()
        rules = self._folder / "rules.toml"
        rules.write_text(market.RULES_FILE)
        plain = {k: v for k, v in os.environ.items() if not k.startswith("REVIEWCORE_")}
        log = self._folder / "serve.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "reviewcore.entrypoints.cli", "serve"),
                    *("--no-worker", "--port", str(port)),
                ],
                env=plain
                | {
                    "REVIEWCORE_DATABASE_URL": self._library,
                    "REVIEWCORE_RULES_FILE": str(rules),
                    "REVIEWCORE_SANDBOX_FILE": str(self._folder / "bank.db"),
                    "REVIEWCORE_SECRET": "of no use to anybody, and long enough",
                },
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        self._serving = process.pid
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _line(self, cell: Cell) -> Line:
        results = self._results[cell]
        beside = Cell(cell.operation, "floor", min(cell.concurrency, 8))
        floors = self._results[beside]
        ratios = sorted(mine.rate / floor.rate for mine, floor in zip(results, floors, strict=True))
        told = [result.measured for result in results if result.measured is not None]
        return Line(
            operation=cell.operation,
            path={"floor": "pgbench", "as sent": "pgbench as sent"}.get(cell.path, cell.path),
            store="postgresql",
            concurrency=cell.concurrency,
            rate=median(result.rate for result in results),
            floor_rate=median(floor.rate for floor in floors),
            ratio=median(ratios),
            ratio_range=(ratios[0], ratios[-1]),
            p50_ms=median(market.percentile(one.latencies, 50) for one in told) if told else None,
            p99_ms=median(market.percentile(one.latencies, 99) for one in told) if told else None,
            client_us=median(result.client_cpu for result in results),
            postgres_us=median(result.postgres_cpu for result in results),
            cpu_us=median(result.client_cpu + result.postgres_cpu for result in results),
            target=TARGETS.get(cell),
        )


def prepare(server: Server, cells: int) -> str:
    """Make a database with so many cells."""
    url = server.create_database()
    store = SqlStore(url, rules=market.RULES)
    store.migrate()
    market.add_genres(store)
    market.add_cells(store, [1])
    store.close()
    market.multiply(url, cells)
    market.settle(url)
    return url


TARGETS = {
    Cell("complete_review", "library", 8): "ratio >= 0.45",
    Cell("complete_review", "http", 8): "ratio >= 0.28",
    Cell("record_heartbeat", "library", 8): "ratio >= 0.30",
}


def _cells(*, http: bool) -> Iterator[Cell]:
    for operation in OPERATIONS:
        for concurrency in (1, 8):
            yield Cell(operation, "floor", concurrency)
            yield Cell(operation, "library", concurrency)
        yield Cell(operation, "as sent", 8)
        if http:
            yield Cell(operation, "http", 8)
            yield Cell(operation, "http", 32)


# ── assignment ───────────────────────────────────────────────────────────────────────────────


def assignments(server: Server, loader: ProcessPoolExecutor, size: Size) -> list[Line]:
    """Assign 25 slots among few, many, and many of whom the best ranked may not be assigned."""
    few, many = 1_000, size.crowd
    crowd = f"assign 25 of {many:,}"
    urls = {f"assign 25 of {few:,}": _crowd(server, few), crowd: _crowd(server, many)}
    for why in market.HEADS:
        head = server.create_database(template=urls[crowd].rpartition("/")[2])
        market.bar_head(head, why, many * 9 // 10)
        urls[f"{crowd}, 90 % {why}"] = head
    tracks = {}
    numbers = range(1, size.rounds * size.tracks_a_round + 2)
    for name, url in urls.items():
        store = SqlStore(url, rules=market.RULES)
        tracks[name] = market.add_open_tracks(store, numbers)
        store.close()
        loader.submit(load.time_assignments, url, tracks[name][:1]).result()
    runs: dict[str, list[Measured]] = defaultdict(list)
    for number in range(size.rounds):
        start = 1 + number * size.tracks_a_round
        for name, url in urls.items():
            some = tracks[name][start : start + size.tracks_a_round]
            runs[name].append(loader.submit(load.time_assignments, url, some).result())
    for url in urls.values():
        _require_assigned(url)
    first = next(iter(runs.values()))
    return [_assignment_line(name, told, first) for name, told in runs.items()]


def _assignment_line(name: str, runs: list[Measured], first: list[Measured]) -> Line:
    ratios = sorted(
        median(mine.latencies) / median(theirs.latencies)
        for mine, theirs in zip(runs, first, strict=True)
    )
    errors = [error for run in runs for error in run.errors]
    return Line(
        operation=name,
        path="library",
        store="postgresql",
        concurrency=1,
        rate=median(run.rate for run in runs),
        times=median(ratios) if runs is not first else None,
        p50_ms=median(market.percentile(run.latencies, 50) for run in runs),
        p99_ms=median(market.percentile(run.latencies, 99) for run in runs),
        cpu_us=median(run.cpu / run.operations * 1e6 for run in runs),
        target="times <= 2" if runs is not first else None,
        failure=errors[0] if errors else None,
    )


def _crowd(server: Server, reviewers: int) -> str:
    url = server.create_database()
    store = SqlStore(url, rules=market.RULES)
    store.migrate()
    market.add_crowd(url, store, reviewers)
    store.close()
    return url


def _require_assigned(url: str) -> None:
    """No reviewer twice on a track, none who is barred, and a search that knows them all."""
    with psycopg.connect(market.dsn_of(url)) as connection:
        row = connection.execute(
            """
            SELECT count(*), count(DISTINCT (track_id, reviewer_id)),
                count(*) FILTER (
                    WHERE u.created_at > r.assigned_at - interval '24 hours'
                    OR u.email_verified IS NULL OR p.is_restricted
                    OR p.active_count > CASE tier WHEN 'PRO' THEN 5 ELSE 3 END
                ),
                (SELECT count(*) FROM reviewer_genres AS copy
                 JOIN reviewer_profiles AS p ON p.id = copy.reviewer_id
                 JOIN users AS u ON u.id = p.user_id
                 WHERE copy.available <> (p.completed_onboarding AND NOT p.is_restricted)
                 OR copy.active_count <> p.active_count
                 OR copy.account_since IS DISTINCT FROM
                    CASE WHEN u.email_verified IS NOT NULL THEN u.created_at END)
            FROM reviews AS r JOIN reviewer_profiles AS p ON p.id = r.reviewer_id
            JOIN users AS u ON u.id = p.user_id
            """
        ).fetchone()
    assert row is not None
    count, distinct, barred, stale = row
    if count != distinct or barred or stale:
        raise Broken(f"{count} reviews, {distinct} pairs, {barred} barred, {stale} stale copies")


# ── what must hold ───────────────────────────────────────────────────────────────────────────


def _sound(measured: Measured) -> Measured:
    if measured.errors:
        raise Broken("; ".join(measured.errors[:3]))
    return measured


def _require_laws(store: Store, *, completed: int) -> None:
    """Raise Broken unless the laws hold in a sample, and each completion was booked once."""
    with store.read() as tx:
        view, booked = _sample_of(tx)
    if booked != completed:
        raise Broken(f"{completed} completions were answered, {booked} are in the ledger")
    broken = violations(view)
    if broken:
        raise Broken(f"{len(broken)} laws broken, first {broken[0]}")


LAST_NUMBER = re.compile(r"(\d{9})\D*$")


def _sample_of(tx: Transaction) -> tuple[MarketView, int]:
    """Read one cell in `SAMPLE_EVERY`, and count the completions in the whole ledger."""

    def some(things: Iterator[Any], name: Callable[[Any], str]) -> tuple[Any, ...]:
        return tuple(thing for thing in things if _is_chosen(name(thing)))

    def own(thing: Any) -> str:
        return str(thing.id)

    booked = 0
    entries = []
    for entry in tx.ledger.all():
        booked += entry.kind == "REVIEW_COMPLETED"
        if _is_chosen(entry.cause):
            entries.append(entry)
    view = MarketView(
        rules=tx.rules,
        artists=some(tx.artists.all(), own),
        reviewers=some(tx.reviewers.all(), own),
        tracks=some(tx.tracks.all(), own),
        slots=some(tx.slots.all(), lambda slot: slot.track_id),
        reviews=some(tx.reviews.all(), own),
        queue=some(tx.queue.all(), own),
        flags=tuple(tx.flags.all()),
        payments=some(tx.payments.all(), own),
        refunds=tuple(tx.refunds.all()),
        disputes=(),
        payouts=tuple(tx.payouts.all()),
        reversals=(),
        entries=tuple(entries),
    )
    return view, booked


def _is_chosen(name: str) -> bool:
    found = LAST_NUMBER.search(name)
    return found is not None and int(found[1]) % SAMPLE_EVERY == 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise Broken(f"reviewcore serve did not start: {log.read_text()[-2000:]}")
