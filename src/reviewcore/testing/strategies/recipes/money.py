"""Payments, attempts to pay, refunds, disputes, payouts and reversals."""

from __future__ import annotations

from hypothesis import strategies as st

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.testing import builders as make
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.entities import Recipe, Told

BY_HAND = (PayoutMethod.PAYPAL, PayoutMethod.MANUAL)


def _payment(draw: st.DrawFn, told: Told) -> Told:
    applied = told["status"] in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED}
    amount = told.get("amount") or draw(values.cents(1))
    more: Told = {"amount": amount}
    if applied and draw(st.booleans()):
        more["fee"] = draw(values.cents(0, amount))
    if told["status"] is PaymentStatus.COMPLETED:
        more["refunded_amount"] = draw(values.cents(0, amount - 1))
    return more


def _attempt(draw: st.DrawFn, told: Told) -> Told:
    if told["status"] is AttemptStatus.PAID and draw(st.booleans()):
        return {"fee": draw(values.cents(0, told.get("amount", 495)))}
    return {}


def _refund(draw: st.DrawFn, told: Told) -> Told:
    status, more = told["status"], Told()
    if status in {RefundStatus.SETTLED, RefundStatus.DROPPED, RefundStatus.DOUBLED}:
        had = "external_id", "duplicate_id"
        more = {name: draw(values.ids("re")) for name in had if draw(st.booleans())}
    if status is RefundStatus.SETTLED:
        more["reference"] = draw(values.lines(200))
    if status is RefundStatus.DOUBLED:
        more |= {"duplicate_id": draw(values.ids("re"))}
        more |= {"reference": draw(st.none() | values.lines(200))}
    if status is not RefundStatus.PENDING:
        more["look_ups"] = draw(st.integers(0, 9))
    return more


def _dispute(draw: st.DrawFn, told: Told) -> Told:
    amount, fee = draw(st.tuples(values.cents(0), values.cents(0, 1500)))
    more: Told = {"amount": amount, "fee": fee}
    if told["status"] is DisputeStatus.WON:
        more["reinstated_amount"] = draw(values.cents(0, amount + fee))
    return more


def _payout(draw: st.DrawFn, told: Told) -> Told:
    amount = draw(values.cents())
    more: Told = {"amount": amount}
    if told["status"] is not PayoutStatus.PROCESSING and draw(st.booleans()):
        more["method"] = draw(st.sampled_from(BY_HAND))
        more["destination"] = draw(values.lines(254, 3))
        if told["status"] is PayoutStatus.COMPLETED:
            more["reference"] = draw(values.lines(200))
    elif told["status"] is PayoutStatus.COMPLETED:
        more["reversed_amount"] = draw(values.cents(0, amount))
    return more


RECIPES = (
    Recipe(
        kind=Payment,
        build=make.a_payment,
        vary={"currency": values.currencies()},
        more=_payment,
    ),
    Recipe(
        kind=CheckoutAttempt,
        build=make.an_attempt,
        vary={
            "number": st.integers(1, 9),
            "title": values.lines(200),
            "amount": values.cents(),
            "unwanted": st.booleans(),
            "looks": st.integers(0, 20),
        },
        more=_attempt,
    ),
    Recipe(
        kind=Refund,
        build=make.a_refund,
        vary={
            "amount": values.cents(),
            "reason": st.sampled_from(RefundReason),
            "number": st.integers(1, 9),
        },
        more=_refund,
    ),
    Recipe(kind=Dispute, build=make.a_dispute, more=_dispute),
    Recipe(kind=Payout, build=make.a_payout, vary={"number": st.integers(1, 9)}, more=_payout),
    Recipe(kind=PayoutReversal, build=make.a_reversal, vary={"amount": values.cents()}),
)
