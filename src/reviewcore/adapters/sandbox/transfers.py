"""The sandbox bank's desk for transfers, what comes back of them, and the balance behind them."""

from __future__ import annotations

from datetime import datetime

from reviewcore.adapters.sandbox.books import Books, Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import (
    AMOUNT_TOO_SMALL,
    NOT_FOUND,
    Desk,
    answered,
    require_left,
)
from reviewcore.adapters.sandbox.news import News
from reviewcore.adapters.sandbox.views import AccountState, Transferred
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    Declined,
    Done,
    Outcome,
    ReversalOrder,
    ReversalView,
    TransferOrder,
    TransferView,
)
from reviewcore.sources import Clock, Tokens

ACCOUNT_NOT_READY = Declined("account_not_ready")
BALANCE_INSUFFICIENT = Declined("balance_insufficient", is_passing=True)
OVER_REVERSAL = Declined("over_reversal")

BALANCE = """
    SELECT coalesce(sum(change), 0) FROM (
        SELECT amount - fee AS change, currency FROM sessions WHERE state = 'PAID'
        UNION ALL SELECT -amount, currency FROM refunds WHERE failed_at IS NULL
        UNION ALL SELECT reinstated - amount - fee, currency FROM disputes
        UNION ALL SELECT -amount, currency FROM transfers
        UNION ALL SELECT amount, currency FROM reversals
    ) WHERE currency = ?
"""

TRANSFERS = """
    SELECT *, (SELECT coalesce(sum(amount), 0) FROM reversals
        WHERE transfer_id = transfers.id) AS reversed FROM transfers
"""


class Transfers(Desk):
    """What of the port Payouts is about transfers, and the bank that may take one back."""

    def __init__(
        self, books: Books, *, clock: Clock, tokens: Tokens, base_url: str, overdraft: Cents | None
    ) -> None:
        super().__init__(books, clock=clock, tokens=tokens, base_url=base_url)
        self._overdraft = overdraft

    @answered
    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        return self._once(
            order,
            make=lambda sheet: self._transfer(sheet, order),
            tell=lambda _, external_id: TransferView(
                external_id=external_id, payout_id=order.payout_id, amount=order.amount
            ),
        )

    @answered
    def find_transfer(self, payout_id: str, /) -> Outcome[TransferView | None]:
        with self._books.reading() as sheet:
            row = sheet.execute(
                f"{TRANSFERS} WHERE payout_id = ? ORDER BY number LIMIT 1", (payout_id,)
            ).fetchone()
            return Done(None if row is None else _view(sheet, row))

    @answered
    def transfer_view(self, external_id: str, /) -> Outcome[TransferView]:
        with self._books.reading() as sheet:
            row = _transfer(sheet, external_id)
            return NOT_FOUND if row is None else Done(_view(sheet, row))

    @answered
    def reverse(self, order: ReversalOrder, /) -> Outcome[ReversalView]:
        return self._once(
            order,
            make=lambda sheet: self._reverse(sheet, order),
            tell=lambda _, external_id: ReversalView(external_id=external_id, amount=order.amount),
        )

    @answered
    def available(self, currency: str, /) -> Outcome[Cents]:
        return Done(self.balance(currency))

    def balance(self, currency: str) -> Cents:
        """Tell what the market has here, in cents.

        Payments less fees and refunds, less disputes and their fees, less transfers, and what came
        back of all these. Below 0 when the bank has lent.
        """
        with self._books.reading() as sheet:
            return _balance(sheet, currency)

    def reverse_transfer(self, external_id: str, amount: Cents | None = None) -> str:
        """Let the bank take *amount* cents of a transfer back by itself (None: all that is left).

        Returns the id of the reversal; every call takes more. Raises EntityNotFound,
        MoreThanIsLeft, ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            row = _transfer(sheet, external_id)
            if row is None:
                raise EntityNotFound(entity="Transfer", id=external_id)
            wanted = require_left(amount, left=Cents(row["amount"] - row["reversed"]))
            return self._take_back(sheet, row, wanted)

    def transferred(self) -> tuple[Transferred, ...]:
        """List what went out to payees, in order, with what came back of it."""
        with self._books.reading() as sheet:
            rows = sheet.execute(f"{TRANSFERS} ORDER BY number")
            return tuple(_transferred(row) for row in rows)

    def _transfer(self, sheet: Sheet, order: TransferOrder) -> str | Declined:
        account = sheet.execute(
            "SELECT state FROM accounts WHERE id = ?", (order.account_id,)
        ).fetchone()
        if account is None:
            return NOT_FOUND
        if AccountState(account["state"]) is not AccountState.READY:
            return ACCOUNT_NOT_READY
        if order.amount < 1:
            return AMOUNT_TOO_SMALL
        # Without a limit the balance is not even asked for: it is the sum of all the books.
        if (
            self._overdraft is not None
            and _balance(sheet, order.currency) + self._overdraft < order.amount
        ):
            return BALANCE_INSUFFICIENT
        external_id = self._new_id("tr")
        insert(
            sheet,
            "transfers",
            id=external_id,
            payout_id=order.payout_id,
            account_id=order.account_id,
            amount=order.amount,
            currency=order.currency,
            made_at=self._clock().isoformat(),
        )
        self._tell(sheet, News.TRANSFER_MADE, external_id)
        return external_id

    def _reverse(self, sheet: Sheet, order: ReversalOrder) -> str | Declined:
        row = _transfer(sheet, order.external_id)
        if row is None:
            return NOT_FOUND
        if order.amount < 1:
            return AMOUNT_TOO_SMALL
        if row["reversed"] + order.amount > row["amount"]:
            return OVER_REVERSAL
        return self._take_back(sheet, row, order.amount)

    def _take_back(self, sheet: Sheet, row: Row, amount: Cents) -> str:
        external_id = self._new_id("trr")
        insert(
            sheet,
            "reversals",
            id=external_id,
            transfer_id=row["id"],
            amount=amount,
            currency=row["currency"],
            made_at=self._clock().isoformat(),
        )
        self._tell(sheet, News.TRANSFER_REVERSED, row["id"])
        return external_id


def transferred_to(sheet: Sheet, account_id: str) -> tuple[Transferred, ...]:
    """List what an account was paid, in order, with what came back of it."""
    rows = sheet.execute(f"{TRANSFERS} WHERE account_id = ? ORDER BY number", (account_id,))
    return tuple(_transferred(row) for row in rows)


def _balance(sheet: Sheet, currency: str) -> Cents:
    return Cents(sheet.execute(BALANCE, (currency,)).fetchone()[0])


def _transfer(sheet: Sheet, external_id: str) -> Row | None:
    found: Row | None = sheet.execute(f"{TRANSFERS} WHERE id = ?", (external_id,)).fetchone()
    return found


def _transferred(row: Row) -> Transferred:
    return Transferred(
        external_id=row["id"],
        payout_id=row["payout_id"],
        account_id=row["account_id"],
        amount=Cents(row["amount"]),
        currency=row["currency"],
        made_at=datetime.fromisoformat(row["made_at"]),
        reversed_amount=Cents(row["reversed"]),
    )


def _view(sheet: Sheet, row: Row) -> TransferView:
    reversals = sheet.execute(
        "SELECT * FROM reversals WHERE transfer_id = ? ORDER BY number", (row["id"],)
    )
    return TransferView(
        external_id=row["id"],
        payout_id=row["payout_id"],
        amount=Cents(row["amount"]),
        reversals=tuple(
            ReversalView(external_id=found["id"], amount=Cents(found["amount"]))
            for found in reversals
        ),
    )
