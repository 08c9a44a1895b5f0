"""The worst moment of a race, every time: one comes while another has not committed yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import attrs
import psycopg
from sqlalchemy import make_url

from reviewcore.domain.errors import Busy, ReviewcoreError
from reviewcore.ports.store import Transaction
from tests.integration.races.world import Act, World

PATIENCE_SECONDS = 60

WAITS = """
SELECT EXISTS (
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
)
"""


@attrs.frozen(kw_only=True)
class Overlap:
    """A market, and how to know that somebody *waits* for a lock in it.

    One market does for all moments of a module: each makes people and tracks of its own.
    """

    world: World
    waits: Callable[[], bool]

    def behind(
        self,
        first: Callable[[Transaction], object],
        second: Act,
        *,
        then: Callable[[Transaction], object] = lambda _: None,
        retries: int = 0,
    ) -> Any:
        """Run *second* while *first* is done and not committed; return its answer or refusal.

        Whatever *second* reads without a lock is what was true before *first*. Once it waits, or is
        through, *then* is done in the block of *first* and it is committed. Whoever takes locks out
        of order makes a deadlock of that: at most *retries* times may anybody be run again.
        """
        before = self.world.app.busy_retries
        with ThreadPoolExecutor(1) as pool:
            with self.world.store.begin() as tx:
                first(tx)
                tx.flush()
                running = pool.submit(_answer, second)
                self._let_it_come(running)
                then(tx)
            answer = running.result(PATIENCE_SECONDS)
        assert self.world.app.busy_retries - before <= retries
        self.world.require_lawful()
        return answer

    def _let_it_come(self, running: Future[object]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not running.done() and not self.waits():
            assert time.monotonic() < until, "it neither ends nor waits"
            time.sleep(0.001)


def _answer(act: Act) -> object:
    try:
        return act()
    except Busy:
        raise
    except ReviewcoreError as refusal:
        return refusal


@contextmanager
def watching(url: str) -> Iterator[Callable[[], bool]]:
    """Connect to a database, to ask whether anybody waits for a lock there."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        # Blocks go one at a time: the second waits at the door.
        yield lambda: True
        return
    dsn = where.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        asked = connection.cursor()
        yield lambda: asked.execute(WAITS).fetchone() == (True,)
