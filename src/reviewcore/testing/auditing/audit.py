"""What must hold after every step, and what must hold at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from reviewcore.domain.laws import violations
from reviewcore.domain.ledger import PROCESSOR
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.uploads import KEPT, UploadStatus
from reviewcore.ports.processor import RefundState
from reviewcore.testing.auditing.books import Books
from reviewcore.testing.auditing.snapshot import Snapshot, told

NOT_MADE = frozenset({RefundStatus.PENDING, RefundStatus.FAILED, RefundStatus.DROPPED})
"""Refunds that no payer can have got."""


def wrongs(before: Snapshot | None, after: Snapshot, bank: Books) -> tuple[str, ...]:
    """Tell what is wrong after a step: laws, numbers of events, history, the bank's books."""
    return (
        *(str(violation) for violation in violations(after.view)),
        *_misnumbered(after),
        *(_rewritten(before, after) if before is not None else ()),
        *_disagreements(after, bank),
    )


def leftovers(
    snapshot: Snapshot,
    bank: Books,
    *,
    at: datetime,
    overdraft: Cents | None,
    strays: Collection[str],
) -> tuple[str, ...]:
    """Tell what is unfinished though faults have stopped and all had its time (law 10).

    A refund whose key grew old before the processor heard of it waits for a person, a payout that
    the bank cannot afford with its *overdraft* waits for money, and news of *strays* for ever.
    """
    return (
        *_undelivered(snapshot),
        *_unhandled(snapshot, bank, strays),
        *_unsettled(snapshot, bank, at=at),
        *_unpaid(snapshot, bank, overdraft),
        *_unbalanced(snapshot, bank),
        *_unreminded(snapshot, at=at),
    )


# ── history ──────────────────────────────────────────────────────────────────────────────────


def _misnumbered(snapshot: Snapshot) -> Iterator[str]:
    numbers: dict[str, int] = {}
    for event in snapshot.events:
        number = numbers[event.aggregate] = numbers.get(event.aggregate, 0) + 1
        if event.sequence != number:
            yield f"event {number} of {event.aggregate} is numbered {event.sequence}"


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


