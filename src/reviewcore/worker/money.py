"""Money in and out, as the processor tells it and as we ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.ports.store import Transaction
from reviewcore.usecases.confirm_payment import ConfirmPayment, confirm_payment
from reviewcore.usecases.expire_checkout import ExpireCheckout, expire_checkout
from reviewcore.usecases.handle_event import HandleEvent, handle_event
from reviewcore.usecases.open_checkout import OpenCheckout, open_checkout
from reviewcore.usecases.reconcile import Reconcile, Sweep, reconcile
from reviewcore.usecases.send_payout import SendPayout, send_payout
from reviewcore.usecases.send_refund import SendRefund, send_refund
from reviewcore.worker.steps import BATCH, LEASE, Runner, Steps, log

RECONCILE_EVERY = timedelta(hours=1)


class Money(Steps):
    """The steps that wait on the processor."""

    def __init__(self, app: Runner) -> None:
        super().__init__(app)
        self._reconciled_at: datetime | None = None

    def handle_events(self) -> int:
        """Act upon what the processor told; what fails is tried again, and stays to be seen."""
        due = self._block(lambda tx: tx.inbox.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        for event in due:
            try:
                self._app.drive(handle_event, HandleEvent(event_id=event.id))
            except Exception as error:  # noqa: BLE001 - one bad event must not stop the others
                self._put_off(event.id, error)
        return len(due)

    def handle_all_events(self) -> int:
        """Handle every event that is due, in batches."""
        done = 0
        while did := self.handle_events():
            done += did
        return done

    def _put_off(self, event_id: str, error: Exception) -> None:
        # The type alone, as with events of our own.
        failure = type(error).__name__
        log.warning("event %s of the processor was not handled: %s", event_id, failure)

        def fail(tx: Transaction) -> None:
            event = tx.inbox.lock(event_id)
            if not event.is_handled:
                tx.inbox.update(event.fail(failure, tx.now))

        self._block(fail)

    def reconcile(self) -> int:
        """Compare all that is unsettled with the processor: when work begins, and once an hour."""
        now = self._app.store.now()
        if self._reconciled_at is not None and now - self._reconciled_at < RECONCILE_EVERY:
            return 0
        self._reconciled_at = now
        told = self._app.drive(reconcile, Reconcile())
        for finding in told.findings:
            log.warning("reconcile: %s %s %s", finding.kind, finding.id, finding.told)
        return told.repaired

    def catch_up(self) -> None:
        """Fetch the events that were missed, and let the next full comparison wait an hour.

        For hosts that drain every second: to compare everything is for workers that stay.
        """
        self._app.drive(reconcile, Reconcile(only=frozenset({Sweep.MISSED})))
        self._reconciled_at = self._app.store.now()

    def follow_checkouts(self, *, ahead: timedelta = timedelta(0), limit: int = BATCH) -> int:
        """Ask the processor how checkouts stand, resume interrupted ones, expire unwanted ones."""
        due = self._block(
            lambda tx: tx.attempts.lease(tx.now + ahead, until=tx.now + LEASE, limit=limit)
        )
        self._each(due, self._follow)
        return len(due)

    def _follow(self, attempt: CheckoutAttempt) -> None:
        if attempt.unwanted:
            self._app.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id))
        elif attempt.session_id is not None:
            self._app.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))
        elif attempt.status is AttemptStatus.INTENDED:
            with self._app.store.read() as tx:
                artist_id = tx.tracks.get(attempt.track_id).artist_id
            self._app.drive(
                open_checkout, OpenCheckout(track_id=attempt.track_id, artist_id=artist_id)
            )

    def send_refunds(self) -> int:
        """Send intended refunds."""
        due = self._block(lambda tx: tx.refunds.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        self._each(
            due, lambda refund: self._app.drive(send_refund, SendRefund(refund_id=refund.id))
        )
        return len(due)

    def send_payouts(self) -> int:
        """Send reserved payouts."""
        due = self._block(lambda tx: tx.payouts.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        self._each(
            due, lambda payout: self._app.drive(send_payout, SendPayout(payout_id=payout.id))
        )
        return len(due)
