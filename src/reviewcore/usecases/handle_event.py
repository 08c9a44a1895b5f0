"""Act upon what the processor told, by what is true now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.ports.processor import Processor
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps import news
from reviewcore.usecases.steps.answers import require_done


@attrs.frozen(kw_only=True)
class HandleEvent:
    """An event waits in the inbox."""

    event_id: str


def handle_event(store: Store, processor: Processor, command: HandleEvent) -> StripeWebhookEvent:
    """Ask the processor about the event's object and record the answer, once.

    The event is handled in the same transaction, so that neither is kept without the other;
    repeats, duplicates and any order are harmless. What speaks of a row that is not here yet
    raises and is tried again later. Raises EntityNotFound, InvalidTransition, Busy,
    ProcessorRefused, ProcessorUnavailable.
    """
    with store.read() as tx:
        event = tx.inbox.get(command.event_id)
    if event.is_handled:
        return event

    record = _ask(processor, event)

    with store.begin() as tx:
        fresh = tx.inbox.lock(event.id)
        if fresh.is_handled:
            # Another worker got here first.
            return fresh
        record(tx)
        handled = fresh.handle(tx.now)
        tx.inbox.update(handled)
        return handled


def _ask(processor: Processor, event: StripeWebhookEvent) -> Callable[[Transaction], None]:
    """Tell what to record of an event; the event itself only says where to look."""
    payments, payouts = processor.payments, processor.payouts
    record: Callable[[Transaction], None]
    match event.subject:
        case Subject.CHECKOUT:
            session = require_done(payments.session(event.object_id))
            record = partial(news.record_session, view=session)
        case Subject.REFUND:
            refund = require_done(payments.refund_view(event.object_id))
            record = partial(news.record_refund, view=refund)
        case Subject.DISPUTE:
            dispute = require_done(payments.dispute(event.object_id))
            record = partial(news.record_dispute, view=dispute)
        case Subject.TRANSFER:
            transfer = require_done(payouts.transfer_view(event.object_id))
            record = partial(news.record_transfer, view=transfer)
        case Subject.ACCOUNT | Subject.DESTINATION | Subject.BANK_PAYOUT:
            assert event.account_id is not None, "such an event names its account"
            account = require_done(payouts.account(event.account_id))
            record = partial(news.record_account, event=event, ready=account.ready)
        case Subject.DISCONNECTED:
            # Nobody may ask about it any more.
            record = partial(news.record_account, event=event, ready=False)
        case Subject.OTHER:  # pragma: no branch - one of the subjects
            record = _nothing
    return record


def _nothing(tx: Transaction) -> None:
    """Record nothing."""
