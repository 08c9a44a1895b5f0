"""The command line as an operator meets it: real processes, real exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.domain.laws import LAWS
from tests.integration.markets import migrate
from tests.integration.warm import Program, Warm

PATIENCE_SECONDS = 60


class Shell:
    """Runs ``reviewcore`` in a folder of its own, with settings of its own."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        self.folder = folder
        self.started: list[Program] = []
        self._warm = warm

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: told for name, told in os.environ.items() if "REVIEWCORE" not in name}
        return kept | {f"REVIEWCORE_{name}": told for name, told in settings.items()}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self._warm.run(
            *("reviewcore", *arguments),
            cwd=self.folder,
            env=self.environment(**settings),
            timeout=PATIENCE_SECONDS,
        )

    def start(self, *arguments: str, **settings: str) -> Program:
        process = self._warm.start(
            *("reviewcore", *arguments), cwd=self.folder, env=self.environment(**settings)
        )
        self.started.append(process)
        return process

    def meddle(self, statement: str) -> None:
        """Change the database behind the market's back."""
        with contextlib.closing(sqlite3.connect(self.folder / "reviewcore.db")) as books:
            books.execute(statement)
            books.commit()


@pytest.fixture
def shell(tmp_path: Path, warm: Warm) -> Iterator[Shell]:
    shell = Shell(tmp_path, warm)
    yield shell
    for process in shell.started:
        process.kill()
        process.communicate()


@pytest.fixture
def empty(shell: Shell) -> Shell:
    """One whose database is migrated."""
    migrate(f"sqlite:///{shell.folder / 'reviewcore.db'}")
    return shell


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """A folder with a living market, to be copied."""
    shell = Shell(tmp_path_factory.mktemp("seeded"), warm)
    migrate(f"sqlite:///{shell.folder / 'reviewcore.db'}")
    assert shell.run("seed", "--demo").returncode == 0
    return shell.folder


