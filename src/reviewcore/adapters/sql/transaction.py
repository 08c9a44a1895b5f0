"""A transaction: the repositories over one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from reviewcore.adapters.sql.audit import SqlAudit
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.flush import Link
from reviewcore.adapters.sql.repositories.flags import SqlFlags
from reviewcore.adapters.sql.repositories.genres import SqlGenres, TreeCache
from reviewcore.adapters.sql.repositories.inbox import SqlInbox
from reviewcore.adapters.sql.repositories.logs import SqlEventLog, SqlIdempotency, SqlLedger
from reviewcore.adapters.sql.repositories.money import (
    SqlAttempts,
    SqlDisputes,
    SqlPayments,
    SqlPayouts,
    SqlRefunds,
    SqlReversals,
)
from reviewcore.adapters.sql.repositories.people import (
    SqlAccounts,
    SqlArtists,
    SqlEmailTokens,
    SqlIdentities,
    SqlResetTokens,
    SqlSessions,
    SqlUsers,
)
from reviewcore.adapters.sql.repositories.reviewers import SqlReviewers
from reviewcore.adapters.sql.repositories.reviews import SqlQueue, SqlReviews, SqlTimestamps
from reviewcore.adapters.sql.repositories.service import (
    SqlLeads,
    SqlMessages,
    SqlRateLimits,
    SqlTickets,
    SqlUploads,
)
from reviewcore.adapters.sql.repositories.tracks import SqlSlots, SqlTracks
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.rules import MarketRules

R = TypeVar("R")


class Lazy(Generic[R]):
    """A repository that is made when a transaction first asks for it: few need all thirty.

    `functools.cached_property` takes a lock before Python 3.12.
    """

    def __init__(self, make: Callable[[SqlTransaction], R]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    def __get__(self, tx: SqlTransaction, owner: type[object]) -> R:
        made = tx.__dict__[self._name] = self._make(tx)
        return made


class SqlTransaction:
    """The repositories, the logs and the one instant of a unit of work."""

    def __init__(self, link: Link, context: Context, cache: TreeCache, *, writable: bool) -> None:
        self.unit = Unit(link, writable=writable)
        self.context = context
        self.cache = cache

    users = Lazy(lambda tx: SqlUsers(tx.unit))
    sessions = Lazy(lambda tx: SqlSessions(tx.unit))
    email_tokens = Lazy(lambda tx: SqlEmailTokens(tx.unit))
    reset_tokens = Lazy(lambda tx: SqlResetTokens(tx.unit))
    accounts = Lazy(lambda tx: SqlAccounts(tx.unit))
    identities = Lazy(lambda tx: SqlIdentities(tx.unit))
    artists = Lazy(lambda tx: SqlArtists(tx.unit))
    reviewers = Lazy(lambda tx: SqlReviewers(tx.unit, tx.context))
    genres = Lazy(lambda tx: SqlGenres(tx.unit, tx.cache))
    tracks = Lazy(lambda tx: SqlTracks(tx.unit))
    slots = Lazy(lambda tx: SqlSlots(tx.unit))
    reviews = Lazy(lambda tx: SqlReviews(tx.unit))
    queue = Lazy(lambda tx: SqlQueue(tx.unit))
    timestamps = Lazy(lambda tx: SqlTimestamps(tx.unit))
    payments = Lazy(lambda tx: SqlPayments(tx.unit))
    attempts = Lazy(lambda tx: SqlAttempts(tx.unit))
    refunds = Lazy(lambda tx: SqlRefunds(tx.unit))
    disputes = Lazy(lambda tx: SqlDisputes(tx.unit))
    flags = Lazy(lambda tx: SqlFlags(tx.unit))
    payouts = Lazy(lambda tx: SqlPayouts(tx.unit))
    reversals = Lazy(lambda tx: SqlReversals(tx.unit))
    inbox = Lazy(lambda tx: SqlInbox(tx.unit))
    tickets = Lazy(lambda tx: SqlTickets(tx.unit))
    messages = Lazy(lambda tx: SqlMessages(tx.unit))
    rate_limits = Lazy(lambda tx: SqlRateLimits(tx.unit, tx.context))
    leads = Lazy(lambda tx: SqlLeads(tx.unit))
    uploads = Lazy(lambda tx: SqlUploads(tx.unit))
    ledger = Lazy(lambda tx: SqlLedger(tx.unit, tx.context))
    audit = Lazy(lambda tx: SqlAudit(tx.unit, tx.context))
    events = Lazy(lambda tx: SqlEventLog(tx.unit, tx.context))
    idempotency = Lazy(lambda tx: SqlIdempotency(tx.unit))

    @property
    def now(self) -> datetime:
        return self.context.now

    @property
    def rules(self) -> MarketRules:
        return self.context.rules

    @property
    def actor(self) -> str:
        return self.context.actor

    def new_id(self) -> str:
        return self.context.new_id()

    def new_token(self) -> str:
        return self.context.new_token()

    def flush(self) -> None:
        self.unit.flush()

    def finish(self) -> None:
        """Send what is pending, so that the caller may commit; it may be committed along.

        Raises the error of an earlier statement if somebody swallowed it: PostgreSQL has undone
        the transaction by then and would answer COMMIT with a silent rollback.
        """
        if self.unit.failure is not None:
            raise self.unit.failure
        self.unit.flush(is_last=True)

    def committed(self) -> None:
        """Let go of what others may have cached from before."""
        if "genres" in self.__dict__:
            self.genres.committed()
