"""Serve the HTTP interface with granian, and the worker beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server as ProcessServer
from granian.server.embed import Server as EmbeddedServer

from reviewcore.bootstrap import Deployment, deploy, require_database
from reviewcore.entrypoints.http import create_app
from reviewcore.entrypoints.http.app import NO_WORKER
from reviewcore.settings import Settings, WrongSetting, for_demo, settings_from
from reviewcore.worker import Tally, Worker

if TYPE_CHECKING:
    from litestar import Litestar

BASE_URL = "REVIEWCORE_BASE_URL"
PORT_TAKEN = 2
STOP_SECONDS = 20


def serve(settings: Settings, *, host: str, port: int, workers: int, with_worker: bool) -> int:
    """Serve until SIGTERM or SIGINT; what is under way is finished first. Returns 0.

    One process serves SQLite, for one process can keep its writers in a queue; several may serve
    PostgreSQL. Raises WrongSetting, StoreUnavailable, StoreNotMigrated.
    """
    if workers > 1 and settings.database_url.startswith("sqlite"):
        raise WrongSetting(name="--workers", reason="more than 1 needs PostgreSQL, not SQLite")
    if not _is_free(host, port):
        print(f"reviewcore: port {port} of {host} is taken", file=sys.stderr)
        return PORT_TAKEN
    require_database(settings)
    with deploy(settings) as deployment:
        deployment.app.store.check_ready()
        stop = threading.Event()
        worker = Worker(deployment.app)
        thread = threading.Thread(target=worker.run, args=(stop,), name="worker", daemon=True)
        if with_worker:
            thread.start()
        try:
            if workers == 1:
                tallies = worker.tallies if with_worker else NO_WORKER
                litestar = _litestar(deployment, settings, tallies=tallies)
                _serve_here(litestar, host=host, port=port)
            else:
                _serve_in_processes(settings, host=host, port=port, workers=workers)
        finally:
            stop.set()
            if with_worker:
                thread.join(STOP_SECONDS)
    print("reviewcore serve: done", flush=True)
    return 0


def make_app() -> Litestar:
    """Make the application in a process of several, from the environment alone."""
    return _one_of_several(settings_from(os.environ, default_base_url=os.environ[BASE_URL]))


def make_demo_app() -> Litestar:
    """Make the application as `make_app` does, for a demo."""
    settings = settings_from(os.environ, default_base_url=os.environ[BASE_URL])
    return _one_of_several(for_demo(settings))


def _one_of_several(settings: Settings) -> Litestar:
    deployment = deploy(settings)
    litestar = _litestar(deployment, settings)
    # The process is the server's: only the application hears that it ends.
    litestar.on_shutdown.append(deployment.close)
    return litestar


def _litestar(
    deployment: Deployment, settings: Settings, *, tallies: Mapping[str, Tally] = NO_WORKER
) -> Litestar:
    return create_app(
        deployment.app,
        admin_emails=settings.admin_emails,
        base_url=settings.base_url,
        bank=deployment.bank,
        trusted_proxies=settings.trusted_proxies,
        is_degraded=deployment.is_degraded,
        tallies=tallies,
    )


def _serve_here(litestar: Litestar, *, host: str, port: int) -> None:
    server = EmbeddedServer(
        litestar,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        # Below an error it only says that running in the caller's own loop is new.
        log_level=LogLevels.error,
        backlog=1024,
    )

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        print(f"reviewcore serve: http://{host}:{port}", flush=True)
        await server.serve()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run())


def _serve_in_processes(settings: Settings, *, host: str, port: int, workers: int) -> None:
    # The other processes make their own settings of the environment.
    os.environ[BASE_URL] = settings.base_url
    print(f"reviewcore serve: http://{host}:{port} with {workers} processes", flush=True)
    maker = make_demo_app if settings.is_demo else make_app
    ProcessServer(
        f"{__name__}:{maker.__name__}",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server will: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
