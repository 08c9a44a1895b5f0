"""What one request costs the server: CPU of its process for each answer, by kind of request.

    python -m bench.cost                              # this source
    python -m bench.cost before=/tmp/old/src now=src  # two sources, in turns, on one database

CPU and not the clock, so that neighbours on the machine matter little. `health` passes the server,
the framework and our hooks; `session` is also let in and answered from a thread; `heartbeat` and
`complete` do the market's work besides.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import attrs

from bench import market, web
from bench.database import CACHE, cpu_of
from bench.suite import _free_port, _sound, _wait_for, prepare
from tests.integration.postgres import running_server

CONCURRENCY = 8
OPERATIONS = {
    "health": "read_health",
    "session": "read_session",
    "heartbeat": "record_heartbeat",
    "complete": "complete_review",
}


@attrs.frozen(kw_only=True)
class Served:
    """A server of one source."""

    name: str
    base_url: str
    pid: int


@attrs.frozen(kw_only=True)
class Cost:
    """Milliseconds of CPU for each request, and requests a second."""

    server: float
    postgres: float
    rate: float


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("sources", nargs="*", default=["now=src"], metavar="NAME=FOLDER")
    parser.add_argument("--only", choices=OPERATIONS, action="append")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY)
    options = parser.parse_args(arguments)
    sources = dict(source.partition("=")[::2] for source in options.sources)
    chosen = options.only or list(OPERATIONS)
    slice_cells = round(1200 * options.seconds)
    slices = len(sources) * options.rounds
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewcore-cost-")))
        server = stack.enter_context(running_server(CACHE))
        browser = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        url = prepare(server, (slices + 1) * slice_cells)
        served = [
            stack.enter_context(_served(name, source, url, folder, options.workers))
            for name, source in sources.items()
        ]
        told: dict[tuple[str, str], list[Cost]] = defaultdict(list)
        for number in range(options.rounds):
            for operation in chosen:
                for place, one in enumerate(served):
                    use = number * len(served) + place if operation == "complete" else slices
                    calls = web.Calls(
                        base_url=one.base_url,
                        operation=OPERATIONS[operation],
                        concurrency=options.concurrency,
                        seconds=options.seconds,
                        first=use * slice_cells + 1,
                        last=(use + 1) * slice_cells,
                    )
                    mine, theirs = cpu_of(one.pid), cpu_of(server.pid)
                    run = _sound(browser.submit(web.run, calls).result())
                    each = 1000 / (run.operations + run.before)
                    told[operation, one.name].append(
                        Cost(
                            server=(cpu_of(one.pid) - mine) * each,
                            postgres=(cpu_of(server.pid) - theirs) * each,
                            rate=run.rate,
                        )
                    )
    for (operation, name), costs in told.items():
        lowest, highest = min(c.server for c in costs), max(c.server for c in costs)
        print(
            f"{operation:10} {name:8} server {median(c.server for c in costs):6.3f} ms"
            f" [{lowest:.3f}-{highest:.3f}]"
            f"  postgres {median(c.postgres for c in costs):6.3f} ms"
            f"  {median(c.rate for c in costs):7.0f}/s"
        )


@contextlib.contextmanager
def _served(name: str, source: str, url: str, folder: Path, workers: int) -> Iterator[Served]:
    port = _free_port()
    rules = folder / "rules.toml"
    rules.write_text(market.RULES_FILE)
    log = folder / f"{name}.log"
    plain = {k: v for k, v in os.environ.items() if not k.startswith("REVIEWCORE_")}
    command = [sys.executable, "-m", "reviewcore.entrypoints.cli", "serve", "--no-worker"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--workers", str(workers)],
            env=plain
            | {
                "PYTHONPATH": str(Path(source).resolve()),
                "REVIEWCORE_DATABASE_URL": url,
                "REVIEWCORE_RULES_FILE": str(rules),
                "REVIEWCORE_SANDBOX_FILE": str(folder / f"{name}.db"),
                "REVIEWCORE_SECRET": "of no use to anybody, and long enough",
            },
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(port, process, log)
        yield Served(name=name, base_url=f"http://127.0.0.1:{port}", pid=process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
