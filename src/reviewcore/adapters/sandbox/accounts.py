"""The sandbox bank's desk for payout accounts and their payee."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewcore.adapters.sandbox.books import Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import NOT_FOUND, Desk, answered
from reviewcore.adapters.sandbox.news import News
from reviewcore.adapters.sandbox.transfers import transferred_to
from reviewcore.adapters.sandbox.views import (
    AccountPage,
    AccountState,
    PayeeOutcome,
)
from reviewcore.domain.errors import EntityNotFound
from reviewcore.ports.processor import (
    AccountOrder,
    AccountView,
    Done,
    Outcome,
)

# An account is NEW until its payee acts, and no state is final: a bank can ask for more papers
# of a READY payee, and a REFUSED one can bring them.
STATES: Mapping[PayeeOutcome, AccountState] = MappingProxyType(
    {
        PayeeOutcome.COMPLETE: AccountState.READY,
        PayeeOutcome.REFUSE: AccountState.REFUSED,
    }
)


class Accounts(Desk):
    """What of the port Payouts is about accounts, and the payee's side of it."""

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
            row = _require_account(sheet, account_id)
            if AccountState(row["state"]) is not STATES[outcome]:
                sheet.execute(
                    "UPDATE accounts SET state = ? WHERE id = ?", (STATES[outcome], account_id)
                )
                self._tell(sheet, News.ACCOUNT_CHANGED, account_id, account_id=account_id)
            return self._return_url(row)

    def change_destination(self, account_id: str) -> str:
        """Let the payee name another bank account; return its id. Every call names a new one.

        Raises EntityNotFound, ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            _require_account(sheet, account_id)
            destination_id = self._new_id("ba")
            self._tell(sheet, News.DESTINATION_CHANGED, destination_id, account_id=account_id)
            return destination_id

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

    def _account_url(self, account_id: str) -> str:
        return f"{self._base_url}/sandbox/accounts/{account_id}"

    def _return_url(self, row: Row) -> str:
        # Nobody was sent here if no link was ever made; the front door is then a fair way back.
        url: str | None = row["return_url"]
        return f"{self._base_url}/" if url is None else url

    def _account_page(self, sheet: Sheet, row: Row) -> AccountPage:
        return AccountPage(
            account_id=row["id"],
            reviewer_id=row["reviewer_id"],
            country=row["country"],
            state=AccountState(row["state"]),
            return_url=self._return_url(row),
            transfers=transferred_to(sheet, row["id"]),
        )


def _account(sheet: Sheet, account_id: str) -> Row | None:
    found: Row | None = sheet.execute(
        "SELECT * FROM accounts WHERE id = ?", (account_id,)
    ).fetchone()
    return found


def _require_account(sheet: Sheet, account_id: str) -> Row:
    row = _account(sheet, account_id)
    if row is None:
        raise EntityNotFound(entity="PayoutAccount", id=account_id)
    return row


def _account_view(row: Row) -> AccountView:
    return AccountView(account_id=row["id"], ready=AccountState(row["state"]) is AccountState.READY)
