"""The sandbox bank's desk for checkout sessions and their payer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import attrs

from reviewcore.adapters.sandbox.books import Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import (
    AMOUNT_TOO_SMALL,
    NOT_FOUND,
    Desk,
    answered,
)
from reviewcore.adapters.sandbox.news import News
from reviewcore.adapters.sandbox.views import CheckoutPage, PayerOutcome
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    CheckoutOrder,
    Declined,
    Done,
    Outcome,
    SessionState,
    SessionView,
)

SESSION_LIFE = timedelta(hours=24)

FEE_PER_MILLE = 29
FEE_FIXED = 30
"""2.9 % and 30 cents: what a card costs a small shop."""

# OPEN may be paid until it expires; PAID, EXPIRED and FAILED are final. The sandbox settles at
# once, so no session of its is PROCESSING.
ENDS: Mapping[PayerOutcome, SessionState] = MappingProxyType(
    {
        PayerOutcome.PAY: SessionState.PAID,
        PayerOutcome.DECLINE: SessionState.FAILED,
        PayerOutcome.ABANDON: SessionState.EXPIRED,
    }
)

NEWS: Mapping[SessionState, News] = MappingProxyType(
    {
        SessionState.PAID: News.SESSION_PAID,
        SessionState.FAILED: News.SESSION_FAILED,
        SessionState.EXPIRED: News.SESSION_EXPIRED,
    }
)


def fee_of(amount: Cents) -> Cents:
    """Tell what the bank keeps of a payment, rounded half up."""
    return Cents((amount * FEE_PER_MILLE + 500) // 1000 + FEE_FIXED)


class Checkouts(Desk):
    """What of the port Payments is about sessions, and the payer's side of it."""

    @answered
    def open_checkout(self, order: CheckoutOrder, /) -> Outcome[SessionView]:
        return self._once(
            order,
            make=lambda sheet: self._open(sheet, order),
            tell=lambda sheet, session_id: self._as_opened(_session(sheet, session_id)),
        )

    @answered
    def session(self, session_id: str, /) -> Outcome[SessionView]:
        with self._books.reading() as sheet:
            row = _session(sheet, session_id)
            return NOT_FOUND if row is None else Done(self._view(row))

    @answered
    def find_session(self, attempt_id: str, /) -> Outcome[SessionView | None]:
        # An attempt has one session. Should it have several, the paid one matters most.
        with self._books.reading() as sheet:
            row = sheet.execute(
                "SELECT * FROM sessions WHERE attempt_id = ?"
                " ORDER BY state = 'PAID' DESC, number DESC LIMIT 1",
                (attempt_id,),
            ).fetchone()
            return Done(None if row is None else self._view(row))

    @answered
    def expire_session(self, session_id: str, /) -> Outcome[SessionView]:
        with self._books.writing() as sheet:
            self._end(sheet, session_id, SessionState.EXPIRED)
            row = _session(sheet, session_id)
            return NOT_FOUND if row is None else Done(self._view(row))

    @answered
    def fee(self, payment_id: str, /) -> Outcome[Cents | None]:
        with self._books.reading() as sheet:
            row = sheet.execute(
                "SELECT fee FROM sessions WHERE payment_id = ?", (payment_id,)
            ).fetchone()
            return NOT_FOUND if row is None else Done(Cents(row["fee"]))

    def view_checkout(self, session_id: str) -> CheckoutPage | None:
        """Show the payer his checkout. Raises ProcessorUnavailable."""
        with self._books.reading() as sheet:
            row = _session(sheet, session_id)
            return None if row is None else self._checkout_page(row)

    def play_payer(self, session_id: str, outcome: PayerOutcome) -> str:
        """Play the payer's part in an open session; return the URL to which he goes.

        A session that is over stays as it is. Raises EntityNotFound, ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            self._end(sheet, session_id, ENDS[outcome])
            row = _session(sheet, session_id)
            if row is None:
                raise EntityNotFound(entity="CheckoutSession", id=session_id)
            return self._checkout_page(row).return_url

    def _open(self, sheet: Sheet, order: CheckoutOrder) -> str | Declined:
        if order.amount < 1:
            return AMOUNT_TOO_SMALL
        now = self._clock()
        session_id = self._new_id("cs")
        insert(
            sheet,
            "sessions",
            id=session_id,
            attempt_id=order.attempt_id,
            track_id=order.track_id,
            title=order.title,
            amount=order.amount,
            currency=order.currency,
            success_url=order.success_url.replace("{CHECKOUT_SESSION_ID}", session_id),
            cancel_url=order.cancel_url,
            state=SessionState.OPEN,
            created_at=now.isoformat(),
            expires_at=(now + SESSION_LIFE).isoformat(),
        )
        return session_id

    def _end(self, sheet: Sheet, session_id: str, end: SessionState) -> None:
        row = _session(sheet, session_id)
        if row is None or self._state(row) is not SessionState.OPEN:
            return
        paid = end is SessionState.PAID
        self._tell(sheet, NEWS[end], session_id)
        sheet.execute(
            "UPDATE sessions SET state = ?, ended_at = ?, payment_id = ?, fee = ? WHERE id = ?",
            (
                end,
                self._clock().isoformat(),
                self._new_id("pi") if paid else None,
                fee_of(Cents(row["amount"])) if paid else None,
                session_id,
            ),
        )

    def _state(self, row: Row) -> SessionState:
        state = SessionState(row["state"])
        if state is SessionState.OPEN and self._clock() >= _time(row["expires_at"]):
            return SessionState.EXPIRED
        return state

    def _view(self, row: Row) -> SessionView:
        return SessionView(
            session_id=row["id"],
            attempt_id=row["attempt_id"],
            url=f"{self._base_url}/sandbox/checkouts/{row['id']}",
            state=self._state(row),
            amount=Cents(row["amount"]),
            currency=row["currency"],
            expires_at=_time(row["expires_at"]),
            payment_id=row["payment_id"],
            fee=None if row["fee"] is None else Cents(row["fee"]),
        )

    def _as_opened(self, row: Row | None) -> SessionView:
        assert row is not None, "a key names a session that was opened"
        return attrs.evolve(self._view(row), state=SessionState.OPEN, payment_id=None, fee=None)

    def _checkout_page(self, row: Row) -> CheckoutPage:
        return CheckoutPage(
            session_id=row["id"],
            title=row["title"],
            amount=Cents(row["amount"]),
            currency=row["currency"],
            state=self._state(row),
            success_url=row["success_url"],
            cancel_url=row["cancel_url"],
        )


def _session(sheet: Sheet, session_id: str) -> Row | None:
    found: Row | None = sheet.execute(
        "SELECT * FROM sessions WHERE id = ?", (session_id,)
    ).fetchone()
    return found


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)
