from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import attrs
import pytest

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import (
    ATTEMPT_NEXT,
    PAYMENT_NEXT,
    AttemptStatus,
    CheckoutAttempt,
    Payment,
    PaymentStatus,
)
from reviewcore.domain.refunds import REFUND_NEXT, Refund, RefundStatus
from reviewcore.domain.sending import backoff
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

LATER = START + timedelta(minutes=5)
LATE = START + timedelta(days=3)

P = PaymentStatus
A = AttemptStatus
R = RefundStatus

PAYMENT_VERBS: dict[str, tuple[Callable[[Payment], Payment], dict[P, P]]] = {
    "reprice": (lambda it: it.reprice(Cents(5)), {P.PENDING: P.PENDING, P.FAILED: P.PENDING}),
    "apply": (
        lambda it: it.apply(make.an_attempt(status=A.PAID), LATER),
        {P.PENDING: P.COMPLETED, P.FAILED: P.COMPLETED},
    ),
    "waive": (lambda it: it.waive(LATER), {P.PENDING: P.COMPLETED, P.FAILED: P.COMPLETED}),
    "fail": (lambda it: it.fail(), {P.PENDING: P.FAILED} | {s: s for s in P if s != P.PENDING}),
}

ATTEMPT_VERBS: dict[str, tuple[Callable[[CheckoutAttempt], CheckoutAttempt], dict[A, A]]] = {
    "open": (
        lambda it: it.open(session_id="cs_new", url="https://bank.example", expires_at=LATER),
        {A.INTENDED: A.OPEN},
    ),
    "pay": (
        lambda it: it.pay("pi_1", LATER),
        {A.INTENDED: A.PAID, A.OPEN: A.PAID, A.EXPIRED: A.PAID, A.FAILED: A.PAID},
    ),
    "expire": (lambda it: it.end(A.EXPIRED, LATER), {A.INTENDED: A.EXPIRED, A.OPEN: A.EXPIRED}),
    "fail": (lambda it: it.end(A.FAILED, LATER), {A.INTENDED: A.FAILED, A.OPEN: A.FAILED}),
}

REFUND_VERBS: dict[str, tuple[Callable[[Refund], Refund], dict[R, R]]] = {
    "send": (
        lambda it: it.send(LATER),
        {R.PENDING: R.PROCESSING, R.PROCESSING: R.PROCESSING},
    ),
    "complete": (
        lambda it: it.complete("re_1", LATER),
        {R.PROCESSING: R.COMPLETED, R.FAILED: R.COMPLETED},
    ),
    "park": (lambda it: it.park("balance_insufficient", LATER), {R.PROCESSING: R.PENDING}),
    "fail": (lambda it: it.fail("expired_card", LATER), {R.PROCESSING: R.FAILED}),
    "come_back": (lambda it: it.come_back(LATER), {R.COMPLETED: R.RETURNED}),
    "drop": (
        lambda it: looked_for(it).drop(LATE),
        dict.fromkeys((R.PENDING, R.PROCESSING, R.FAILED, R.RETURNED), R.DROPPED),
    ),
    "settle": (
        lambda it: looked_for(it).settle("transfer 7", LATE),
        dict.fromkeys((R.PROCESSING, R.FAILED, R.RETURNED), R.SETTLED),
    ),
    "double": (
        lambda it: it.double("re_2"),
        {R.SETTLED: R.DOUBLED, R.DROPPED: R.DOUBLED},
    ),
}


def looked_for(refund: Refund) -> Refund:
    """Have it looked for in vain as often as it takes to be called absent."""
    return refund.miss().miss()


@pytest.mark.parametrize(("verb", "status"), list(product(PAYMENT_VERBS, P)))
def test_a_payment_moves_as_the_table_says(verb: str, status: P) -> None:
    act, allowed = PAYMENT_VERBS[verb]
    payment = make.a_payment(status=status)

    if status in allowed:
        assert act(payment).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(payment)
        wanted = next(iter(allowed.values()))
        assert refusal.value.extras == {"entity": "Payment", "status": status, "wanted": wanted}


@pytest.mark.parametrize(("verb", "status"), list(product(ATTEMPT_VERBS, A)))
def test_an_attempt_moves_as_the_table_says(verb: str, status: A) -> None:
    act, allowed = ATTEMPT_VERBS[verb]
    attempt = make.an_attempt(status=status)

    if status in allowed:
        assert act(attempt).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(attempt)
        wanted = next(iter(allowed.values()))
        assert refusal.value.extras == {
            "entity": "CheckoutAttempt",
            "status": status,
            "wanted": wanted,
        }


