"""Compare all that is not final with the processor, repair what is certain, list the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any

import attrs

from reviewcore.domain.disputes import Dispute
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import Payout
from reviewcore.domain.refunds import Refund
from reviewcore.domain.webhooks import KEPT_FOR, StripeWebhookEvent, receive
from reviewcore.ports.processor import Processor
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps import comparing
from reviewcore.usecases.steps.comparing import Finding

BATCH = 200
OVERLAP = timedelta(days=1)
"""How far before the newest event that came an older one may be missing.

An event may be sent after a newer one, or never, while newer ones come: much longer than workers
pause between two comparisons, also when one of them fails.
"""


class Sweep(StrEnum):
    """What is compared; in this order, because money in decides what goes out."""

    MISSED = "MISSED"
    CHECKOUTS = "CHECKOUTS"
    DISPUTES = "DISPUTES"
    REFUNDS = "REFUNDS"
    PAYOUTS = "PAYOUTS"
    EVENTS = "EVENTS"


@attrs.frozen(kw_only=True)
class Reconcile:
    """Somebody, or the worker once an hour, wants to be sure; *only* names the sweeps to make."""

    only: frozenset[Sweep] = frozenset(Sweep)


@attrs.frozen(kw_only=True)
class Reconciliation:
    """How many things were looked at, how many were repaired, and what waits for a person."""

    checked: int
    repaired: int
    findings: tuple[Finding, ...]


def reconcile(store: Store, processor: Processor, command: Reconcile) -> Reconciliation:
    """Look at everything unsettled once; never sends money, so a repeat is harmless.

    What the processor gives no clear answer about is a finding, like what only a person can
    settle. Raises Busy, and InvalidTransition when the processor contradicts what was final.
    """
    told: list[Finding | None] = []
    for sweep in Sweep:
        if sweep in command.only:
            told += _SWEEPS[sweep](store, processor)
    findings = [one for one in told if one is not None]
    return Reconciliation(
        checked=len(told),
        repaired=sum(one.is_repaired for one in findings),
        findings=tuple(one for one in findings if not one.is_repaired),
    )


def _catch_up(store: Store, processor: Processor) -> Iterator[Finding | None]:
    """Put the events that were missed into the inbox; the worker handles them."""
    with store.read() as tx:
        newest = tx.inbox.newest()
    earliest = store.now() - KEPT_FOR
    since = earliest if newest is None else max(earliest, newest - OVERLAP)
    cursor: str | None = None
    while True:
        page, failure = comparing.missed(processor, since, cursor)
        if page is None:
            yield failure
            return
        with store.begin() as tx:
            fresh = [told for told in page.events if tx.inbox.receive(receive(told, tx.now))]
        yield from (comparing.repaired("event", told.id, told.type) for told in fresh)
        cursor = page.cursor
        if cursor is None:
            return


def _each(
    store: Store,
    processor: Processor,
    *,
    read: Callable[[Transaction, str | None], Sequence[Any]],
    compare: Callable[[Store, Processor, Any], Finding | None],
) -> Iterator[Finding | None]:
    """Compare each thing that *read* tells, a page at a time."""
    after: str | None = None
    while True:
        with store.read() as tx:
            page = read(tx, after)
        if not page:
            return
        for one in page:
            yield compare(store, processor, one)
        after = page[-1].id


def _attempts(tx: Transaction, after: str | None) -> Sequence[CheckoutAttempt]:
    return tx.attempts.unsettled(after=after, limit=BATCH)


def _disputes(tx: Transaction, after: str | None) -> Sequence[Dispute]:
    return tx.disputes.unsettled(after=after, limit=BATCH)


def _refunds(tx: Transaction, after: str | None) -> Sequence[Refund]:
    return tx.refunds.unsettled(after=after, limit=BATCH)


def _payouts(tx: Transaction, after: str | None) -> Sequence[Payout]:
    return tx.payouts.unsettled(after=after, limit=BATCH)


def _events(tx: Transaction, after: str | None) -> Sequence[StripeWebhookEvent]:
    return tx.inbox.page(is_handled=False, after=after, limit=BATCH)


_SWEEPS: Mapping[Sweep, Callable[[Store, Processor], Iterator[Finding | None]]] = MappingProxyType(
    {
        Sweep.MISSED: _catch_up,
        Sweep.CHECKOUTS: partial(_each, read=_attempts, compare=comparing.compare_attempt),
        Sweep.DISPUTES: partial(_each, read=_disputes, compare=comparing.compare_dispute),
        Sweep.REFUNDS: partial(_each, read=_refunds, compare=comparing.compare_refund),
        Sweep.PAYOUTS: partial(_each, read=_payouts, compare=comparing.compare_payout),
        Sweep.EVENTS: partial(_each, read=_events, compare=comparing.look_at_event),
    }
)
