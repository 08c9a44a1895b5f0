"""The store in memory: real rollback, real constraints, one block at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Generic, TypeVar

from reviewcore.adapters.memory.audit import MemoryAudit
from reviewcore.adapters.memory.inbox import MemoryInbox
from reviewcore.adapters.memory.logs import MemoryEvents, MemoryIdempotency
from reviewcore.adapters.memory.money import (
    MemoryAttempts,
    MemoryDisputes,
    MemoryLedger,
    MemoryPayments,
    MemoryPayouts,
    MemoryRefunds,
    MemoryReversals,
)
from reviewcore.adapters.memory.people import (
    MemoryAccounts,
    MemoryArtists,
    MemoryEmailTokens,
    MemoryGenres,
    MemoryIdentities,
    MemoryResetTokens,
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
from reviewcore.adapters.memory.service import (
    MemoryLeads,
    MemoryMessages,
    MemoryRateLimits,
    MemoryTickets,
    MemoryUploads,
)
from reviewcore.adapters.memory.tables import Tables
from reviewcore.adapters.memory.tracks import MemorySlots, MemoryTracks
from reviewcore.adapters.memory.work import Change, Work
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.rules import MarketRules
from reviewcore.sources import Clock, Ids, TimeIds, Tokens, secret_token, system_clock

R = TypeVar("R")

Observer = Callable[[Iterator[Change]], None]
"""Is told what a block changed, once it is kept and before the next begins; must not raise."""

DEFAULT_RULES = MarketRules()


class Lazy(Generic[R]):
    """A repository that is made when a block first asks for it: few blocks need all twenty.

    `functools.cached_property` takes a lock before Python 3.12.
    """

    def __init__(self, make: Callable[[MemoryTransaction], R]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    def __get__(self, tx: MemoryTransaction, owner: type[object]) -> R:
        made = tx.__dict__[self._name] = self._make(tx)
        return made


class MemoryTransaction:
    """The repositories, the logs and the one instant of a block.

    It knows its repositories and they know its work, never the other way round: a cycle would keep
    everything that a block has read and written until the collector comes.
    """

    def __init__(self, work: Work, store: MemoryStore) -> None:
        self.work = work
        self.store = store
        self.actor = work.actor
        self.now = work.now
        self.rules = work.rules
        self.new_id = work.new_id
        self.new_token = store.tokens

    users = Lazy(lambda tx: MemoryUsers(tx.work, tx.work.tables.users))
    sessions = Lazy(lambda tx: MemorySessions(tx.work, tx.work.tables.sessions))
    email_tokens = Lazy(lambda tx: MemoryEmailTokens(tx.work, tx.work.tables.email_tokens))
    reset_tokens = Lazy(lambda tx: MemoryResetTokens(tx.work, tx.work.tables.reset_tokens))
    accounts = Lazy(lambda tx: MemoryAccounts(tx.work, tx.work.tables.accounts))
    identities = Lazy(lambda tx: MemoryIdentities(tx.work))
    artists = Lazy(lambda tx: MemoryArtists(tx.work, tx.work.tables.artists))
    reviewers = Lazy(lambda tx: MemoryReviewers(tx.work, tx.work.tables.reviewers, tx.rules))
    genres = Lazy(lambda tx: MemoryGenres(tx.work, tx.store.tree_cache))
    tracks = Lazy(lambda tx: MemoryTracks(tx.work, tx.work.tables.tracks))
    slots = Lazy(lambda tx: MemorySlots(tx.work))
    reviews = Lazy(lambda tx: MemoryReviews(tx.work))
    queue = Lazy(lambda tx: MemoryQueue(tx.work))
    timestamps = Lazy(lambda tx: MemoryTimestamps(tx.work))
    payments = Lazy(lambda tx: MemoryPayments(tx.work, tx.work.tables.payments))
    attempts = Lazy(lambda tx: MemoryAttempts(tx.work, tx.work.tables.attempts))
    refunds = Lazy(lambda tx: MemoryRefunds(tx.work, tx.work.tables.refunds))
    disputes = Lazy(lambda tx: MemoryDisputes(tx.work, tx.work.tables.disputes))
    flags = Lazy(lambda tx: MemoryFlags(tx.work, tx.work.tables.flags))
    payouts = Lazy(lambda tx: MemoryPayouts(tx.work, tx.work.tables.payouts))
    reversals = Lazy(lambda tx: MemoryReversals(tx.work))
    inbox = Lazy(lambda tx: MemoryInbox(tx.work, tx.work.tables.inbox))
    tickets = Lazy(lambda tx: MemoryTickets(tx.work, tx.work.tables.tickets))
    messages = Lazy(lambda tx: MemoryMessages(tx.work))
    rate_limits = Lazy(lambda tx: MemoryRateLimits(tx.work))
    leads = Lazy(lambda tx: MemoryLeads(tx.work, tx.work.tables.leads))
    uploads = Lazy(lambda tx: MemoryUploads(tx.work, tx.work.tables.uploads))
    ledger = Lazy(lambda tx: MemoryLedger(tx.work))
    audit = Lazy(lambda tx: MemoryAudit(tx.work, tx.rules))
    events = Lazy(lambda tx: MemoryEvents(tx.work))
    idempotency = Lazy(lambda tx: MemoryIdempotency(tx.work))

    def flush(self) -> None:
        self.work.check()


class Block:
    """One turn of one thread in the store: all of it happens, or nothing.

    A class and not a generator: entering and leaving is a good part of what a block costs.
    """

    __slots__ = ("_actor", "_is_writable", "_store", "_work")

    def __init__(self, store: MemoryStore, *, actor: str, is_writable: bool) -> None:
        self._store = store
        self._actor = actor
        self._is_writable = is_writable

    def __enter__(self) -> MemoryTransaction:
        self._store.turn.take()
        try:
            self._work = Work(
                self._store.tables,
                actor=self._actor,
                now=self._store.now(),
                rules=self._store.rules,
                new_id=self._store.ids,
                is_writable=self._is_writable,
            )
            return MemoryTransaction(self._work, self._store)
        except BaseException:
            self._store.turn.give_up()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._work.end(is_kept=kind is None)
            if kind is None and self._store.on_commit is not None and self._is_writable:
                self._store.on_commit(self._work.changes())
        finally:
            self._store.turn.give_up()


class Turn:
    """Lets one thread in at a time, and tells it when it is inside already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: int | None = None

    def take(self) -> None:
        """Wait for the turn. Raises RuntimeError when this thread has it."""
        me = threading.get_ident()
        # Only this thread can have written its own number, so no lock is needed to compare.
        if self._inside == me:
            raise RuntimeError("this thread is inside a block of this store already")
        self._lock.acquire()
        self._inside = me

    def give_up(self) -> None:
        """Let the next thread in."""
        self._inside = None
        self._lock.release()