@pytest.mark.parametrize(("verb", "status"), list(product(REFUND_VERBS, R)))
def test_a_refund_moves_as_the_table_says(verb: str, status: R) -> None:
    act, allowed = REFUND_VERBS[verb]
    refund = make.a_refund(status=status)

    if status in allowed:
        assert act(refund).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(refund)
        wanted = next(iter(allowed.values()))
        assert refusal.value.extras == {"entity": "Refund", "status": status, "wanted": wanted}


def test_every_status_has_its_row() -> None:
    assert set(PAYMENT_NEXT) == set(P)
    assert set(ATTEMPT_NEXT) == set(A)
    assert set(REFUND_NEXT) == set(R)


# ── payments ─────────────────────────────────────────────────────────────────────────────────


def test_a_payment_remembers_the_attempt_that_was_applied() -> None:
    attempt = make.an_attempt(status=A.PAID)

    paid = make.a_payment().apply(attempt, LATER)

    assert (paid.applied_attempt_id, paid.stripe_session_id) == (attempt.id, attempt.session_id)
    assert (paid.stripe_payment_id, paid.completed_at) == (attempt.external_payment_id, LATER)


def test_a_waived_payment_asks_for_nothing() -> None:
    waived = make.a_payment().waive(LATER)

    assert (waived.amount, waived.completed_at, waived.applied_attempt_id) == (0, LATER, None)


def test_a_payment_is_refunded_once_all_of_it_is_back() -> None:
    payment = make.a_payment(status=P.COMPLETED)

    partly = payment.refund(Cents(99))
    wholly = partly.refund(Cents(396))

    assert (partly.status, partly.refunded_amount) == (P.COMPLETED, 99)
    assert (wholly.status, wholly.refunded_amount) == (P.REFUNDED, 495)


def test_giving_back_more_than_was_paid_is_our_bug() -> None:
    with pytest.raises(AssertionError):
        make.a_payment(status=P.COMPLETED).refund(Cents(496))


def test_a_payment_knows_its_newest_session_and_its_fee() -> None:
    payment = make.a_payment().session("cs_2").learn_fee(Cents(44))

    assert (payment.stripe_session_id, payment.fee) == ("cs_2", 44)


# ── attempts ─────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_is_sent_first_and_looked_at_soon() -> None:
    first = make.an_attempt().send(START)
    again = first.send(LATER)

    assert first.next_attempt_at == START + timedelta(seconds=2)
    assert again.sent_at == START


def test_opening_the_same_session_again_changes_nothing() -> None:
    attempt = make.an_attempt(status=A.PAID, session_id="cs_1")

    assert attempt.open(session_id="cs_1", url="", expires_at=LATER) is attempt


def test_an_attempt_is_pending_until_it_ends() -> None:
    assert {status for status in A if make.an_attempt(status=status).is_pending} == {
        A.INTENDED,
        A.OPEN,
    }


def test_an_attempt_says_why_it_failed() -> None:
    failed = make.an_attempt(status=A.OPEN).end(A.FAILED, LATER, reason="card_declined")

    assert (failed.failure_reason, failed.ended_at) == ("card_declined", LATER)
    assert failed.next_attempt_at is None


def test_an_attempt_that_nobody_wants_is_looked_at_at_once() -> None:
    dropped = make.an_attempt(status=A.OPEN).drop(LATER)

    assert (dropped.unwanted, dropped.next_attempt_at) == (True, LATER)


def test_an_open_attempt_is_looked_at_again_after_a_growing_while() -> None:
    attempt = make.an_attempt(status=A.OPEN, leased_until=LATER)

    once = attempt.look_again(START)
    twice = once.look_again(START)

    assert once.next_attempt_at == START + timedelta(seconds=2)
    assert twice.next_attempt_at == START + timedelta(seconds=4)
    assert (twice.looks, twice.leased_until) == (2, None)


# ── refunds ──────────────────────────────────────────────────────────────────────────────────


def test_a_refund_is_sent_again_with_its_key_and_a_longer_pause() -> None:
    refund = make.a_refund()

    once = refund.send(START)
    twice = once.send(LATER)

    assert (once.attempts, twice.attempts) == (1, 2)
    assert twice.sent_at == START
    assert twice.next_attempt_at == LATER + timedelta(seconds=4)
    assert refund.key == once.key == twice.key


def test_a_key_is_resent_for_23_hours_after_it_was_first_sent() -> None:
    sent = make.a_refund().send(START)
    payout = make.a_payout().send(START)
    last = START + timedelta(hours=23) - timedelta(microseconds=1)

    for one in (sent.send(LATER), payout.send(LATER)):
        assert one.key_is_fresh(last)
        assert not one.key_is_fresh(START + timedelta(hours=23))
    assert make.a_refund().key_is_fresh(START + timedelta(days=99))
    assert make.a_payout().key_is_fresh(START + timedelta(days=99))


