"""What is true of every payment, attempt, refund, dispute, payout and reversal by itself."""

from __future__ import annotations

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.ledger import BalanceLine, Entry, Posting
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.testing.builders.fits.fitting import all_or_none, in_order, none_of, sentences

APPLIED = frozenset({PaymentStatus.COMPLETED, PaymentStatus.REFUNDED})
TAKEN = frozenset({RefundStatus.COMPLETED, RefundStatus.RETURNED})
UNTAKEN = frozenset({RefundStatus.PENDING, RefundStatus.PROCESSING, RefundStatus.FAILED})
ENDED_OTHERWISE = frozenset({RefundStatus.SETTLED, RefundStatus.DROPPED, RefundStatus.DOUBLED})

PAYMENT = sentences(
    a_price_is_not_below_0=lambda it: it.amount >= 0,
    no_more_goes_back_than_was_paid=lambda it: 0 <= it.refunded_amount <= it.amount,
    a_payment_has_an_end_exactly_when_money_was_applied=lambda it: (
        (it.completed_at is not None) is (it.status in APPLIED)
    ),
    money_is_applied_from_an_attempt=lambda it: (
        (it.applied_attempt_id is not None) is (it.status in APPLIED and it.amount > 0)
    ),
    nothing_was_paid_for_a_free_track=lambda it: (
        it.status not in APPLIED or it.amount > 0 or none_of(it.stripe_payment_id, it.fee)
    ),
    # Where nothing was paid, nothing is all of it: only a cancelled free track is REFUNDED.
    a_payment_is_REFUNDED_exactly_when_all_of_it_is_back=lambda it: (
        it.refunded_amount == it.amount
        if it.status is PaymentStatus.REFUNDED
        else it.amount == 0 or it.refunded_amount < it.amount
    ),
    only_what_was_applied_goes_back=lambda it: it.status in APPLIED or it.refunded_amount == 0,
    the_times_of_a_payment_are_in_order=lambda it: in_order(it.created_at, it.completed_at),
)

ATTEMPT = sentences(
    attempts_are_counted_from_1=lambda it: it.number >= 1,
    an_attempt_is_to_pay_something=lambda it: it.amount > 0,
    a_session_has_id_address_and_end=lambda it: all_or_none(it.session_id, it.url, it.expires_at),
    an_OPEN_attempt_has_a_session=lambda it: (
        it.status is not AttemptStatus.OPEN or it.session_id is not None
    ),
    an_INTENDED_attempt_has_no_session=lambda it: (
        it.status is not AttemptStatus.INTENDED or it.session_id is None
    ),
    an_attempt_has_an_end_exactly_when_it_is_over=lambda it: it.is_pending is (it.ended_at is None),
    only_a_PAID_attempt_has_a_payment_and_a_fee=lambda it: (
        it.status is AttemptStatus.PAID or none_of(it.external_payment_id, it.fee)
    ),
    the_times_of_an_attempt_are_in_order=lambda it: in_order(
        it.created_at, it.sent_at, it.ended_at
    ),
)

REFUND = sentences(
    a_refund_gives_something_back=lambda it: it.amount > 0,
    keys_are_counted_from_1=lambda it: it.number >= 1 and min(it.attempts, it.look_ups) >= 0,
    a_refund_has_an_end_exactly_when_it_is_final=lambda it: (
        it.is_final is (it.ended_at is not None)
    ),
    a_PENDING_refund_is_not_under_way=lambda it: (
        it.status is not RefundStatus.PENDING or it.sent_at is None
    ),
    a_PROCESSING_refund_was_sent=lambda it: (
        it.status is not RefundStatus.PROCESSING or (it.sent_at is not None and it.attempts > 0)
    ),
    a_refund_has_the_processors_id_when_it_was_taken=lambda it: (
        it.status not in TAKEN or it.external_id is not None
    ),
    a_refund_has_the_processors_id_only_when_it_was_taken=lambda it: (
        it.status not in UNTAKEN or it.external_id is None
    ),
    a_SETTLED_refund_has_a_reference=lambda it: (
        it.status is not RefundStatus.SETTLED or it.reference is not None
    ),
    only_what_was_settled_has_a_reference=lambda it: (
        it.status in {RefundStatus.SETTLED, RefundStatus.DOUBLED} or it.reference is None
    ),
    a_DOUBLED_refund_has_a_duplicate=lambda it: (
        it.status is not RefundStatus.DOUBLED or it.duplicate_id is not None
    ),
    only_what_ended_otherwise_has_a_duplicate=lambda it: (
        it.status in ENDED_OTHERWISE or it.duplicate_id is None
    ),
    a_refund_that_FAILED_says_why=lambda it: (
        it.status is not RefundStatus.FAILED or it.failure_reason is not None
    ),
    the_times_of_a_refund_are_in_order=lambda it: in_order(it.created_at, it.sent_at, it.ended_at),
)

