"""What rows and ledger tell of the same thing, asked in SQL: the halves of `money_moves_once`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    not_,
    or_,
    select,
)

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.audit.checks import Check, booked, compared, told
from reviewcore.adapters.sql.audit.words import (
    YES,
    ZERO,
    is_completed,
    is_one_of,
    or_zero,
    total,
    word,
)
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import RefundStatus

_slots, _reviews, _entries = tables.slots, tables.reviews, tables.ledger_entries
_payments, _refunds, _disputes = tables.payments, tables.refunds, tables.disputes
_payouts, _reversals = tables.payouts, tables.payout_reversals


def is_posted(thing: Table) -> ColumnElement[bool]:
    """Tell whether a refund or dispute stands in the books: in the currency of its payment."""
    return and_(thing.c.payment_id == _payments.c.id, thing.c.currency == _payments.c.currency)


def of_reviews() -> Iterator[Check]:
    """A completed review is booked and paid, another is neither."""
    done, thing = is_completed(_reviews), _reviews.c.id
    yield booked("completed", EntryKind.REVIEW_COMPLETED, done, _reviews, thing=thing)
    due = case((done, _reviews.c.offered_amount))
    yield compared(thing, _reviews, paid_amount=(_reviews.c.paid_amount, due))


def of_payouts() -> Iterator[Check]:
    """A payout is booked when it is asked for and when it ends; so is what comes back."""
    reversal, thing = _reversals.c.id, _payouts.c.id
    yield booked("booked", EntryKind.PAYOUT_REVERSED, YES, _reversals, thing=reversal)
    completed = is_one_of(_payouts.c.status, PayoutStatus.COMPLETED)
    failed = is_one_of(_payouts.c.status, PayoutStatus.FAILED)
    yield booked("completed", EntryKind.PAYOUT_COMPLETED, completed, _payouts, thing=thing)
    yield booked("failed", EntryKind.PAYOUT_FAILED, failed, _payouts, thing=thing)
    yield booked("requested", EntryKind.PAYOUT_REQUESTED, YES, _payouts, thing=thing)
    back = (
        select(_reversals.c.payout_id, total(_reversals.c.amount).label("amount"))
        .group_by(_reversals.c.payout_id)
        .subquery("back")
    )
    yield compared(
        thing,
        _payouts.outerjoin(back, back.c.payout_id == thing),
        reversed_amount=(_payouts.c.reversed_amount, or_zero(back.c.amount)),
    )


def of_refunds() -> Iterator[Check]:
    """A refund in the books' currency is booked at each of its steps."""
    source = _refunds.outerjoin(_payments, is_posted(_refunds))
    status, posted = _refunds.c.status, _payments.c.id.is_not(None)
    done = _refunds.c.external_id.is_not(None)
    returned = and_(done, not_(is_one_of(status, RefundStatus.COMPLETED)))
    doubled = _refunds.c.duplicate_id.is_not(None)
    undoubled = and_(doubled, not_(is_one_of(status, RefundStatus.DOUBLED)))
    for name, kind, happened in (
        ("intended", EntryKind.REFUND_INTENDED, YES),
        ("completed", EntryKind.REFUND_COMPLETED, done),
        ("returned", EntryKind.REFUND_RETURNED, returned),
        ("dropped", EntryKind.REFUND_DROPPED, was_dropped()),
        ("settled", EntryKind.REFUND_SETTLED, _refunds.c.reference.is_not(None)),
        ("doubled", EntryKind.REFUND_DOUBLED, doubled),
        ("undoubled", EntryKind.REFUND_UNDOUBLED, undoubled),
    ):
        yield booked(name, kind, and_(posted, happened), source, thing=_refunds.c.id)


def was_dropped() -> ColumnElement[bool]:
    """Tell whether a lost dispute ended a refund, whatever the processor made of it later."""
    is_doubled = is_one_of(_refunds.c.status, RefundStatus.DOUBLED)
    return or_(
        is_one_of(_refunds.c.status, RefundStatus.DROPPED),
        and_(is_doubled, _refunds.c.reference.is_(None)),
    )


def of_disputes() -> Iterator[Check]:
    """A dispute is booked when money leaves for it and when it comes back."""
    source = _disputes.outerjoin(_payments, is_posted(_disputes))
    posted = _payments.c.id.is_not(None)
    has_taken = or_(_disputes.c.amount != ZERO, _disputes.c.fee != ZERO)
    is_won = is_one_of(_disputes.c.status, DisputeStatus.WON)
    has_given = and_(is_won, _disputes.c.reinstated_amount > ZERO)
    thing = _disputes.c.id
    opened, won = EntryKind.DISPUTE_OPENED, EntryKind.DISPUTE_WON
    yield booked("opened", opened, and_(posted, has_taken), source, thing=thing)
    yield booked("won", won, and_(posted, has_given), source, thing=thing)


def of_lost_slots() -> Iterator[Check]:
    """A slot that a lost dispute ended is booked, no other is."""
    number = cast(_slots.c.number, Text())
    cause = (_slots.c.track_id + word("/") + number).label("cause")
    is_there = exists().where(
        _entries.c.cause == cause.element, is_one_of(_entries.c.kind, EntryKind.SLOT_LOST)
    )
    words = "slot and ledger do not agree on whether it was lost"
    yield told(select(cause).where(_slots.c.is_lost, not_(is_there)), words)
    yield told(select(cause).where(not_(_slots.c.is_lost), is_there), words)
