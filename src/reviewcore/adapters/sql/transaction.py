"""A transaction: the repositories over one unit of work."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.flush import Link
from reviewcore.adapters.sql.repositories.flags import SqlFlags
from reviewcore.adapters.sql.repositories.genres import SqlGenres, TreeCache
from reviewcore.adapters.sql.repositories.logs import SqlEventLog, SqlIdempotency, SqlLedger
from reviewcore.adapters.sql.repositories.money import (
    SqlAttempts,
    SqlPayments,
    SqlPayouts,
    SqlRefunds,
)
from reviewcore.adapters.sql.repositories.people import (
    SqlArtists,
    SqlEmailTokens,
    SqlIdentities,
    SqlSessions,
    SqlUsers,
)
from reviewcore.adapters.sql.repositories.reviewers import SqlReviewers
from reviewcore.adapters.sql.repositories.reviews import SqlQueue, SqlReviews, SqlTimestamps
from reviewcore.adapters.sql.repositories.tracks import SqlSlots, SqlTracks
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.rules import MarketRules


class SqlTransaction:
    """The repositories, the logs and the one instant of a unit of work.

    Repositories are made when first asked for: a use case needs a few of them.
    """

    def __init__(self, link: Link, context: Context, cache: TreeCache, *, writable: bool) -> None:
        self._unit = Unit(link, writable=writable)
        self._context = context
        self._cache = cache

    @property
    def now(self) -> datetime:
        return self._context.now

    @property
    def rules(self) -> MarketRules:
        return self._context.rules

    @property
    def actor(self) -> str:
        return self._context.actor

    def new_id(self) -> str:
        return self._context.new_id()

    def new_token(self) -> str:
        return self._context.new_token()

    def flush(self) -> None:
        self._unit.flush()

    def finish(self) -> None:
        """Send what is pending, so that the caller may commit.

        Raises the error of an earlier statement if somebody swallowed it: PostgreSQL has undone
        the transaction by then and would answer COMMIT with a silent rollback.
        """
        if self._unit.failure is not None:
            raise self._unit.failure
        self._unit.flush()

    def committed(self) -> None:
        """Let go of what others may have cached from before."""
        if "genres" in self.__dict__:
            self.genres.committed()

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(self._unit)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self._unit)

    @cached_property
    def email_tokens(self) -> SqlEmailTokens:
        return SqlEmailTokens(self._unit)

    @cached_property
    def identities(self) -> SqlIdentities:
        return SqlIdentities(self._unit)

    @cached_property
    def artists(self) -> SqlArtists:
        return SqlArtists(self._unit)

    @cached_property
    def reviewers(self) -> SqlReviewers:
        return SqlReviewers(self._unit, self._context)

    @cached_property
    def genres(self) -> SqlGenres:
        return SqlGenres(self._unit, self._cache)

    @cached_property
    def tracks(self) -> SqlTracks:
        return SqlTracks(self._unit)

    @cached_property
    def slots(self) -> SqlSlots:
        return SqlSlots(self._unit)

    @cached_property
    def reviews(self) -> SqlReviews:
        return SqlReviews(self._unit)

    @cached_property
    def queue(self) -> SqlQueue:
        return SqlQueue(self._unit)

    @cached_property
    def timestamps(self) -> SqlTimestamps:
        return SqlTimestamps(self._unit)

    @cached_property
    def payments(self) -> SqlPayments:
        return SqlPayments(self._unit)

    @cached_property
    def attempts(self) -> SqlAttempts:
        return SqlAttempts(self._unit)

    @cached_property
    def refunds(self) -> SqlRefunds:
        return SqlRefunds(self._unit)

    @cached_property
    def flags(self) -> SqlFlags:
        return SqlFlags(self._unit)

    @cached_property
    def payouts(self) -> SqlPayouts:
        return SqlPayouts(self._unit)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._unit, self._context)

    @cached_property
    def events(self) -> SqlEventLog:
        return SqlEventLog(self._unit, self._context)

    @cached_property
    def idempotency(self) -> SqlIdempotency:
        return SqlIdempotency(self._unit)
