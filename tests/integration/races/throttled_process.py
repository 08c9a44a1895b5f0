"""Tries of a process of its own: python -m tests.integration.races.throttled_process."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.domain.errors import TooManyRequests
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.throttling import MOST, Limit
from reviewcore.ports.store import Store

MOST_HERE = 20
PROCESSES = 2
THREADS = 4
TRIES = 15


def an_app(store: Store) -> App:
    bank = SandboxBank()
    return App(
        store=store,
        payments=bank,
        payouts=bank,
        mail=MemoryMail(),
        passwords=ScryptPasswords(n=2**8),
        secret="the same for all",
    )


def tried(app: App) -> str:
    """Try once, and tell what became of it."""
    try:
        app.throttle(Limit.LEAD, "203.0.113.9")
    except TooManyRequests:
        return "refused"
    return "passed"


def main(url: str) -> None:
    """Say that it is ready, wait for a line, and tell of each try on a line."""
    store = SqlStore(url, rules=MarketRules(throttles={**MOST, Limit.LEAD: MOST_HERE}))
    app = an_app(store)
    print("ready", flush=True)
    sys.stdin.readline()

    def run(_: int) -> None:
        for _ in range(TRIES):
            # One write a line, which other threads do not tear.
            sys.stdout.write(f"{tried(app)}\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
