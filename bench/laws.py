"""How long `reviewcore check` takes on a large market in PostgreSQL, and how much memory.

    python -m bench.laws                     # a million reviews, which take a minute to make
    python -m bench.laws --reviews 100000

The command runs in a process of its own, as an operator runs it. Memory is the peak of its
resident set, and beside it that of the server's process for it, without what all of them share.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from bench import grown, market
from bench.database import CACHE, cpu_of
from reviewcore.adapters.sql import SqlStore
from tests.integration.postgres import Server, running_server

SECONDS_MAX = 60
MEBIBYTES_MAX = 200
WATCH_SECONDS = 0.02


def main(arguments: list[str]) -> int:
    """Make the market, check it, and print what that took; 0 when all targets were met."""
    parser = argparse.ArgumentParser(prog="python -m bench.laws", description=__doc__)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    with running_server(CACHE) as server:
        url = server.create_database()
        store = SqlStore(url)
        store.migrate()
        store.close()
        begun = time.monotonic()
        with psycopg.connect(market.dsn_of(url), password=server.password) as connection:
            grown.grow(connection, options.reviews)
            told = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            (size,) = told or (0,)
        print(
            f"{options.reviews} reviews, {size >> 20} MiB, made in {time.monotonic() - begun:.0f} s"
        )
        missed = check(url, server)
        server.drop_database(url)
    return missed


def check(url: str, server: Server) -> int:
    """Run the command, print what it took law by law; returns how many targets were missed.

    Seconds by the clock, and in brackets the CPU's, which neighbours on the machine change less.
    """
    environment = os.environ | {"REVIEWCORE_DATABASE_URL": url, "REVIEWCORE_SECRET": "s" * 32}
    begun = last = time.monotonic()
    at_first = worked = cpu_of(server.pid)
    process = subprocess.Popen(
        [sys.executable, "-m", "reviewcore", "check"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with peaks_of(process.pid, server.pid) as peaks:
        for line in process.stdout:
            now, work = time.monotonic(), cpu_of(server.pid)
            print(f"{now - last:6.2f} s [{work - worked:5.2f}]  {line}", end="", flush=True)
            last, worked = now, work
        code = process.wait()
    took = time.monotonic() - begun
    own, servers = (peak / 1024 for peak in peaks())
    print(
        f"{took:.1f} s [{worked - at_first:.1f}], "
        f"at most {own:.0f} MiB, and {servers:.0f} MiB in the server's process"
    )
    failures = [
        told
        for told, met in (
            ("no violation", code == 0),
            (f"at most {SECONDS_MAX} s", took <= SECONDS_MAX),
            (f"at most {MEBIBYTES_MAX} MiB", own <= MEBIBYTES_MAX),
        )
        if not met
    ]
    for told in failures:
        print(f"MISSED: {told}")
    return len(failures)


@contextlib.contextmanager
def peaks_of(pid: int, server: int) -> Iterator[Callable[[], tuple[int, int]]]:
    """Watch a process and the largest of a server's; tells both peaks in KiB."""
    over = threading.Event()
    peaks = [0, 0]

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            peaks[0] = max(peaks[0], _status(pid, "VmHWM"))
            peaks[1] = max([peaks[1], *(_status(one, "RssAnon") for one in _children(server))])

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: (peaks[0], peaks[1])
    finally:
        over.set()
        watcher.join()


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _status(pid: int, name: str) -> int:
    try:
        told = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", told, re.MULTILINE)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