def _disagreements(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    """Compare every movement of money that is certain here with the bank's books, one by one."""
    yield from _attempts(snapshot, bank)
    yield from _refunds(snapshot, bank)
    yield from _payouts(snapshot, bank)
    yield from _disputes(snapshot, bank)


def _attempts(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    paid = _booked((one.attempt_id, one.amount) for one in bank.paid())
    for attempt in snapshot.attempts:
        known = attempt.status is AttemptStatus.PAID
        yield from _compare("attempt", attempt.id, attempt.amount, paid, done=known)
        if not known and not attempt.is_pending and attempt.id in paid:
            yield f"attempt {attempt.id} ended {attempt.status} though it was paid"


def _refunds(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    made = bank.refunded()
    refunded = _booked((one.refund_id, one.amount) for one in made)
    states = {one.refund_id: one.state for one in made}
    for refund in snapshot.view.refunds:
        done = refund.external_id is not None or refund.duplicate_id is not None
        yield from _compare("refund", refund.id, refund.amount, refunded, done=done)
        state = states.get(refund.id)
        if state is RefundState.TAKEN and refund.status in NOT_MADE:
            yield f"refund {refund.id} is {refund.status} though the bank made it"
        if state is RefundState.TAKEN and refund.status is RefundStatus.RETURNED:
            yield f"refund {refund.id} is {refund.status} though the payer has it"


def _payouts(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    transferred = bank.transferred()
    sent = _booked((one.payout_id, one.amount) for one in transferred)
    back = {one.payout_id: one.reversed_amount for one in transferred}
    for payout in snapshot.view.payouts:
        done = payout.status is PayoutStatus.COMPLETED and payout.is_automatic
        yield from _compare("payout", payout.id, payout.amount, sent, done=done)
        if payout.id in sent and payout.status in {PayoutStatus.PENDING, PayoutStatus.FAILED}:
            yield f"payout {payout.id} is {payout.status} though the bank made it"
        if payout.reversed_amount > back.get(payout.id, 0):
            yield f"payout {payout.id} has more reversed than came back"


def _disputes(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    booked = {one.external_id: one for one in bank.disputed()}
    for dispute in snapshot.view.disputes:
        theirs = booked[dispute.external_id]
        if (dispute.amount, dispute.fee) != (theirs.amount, theirs.fee):
            yield f"dispute {dispute.id} is {dispute} here and {theirs} there"
        if not dispute.is_open and dispute.status is not theirs.status:
            yield f"dispute {dispute.id} is {dispute.status} here and {theirs.status} there"


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


def _unhandled(snapshot: Snapshot, bank: Books, strays: Collection[str]) -> Iterator[str]:
    for event in snapshot.unhandled:
        if event.object_id not in strays:
            yield f"event {event.id} ({event.type}) was never handled: {event.failure}"
    known = {one.external_id: one.status for one in snapshot.view.disputes}
    for dispute in bank.disputed():
        if known.get(dispute.external_id) is not dispute.status:
            yield f"dispute {dispute.external_id} is {dispute.status}, and nobody noticed"


def _unsettled(snapshot: Snapshot, bank: Books, *, at: datetime) -> Iterator[str]:
    for attempt in snapshot.pending:
        yield f"attempt {attempt.id} is still {attempt.status}"
    heard = {one.refund_id for one in bank.refunded()}
    taken = {one.refund_id for one in bank.refunded() if one.state is RefundState.TAKEN}
    for refund in snapshot.view.refunds:
        if refund.status is RefundStatus.SETTLED and refund.id in taken:
            yield f"refund {refund.id} is paid twice, and nobody noticed"
        if refund.status is RefundStatus.DOUBLED and refund.id not in taken:
            yield f"refund {refund.id} is DOUBLED though it came back"
        if not refund.is_final and (refund.id in heard or refund.key_is_fresh(at)):
            yield f"refund {refund.id} is still {refund.status}"


def _unpaid(snapshot: Snapshot, bank: Books, overdraft: Cents | None) -> Iterator[str]:
    left = bank.balance(snapshot.view.rules.currency) + (overdraft or 0)
    for payout in snapshot.view.payouts:
        parked = payout.status is PayoutStatus.PENDING and payout.failure_reason is not None
        if parked and overdraft is not None and payout.amount > left:
            continue
        if payout.is_automatic and not payout.is_final:
            yield f"payout {payout.id} is still {payout.status}"


def _unbalanced(snapshot: Snapshot, bank: Books) -> Iterator[str]:
    owed = -snapshot.view.balances[PROCESSOR]
    booked = bank.balance(snapshot.view.rules.currency)
    if owed != booked:
        yield f"the processor owes us {owed}, and its books say {booked}"
    known = {attempt.id for attempt in snapshot.attempts if attempt.status is AttemptStatus.PAID}
    for paid in bank.paid():
        if paid.attempt_id not in known:
            yield f"attempt {paid.attempt_id} was paid and nobody noticed"


def _unreminded(snapshot: Snapshot, *, at: datetime) -> Iterator[str]:
    for lead in snapshot.leads:
        if lead.next_attempt_at is not None and lead.next_attempt_at <= at:
            yield f"lead {lead.id} was never reminded"


def misfiled(snapshot: Snapshot, files: Collection[str]) -> Iterator[str]:
    """Tell what was unfinished when all had its time, of *files*, the keys of all that is kept.

    No file is without its upload, no upload without its file, and none outlasts its artist.
    """
    accepted = {one.key for one in snapshot.uploads if one.status is UploadStatus.ACCEPTED}
    kept = {key for key in files if key.startswith(f"{KEPT}/")}
    yield from (f"file {key} belongs to no upload" for key in sorted(kept - accepted))
    yield from (f"file {key} of an upload is gone" for key in sorted(accepted - kept))
    for upload in snapshot.uploads:
        if snapshot.user[snapshot.artist[upload.artist_id].user_id].erased_at is not None:
            yield f"upload {upload.id} is still here though its artist left for good"
