"""Whether heartbeats grow slower as a market grows: as many of them among few and among many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from bench import load, market
from bench.load import Measured
from bench.report import Line

FEW, MANY = 1_000, 100_000
USERS_A_CELL = 2
ACTIVE = FEW // USERS_A_CELL
"""Who listens at a time, spread over the whole market."""

CONCURRENCY = 8


def heartbeats(
    prepare: Callable[[int], str],
    loader: ProcessPoolExecutor,
    *,
    seconds: float,
    rounds: int,
    many: int = MANY,
) -> list[Line]:
    """Beat among few and among many, in turns; *prepare* makes a market of so many cells.

    As many listen in both, and then, among many, everybody does.
    """
    urls = {users: prepare(users // USERS_A_CELL) for users in (FEW, many)}
    apart = many // FEW
    ways: Mapping[str, tuple[str, int]] = {
        f"record_heartbeat of {ACTIVE:,} among {FEW:,}": (urls[FEW], 1),
        f"record_heartbeat of {ACTIVE:,} among {many:,}": (urls[many], apart),
        f"record_heartbeat of all {many:,}": (urls[many], 1),
    }
    last = {urls[FEW]: ACTIVE, urls[many]: ACTIVE * apart}
    runs: dict[str, list[Measured]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            url, step = ways[name]
            job = load.Job(
                url=url,
                operation="record_heartbeat",
                concurrency=CONCURRENCY,
                seconds=seconds,
                first=1,
                last=last[url],
                step=step,
            )
            runs[name].append(loader.submit(load.run, job).result())
    first, spread, _ = runs
    return [
        _line(name, told, runs[first], target="ratio >= 0.9" if name == spread else None)
        for name, told in runs.items()
    ]


def _line(name: str, runs: list[Measured], first: list[Measured], *, target: str | None) -> Line:
    errors = [error for run in runs for error in run.errors]
    ratios = [mine.rate / theirs.rate for mine, theirs in zip(runs, first, strict=True)]
    is_first = runs is first
    return Line(
        operation=name,
        path="library",
        store="postgresql",
        concurrency=CONCURRENCY,
        rate=median(run.rate for run in runs),
        ratio=None if is_first else median(ratios),
        ratio_range=None if is_first else (min(ratios), max(ratios)),
        p50_ms=median(market.percentile(run.latencies, 50) for run in runs),
        p99_ms=median(market.percentile(run.latencies, 99) for run in runs),
        cpu_us=median(run.cpu / run.operations * 1e6 for run in runs),
        target=target,
        failure=errors[0] if errors else None,
    )
