"""Our programs as processes of their own, started without loading Python and the market again.

One process has loaded everything and forks for each program, so that what the tests start, kill
and start again hundreds of times takes hundredths of a second and not a second of work each. From
there on it is what `python -m` runs, to its exit code. How a command loads is asked with the
subprocess module instead.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

LOADED = (
    "reviewcore.adapters.audio",
    "reviewcore.adapters.files",
    "reviewcore.adapters.sql",
    "reviewcore.entrypoints.cli",
    "reviewcore.entrypoints.seeding",
    "reviewcore.entrypoints.serving",
    "reviewcore.entrypoints.simulating",
    "tests.integration.crashes.load",
    "tests.integration.races.throttled_process",
    "tests.integration.races.worker_process",
)
"""What the programs load."""

REPOSITORY = Path(__file__).parents[2]


class Program:
    """A process that was forked, with those ways of `subprocess.Popen` that the tests go."""

    def __init__(self, report: int, *, stdin: IO[str] | None, stdout: IO[str] | None) -> None:
        self._report = os.fdopen(report)
        self.pid = int(self._report.readline())
        self.returncode: int | None = None
        self.stdin = stdin
        self.stdout = stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.stdin, self.stdout):
            if file is not None:
                file.close()
        self.wait()

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a program", timeout or 0)
            self.returncode = int(self._report.readline())
            self._report.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, told: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """Write to it, and return what it printed by its end. Raises TimeoutExpired."""
        if self.stdin is not None and not self.stdin.closed:
            self.stdin.write(told or "")
            self.stdin.close()
        printed = ""
        if self.stdout is not None and not self.stdout.closed:
            reader = ThreadPoolExecutor(1)
            try:
                printed = reader.submit(self.stdout.read).result(timeout)
            except OutOfTime:
                raise subprocess.TimeoutExpired("a program", timeout or 0) from None
            finally:
                reader.shutdown(wait=False)
            self.stdout.close()
        self.wait(timeout)
        return printed, ""


class Warm:
    """The process that has loaded everything."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def start(
        self,
        *arguments: str,
        cwd: Path = REPOSITORY,
        env: Mapping[str, str] | None = None,
        log: IO[Any] | None = None,
    ) -> Program:
        """Start what `python -m` starts with these arguments.

        It can be written to and read from, or what it prints goes to *log*.
        """
        if log is not None:
            with Path(os.devnull).open() as nothing:
                files = (nothing.fileno(), log.fileno(), log.fileno())
                return Program(self._ask(arguments, cwd, env, files), stdin=None, stdout=None)
        heard, told = os.pipe()
        read, printed = os.pipe()
        report = self._ask(arguments, cwd, env, (heard, printed, printed))
        os.close(heard)
        os.close(printed)
        return Program(report, stdin=os.fdopen(told, "w"), stdout=os.fdopen(read))

    def run(
        self,
        *arguments: str,
        cwd: Path = REPOSITORY,
        env: Mapping[str, str] | None = None,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        """Run what `python -m` runs with these arguments, to its end."""
        with (
            Path(os.devnull).open() as nothing,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            files = (nothing.fileno(), out.fileno(), err.fileno())
            program = Program(self._ask(arguments, cwd, env, files), stdin=None, stdout=None)
            try:
                code = program.wait(timeout)
            finally:
                program.kill()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def _ask(
        self,
        arguments: tuple[str, ...],
        cwd: Path,
        env: Mapping[str, str] | None,
        files: tuple[int, int, int],
    ) -> int:
        """Have a process forked that has *files*; return where its end is told."""
        report, telling = os.pipe()
        asked = json.dumps([arguments, str(cwd), dict(os.environ if env is None else env)])
        socket.send_fds(self._line, [f"{asked}\n".encode()], [*files, telling])
        os.close(telling)
        return report


@contextmanager
def warmed() -> Iterator[Warm]:
    """Load everything, and end it with the block."""
    ours, its = socket.socketpair()
    command = [sys.executable, "-m", __name__, str(its.fileno())]
    with ours, subprocess.Popen(command, cwd=REPOSITORY, pass_fds=[its.fileno()]) as process:
        its.close()
        yield Warm(ours)
        ours.close()
        process.wait()


def main(line: socket.socket) -> None:
    """Fork for everything that is asked, until nobody asks any more."""
    # Whoever types an interrupt means the tests, which then close the line.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    while True:
        asked, files, _, _ = socket.recv_fds(line, 2**20, 4)
        if not asked:
            break
        while not asked.endswith(b"\n"):
            asked += line.recv(2**20)
        _bury()
        if os.fork() == 0:
            line.close()
            _guard(asked, files)
            return
        for file in files:
            os.close(file)
    _bury()


def _bury() -> None:
    """Wait for the guardians that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _guard(asked: bytes, files: list[int]) -> None:
    """Fork the program and tell its number and its end; return in the program, at its end."""
    *standard, report = files
    pid = os.fork()
    if pid == 0:
        os.close(report)
        _become(asked, standard)
        return
    for file in standard:
        os.close(file)
    os.write(report, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(asked: bytes, standard: list[int]) -> None:
    (module, *arguments), cwd, environment = json.loads(asked)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(standard):
        os.dup2(file, number)
    for file in set(standard):
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # which is to run and not to be there
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
