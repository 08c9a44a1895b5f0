"""A payment processor to play with, behind the same ports as a real one.

It does what a processor promises and no more: idempotency keys, refunds that never exceed what was
paid, transfers only to accounts that are ready. Like Stripe, it repeats its *first* answer to a
key, even when things have changed since, and declines a key that comes back with another order.
Unlike Stripe, it never forgets a key, lends without limit unless told otherwise, and sends no
webhooks: what happened is told to whoever asks.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reviewcore.adapters.sandbox.accounts import Accounts
from reviewcore.adapters.sandbox.books import Books
from reviewcore.adapters.sandbox.checkouts import Checkouts
from reviewcore.adapters.sandbox.disputes import Disputes
from reviewcore.adapters.sandbox.events import Events
from reviewcore.adapters.sandbox.refunds import Refunds, state_of
from reviewcore.adapters.sandbox.transfers import Transfers
from reviewcore.adapters.sandbox.views import Paid, Refunded
from reviewcore.domain.money import Cents
from reviewcore.sources import Clock, Tokens, secret_token, system_clock


class SandboxBank(Checkouts, Refunds, Disputes, Accounts, Transfers, Events):
    """All processor ports on one set of books at *path*, in memory unless a file is named.

    Threads may share a bank, and processes a file. *base_url* is where its two pages are served:
    `/sandbox/checkouts/{id}` and `/sandbox/accounts/{id}`. No transfer takes the balance further
    than *overdraft* cents below 0 (None: the bank lends without limit). Raises NotSandboxBooks for
    a file that holds something else, ProcessorUnavailable for one that cannot be opened.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        clock: Clock = system_clock,
        tokens: Tokens = secret_token,
        base_url: str = "http://127.0.0.1:8000",
        overdraft: Cents | None = None,
    ) -> None:
        super().__init__(
            Books(path), clock=clock, tokens=tokens, base_url=base_url, overdraft=overdraft
        )

    def paid(self) -> tuple[Paid, ...]:
        """List what was paid, in the order of the sessions."""
        with self._books.reading() as sheet:
            rows = sheet.execute("SELECT * FROM sessions WHERE state = 'PAID' ORDER BY number")
            return tuple(
                Paid(
                    session_id=row["id"],
                    attempt_id=row["attempt_id"],
                    track_id=row["track_id"],
                    payment_id=row["payment_id"],
                    amount=Cents(row["amount"]),
                    fee=Cents(row["fee"]),
                    currency=row["currency"],
                    paid_at=datetime.fromisoformat(row["ended_at"]),
                )
                for row in rows
            )

    def refunded(self) -> tuple[Refunded, ...]:
        """List refunds as they stand, in order: those that failed after all, too."""
        with self._books.reading() as sheet:
            rows = sheet.execute("SELECT * FROM refunds ORDER BY number")
            return tuple(
                Refunded(
                    external_id=row["id"],
                    refund_id=row["refund_id"],
                    payment_id=row["payment_id"],
                    amount=Cents(row["amount"]),
                    currency=row["currency"],
                    made_at=datetime.fromisoformat(row["made_at"]),
                    state=state_of(row),
                )
                for row in rows
            )

    def close(self) -> None:
        """Give the file back; nothing else may be asked of this bank afterwards."""
        self._books.close()
