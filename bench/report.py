"""What was measured, as a table and as JSON, beside what was asked for."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import attrs

from bench.database import FLOORS

TRIPS_MAX = 5
COMPARE = {">=": operator.ge, "<=": operator.le}


@attrs.frozen(kw_only=True)
class Line:
    """One row: a thing that was run so many times. *times* compares with the row it grows from."""

    operation: str
    path: str
    store: str
    concurrency: int
    rate: float
    floor_rate: float | None = None
    ratio: float | None = None
    ratio_range: tuple[float, float] | None = None
    times: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None
    client_us: float | None = None
    postgres_us: float | None = None
    target: str | None = None
    failure: str | None = None

    def entry(self) -> dict[str, object]:
        """Tell the row as `latest.json` has it; what was not measured is left out."""
        told = attrs.asdict(self, filter=lambda _, value: value is not None)
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in told.items()
        }

    @property
    def verdict(self) -> str:
        """Say whether the target was met; empty without one."""
        if self.failure is not None:
            return f"FAILED: {self.failure}"
        if self.target is None:
            return ""
        name, compare, bound = self.target.split()
        value = getattr(self, name)
        met = value is not None and COMPARE[compare](value, float(bound))
        return f"{'met' if met else 'MISSED'}: {self.target}"


HEAD = (
    f"{'operation':<42}{'path':<17}{'store':<11}{'c':>3}{'rate/s':>9}{'floor/s':>9}{'ratio':>7}"
    f"{'[min-max]':>13}{'p50 ms':>9}{'p99 ms':>9}{'client us':>10}{'pg us':>8}{'cpu us':>8}  target"
)


def show(lines: Sequence[Line]) -> int:
    """Print the table; returns how many targets were missed."""
    print(HEAD)
    for line in lines:
        ratio = line.ratio if line.ratio is not None else line.times
        spread = "{:.2f}-{:.2f}".format(*line.ratio_range) if line.ratio_range else ""
        print(
            f"{line.operation:<42}{line.path:<17}{line.store:<11}{line.concurrency:>3}"
            f"{_number(line.rate, 0):>9}{_number(line.floor_rate, 0):>9}{_number(ratio, 2):>7}"
            f"{spread:>13}{_number(line.p50_ms, 2):>9}{_number(line.p99_ms, 2):>9}"
            f"{_number(line.client_us, 0):>10}{_number(line.postgres_us, 0):>8}"
            f"{_number(line.cpu_us, 0):>8}  {line.verdict}"
        )
    return sum(not line.verdict.startswith("met") for line in lines if line.verdict)


def show_trips() -> int:
    """Print in how many round trips the library sends what it was logged to."""
    sent = {
        path.stem.removesuffix("_as_sent"): path.read_text().splitlines()
        for path in sorted(FLOORS.glob("*_as_sent.sql"))
    }
    trips = {name: _trips(told) for name, told in sent.items()}
    for name, count in trips.items():
        print(f"{name}: {count} round trips, BEGIN with the first and COMMIT with the last")
    met = trips["complete_review"] <= TRIPS_MAX
    print(f"{'met' if met else 'MISSED'}: complete_review in at most {TRIPS_MAX}")
    return int(not met)


def _trips(script: Sequence[str]) -> int:
    trips, is_within = 0, False
    for line in script:
        if line.startswith("\\startpipeline"):
            trips, is_within = trips + 1, True
        elif line.startswith("\\endpipeline"):
            is_within = False
        elif not line.startswith(("-", "\\")) and not is_within:
            trips += 1
    return trips


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"
