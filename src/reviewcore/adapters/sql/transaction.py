"""A transaction: the repositories over one unit of work."""

from __future__ import annotations

from datetime import datetime

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


class SqlTransaction:
    """The repositories, the logs and the one instant of a unit of work."""

    def __init__(self, link: Link, context: Context, cache: TreeCache, *, writable: bool) -> None:
        self._unit = unit = Unit(link, writable=writable)
        self._context = context
        self.users = SqlUsers(unit)
        self.sessions = SqlSessions(unit)
        self.email_tokens = SqlEmailTokens(unit)
        self.reset_tokens = SqlResetTokens(unit)
        self.accounts = SqlAccounts(unit)
        self.identities = SqlIdentities(unit)
        self.artists = SqlArtists(unit)
        self.reviewers = SqlReviewers(unit, context)
        self.genres = SqlGenres(unit, cache)
        self.tracks = SqlTracks(unit)
        self.slots = SqlSlots(unit)
        self.reviews = SqlReviews(unit)
        self.queue = SqlQueue(unit)
        self.timestamps = SqlTimestamps(unit)
        self.payments = SqlPayments(unit)
        self.attempts = SqlAttempts(unit)
        self.refunds = SqlRefunds(unit)
        self.disputes = SqlDisputes(unit)
        self.flags = SqlFlags(unit)
        self.payouts = SqlPayouts(unit)
        self.reversals = SqlReversals(unit)
        self.inbox = SqlInbox(unit)
        self.tickets = SqlTickets(unit)
        self.messages = SqlMessages(unit)
        self.rate_limits = SqlRateLimits(unit, context)
        self.leads = SqlLeads(unit)
        self.uploads = SqlUploads(unit)
        self.ledger = SqlLedger(unit, context)
        self.audit = SqlAudit(unit, context)
        self.events = SqlEventLog(unit, context)
        self.idempotency = SqlIdempotency(unit)

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
        self.genres.committed()
