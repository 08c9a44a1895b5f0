"""A process that works on a market until it is killed: python -m tests.integration.crashes.load.

Threads of customers give commands with keys, a worker does the market's own work. Each thread
keeps a journal: what it is about to ask, and what it was answered. A new process begins with what
the last one was not answered, under the same key.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import attrs

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.events import EventRecord
from reviewcore.ports.processor import Payments, Payouts
from reviewcore.worker import Worker
from tests.integration.crashes.customers import CUSTOMERS, Customer, Journal, live
from tests.integration.crashes.marks import MarkedLine, MarkedStore, Marks
from tests.integration.races.world import RULES, an_app

WORKER = CUSTOMERS
"""The number of the worker's thread."""

# Flags above the limit restrict by themselves.
LOAD_RULES = attrs.evolve(RULES, active_assignments_max_normal=4, flags_max=3)


class Teller:
    """A subscriber that writes to a file what it is told, after those of other processes."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def __call__(self, event: EventRecord) -> None:
        told = json.dumps([event.aggregate, event.sequence])
        os.write(self._descriptor, f"{told}\n".encode())


def main(folder: Path, url: str, *roles: str) -> None:
    """Work in *folder* on the market at *url* as customers, as a worker, or as both.

    Says when it is ready.
    """
    people = json.loads((folder / "people.json").read_text())
    marks = Marks(folder / f"marks-{'-'.join(roles)}")
    bank = SandboxBank(folder / "bank.db")
    store = SqlStore(url, rules=LOAD_RULES)
    line = MarkedLine(bank, marks)
    app = an_app(
        MarkedStore(store, marks),
        bank,
        payments=cast("Payments", line),
        payouts=cast("Payouts", line),
        subscribers=(Teller(folder / "deliveries"),),
    )
    failed: list[str] = []

    def run(number: int, act: Callable[[], None]) -> None:
        marks.take(number)
        try:
            act()
        except BaseException as error:  # whatever it is, the parent must see it
            failed.append(repr(error))
            raise

    acts: list[tuple[int, Callable[[], None]]] = []
    if "customers" in roles:
        for number in range(CUSTOMERS):
            journal = Journal(folder / f"journal-{number}")
            customer = Customer(app, bank, journal, number=number)
            acts.append((number, lambda one=customer, n=number: live(one, people, number=n)))  # type: ignore[misc]  # bound early
    if "worker" in roles:
        acts.append((WORKER, lambda: Worker(app).run(threading.Event())))
    for number, act in acts:
        threading.Thread(target=run, args=(number, act), daemon=True).start()
    print("ready", flush=True)
    while not failed:
        time.sleep(0.05)
    print(failed, flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