def test_a_refund_is_final_when_nothing_is_left_to_send() -> None:
    assert {status for status in R if make.a_refund(status=status).is_final} == {
        R.SETTLED,
        R.DOUBLED,
        R.COMPLETED,
        R.FAILED,
        R.RETURNED,
        R.DROPPED,
    }


def test_a_refund_that_ended_is_left_alone() -> None:
    done = make.a_refund(status=R.PROCESSING).complete("re_1", LATER)
    refused = make.a_refund(status=R.PROCESSING).fail("expired_card", LATER)

    assert (done.external_id, done.ended_at, done.next_attempt_at) == ("re_1", LATER, None)
    assert (refused.failure_reason, refused.ended_at) == ("expired_card", LATER)
    assert refused.next_attempt_at is None


def test_a_refund_that_came_back_says_when_and_why() -> None:
    refund = make.a_refund(status=R.COMPLETED, ended_at=START)

    back = refund.come_back(LATER)

    assert (back.failure_reason, back.ended_at) == ("returned", LATER)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (10_000, 3600)]
)
def test_pauses_double_up_to_an_hour(tries: int, seconds: int) -> None:
    assert backoff(tries) == timedelta(seconds=seconds)


# ── what each step changes, and nothing else ─────────────────────────────────────────────────


@pytest.mark.parametrize("status", [P.PENDING, P.FAILED])
def test_a_payment_asks_for_what_the_track_costs_now(status: P) -> None:
    payment = make.a_payment(status=status)

    assert payment.reprice(Cents(5)) == attrs.evolve(payment, amount=Cents(5), status=P.PENDING)


def test_what_was_returned_is_refunded_no_longer() -> None:
    wholly = make.a_payment(status=P.COMPLETED).refund(Cents(495))

    assert wholly.take_back(Cents(99)) == attrs.evolve(
        wholly, refunded_amount=Cents(396), status=P.COMPLETED
    )
    assert wholly.take_back(Cents(495)).refunded_amount == 0
    with pytest.raises(AssertionError):
        wholly.take_back(Cents(496))


def test_an_attempt_is_opened_paid_and_charged_for() -> None:
    attempt = make.an_attempt(status=A.INTENDED).send(START)

    opened = attempt.open(session_id="cs_new", url="https://bank.example", expires_at=LATER)
    paid = opened.pay("pi_1", LATER)

    assert opened == attrs.evolve(
        attempt,
        status=A.OPEN,
        session_id="cs_new",
        url="https://bank.example",
        expires_at=LATER,
    )
    assert paid == attrs.evolve(
        opened, status=A.PAID, external_payment_id="pi_1", ended_at=LATER, next_attempt_at=None
    )
    assert paid.learn_fee(Cents(44)) == attrs.evolve(paid, fee=Cents(44))


@pytest.mark.parametrize(
    ("expires", "looked_at"),
    [(1, 1), (2, 2), (3, 2), (0, 2), (-1, 2), (None, 2)],
)
def test_an_attempt_is_looked_at_when_its_session_ends_if_that_is_sooner(
    expires: int | None, looked_at: int
) -> None:
    ends = None if expires is None else START + timedelta(seconds=expires)
    attempt = attrs.evolve(make.an_attempt(status=A.OPEN), expires_at=ends)

    looked = attempt.look_again(START)

    assert looked.next_attempt_at == START + timedelta(seconds=looked_at)


def test_a_refund_that_is_refused_for_now_goes_out_under_a_new_key() -> None:
    sent = attrs.evolve(make.a_refund(id="rf").send(START).miss(), leased_until=LATER)

    parked = sent.park("no money", LATER)
    again = parked.send(LATER).park("no money", LATER)

    assert parked == attrs.evolve(
        sent,
        status=R.PENDING,
        number=2,
        key="rf:rf:a2",
        sent_at=None,
        look_ups=0,
        failure_reason="no money",
        next_attempt_at=LATER + timedelta(minutes=1),
        leased_until=None,
    )
    assert (again.number, again.key) == (3, "rf:rf:a3")
    assert again.next_attempt_at == LATER + timedelta(minutes=2)


def test_a_refund_waits_an_hour_goes_on_at_once_and_is_dropped_for_good() -> None:
    refund = attrs.evolve(make.a_refund(), leased_until=LATER, next_attempt_at=START)

    assert refund.wait(START) == attrs.evolve(
        refund, next_attempt_at=START + timedelta(hours=1), leased_until=None
    )
    assert refund.go_on(LATER) == attrs.evolve(refund, next_attempt_at=LATER)
    assert refund.drop(LATER) == attrs.evolve(
        refund, status=R.DROPPED, ended_at=LATER, next_attempt_at=None, leased_until=None
    )
    assert refund.miss().look_ups == 1
