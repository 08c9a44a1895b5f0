"""A worker as a process of its own: python -m tests.integration.races.worker_process."""

from __future__ import annotations

import json
import os
import sys

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.events import EventRecord
from reviewcore.testing.clock import ManualClock
from reviewcore.worker import Worker
from tests.integration.races.world import RULES, an_app


def main(url: str, bank_file: str, at: str, told: str) -> None:
    """Say that it is ready, wait for a line, drain; write each delivery to the file *told*."""
    clock = ManualClock()
    clock.set(clock().fromisoformat(at))
    store = SqlStore(url, rules=RULES, clock=clock)
    bank = SandboxBank(bank_file, clock=clock)
    # A line of this length written to the end of a file is not torn, whoever else writes.
    descriptor = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(event: EventRecord) -> None:
        os.write(descriptor, f"{json.dumps([event.aggregate, event.sequence])}\n".encode())

    app = an_app(store, bank, subscribers=(tell,))
    print("ready", flush=True)
    sys.stdin.readline()
    Worker(app).drain()
    print(f"done {app.busy_retries}", flush=True)
    store.close()
    bank.close()
    os.close(descriptor)


if __name__ == "__main__":
    main(*sys.argv[1:])
