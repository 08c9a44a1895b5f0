"""Learn from the processor whether a checkout was paid."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import EntityNotFound, ProcessorRefused, ProcessorUnavailable
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.ports.processor import Declined, Done, Payments, Unknown
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.paying import follow_session, lock_bill


@attrs.frozen(kw_only=True)
class ConfirmPayment:
    """Somebody, or the worker, asks how the processor's session stands."""

    session_id: str
    actor: str = SYSTEM


def confirm_payment(store: Store, payments: Payments, command: ConfirmPayment) -> CheckoutAttempt:
    """Apply the money once if the processor says *paid*; a repeat changes nothing.

    Raises EntityNotFound, ProcessorRefused, ProcessorUnavailable.
    """
    with store.read() as tx:
        attempt = tx.attempts.by_session(command.session_id)
    if attempt is None:
        raise EntityNotFound(entity="CheckoutAttempt", id=command.session_id)
    if attempt.status is AttemptStatus.PAID:
        return attempt

    outcome = payments.session(command.session_id)

    match outcome:
        case Done(view):
            with store.begin(actor=command.actor) as tx:
                return follow_session(tx, lock_bill(tx, attempt), view)
        case Declined(code):
            raise ProcessorRefused(code=code)
        case Unknown():  # pragma: no branch - an outcome is one of the three
            raise ProcessorUnavailable
