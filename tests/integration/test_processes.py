"""Several processes that serve one market: each gives back what it has taken."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reviewcore.adapters.sql import SqlStore

PATIENCE_SECONDS = 120
TERMINATE = b"X\x00\x00\x00\x04"
"""What a client of PostgreSQL says before it hangs up of its own accord."""


class Relay:
    """Passes on what clients and a database say, and remembers how each client hung up."""

    def __init__(self, database: tuple[str, int]) -> None:
        self._database = database
        self._door = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open = 0
        self.admitted = 0
        self.farewells: list[bytes] = []
        threading.Thread(target=self._admit, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._door.getsockname()[1]
        return port

    def close(self) -> None:
        self._door.close()

    def wait_until_left(self) -> list[bytes]:
        """Tell the last words of all clients, once all have hung up."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self._lock:
                if self._open == 0:
                    return list(self.farewells)
            time.sleep(0.05)
        raise AssertionError("somebody holds a connection")

    def _admit(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            with self._lock:
                self._open += 1
                self.admitted += 1
            server = socket.create_connection(self._database)
            threading.Thread(target=self._pass_up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pass_down, args=(server, client), daemon=True).start()

    def _pass_up(self, client: socket.socket, server: socket.socket) -> None:
        last = b""
        with contextlib.suppress(OSError):
            while block := client.recv(1 << 16):
                last = (last + block)[-len(TERMINATE) :]
                server.sendall(block)
            server.shutdown(socket.SHUT_WR)
        with self._lock:
            self.farewells.append(last)
            self._open -= 1

    def _pass_down(self, server: socket.socket, client: socket.socket) -> None:
        with server, client, contextlib.suppress(OSError):
            while block := server.recv(1 << 16):
                client.sendall(block)


@pytest.fixture
def relay(postgres_url: str) -> Iterator[Relay]:
    database = urlsplit(postgres_url)
    assert database.hostname is not None
    assert database.port is not None
    relay = Relay((database.hostname, database.port))
    yield relay
    relay.close()


def test_each_process_gives_its_connections_back(
    relay: Relay, postgres_url: str, tmp_path: Path
) -> None:
    database = urlsplit(postgres_url)
    through = database._replace(netloc=database.netloc.replace(str(database.port), str(relay.port)))
    settings = {"REVIEWCORE_DATABASE_URL": through.geturl(), "REVIEWCORE_SECRET": "one secret"}
    kept = {name: told for name, told in os.environ.items() if "REVIEWCORE" not in name}
    store = SqlStore(postgres_url)
    store.migrate()
    store.close()
    command = [sys.executable, "-m", "reviewcore"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    serving = ["serve", "--workers", "2", "--no-worker", "--port", str(port)]
    server = subprocess.Popen([*command, *serving], cwd=tmp_path, env=kept | settings)
    try:
        _ask_until_all_have_answered(port, server, relay)
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_SECONDS) == 0
    finally:
        server.kill()
        server.wait()

    farewells = relay.wait_until_left()
    assert len(farewells) > 2
    assert set(farewells) == {TERMINATE}


def _ask_until_all_have_answered(port: int, server: subprocess.Popen[bytes], relay: Relay) -> None:
    """Ask until each of both processes will have needed its database, and the one above them.

    Which of them answers is the system's choice, so one may answer many times before the other.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    answered = 0
    while answered < 20 or relay.admitted < 3:
        assert time.monotonic() < deadline, f"{relay.admitted} connections after {answered} answers"
        assert server.poll() is None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
                assert json.load(answer)["status"] == "ok"
                answered += 1
        except OSError:
            time.sleep(0.1)
