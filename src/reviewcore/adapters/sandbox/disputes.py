"""The sandbox bank's desk for disputes, and the cardholder who raises them."""

from __future__ import annotations

from reviewcore.adapters.sandbox.books import Row, Sheet, insert
from reviewcore.adapters.sandbox.desk import NOT_FOUND, Desk, answered, require_left
from reviewcore.adapters.sandbox.news import News
from reviewcore.adapters.sandbox.refunds import left_of
from reviewcore.domain.disputes import NEXT, DisputeStatus
from reviewcore.domain.errors import EntityNotFound, InvalidTransition
from reviewcore.domain.money import ZERO, Cents
from reviewcore.ports.processor import DisputeView, Done, Outcome

DISPUTE_FEE = Cents(1500)
"""What a dispute costs whoever wins it: $15, as at Stripe in the United States."""

DISPUTES = """
    SELECT disputes.*, sessions.attempt_id FROM disputes JOIN sessions USING (payment_id)
"""


class Disputes(Desk):
    """What of the port Payments is about disputes, and the side of cardholder and card network."""

    @answered
    def dispute(self, external_id: str, /) -> Outcome[DisputeView]:
        with self._books.reading() as sheet:
            row = _dispute(sheet, external_id)
            return NOT_FOUND if row is None else Done(_view(row))

    def open_dispute(self, payment_id: str, amount: Cents | None = None) -> str:
        """Let the payer dispute *amount* cents of a payment (None: all he has not got back).

        Returns the id of the dispute; while one is open, its own, and nothing else happens.
        Raises EntityNotFound, MoreThanIsLeft, ProcessorUnavailable.
        """
        with self._books.writing() as sheet:
            payment = sheet.execute(
                "SELECT currency FROM sessions WHERE payment_id = ?", (payment_id,)
            ).fetchone()
            if payment is None:
                raise EntityNotFound(entity="Payment", id=payment_id)
            known = sheet.execute(
                "SELECT id FROM disputes WHERE payment_id = ? AND status = 'OPEN'", (payment_id,)
            ).fetchone()
            if known is not None:
                return str(known["id"])
            external_id = self._new_id("dp")
            insert(
                sheet,
                "disputes",
                id=external_id,
                payment_id=payment_id,
                amount=require_left(amount, left=left_of(sheet, payment_id)),
                fee=DISPUTE_FEE,
                currency=payment["currency"],
                status=DisputeStatus.OPEN,
                made_at=self._clock().isoformat(),
            )
            self._tell(sheet, News.DISPUTE_OPENED, external_id)
            return external_id

    def win_dispute(self, external_id: str) -> None:
        """Decide for the market: the amount comes back, the fee does not. Once, when repeated.

        Raises EntityNotFound, InvalidTransition for one that was lost, ProcessorUnavailable.
        """
        self._close(external_id, DisputeStatus.WON)

    def lose_dispute(self, external_id: str) -> None:
        """Decide for the payer: nothing comes back. Once, when repeated.

        Raises EntityNotFound, InvalidTransition for one that was won, ProcessorUnavailable.
        """
        self._close(external_id, DisputeStatus.LOST)

    def disputed(self) -> tuple[DisputeView, ...]:
        """List disputes as they stand, in the order in which they were opened."""
        with self._books.reading() as sheet:
            rows = sheet.execute(f"{DISPUTES} ORDER BY disputes.number")
            return tuple(_view(row) for row in rows)

    def _close(self, external_id: str, end: DisputeStatus) -> None:
        with self._books.writing() as sheet:
            row = _dispute(sheet, external_id)
            if row is None:
                raise EntityNotFound(entity="Dispute", id=external_id)
            status = DisputeStatus(row["status"])
            if status is end:
                return
            if end not in NEXT[status]:
                raise InvalidTransition(entity="Dispute", status=status, wanted=end)
            sheet.execute(
                "UPDATE disputes SET status = ?, reinstated = ? WHERE id = ?",
                (end, row["amount"] if end is DisputeStatus.WON else ZERO, external_id),
            )
            self._tell(sheet, News.DISPUTE_CLOSED, external_id)


def _dispute(sheet: Sheet, external_id: str) -> Row | None:
    found: Row | None = sheet.execute(
        f"{DISPUTES} WHERE disputes.id = ?", (external_id,)
    ).fetchone()
    return found


def _view(row: Row) -> DisputeView:
    return DisputeView(
        external_id=row["id"],
        attempt_id=row["attempt_id"],
        amount=Cents(row["amount"]),
        fee=Cents(row["fee"]),
        currency=row["currency"],
        status=DisputeStatus(row["status"]),
        reinstated=Cents(row["reinstated"]),
    )
