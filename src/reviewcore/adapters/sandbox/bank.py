"""A payment processor to play with, behind the same ports as a real one.

It does what a processor promises and no more: idempotency keys, refunds that never exceed what was
paid, transfers only to accounts that are ready. Like Stripe, it repeats its *first* answer to a
key, even when things have changed since, and declines a key that comes back with another order.
Unlike Stripe, it never forgets a key, and lends without limit when a transfer exceeds the balance.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reviewcore.adapters.sandbox.books import Books
from reviewcore.adapters.sandbox.money_in import MoneyIn
from reviewcore.adapters.sandbox.money_out import MoneyOut, transferred
from reviewcore.adapters.sandbox.views import Paid, Refunded, Transferred
from reviewcore.domain.money import Cents
from reviewcore.sources import Clock, Tokens, secret_token, system_clock

BALANCE = """
    SELECT coalesce(sum(change), 0) FROM (
        SELECT amount - fee AS change, currency FROM sessions WHERE state = 'PAID'
        UNION ALL SELECT -amount, currency FROM refunds
        UNION ALL SELECT -amount, currency FROM transfers
    ) WHERE currency = ?
"""


class SandboxBank(MoneyIn, MoneyOut):
    """Both processor ports on one set of books at *path*, in memory unless a file is named.

    Threads may share a bank, and processes a file. *base_url* is where its two pages are served:
    `/sandbox/checkouts/{id}` and `/sandbox/accounts/{id}`. Raises NotSandboxBooks for a file that
    holds something else, ProcessorUnavailable for one that cannot be opened.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        clock: Clock = system_clock,
        tokens: Tokens = secret_token,
        base_url: str = "http://127.0.0.1:8000",
    ) -> None:
        super().__init__(Books(path), clock=clock, tokens=tokens, base_url=base_url)

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
        """List what went back to payers, in order."""
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
                )
                for row in rows
            )

    def transferred(self) -> tuple[Transferred, ...]:
        """List what went out to payees, in order."""
        with self._books.reading() as sheet:
            rows = sheet.execute("SELECT * FROM transfers ORDER BY number")
            return tuple(transferred(row) for row in rows)

    def balance(self, currency: str) -> Cents:
        """Tell what the market has here: payments less fees, refunds and transfers, in cents."""
        with self._books.reading() as sheet:
            return Cents(sheet.execute(BALANCE, (currency,)).fetchone()[0])

    def close(self) -> None:
        """Give the file back; nothing else may be asked of this bank afterwards."""
        self._books.close()
