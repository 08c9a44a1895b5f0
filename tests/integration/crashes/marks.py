"""What the threads of a process are doing, kept where its death does not reach."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import attrs

from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store, Transaction

MARKS = 64
IDLE, IN_BLOCK, IN_CALL = 0, 1, 2
CALL_SECONDS = 0.04
"""How long an order takes to the bank, and again its answer: with a real one it is longer yet."""

ORDERS = frozenset({"open_checkout", "expire_session", "refund", "transfer"})
"""Calls for which an intent was committed, and whose outcome is to be."""


class Marks:
    """One byte a thread, in a file that outlives the process: what the thread is doing."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), MARKS)
        self._thread = threading.local()

    def take(self, number: int) -> None:
        """Let this thread have byte *number*."""
        self._thread.number = number

    def set(self, mark: int) -> None:
        """Tell what this thread is doing."""
        # A thread that took none is the worker's own second one.
        self._bytes[getattr(self._thread, "number", MARKS - 1)] = mark


@attrs.frozen
class MarkedStore:
    """A store that marks its open blocks."""

    inner: Store
    marks: Marks

    @property
    def rules(self) -> MarketRules:
        return self.inner.rules

    def now(self) -> datetime:
        return self.inner.now()

    @contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Transaction]:
        try:
            with self.inner.begin(actor=actor) as tx:
                self.marks.set(IN_BLOCK)
                yield tx
        finally:
            self.marks.set(IDLE)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.inner.read() as tx:
            yield tx

    @contextmanager
    def glance(self) -> Iterator[Transaction]:
        with self.inner.glance() as tx:
            yield tx

    def migrate(self) -> None:
        self.inner.migrate()

    def check_ready(self) -> None:
        self.inner.check_ready()

    def close(self) -> None:
        self.inner.close()


class MarkedLine:
    """The bank, slow with orders, with a mark from before an order to the next block."""

    def __init__(self, inner: object, marks: Marks) -> None:
        self._inner = inner
        self._marks = marks

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._inner, name)

        if name not in ORDERS:
            return cast("Callable[..., object]", method)

        def call(*args: object, **kwargs: object) -> object:
            self._marks.set(IN_CALL)
            time.sleep(CALL_SECONDS)
            answer = method(*args, **kwargs)
            time.sleep(CALL_SECONDS)
            return answer

        return call
