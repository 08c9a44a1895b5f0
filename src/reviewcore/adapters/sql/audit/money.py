"""The laws of money, asked in SQL; the promises are those of `domain.laws.money`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.audit import stories
from reviewcore.adapters.sql.audit.checks import Check, compared, told
from reviewcore.adapters.sql.audit.stories import is_posted, was_dropped
from reviewcore.adapters.sql.audit.words import (
    ZERO,
    in_accounts_of,
    is_completed,
    is_counted,
    is_one_of,
    or_zero,
    total,
    word,
)
from reviewcore.domain import ledger
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.laws import money as laws
from reviewcore.domain.laws.law import Law
from reviewcore.domain.ledger import EARNED, SPENT
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.refunds import RefundStatus

_artists, _reviewers = tables.artist_profiles, tables.reviewer_profiles
_tracks, _slots, _reviews = tables.tracks, tables.slots, tables.reviews
_payments, _refunds, _disputes = tables.payments, tables.refunds, tables.disputes
_entries, _postings = tables.ledger_entries, tables.ledger_postings

_account, _amount = _postings.c.account, _postings.c.amount
_deferred_of = word("deferred:") + _tracks.c.id
_payable_of = word("payable:") + _reviewers.c.id


# ── the sums of the ledger ───────────────────────────────────────────────────────────────────


def _entries_balance() -> tuple[Check, ...]:
    unbalanced = (
        select(_postings.c.entry_id)
        .group_by(_postings.c.entry_id)
        .having(func.sum(_amount) != ZERO)
        .subquery("unbalanced")
    )
    rows = select(_entries.c.id, _entries.c.kind).join(
        unbalanced, unbalanced.c.entry_id == _entries.c.id
    )
    return (told(rows, "{} does not balance"),)


def _totals_equal_ledger() -> tuple[Check, ...]:
    spent = (
        select(_tracks.c.artist_id, total(_amount).label("amount"))
        .select_from(_postings.join(_entries).join(_tracks, _account == _deferred_of))
        .where(is_one_of(_entries.c.kind, *SPENT))
        .group_by(_tracks.c.artist_id)
        .subquery("spent")
    )
    earned = (
        select(
            _account,
            total(_amount).label("balance"),
            total(_amount, is_one_of(_entries.c.kind, *EARNED)).label("earned"),
        )
        .select_from(_postings.join(_entries))
        .where(in_accounts_of(_account, "payable"))
        .group_by(_account)
        .subquery("earned")
    )
    return (
        compared(
            _artists.c.id,
            _artists.outerjoin(spent, spent.c.artist_id == _artists.c.id),
            total_spent=(_artists.c.total_spent, or_zero(spent.c.amount)),
        ),
        compared(
            _reviewers.c.id,
            _reviewers.outerjoin(earned, earned.c.account == _payable_of),
            pending_balance=(_reviewers.c.pending_balance, or_zero(earned.c.balance)),
            total_earnings=(_reviewers.c.total_earnings, or_zero(earned.c.earned)),
        ),
    )


def _deferred_equals_slots() -> tuple[Check, ...]:
    due = (
        select(_slots.c.track_id, total(_slots.c.price).label("amount"))
        .where(_slots.c.refunded_at.is_(None), not_(is_counted(_slots)))
        .group_by(_slots.c.track_id)
        .subquery("due")
    )
    deferred = (
        select(_account, total(_amount).label("amount"))
        .where(in_accounts_of(_account, "deferred"))
        .group_by(_account)
        .subquery("deferred")
    )
    is_paid = _tracks.c.paid_at.is_not(None)
    return (
        compared(
            _tracks.c.id,
            _tracks.outerjoin(due, due.c.track_id == _tracks.c.id).outerjoin(
                deferred, deferred.c.account == _deferred_of
            ),
            deferred=(
                or_zero(deferred.c.amount),
                case((is_paid, or_zero(due.c.amount)), else_=ZERO),
            ),
        ),
    )


def _market_accounts_follow_reviews() -> tuple[Check, ...]:
    revenue, losses, promotion = map(word, (ledger.REVENUE, ledger.LOSSES, ledger.PROMOTION))
    # Both sides as rows of one heap, so that an account without either is told as well.
    heap = union_all(
        select(_account.label("account"), _amount.label("stored"), ZERO.label("due")).where(
            _account.in_([revenue, losses, promotion])
        ),
        _made_by_reviews(revenue, losses, promotion),
        *_lost_to_banks(losses),
    ).subquery("heap")
    sums = (
        select(
            heap.c.account,
            total(heap.c.stored).label("stored"),
            total(heap.c.due).label("due"),
        )
        .group_by(heap.c.account)
        .subquery("sums")
    )
    return (compared(sums.c.account, sums, balance=(sums.c.stored, sums.c.due)),)


def _made_by_reviews(
    revenue: ColumnElement[str], losses: ColumnElement[str], promotion: ColumnElement[str]
) -> Select[tuple[str, int, int]]:
    """Tell which account of the market each review moved, and by how much."""
    counts = _reviews.c.counts_toward_completion
    is_free = _tracks.c.promo_code.is_not(None)
    offered = _reviews.c.offered_amount
    account = case((not_(counts), losses), (is_free, promotion), else_=revenue)
    amount = case(
        (and_(not_(counts), _is_upheld), ZERO),
        (or_(not_(counts), is_free), -offered),
        else_=_reviews.c.slot_price - offered,
    )
    return (
        select(account, ZERO, amount)
        .select_from(_reviews.join(_tracks))
        .where(is_completed(_reviews))
    )


_is_upheld = is_one_of(func.coalesce(_reviews.c.flag_status, word("")), FlagStatus.UPHELD)


def _lost_to_banks(losses: ColumnElement[str]) -> Iterator[Select[tuple[str, int, int]]]:
    """Tell what disputes took, less what slots that they ended and refunds not made kept.

    What the processor paid besides, after all, is lost as well.
    """
    back = _disputes.c.reinstated_amount
    kept = case((back < _disputes.c.amount, back), else_=_disputes.c.amount)
    yield select(losses, ZERO, kept - _disputes.c.amount).select_from(
        _disputes.join(_payments, is_posted(_disputes))
    )
    yield select(losses, ZERO, _slots.c.price).where(_slots.c.is_lost)
    doubled = is_one_of(_refunds.c.status, RefundStatus.DOUBLED)
    for amount, happened in ((_refunds.c.amount, was_dropped()), (-_refunds.c.amount, doubled)):
        yield (
            select(losses, ZERO, amount)
            .select_from(_refunds.join(_payments, is_posted(_refunds)))
            .where(happened)
        )


# ── what rows and ledger tell of one thing ───────────────────────────────────────────────────


def _payments_count_right() -> tuple[Check, ...]:
    refunded = (
        select(_refunds.c.payment_id, total(_refunds.c.amount).label("amount"))
        .select_from(
            _refunds.join(
                _payments,
                and_(
                    _refunds.c.payment_id == _payments.c.id,
                    _refunds.c.attempt_id == _payments.c.applied_attempt_id,
                ),
            )
        )
        .where(
            or_(
                is_one_of(_refunds.c.status, RefundStatus.COMPLETED),
                _refunds.c.reference.is_not(None),
            )
        )
        .group_by(_refunds.c.payment_id)
        .subquery("refunded")
    )
    applied = is_one_of(_payments.c.status, PaymentStatus.COMPLETED, PaymentStatus.REFUNDED)
    return (
        compared(
            _payments.c.id,
            _payments.outerjoin(refunded, refunded.c.payment_id == _payments.c.id),
            refunded_amount=(_payments.c.refunded_amount, or_zero(refunded.c.amount)),
            completed_at=(_payments.c.completed_at.is_not(None), applied),
        ),
    )


def _the_lost_are_not_refunded() -> tuple[Check, ...]:
    unsent = (
        select(_refunds.c.id)
        .select_from(
            _refunds.join(_payments, _refunds.c.payment_id == _payments.c.id).join(
                _tracks, _payments.c.track_id == _tracks.c.id
            )
        )
        .where(
            is_one_of(_refunds.c.status, RefundStatus.PENDING),
            _refunds.c.number == literal_column("1"),
            _refunds.c.attempt_id == _payments.c.applied_attempt_id,
            is_one_of(func.coalesce(_tracks.c.dispute_status, word("")), DisputeStatus.LOST),
        )
    )
    return (told(unsent, "is to be sent though a lost dispute gave it back"),)


def _money_moves_once() -> tuple[Check, ...]:
    times = func.count()
    repeated = (
        select(_entries.c.cause, _entries.c.kind, times)
        .group_by(_entries.c.kind, _entries.c.cause)
        .having(times > literal_column("1"))
    )
    return (
        told(repeated, "{} {} times"),
        *stories.of_reviews(),
        *stories.of_payouts(),
        *stories.of_refunds(),
        *stories.of_disputes(),
        *stories.of_lost_slots(),
    )


CHECKS: Mapping[Law, tuple[Check, ...]] = MappingProxyType(
    {
        laws.entries_balance: _entries_balance(),
        laws.totals_equal_ledger: _totals_equal_ledger(),
        laws.deferred_equals_slots: _deferred_equals_slots(),
        laws.market_accounts_follow_reviews: _market_accounts_follow_reviews(),
        laws.payments_count_right: _payments_count_right(),
        laws.the_lost_are_not_refunded: _the_lost_are_not_refunded(),
        laws.money_moves_once: _money_moves_once(),
    }
)
"""The laws of money, each with what is asked for it."""
