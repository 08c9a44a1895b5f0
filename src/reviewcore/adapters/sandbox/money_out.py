"""The sandbox bank's desk for money out: payout accounts, their payee, and transfers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from reviewcore.adapters.sandbox.books import Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import AMOUNT_TOO_SMALL, NOT_FOUND, Desk, answered
from reviewcore.adapters.sandbox.views import (
    AccountPage,
    AccountState,
    PayeeOutcome,
    Transferred,
)
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    AccountOrder,
    AccountView,
    Declined,
    Done,
    Outcome,
    TransferOrder,
    TransferView,
)

ACCOUNT_NOT_READY = Declined("account_not_ready")

# An account is NEW until its payee acts, and no state is final: a bank can ask for more papers
# of a READY payee, and a REFUSED one can bring them.
STATES: Mapping[PayeeOutcome, AccountState] = MappingProxyType(
    {
        PayeeOutcome.COMPLETE: AccountState.READY,
        PayeeOutcome.REFUSE: AccountState.REFUSED,
    }
)


class MoneyOut(Desk):
    """The port Payouts, and the payee's side of it."""

    @answered
    def open_account(self, order: AccountOrder, /) -> Outcome[AccountView]:
        return self._once(
            order,
            make=lambda sheet: self._open_account(sheet, order),
            tell=lambda _, account_id: AccountView(account_id=account_id, ready=False),
        )

    @answered
    def account(self, account_id: str, /) -> Outcome[AccountView]:
        with self._books.reading() as sheet:
            row = _account(sheet, account_id)
            return NOT_FOUND if row is None else Done(_account_view(row))

    @answered
    def account_link(self, account_id: str, /, *, return_url: str) -> Outcome[str]:
        with self._books.writing() as sheet:
            known = sheet.execute(
                "UPDATE accounts SET return_url = ? WHERE id = ?", (return_url, account_id)
            ).rowcount
            return Done(self._account_url(account_id)) if known else NOT_FOUND

    @answered
    def dashboard_link(self, account_id: str, /) -> Outcome[str]:
        with self._books.reading() as sheet:
            if _account(sheet, account_id) is None:
                return NOT_FOUND
            return Done(f"{self._account_url(account_id)}/dashboard")

    @answered
    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        return self._once(
            order,
            make=lambda sheet: self._transfer(sheet, order),
            tell=lambda sheet, external_id: _transfer_view(_transfer(sheet, external_id)),
        )

    @answered
    def find_transfer(self, payout_id: str, /) -> Outcome[TransferView | None]:
        with self._books.reading() as sheet:
            row = sheet.execute(
                "SELECT * FROM transfers WHERE payout_id = ? ORDER BY number", (payout_id,)
            ).fetchone()
            return Done(None if row is None else _transfer_view(row))

    def view_account(self, account_id: str) -> AccountPage | None:
        """Show the payee his account. Raises ProcessorUnavailable."""
        with self._books.reading() as sheet:
            row = _account(sheet, account_id)
            return None if row is None else self._account_page(sheet, row)

    def play_payee(self, account_id: str, outcome: PayeeOutcome) -> str:
        """Play the payee's part; return the URL to which he goes.

        A ready account can be refused later, and a refused one completed. Raises EntityNotFound,
        ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            sheet.execute(
                "UPDATE accounts SET state = ? WHERE id = ?", (STATES[outcome], account_id)
            )
            row = _account(sheet, account_id)
            if row is None:
                raise EntityNotFound(entity="PayoutAccount", id=account_id)
            return self._return_url(row)

    def _open_account(self, sheet: Sheet, order: AccountOrder) -> str:
        account_id = self._new_id("acct")
        insert(
            sheet,
            "accounts",
            id=account_id,
            reviewer_id=order.reviewer_id,
            country=order.country,
            state=AccountState.NEW,
        )
        return account_id

    def _transfer(self, sheet: Sheet, order: TransferOrder) -> str | Declined:
        account = _account(sheet, order.account_id)
        if account is None:
            return NOT_FOUND
        if not _account_view(account).ready:
            return ACCOUNT_NOT_READY
        if order.amount < 1:
            return AMOUNT_TOO_SMALL
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
        return external_id

    def _account_url(self, account_id: str) -> str:
        return f"{self._base_url}/sandbox/accounts/{account_id}"

    def _return_url(self, row: Row) -> str:
        # Nobody was sent here if no link was ever made; the front door is then a fair way back.
        url: str | None = row["return_url"]
        return f"{self._base_url}/" if url is None else url

    def _account_page(self, sheet: Sheet, row: Row) -> AccountPage:
        rows = sheet.execute(
            "SELECT * FROM transfers WHERE account_id = ? ORDER BY number", (row["id"],)
        )
        return AccountPage(
            account_id=row["id"],
            reviewer_id=row["reviewer_id"],
            country=row["country"],
            state=AccountState(row["state"]),
            return_url=self._return_url(row),
            transfers=tuple(transferred(found) for found in rows),
        )


def transferred(row: Row) -> Transferred:
    """Read a transfer out of its row."""
    return Transferred(
        external_id=row["id"],
        payout_id=row["payout_id"],
        account_id=row["account_id"],
        amount=Cents(row["amount"]),
        currency=row["currency"],
        made_at=datetime.fromisoformat(row["made_at"]),
    )


def _account(sheet: Sheet, account_id: str) -> Row | None:
    found: Row | None = sheet.execute(
        "SELECT * FROM accounts WHERE id = ?", (account_id,)
    ).fetchone()
    return found


def _account_view(row: Row) -> AccountView:
    return AccountView(account_id=row["id"], ready=AccountState(row["state"]) is AccountState.READY)


def _transfer(sheet: Sheet, external_id: str) -> Row:
    found: Row = sheet.execute("SELECT * FROM transfers WHERE id = ?", (external_id,)).fetchone()
    return found


def _transfer_view(row: Row) -> TransferView:
    return TransferView(
        external_id=row["id"], payout_id=row["payout_id"], amount=Cents(row["amount"])
    )
