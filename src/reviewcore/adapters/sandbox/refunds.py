"""The sandbox bank's desk for refunds, and the payer's bank that may return one."""

from __future__ import annotations

from reviewcore.adapters.sandbox.books import Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import (
    AMOUNT_TOO_SMALL,
    CURRENCY_MISMATCH,
    NOT_FOUND,
    Desk,
    answered,
)
from reviewcore.adapters.sandbox.news import News
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    Declined,
    Done,
    Outcome,
    RefundOrder,
    RefundState,
    RefundView,
)

OVER_REFUND = Declined("over_refund")
CHARGE_DISPUTED = Declined("charge_disputed", is_passing=True)

LEFT = """
    SELECT amount
        - (SELECT coalesce(sum(amount), 0) FROM refunds
            WHERE payment_id = paid.payment_id AND failed_at IS NULL)
        - (SELECT coalesce(sum(amount), 0) FROM disputes
            WHERE payment_id = paid.payment_id AND status <> 'WON')
    FROM sessions AS paid WHERE payment_id = ?
"""


class Refunds(Desk):
    """What of the port Payments is about refunds, and the side of the payer's bank."""

    @answered
    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        return self._once(
            order,
            make=lambda sheet: self._refund(sheet, order),
            tell=lambda _, external_id: RefundView(
                external_id=external_id, refund_id=order.refund_id, amount=order.amount
            ),
        )

    @answered
    def find_refund(self, refund_id: str, payment_id: str, /) -> Outcome[RefundView | None]:
        with self._books.reading() as sheet:
            row = sheet.execute(
                "SELECT * FROM refunds WHERE refund_id = ? AND payment_id = ?"
                " ORDER BY failed_at IS NOT NULL, number LIMIT 1",
                (refund_id, payment_id),
            ).fetchone()
            return Done(None if row is None else _view(row))

    @answered
    def refund_view(self, external_id: str, /) -> Outcome[RefundView]:
        with self._books.reading() as sheet:
            row = sheet.execute("SELECT * FROM refunds WHERE id = ?", (external_id,)).fetchone()
            return NOT_FOUND if row is None else Done(_view(row))

    def fail_refund(self, external_id: str) -> None:
        """Let the payer's bank return a refund; the money is ours again. Once, when repeated.

        Raises EntityNotFound, ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            row = sheet.execute("SELECT * FROM refunds WHERE id = ?", (external_id,)).fetchone()
            if row is None:
                raise EntityNotFound(entity="Refund", id=external_id)
            if row["failed_at"] is not None:
                return
            sheet.execute(
                "UPDATE refunds SET failed_at = ? WHERE id = ?",
                (self._clock().isoformat(), external_id),
            )
            self._tell(sheet, News.REFUND_FAILED, external_id)

    def _refund(self, sheet: Sheet, order: RefundOrder) -> str | Declined:
        payment = sheet.execute(
            "SELECT currency FROM sessions WHERE payment_id = ?", (order.payment_id,)
        ).fetchone()
        if payment is None:
            return NOT_FOUND
        if order.currency != payment["currency"]:
            return CURRENCY_MISMATCH
        if order.amount < 1:
            return AMOUNT_TOO_SMALL
        disputed = sheet.execute(
            "SELECT 1 FROM disputes WHERE payment_id = ? AND status = 'OPEN'", (order.payment_id,)
        ).fetchone()
        if disputed is not None:
            return CHARGE_DISPUTED
        if order.amount > left_of(sheet, order.payment_id):
            return OVER_REFUND
        external_id = self._new_id("re")
        insert(
            sheet,
            "refunds",
            id=external_id,
            refund_id=order.refund_id,
            payment_id=order.payment_id,
            amount=order.amount,
            currency=order.currency,
            made_at=self._clock().isoformat(),
        )
        self._tell(sheet, News.REFUND_MADE, external_id)
        return external_id


def left_of(sheet: Sheet, payment_id: str) -> Cents:
    """Tell what of a payment that exists its payer has neither got back nor disputes, in cents."""
    return Cents(sheet.execute(LEFT, (payment_id,)).fetchone()[0])


def state_of(row: Row) -> RefundState:
    """Read how a refund stands out of its row."""
    return RefundState.TAKEN if row["failed_at"] is None else RefundState.FAILED


def _view(row: Row) -> RefundView:
    return RefundView(
        external_id=row["id"],
        refund_id=row["refund_id"],
        amount=Cents(row["amount"]),
        state=state_of(row),
    )