class MemoryStore:
    """Keeps the market in this process; blocks and snapshots go one at a time.

    *clock*, *ids* and *tokens* can be replaced, so that a test or a simulation replays exactly, and
    *on_commit* is told what each block changed.
    """

    def __init__(
        self,
        *,
        rules: MarketRules = DEFAULT_RULES,
        clock: Clock = system_clock,
        ids: Ids | None = None,
        tokens: Tokens = secret_token,
        on_commit: Observer | None = None,
    ) -> None:
        self.rules: MarketRules = rules
        self.on_commit = on_commit
        self.ids = ids if ids is not None else TimeIds(clock)
        self.tokens = tokens
        self.tables = Tables()
        self.tree_cache: TreeCache = TreeCache()
        self.turn = Turn()
        self._clock = clock

    def now(self) -> datetime:
        """Tell the time by the store's clock. Raises ValueError when the clock is naive."""
        at = self._clock()
        if at.tzinfo is None:
            raise ValueError("the clock tells a naive time; times carry their zone")
        return at if at.tzinfo is UTC else at.astimezone(UTC)

    def begin(self, *, actor: str = SYSTEM) -> Block:
        """Open a block that writes; see `ports.store`."""
        return Block(self, actor=actor, is_writable=True)

    def read(self) -> Block:
        """Open a snapshot; see `ports.store`."""
        return Block(self, actor=SYSTEM, is_writable=False)

    def glance(self) -> Block:
        """Open a snapshot: here one costs no more for several questions."""
        return self.read()

    def migrate(self) -> None:
        """Do nothing: there is no schema."""

    def check_ready(self) -> None:
        """Do nothing: it can always serve."""

    def close(self) -> None:
        """Do nothing: there are no connections."""