@pytest.fixture
def living(shell: Shell, seeded: Path) -> Shell:
    """One whose market lives."""
    shutil.copytree(seeded, shell.folder, dirs_exist_ok=True)
    return shell


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_ready(port: int, process: Program) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                assert json.load(answer)["status"] == "ok"
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server was not ready in time")


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that a command ended with one line that says what is wrong."""
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("reviewcore: ")
    for word in words:
        assert word in line


@pytest.mark.parametrize("module", ["reviewcore", "reviewcore.entrypoints.cli"])
def test_a_process_that_is_not_warm_does_the_same(tmp_path: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    refused(done, "reviewcore migrate", "none")


def test_a_new_market_is_migrated_seeded_checked_and_served(shell: Shell) -> None:
    port = free_port()

    for command in (["migrate"], ["migrate"], ["seed", "--demo"], ["seed", "--demo"], ["check"]):
        done = shell.run(*command)
        assert (done.returncode, done.stderr) == (0, "")
    server = shell.start("serve", "--port", str(port))
    wait_until_ready(port, server)
    server.send_signal(signal.SIGTERM)
    told, _ = server.communicate(timeout=PATIENCE_SECONDS)

    assert server.returncode == 0
    assert "done" in told


def test_checking_tells_law_by_law_and_fails_when_one_is_broken(living: Shell) -> None:
    kept = living.run("check")
    living.meddle("UPDATE artist_profiles SET total_tracks = 7")

    broken, other = living.run("check"), living.run("check", "--law", "entries_balance")
    unknown = living.run("check", "--law", "nobody_steals")

    assert kept.returncode == 0
    assert [line.split(": ")[1] for line in kept.stdout.splitlines()[:-1]] == [
        law.name for law in LAWS
    ]
    assert broken.returncode == 1
    assert "artists_count_right: 1 violation(s)" in broken.stdout
    assert "total_tracks is 7, recomputed 2" in broken.stdout
    assert broken.stdout.splitlines()[-1] == "reviewcore check: 1 violation(s)"
    assert (other.returncode, len(other.stdout.splitlines())) == (0, 2)
    refused(unknown, "No law has this name", "nobody_steals")


def test_a_server_tells_how_the_worker_beside_it_does(empty: Shell) -> None:
    told = {}
    for options in ([], ["--no-worker"]):
        port = free_port()
        server = empty.start("serve", "--port", str(port), *options)
        wait_until_ready(port, server)
        time.sleep(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines()]
        told[tuple(options)] = {name: number for name, number in lines if "{step=" in name}
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE_SECONDS)

    with_worker = told[()]
    assert float(with_worker['reviewcore_worker_step_runs_total{step="deliver"}']) > 0
    assert float(with_worker['reviewcore_worker_step_runs_total{step="send_payouts"}']) > 0
    assert float(with_worker['reviewcore_worker_step_seconds_total{step="deliver"}']) > 0
    assert float(with_worker['reviewcore_worker_step_failures_total{step="deliver"}']) == 0
    assert told[("--no-worker",)] == {}


def test_the_worker_drains_on_sigterm(empty: Shell) -> None:
    worker = empty.start("worker")
    assert worker.stdout is not None
    first = worker.stdout.readline()

    worker.send_signal(signal.SIGTERM)
    told, _ = worker.communicate(timeout=PATIENCE_SECONDS)

    assert "at work" in first
    assert (worker.returncode, told) == (0, "reviewcore worker: done\n")


@pytest.mark.parametrize("command", ["serve", "worker", "check", "seed"])
def test_nothing_runs_on_a_database_that_is_not_migrated(shell: Shell, command: str) -> None:
    refused(shell.run(command), "reviewcore migrate", "none")


def test_nothing_runs_on_a_database_that_is_newer(empty: Shell) -> None:
    empty.meddle("UPDATE reviewcore_version SET version_num = '9999'")

    refused(empty.run("serve"), "9999")


def test_a_database_out_of_reach_is_told_without_its_password(shell: Shell) -> None:
    url = f"postgresql+psycopg://somebody:hunter2@127.0.0.1:{free_port()}/market"

    done = shell.run("check", DATABASE_URL=url, SECRET="s")

    refused(done, "cannot be reached")
    assert "hunter2" not in done.stderr


def test_a_taken_port_is_named(empty: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused(empty.run("serve", "--port", str(port)), str(port), "taken")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("DATABASE_URL", "mysql://localhost/market"),
        ("MAIL_URL", "pigeon:"),
        ("PAYMENTS", "barter"),
        ("ADMIN_EMAILS", "nobody"),
        ("RULES_FILE", "missing.toml"),
        ("DATABSE_URL", "sqlite:///typo.db"),
    ],
)
def test_a_wrong_setting_is_named(shell: Shell, setting: str, told: str) -> None:
    refused(shell.run("check", **{setting: told}), f"REVIEWCORE_{setting}")


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ("flags_maximum = 3", "flags_maximum"),
        ('flags_max = "three"', "flags_max"),
        ("rate_normal_cents = 400", "packages.STARTER.price_cents"),
        ("genres_per_reviewer_min = 6", "genres_per_reviewer_min"),
    ],
)
def test_wrong_rules_are_named(shell: Shell, rules: str, named: str) -> None:
    (shell.folder / "rules.toml").write_text(rules)

    refused(shell.run("check", RULES_FILE="rules.toml"), named)


def test_a_broken_law_is_told_with_its_ids(living: Shell) -> None:
    living.meddle("UPDATE reviewer_profiles SET pending_balance = pending_balance + 1")

    done = living.run("check")

    assert done.returncode == 1
    assert "totals_equal_ledger" in done.stdout


def test_several_processes_need_postgresql(shell: Shell) -> None:
    refused(shell.run("serve", "--workers", "2"), "--workers", "PostgreSQL")
