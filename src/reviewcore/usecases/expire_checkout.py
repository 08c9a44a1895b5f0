"""Give up a checkout session that nobody should pay any more."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import ProcessorRefused, ProcessorUnavailable
from reviewcore.domain.ids import AttemptId
from reviewcore.domain.payments import CHECKOUT_LIFE, AttemptStatus, CheckoutAttempt
from reviewcore.ports.processor import Declined, Done, Outcome, Payments, SessionView, Unknown
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.paying import end_attempt, follow_session, lock_bill


@attrs.frozen(kw_only=True)
class ExpireCheckout:
    """The track was cancelled, paid otherwise, or checked out anew."""

    attempt_id: AttemptId


def expire_checkout(store: Store, payments: Payments, command: ExpireCheckout) -> CheckoutAttempt:
    """Close the session; if it was paid meanwhile the money is applied or goes back.

    Raises EntityNotFound, ProcessorRefused, ProcessorUnavailable.
    """
    with store.read() as tx:
        attempt = tx.attempts.get(command.attempt_id)
    if not attempt.is_pending:
        return attempt

    outcome = _expire(payments, attempt)

    with store.begin() as tx:
        bill = lock_bill(tx, attempt)
        match outcome:
            case Done(view) if view is not None:
                return follow_session(tx, bill, view)
            case Done():
                # A request still under way may yet open a session: wait until it surely cannot.
                if tx.now - attempt.created_at < CHECKOUT_LIFE:
                    waiting = bill.attempt.look_again(tx.now)
                    tx.attempts.update(waiting)
                    return waiting
                return end_attempt(tx, bill, AttemptStatus.EXPIRED, reason="never_opened")
    match outcome:
        case Declined(code):
            raise ProcessorRefused(code=code)
        case Unknown():  # pragma: no branch - an outcome is one of the three
            raise ProcessorUnavailable


def _expire(payments: Payments, attempt: CheckoutAttempt) -> Outcome[SessionView | None]:
    if attempt.session_id is not None:
        return payments.expire_session(attempt.session_id)
    found = payments.find_session(attempt.id)
    if isinstance(found, Done) and found.view is not None:
        return payments.expire_session(found.view.session_id)
    return found
