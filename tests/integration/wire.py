"""The wire to PostgreSQL, and somebody on it who cuts it at the worst moment."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from enum import Enum

import psycopg
from psycopg.pq import Trace
from sqlalchemy import URL, Engine, make_url

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.postgres import PostgresDoors
from reviewcore.testing.builders import a_user

OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""

READY = b"Z\0\0\0\5"
"""How the server says that it has done all that it was asked."""


class Meddled(SqlStore):
    """A store whose connections a test lays hands on."""

    engine: Engine

    def _open(self, url: URL, *, pool_size: int) -> PostgresDoors:
        doors = PostgresDoors(url, pool_size=pool_size)
        self.engine = doors.engine
        return doors

    def connection(self) -> psycopg.Connection:
        """Return the driver's connection of a pool of one."""
        pooled = self.engine.raw_connection()
        driven = pooled.driver_connection
        pooled.close()
        assert isinstance(driven, psycopg.Connection)
        return driven


def trips_of(store: Meddled, act: Callable[[], object]) -> int:
    """Do something, and count how often the server was waited for."""
    pgconn = store.connection().pgconn
    with tempfile.TemporaryFile("w+") as file:
        pgconn.trace(file.fileno())
        pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        act()
        pgconn.untrace()
        file.seek(0)
        return sum("ReadyForQuery" in line for line in file)


def require_at_rest(store: Meddled, url: str) -> None:
    """Require that no connection is left in a transaction, and that the store serves."""
    with psycopg.connect(dsn_of(url), autocommit=True) as watcher:
        for _ in range(100):
            if watcher.execute(OPEN).fetchone() == (0,):
                break
            watcher.execute("SELECT pg_sleep(0.05)")
        else:
            raise AssertionError("a connection was left in a transaction")
    with store.begin() as tx:
        tx.users.add(a_user())


def dsn_of(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Lost(Enum):
    """What is lost with the connection: what was asked, or what was answered."""

    QUESTION = "the question"
    ANSWER = "the answer"


class Wire:
    """Passes on what client and server say, until it is told to cut.

    *cuts* counts what was cut: a cut is made once for each `cut`.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.cuts = 0
        self._word: bytes | None = None
        self._lost = Lost.QUESTION
        self.is_down = False
        threading.Thread(target=self._let_in, daemon=True).start()

    def cut(self, word: str, lost: Lost) -> None:
        """Cut the first connection on which a client says *word*."""
        self._word, self._lost = word.encode(), lost

    def close(self) -> None:
        self._door.close()

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                if self.is_down:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                both = (client, server)
                threading.Thread(target=self._ask, args=both, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the client says; the answers are passed on by a thread of their own."""
        is_cut = threading.Event()
        told = threading.Event()

        def answer() -> None:
            with contextlib.suppress(OSError):
                while answered := server.recv(65536):
                    if not is_cut.is_set():
                        client.sendall(answered)
                    elif READY in answered:
                        break
            told.set()

        threading.Thread(target=answer, daemon=True).start()
        with contextlib.suppress(OSError):
            while asked := client.recv(65536):
                if self._word is not None and self._word in asked:
                    self._word = None
                    self.cuts += 1
                    is_cut.set()
                    if self._lost is Lost.ANSWER:
                        server.sendall(asked)
                        told.wait(30)
                    break
                server.sendall(asked)
        for end in (client, server):
            # To close alone would not wake the thread that waits for the other end.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def wired(url: str) -> Iterator[tuple[Wire, str]]:
    """Lay a wire to a database; yield it, and the URL at its other end."""
    where = make_url(url)
    assert where.host is not None
    assert where.port is not None
    wire = Wire((where.host, where.port))
    try:
        yield wire, where.set(port=wire.port).render_as_string(hide_password=False)
    finally:
        wire.close()
