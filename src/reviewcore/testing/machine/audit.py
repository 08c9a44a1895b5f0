"""What must hold after every step, and what must hold at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.domain.laws import violations
from reviewcore.domain.ledger import PROCESSOR
from reviewcore.domain.payments import AttemptStatus, Refund, RefundStatus
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.testing.machine.snapshot import Snapshot, told


def wrongs(before: Snapshot | None, after: Snapshot, bank: SandboxBank) -> tuple[str, ...]:
    """Tell what is wrong after a step: laws, numbers of events, history, the bank's books."""
    return (
        *(str(violation) for violation in violations(after.view)),
        *_misnumbered(after),
        *(_rewritten(before, after) if before is not None else ()),
        *_disagreements(after, bank),
    )


def leftovers(snapshot: Snapshot, bank: SandboxBank, *, at: datetime) -> tuple[str, ...]:
    """Tell what is unfinished though faults have stopped and all had its time (law 10).

    A refund or payout whose key grew old before the processor heard of it waits for a person.
    """
    return (
        *_undelivered(snapshot),
        *_unsettled(snapshot, bank, at=at),
        *_unbalanced(snapshot, bank),
    )


# ── history ──────────────────────────────────────────────────────────────────────────────────


def _misnumbered(snapshot: Snapshot) -> Iterator[str]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in snapshot.events:
        numbers[event.aggregate].append(event.sequence)
    for aggregate, sequence in numbers.items():
        if sequence != list(range(1, len(sequence) + 1)):
            yield f"events of {aggregate} are numbered {sequence}"


def _rewritten(before: Snapshot, after: Snapshot) -> Iterator[str]:
    entries = before.view.entries
    if after.view.entries[: len(entries)] != entries:
        yield "an entry of the ledger was changed or removed"
    for old, new in zip(before.events, after.events, strict=False):
        if old is not new and told(old) != told(new):
            yield f"event {old.id} was changed to {new}"
    if len(after.events) < len(before.events):
        yield "an event was removed"


# ── the bank's books ─────────────────────────────────────────────────────────────────────────


def _disagreements(snapshot: Snapshot, bank: SandboxBank) -> Iterator[str]:
    """Compare every movement of money that is certain here with the bank's books, one by one."""
    paid = _booked((one.attempt_id, one.amount) for one in bank.paid())
    refunded = _booked((one.refund_id, one.amount) for one in bank.refunded())
    sent = _booked((one.payout_id, one.amount) for one in bank.transferred())
    for attempt in snapshot.attempts:
        known = attempt.status is AttemptStatus.PAID
        yield from _compare("attempt", attempt.id, attempt.amount, paid, done=known)
        if not known and not attempt.is_pending and attempt.id in paid:
            yield f"attempt {attempt.id} ended {attempt.status} though it was paid"
    for refund in snapshot.view.refunds:
        done = refund.status is RefundStatus.COMPLETED
        yield from _compare("refund", refund.id, refund.amount, refunded, done=done)
        if refund.id in refunded and refund.status in {RefundStatus.PENDING, RefundStatus.FAILED}:
            yield f"refund {refund.id} is {refund.status} though the bank made it"
    for payout in snapshot.view.payouts:
        done = payout.status is PayoutStatus.COMPLETED and payout.is_automatic
        yield from _compare("payout", payout.id, payout.amount, sent, done=done)
        if payout.id in sent and payout.status in {PayoutStatus.PENDING, PayoutStatus.FAILED}:
            yield f"payout {payout.id} is {payout.status} though the bank made it"


def _booked(rows: Iterator[tuple[str, int]]) -> dict[str, list[int]]:
    booked: dict[str, list[int]] = defaultdict(list)
    for ours, amount in rows:
        booked[ours].append(amount)
    return dict(booked)


def _compare(
    kind: str, ours: str, amount: int, booked: Mapping[str, list[int]], *, done: bool
) -> Iterator[str]:
    amounts = booked.get(ours, [])
    if (done or amounts) and amounts != [amount]:
        yield f"{kind} {ours} of {amount} is {amounts} in the bank's books"


# ── the end ──────────────────────────────────────────────────────────────────────────────────


def _undelivered(snapshot: Snapshot) -> Iterator[str]:
    for event in snapshot.events:
        if event.delivered_at is None:
            yield f"event {event.id} ({event.type}) was never delivered"


def _unsettled(snapshot: Snapshot, bank: SandboxBank, *, at: datetime) -> Iterator[str]:
    for attempt in snapshot.pending:
        yield f"attempt {attempt.id} is still {attempt.status}"
    heard = {one.refund_id for one in bank.refunded()}
    heard |= {one.payout_id for one in bank.transferred()}
    automatic = [one for one in snapshot.view.payouts if one.is_automatic]
    intents: list[Refund | Payout] = [*snapshot.view.refunds, *automatic]
    for one in intents:
        if not one.is_final and (one.id in heard or one.key_is_fresh(at)):
            yield f"{_kind(one)} {one.id} is still {one.status}"


def _kind(one: Refund | Payout) -> str:
    return type(one).__name__.lower()


def _unbalanced(snapshot: Snapshot, bank: SandboxBank) -> Iterator[str]:
    owed = -snapshot.view.balances[PROCESSOR]
    booked = bank.balance(snapshot.view.rules.currency)
    if owed != booked:
        yield f"the processor owes us {owed}, and its books say {booked}"
    known = {attempt.id for attempt in snapshot.attempts if attempt.status is AttemptStatus.PAID}
    for paid in bank.paid():
        if paid.attempt_id not in known:
            yield f"attempt {paid.attempt_id} was paid and nobody noticed"
