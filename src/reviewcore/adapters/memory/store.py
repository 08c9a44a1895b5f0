"""The store in memory: real rollback, real constraints, one block at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from reviewcore.adapters.memory.logs import MemoryEvents, MemoryIdempotency
from reviewcore.adapters.memory.money import (
    MemoryAttempts,
    MemoryLedger,
    MemoryPayments,
    MemoryPayouts,
    MemoryRefunds,
)
from reviewcore.adapters.memory.people import (
    MemoryArtists,
    MemoryEmailTokens,
    MemoryGenres,
    MemoryIdentities,
    MemorySessions,
    MemoryUsers,
    TreeCache,
)
from reviewcore.adapters.memory.reviewers import MemoryReviewers
from reviewcore.adapters.memory.reviews import (
    MemoryFlags,
    MemoryQueue,
    MemoryReviews,
    MemoryTimestamps,
)
from reviewcore.adapters.memory.tables import Tables
from reviewcore.adapters.memory.tracks import MemorySlots, MemoryTracks
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Transaction
from reviewcore.sources import Clock, Ids, TimeIds, Tokens, secret_token, system_clock

DEFAULT_RULES = MarketRules()


class MemoryTransaction:
    """The repositories, the logs and the one instant of a block."""

    def __init__(
        self,
        work: Work,
        *,
        store: MemoryStore,
        actor: str,
    ) -> None:
        self._work = work
        self.now = store.now()
        self.rules = store.rules
        self.actor = actor
        self.new_id = store.ids
        self.new_token = store.tokens
        tables = work.tables
        self.users = MemoryUsers(work, tables.users)
        self.sessions = MemorySessions(work, tables.sessions)
        self.email_tokens = MemoryEmailTokens(work, tables.email_tokens)
        self.identities = MemoryIdentities(work)
        self.artists = MemoryArtists(work, tables.artists)
        self.reviewers = MemoryReviewers(work, tables.reviewers, self.rules)
        self.genres = MemoryGenres(work, store.tree_cache)
        self.tracks = MemoryTracks(work, tables.tracks)
        self.slots = MemorySlots(work)
        self.reviews = MemoryReviews(work)
        self.queue = MemoryQueue(work)
        self.timestamps = MemoryTimestamps(work)
        self.payments = MemoryPayments(work, tables.payments)
        self.attempts = MemoryAttempts(work, tables.attempts)
        self.refunds = MemoryRefunds(work, tables.refunds)
        self.flags = MemoryFlags(work, tables.flags)
        self.payouts = MemoryPayouts(work, tables.payouts)
        self.ledger = MemoryLedger(work, self)
        self.events = MemoryEvents(work, self)
        self.idempotency = MemoryIdempotency(work)

    def flush(self) -> None:
        self._work.check()


class MemoryStore:
    """Keeps the market in this process; blocks and snapshots go one at a time.

    *clock*, *ids* and *tokens* can be replaced, so that a test or a simulation replays exactly.
    """

    def __init__(
        self,
        *,
        rules: MarketRules = DEFAULT_RULES,
        clock: Clock = system_clock,
        ids: Ids | None = None,
        tokens: Tokens = secret_token,
    ) -> None:
        self.rules = rules
        self.ids = ids if ids is not None else TimeIds(clock)
        self.tokens = tokens
        self.tree_cache = TreeCache()
        self._clock = clock
        self._tables = Tables()
        self._lock = threading.Lock()
        self._inside: int | None = None

    def now(self) -> datetime:
        """Tell the time by the store's clock. Raises ValueError when the clock is naive."""
        at = self._clock()
        if at.tzinfo is None:
            raise ValueError("the clock tells a naive time; times carry their zone")
        return at.astimezone(UTC)

    @contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Transaction]:
        """Open a block that writes; see `ports.store`."""
        with self._alone():
            work = Work(self._tables, is_writable=True)
            try:
                yield MemoryTransaction(work, store=self, actor=actor)
                work.check()
            except BaseException:
                work.undo()
                raise
            finally:
                work.is_writable = False

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a snapshot; see `ports.store`."""
        with self._alone():
            work = Work(self._tables, is_writable=False)
            yield MemoryTransaction(work, store=self, actor=SYSTEM)

    def migrate(self) -> None:
        """Do nothing: there is no schema."""

    def check_ready(self) -> None:
        """Do nothing: it can always serve."""

    def close(self) -> None:
        """Do nothing: there are no connections."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        me = threading.get_ident()
        # Only this thread can have written its own number, so no lock is needed to compare.
        if self._inside == me:
            raise RuntimeError("this thread is inside a block of this store already")
        with self._lock:
            self._inside = me
            try:
                yield
            finally:
                self._inside = None
