"""`reviewcore serve` and `reviewcore worker` as an operator runs them, to be killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import psycopg

from reviewcore.domain.rules import MarketRules
from tests.integration.crashes.aftermath import Tally, unsettled
from tests.integration.crashes.load import LOAD_RULES
from tests.integration.races.world import World
from tests.integration.warm import Program, Warm

PATIENCE_SECONDS = 60
GRACE_SECONDS = 0.5
"""How long the survivors have to settle what they themselves had under way."""

SHUT_SECONDS, OPEN_SECONDS = 0.04, 0.02
"""How long the bank's books are shut, and open again: who waits for them tries ever less often."""

LIFE_SECONDS = (0.3, 1.0)
"""How long they live once all are up."""

SECRET = "the same in all processes"

SERVE, WORKER = "serve", "worker"
VICTIMS = ((SERVE,), (WORKER,), (SERVE, WORKER))
WEIGHTS = (2, 1, 2)
"""How often each dies; the server has most of the work."""


def free_port() -> int:
    """Find a port that no client's own end of a connection takes while the server is away."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def as_toml(rules: MarketRules) -> str:
    """Write what *rules* change as a rules file."""
    plain = MarketRules()
    lines = [
        f"{field.name} = {getattr(rules, field.name)}"
        for field in attrs.fields(MarketRules)
        if field.name != "packages" and getattr(rules, field.name) != getattr(plain, field.name)
    ]
    for kind, package in rules.packages.items():
        lines.append(f"[packages.{kind}]")
        lines += [f"{name} = {value}" for name, value in attrs.asdict(package).items()]
    return "\n".join(lines)


@attrs.define
class Commands:
    """The processes on a market, and what their deaths hit."""

    folder: Path
    url: str
    admin_email: str
    warm: Warm
    port: int = attrs.field(factory=free_port)
    running: dict[str, Program] = attrs.field(factory=dict)
    killed: Counter[str] = attrs.field(factory=Counter)
    tally: Tally = attrs.field(factory=Tally)
    serving: threading.Event = attrs.field(factory=threading.Event)
    _starts: int = 0
    _known: set[str] = attrs.field(factory=set)

    @property
    def base_url(self) -> str:
        """Where the market is served."""
        return f"http://127.0.0.1:{self.port}"

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start what is not running, and wait until it works."""
        # On SQLite the server works too, as it does by default, beside a worker of its own.
        alone = () if self._is_sqlite else ("--no-worker",)
        arguments = {SERVE: (SERVE, "--port", str(self.port), *alone), WORKER: (WORKER,)}
        fresh = [name for name in arguments if name not in self.running]
        logs = {name: self._log() for name in fresh}
        for name in fresh:
            self.running[name] = self._launch(*arguments[name], log=logs[name])
        if SERVE in fresh:
            self._wait(SERVE, logs[SERVE], self._answers)
            self.serving.set()
        if WORKER in fresh:
            self._wait(WORKER, logs[WORKER], lambda: b"at work" in logs[WORKER].read_bytes())

    def stop(self) -> None:
        """Kill all that is left."""
        while self.running:
            _, process = self.running.popitem()
            process.kill()
            process.wait()

    def check(self) -> subprocess.CompletedProcess[str]:
        """Run `reviewcore check`."""
        return self.warm.run(
            *("reviewcore", "check"),
            cwd=self.folder,
            env=self._environment("check"),
            timeout=PATIENCE_SECONDS,
        )

    def complaints(self) -> list[str]:
        """Return what the processes logged as errors."""
        return [
            line
            for log in sorted(self.folder.glob("*.log"))
            for line in log.read_text(errors="replace").splitlines()
            if " ERROR " in line or "Traceback" in line
        ]

    def _launch(self, *arguments: str, log: Path) -> Program:
        with log.open("wb") as output:
            return self.warm.start(
                *("reviewcore", *arguments),
                cwd=self.folder,
                env=self._environment(arguments[0]),
                log=output,
            )

    def _environment(self, name: str) -> dict[str, str]:
        kept = {name: told for name, told in os.environ.items() if "REVIEWCORE" not in name}
        rules = self.folder / "rules.toml"
        rules.write_text(as_toml(LOAD_RULES))
        return kept | {
            # PostgreSQL then tells whose a connection is.
            "REVIEWCORE_DATABASE_URL": (
                self.url if self._is_sqlite else f"{self.url}?application_name={name}"
            ),
            "REVIEWCORE_SANDBOX_FILE": str(self.folder / "bank.db"),
            "REVIEWCORE_BASE_URL": self.base_url,
            "REVIEWCORE_MAIL_URL": f"file:{self.folder / 'mails'}",
            "REVIEWCORE_RULES_FILE": str(rules),
            "REVIEWCORE_ADMIN_EMAILS": self.admin_email,
            "REVIEWCORE_SECRET": SECRET,
        }

    def _log(self) -> Path:
        self._starts += 1
        path = self.folder / f"{self._starts:03}.log"
        path.touch()
        return path

    def _wait(self, name: str, log: Path, is_ready: Callable[[], bool]) -> None:
        given_up_at = time.monotonic() + PATIENCE_SECONDS
        while not is_ready():
            assert self.running[name].poll() is None, log.read_text()
            assert time.monotonic() < given_up_at, log.read_text()
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz").is_success
        except httpx.TransportError:
            return False

    # ── death ────────────────────────────────────────────────────────────────────────────────

    def kill(self, world: World) -> None:
        """Kill one of them, or both at once, at a random moment, and count what that hit.

        They are stopped first, so that the moment can be looked at; they never go on from it.
        """
        (victims,) = random.choices(VICTIMS, WEIGHTS)
        with slow(world):
            time.sleep(random.uniform(*LIFE_SECONDS))
            dying = {name: self.running.pop(name) for name in victims}
            for process in dying.values():
                assert process.poll() is None, self.complaints()
                process.send_signal(signal.SIGSTOP)
            is_in_block = self._is_in_block(victims)
            before = unsettled(world) - self._known
            if SERVE in victims:
                self.serving.clear()
            for process in dying.values():
                process.kill()
                process.wait()
        # What a survivor had under way is settled by then.
        time.sleep(GRACE_SECONDS)
        left = before & unsettled(world)
        self._known |= left

        self.killed.update(victims)
        self.tally.add(in_block=is_in_block, in_call=bool(left))

    @property
    def _is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def _is_in_block(self, victims: tuple[str, ...]) -> bool:
        """Whether one of the stopped *victims* is inside a transaction that writes."""
        if self._is_sqlite:
            return _is_locked(self.url.removeprefix("sqlite:///"))
        time.sleep(0.05)  # for what they have already asked the server to do
        with psycopg.connect(self.url.replace("+psycopg", "")) as connection:
            # A transaction has a number as soon as it has locked or written a row.
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_xid IS NOT NULL"
                " AND application_name = ANY(%s)",
                (list(victims),),
            ).fetchone()
        return row is not None and bool(row[0])


def _is_locked(path: str) -> bool:
    """Whether a stopped process holds the only lock for writing; a living one soon lets it go."""
    given_up_at = time.monotonic() + GRACE_SECONDS
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        while time.monotonic() < given_up_at:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                time.sleep(0.001)
            else:
                connection.execute("ROLLBACK")
                return False
    return True


@contextlib.contextmanager
def slow(world: World) -> Iterator[None]:
    """Shut the bank's books again and again, so that an order takes as long as with a real one."""
    done = threading.Event()

    def shut() -> None:
        while not done.wait(OPEN_SECONDS):
            with world.bank._books.writing():
                done.wait(SHUT_SECONDS)

    thread = threading.Thread(target=shut, name="a slow bank")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
