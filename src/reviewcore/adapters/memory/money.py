"""Payments, attempts, refunds, disputes, payouts and the ledger, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviewcore.adapters.memory.rows import Leased, Rows, Unsettled
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.ids import (
    AttemptId,
    DisputeId,
    EntryId,
    PaymentId,
    PayoutId,
    RefundId,
    ReviewerId,
    TrackId,
)
from reviewcore.domain.ledger import BalanceLine, Draft, Entry
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus


class MemoryPayments(Rows[Payment, PaymentId]):
    """Payments, one a track."""

    def of_track(self, track_id: TrackId) -> Payment | None:
        return self._table.holder("uq_payments_track", track_id)

    def lock_of_track(self, track_id: TrackId) -> Payment | None:
        self._work.require_writable()
        return self.of_track(track_id)


class MemoryAttempts(Leased[CheckoutAttempt, AttemptId], Unsettled[CheckoutAttempt, AttemptId]):
    """Attempts to pay."""

    def of_payment(self, payment_id: PaymentId) -> Sequence[CheckoutAttempt]:
        return self._table.of("payment", payment_id)

    def by_session(self, session_id: str) -> CheckoutAttempt | None:
        return self._table.holder("uq_attempts_session", session_id)


class MemoryRefunds(Leased[Refund, RefundId], Unsettled[Refund, RefundId]):
    """Refunds."""

    def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        return self._table.of("payment", payment_id)

    def page(
        self, *, status: RefundStatus | None, after: str | None, limit: int
    ) -> Sequence[Refund]:
        return self._page(after=after, limit=limit, status=status)


class MemoryDisputes(Unsettled[Dispute, DisputeId]):
    """Disputes."""

    def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        return self._table.of("payment", payment_id)

    def by_external_id(self, external_id: str) -> Dispute | None:
        return self._table.holder("uq_disputes_external", external_id)


class MemoryPayouts(Leased[Payout, PayoutId], Unsettled[Payout, PayoutId]):
    """Payouts."""

    def page(
        self,
        *,
        reviewer_id: ReviewerId | None,
        status: PayoutStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Payout]:
        return self._page(after=after, limit=limit, reviewer_id=reviewer_id, status=status)


class MemoryReversals:
    """Reversals of payouts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.reversals

    def of_payout(self, payout_id: PayoutId) -> Sequence[PayoutReversal]:
        return self._table.of("payout", payout_id)

    def add(self, *reversals: PayoutReversal) -> None:
        for reversal in reversals:
            self._work.add(self._table, reversal)

    def all(self) -> Iterator[PayoutReversal]:
        rows = self._table.rows
        return iter([rows[key] for key in sorted(rows)])


class MemoryLedger:
    """The ledger."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.entries

    def add(self, *drafts: Draft) -> None:
        self._work.require_writable()
        for draft in drafts:
            assert sum(one.amount for one in draft.postings) == 0, "an entry must balance"
            if draft.postings:
                self._work.add(self._table, self._entry(draft))

    def lines(self, account: str) -> Sequence[BalanceLine]:
        return [
            BalanceLine(
                entry_id=entry.id,
                kind=entry.kind,
                cause=entry.cause,
                at=entry.at,
                amount=posting.amount,
            )
            for entry in self._table.of("account", account)
            for posting in entry.postings
            if posting.account == account
        ]

    def all(self) -> Iterator[Entry]:
        rows = self._table.rows
        return iter([rows[key] for key in sorted(rows)])

    def _entry(self, draft: Draft) -> Entry:
        return Entry(
            id=EntryId(self._work.new_id()),
            kind=draft.kind,
            cause=draft.cause,
            at=self._work.now,
            rules_version=self._work.rules.version,
            postings=draft.postings,
        )