DISPUTE = sentences(
    a_dispute_takes_no_less_than_nothing=lambda it: min(it.amount, it.fee) >= 0,
    a_dispute_has_an_end_exactly_when_it_is_decided=lambda it: it.is_open is (it.closed_at is None),
    only_a_WON_dispute_gives_back_and_no_more_than_it_took=lambda it: (
        0 <= it.reinstated_amount <= it.amount + it.fee
        and (it.status is DisputeStatus.WON or it.reinstated_amount == 0)
    ),
    the_times_of_a_dispute_are_in_order=lambda it: in_order(it.opened_at, it.closed_at),
)

PAYOUT = sentences(
    a_payout_pays_something=lambda it: it.amount > 0,
    keys_are_counted_from_1=lambda it: it.number >= 1 and min(it.attempts, it.look_ups) >= 0,
    a_payout_has_an_end_exactly_when_it_is_final=lambda it: (
        it.is_final is (it.processed_at is not None)
    ),
    a_PENDING_payout_is_not_under_way=lambda it: (
        it.status is not PayoutStatus.PENDING or it.sent_at is None
    ),
    a_PROCESSING_payout_was_sent=lambda it: (
        it.status is not PayoutStatus.PROCESSING or (it.sent_at is not None and it.attempts > 0)
    ),
    what_is_paid_by_hand_is_never_sent=lambda it: (
        it.is_automatic
        or (
            it.status is not PayoutStatus.PROCESSING
            and none_of(it.sent_at, it.attempts, it.external_id)
        )
    ),
    what_was_paid_by_hand_has_a_reference=lambda it: (
        it.status is not PayoutStatus.COMPLETED or it.is_automatic or it.reference is not None
    ),
    only_what_has_left_comes_back=lambda it: (
        it.status is PayoutStatus.COMPLETED or it.reversed_amount == 0
    ),
    no_more_comes_back_than_had_left=lambda it: 0 <= it.reversed_amount <= it.amount,
    a_payout_that_FAILED_says_why=lambda it: (
        it.status is not PayoutStatus.FAILED or it.failure_reason is not None
    ),
    the_times_of_a_payout_are_in_order=lambda it: in_order(
        it.created_at, it.sent_at, it.processed_at
    ),
)

REVERSAL = sentences(a_reversal_takes_something_back=lambda it: it.amount > 0)

ENTRY = sentences(
    the_postings_of_an_entry_sum_to_0=lambda it: sum(one.amount for one in it.postings) == 0,
    an_account_has_one_posting=lambda it: (
        len({one.account for one in it.postings}) == len(it.postings)
    ),
)

POSTING = sentences(a_posting_changes_something=lambda it: it.amount != 0)

LINE = sentences(a_line_changes_something=lambda it: it.amount != 0)

SENTENCES = {
    Payment: PAYMENT,
    CheckoutAttempt: ATTEMPT,
    Refund: REFUND,
    Dispute: DISPUTE,
    Payout: PAYOUT,
    PayoutReversal: REVERSAL,
    Entry: ENTRY,
    Posting: POSTING,
    BalanceLine: LINE,
}
