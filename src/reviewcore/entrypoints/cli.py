"""The command line: serve, worker, migrate, seed, check, reconcile, simulate."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from reviewcore.bootstrap import Deployment, deploy, require_database
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.settings import Settings, WrongSetting, for_demo, settings_from

LAWS_BROKEN = 1
CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 a law is broken, 2 cannot start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Alembic tells every plugin that it sets up.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        return int(options.run(options))
    except WrongSetting as error:
        return _refuse(str(error))
    except ReviewcoreError as error:
        return _refuse(str(error))
    except ModuleNotFoundError as error:
        return _refuse(f"{error.name} is missing: pip install 'reviewcore[http,postgres]'")
    except KeyboardInterrupt:
        return 130


def _refuse(reason: str) -> int:
    print(f"reviewcore: {reason}", file=sys.stderr)
    return CANNOT_START


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reviewcore", description="A two-sided market for music feedback."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = _command(commands, "serve", _serve, "serve the HTTP interface, with the worker")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=_port, default=8000, help="port (%(default)s)")
    serve.add_argument(
        "--workers", type=_count, default=1, help="processes; more than 1 needs PostgreSQL"
    )
    serve.add_argument(
        "--no-worker", action="store_true", help="leave the market's own work to others"
    )
    serve.add_argument("--demo", action="store_true", help="migrate and seed a demo market before")
    _command(commands, "worker", _worker, "do the market's own work: deliver, assign, pay")
    _command(commands, "migrate", _migrate, "bring the database to the newest schema")
    seed = _command(commands, "seed", _seed, "add the genre catalogue")
    seed.add_argument("--demo", action="store_true", help="add a small living market besides")
    check = _command(commands, "check", _check, "evaluate every law on the database, read-only")
    check.add_argument("--law", metavar="NAME", help="evaluate this law only")
    check.add_argument(
        "--limit", type=_count, default=1000, help="violations told of each law (%(default)s)"
    )
    _command(
        commands,
        "reconcile",
        _reconcile,
        "compare what is unsettled with the payment processor, repair what is certain",
    )
    simulate = _command(commands, "simulate", _simulate, "live through a market, with all laws")
    simulate.add_argument("--seed", type=int, default=1, help="decides everything (%(default)s)")
    simulate.add_argument("--days", type=_count, default=14, help="how long (%(default)s)")
    simulate.add_argument("--rules", metavar="FILE", help="TOML with rules of the market")
    simulate.add_argument("--compare", metavar="FILE", help="other rules, on the same seed")
    simulate.add_argument("--json", action="store_true", help="tell one JSON object")
    simulate.add_argument("--html", metavar="FILE", help="write a page with charts besides")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    told: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=told, description=told.capitalize() + ".")
    parser.set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("must be between 1 and 65535")
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return count


def _settings(base_url: str = "http://127.0.0.1:8000") -> Settings:
    return settings_from(os.environ, default_base_url=base_url)


def _deploy() -> Deployment:
    settings = _settings()
    require_database(settings)
    return deploy(settings)


def _serve(options: argparse.Namespace) -> int:
    # Imported here because the other commands do without a web framework.
    from reviewcore.entrypoints.serving import serve

    settings = _settings(f"http://{options.host}:{options.port}")
    if options.demo:
        settings = for_demo(settings)
        _prepare_demo(settings)
    return serve(
        settings,
        host=options.host,
        port=options.port,
        workers=options.workers,
        with_worker=not options.no_worker,
    )


def _prepare_demo(settings: Settings) -> None:
    _require_sandbox(settings)
    # One process for all three: each start of Python and SQLAlchemy takes about a second.
    from reviewcore.entrypoints.seeding import seed_demo, seed_genres

    with deploy(settings) as deployment:
        deployment.app.store.migrate()
        seed_genres(deployment.app)
    print(f"reviewcore serve: {seed_demo(settings)}", flush=True)


def _worker(_: argparse.Namespace) -> int:
    # Imported here so that `--help` stays quick.
    from reviewcore.worker import Worker

    with _deploy() as deployment:
        deployment.app.store.check_ready()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        print("reviewcore worker: at work", flush=True)
        Worker(deployment.app).run(stop)
    print("reviewcore worker: done", flush=True)
    return 0


def _migrate(_: argparse.Namespace) -> int:
    with deploy(_settings()) as deployment:
        deployment.app.store.migrate()
    print("reviewcore migrate: the schema is up to date")
    return 0


def _seed(options: argparse.Namespace) -> int:
    # Imported here so that `--help` stays quick.
    from reviewcore.entrypoints.seeding import seed_demo, seed_genres

    settings = _settings()
    if options.demo:
        _require_sandbox(settings)
    require_database(settings)
    with deploy(settings) as deployment:
        deployment.app.store.check_ready()
        print(f"reviewcore seed: {seed_genres(deployment.app)} genres")
    if options.demo:
        print(f"reviewcore seed: {seed_demo(settings)}")
    return 0


def _require_sandbox(settings: Settings) -> None:
    # The demo's people pay at the sandbox bank; at Stripe nobody would.
    if settings.stripe is not None:
        raise WrongSetting(name="--demo", reason="needs REVIEWCORE_PAYMENTS=sandbox")


def _check(options: argparse.Namespace) -> int:
    # Imported here so that `--help` stays quick.
    from reviewcore.domain.laws import LAWS
    from reviewcore.usecases import CheckLaws, check_laws

    names = [options.law] if options.law is not None else [law.name for law in LAWS]
    broken = 0
    with _deploy() as deployment:
        deployment.app.store.check_ready()
        for place, name in enumerate(names, 1):
            # A snapshot for each law: none is kept open, and old rows with it, for all of them.
            with _at_work(f"check: {_bar(place, len(names))} {name}"):
                command = CheckLaws(law=name, limit=options.limit)
                found = deployment.app.ask(check_laws, command)
            least = "at least " if len(found) == options.limit else ""
            print(f"reviewcore check: {name}: {least}{len(found)} violation(s)", flush=True)
            for one in found:
                print(f"{one.law}: {', '.join(one.ids)}: {one.told}")
            broken += len(found)
    print(f"reviewcore check: {broken} violation(s)")
    return LAWS_BROKEN if broken else 0


def _bar(place: int, places: int) -> str:
    """Draw how far one has come who is at one of so many places."""
    return f"[{'=' * (place - 1)}>{' ' * (places - place)}] {place}/{places}"


def _reconcile(_: argparse.Namespace) -> int:
    # Imported here so that `--help` stays quick.
    from reviewcore.usecases import Finding, Reconcile, Sweep, reconcile
    from reviewcore.worker import Worker

    findings: list[Finding] = []
    with _deploy() as deployment:
        deployment.app.store.check_ready()
        for sweep in Sweep:
            with _at_work(f"reconcile: {sweep.lower()}"):
                told = deployment.app.drive(reconcile, Reconcile(only=frozenset({sweep})))
                if sweep is Sweep.MISSED:
                    # What was missed is repaired by handling it, before all else is compared.
                    Worker(deployment.app).handle_all_events()
            print(
                f"reviewcore reconcile: {sweep.lower()}: {told.checked} looked at, "
                f"{told.repaired} repaired"
            )
            findings += told.findings
    for finding in findings:
        print(f"{finding.kind} {finding.id}: {finding.told}")
    print(f"reviewcore reconcile: {len(findings)} left for a person")
    return 0


def _simulate(options: argparse.Namespace) -> int:
    # Imported here because nothing that serves needs the simulator.
    from reviewcore.entrypoints.simulating import run

    return run(options)


@contextmanager
def _at_work(told: str) -> Iterator[None]:
    """Show on a terminal what is being done, until it is done."""
    if not sys.stdout.isatty():
        yield
        return
    print(f"{told} …", end="", flush=True)
    try:
        yield
    finally:
        # Back to the start of the line, which the result then takes.
        print("\r\x1b[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
