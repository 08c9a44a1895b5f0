from __future__ import annotations

from itertools import product

import pytest

from reviewcore.adapters.stripe import StripePayments, StripeProcessor, StripeSettings
from reviewcore.adapters.stripe.views import dispute_view, payment_fee, session_state
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Done, RefundState, SessionState, SessionView
from reviewcore.sources import system_clock
from reviewcore.testing import ManualClock
from reviewcore.testing.contracts.processor.orders import checkout_order, done, fresh, refund_order
from reviewcore.testing.stripe import Fault, StripeServer


@pytest.fixture
def payments(processor: StripeProcessor) -> StripePayments:
    return processor.payments


@pytest.fixture
def opened(payments: StripePayments) -> SessionView:
    return done(payments.open_checkout(checkout_order()))


def test_a_checkout_is_asked_for_with_our_ids_in_every_place(
    server: StripeServer, payments: StripePayments
) -> None:
    order = checkout_order(title="x" * 300)

    done(payments.open_checkout(order))

    asked = server.calls[-1].params
    ours = {"attempt_id": order.attempt_id, "track_id": order.track_id}
    (line,) = asked["line_items"]
    assert asked["mode"] == "payment"
    assert asked["client_reference_id"] == order.attempt_id
    assert asked["metadata"] == ours
    assert asked["payment_intent_data"] == {"metadata": ours, "transfer_group": order.attempt_id}
    assert asked["success_url"] == order.success_url
    assert "{CHECKOUT_SESSION_ID}" in asked["success_url"]
    assert asked["cancel_url"] == order.cancel_url
    assert asked["adaptive_pricing"] == {"enabled": "false"}
    assert line["price_data"]["product_data"] == {"name": "x" * 250}
    # A moment of ours would differ in a repeat, and the key would then be of another order.
    assert "expires_at" not in asked


def test_a_declined_card_leaves_the_session_open(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    server.decline(opened.session_id)

    assert done(payments.session(opened.session_id)) == opened


def test_a_late_payment_is_on_its_way_until_it_arrives(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    server.pay_later(opened.session_id)
    on_its_way = done(payments.session(opened.session_id))
    server.settle_payment(opened.session_id)
    arrived = done(payments.session(opened.session_id))

    assert on_its_way.state is SessionState.PROCESSING
    assert (on_its_way.payment_id, on_its_way.fee) == (None, None)
    assert arrived.state is SessionState.PAID
    assert arrived.payment_id
    assert arrived.fee == done(payments.fee(arrived.payment_id))


def test_closing_a_session_whose_payment_is_on_its_way_tells_so(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    server.pay_later(opened.session_id)

    assert done(payments.expire_session(opened.session_id)).state is SessionState.PROCESSING


def test_another_amount_or_currency_is_told_as_it_was_paid(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    server.pay(opened.session_id, amount=77, currency="eur")

    paid = done(payments.session(opened.session_id))

    assert (paid.amount, paid.currency) == (Cents(77), "eur")


def told(status: str, payment_status: str, intent: object) -> dict[str, object]:
    return {"status": status, "payment_status": payment_status, "payment_intent": intent}


INTENTS = (None, "pi_1", *({"status": status} for status in ("processing", "canceled", "new")))


@pytest.mark.parametrize("payment_status", ["paid", "unpaid", "no_payment_required"])
@pytest.mark.parametrize("intent", INTENTS)
def test_only_a_complete_session_can_be_paid(payment_status: str, intent: object) -> None:
    assert session_state(told("open", payment_status, intent)) is SessionState.OPEN
    assert session_state(told("expired", payment_status, intent)) is SessionState.EXPIRED


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("processing", SessionState.PROCESSING),
        ("requires_action", SessionState.PROCESSING),
        ("a status of next year", SessionState.PROCESSING),
        ("requires_payment_method", SessionState.FAILED),
        ("canceled", SessionState.FAILED),
    ],
)
def test_a_complete_session_is_as_its_payment_until_it_is_paid(
    status: str, state: SessionState
) -> None:
    assert session_state(told("complete", "unpaid", {"status": status})) is state
    assert session_state(told("complete", "paid", {"status": status})) is SessionState.PAID


def test_a_complete_session_without_a_payment_was_not_paid() -> None:
    free = told("complete", "no_payment_required", None)

    assert session_state(free) is SessionState.FAILED
    assert session_state(told("complete", "unpaid", None)) is SessionState.PROCESSING


@pytest.mark.parametrize(
    ("charge", "fee"),
    [
        (None, None),
        ("ch_1", None),
        ({"balance_transaction": None}, None),
        ({"balance_transaction": "txn_1"}, None),
        ({"balance_transaction": {"currency": "eur", "fee": 59}}, None),
        ({"balance_transaction": {"currency": "usd", "fee": 59}}, Cents(59)),
    ],
)
def test_a_fee_is_known_once_it_is_booked_in_the_same_currency(
    charge: object, fee: Cents | None
) -> None:
    assert payment_fee({"currency": "usd", "latest_charge": charge}) == fee


def test_a_session_is_found_on_a_later_page(payments: StripePayments, opened: SessionView) -> None:
    for _ in range(101):
        done(payments.open_checkout(checkout_order()))

    assert done(payments.find_session(opened.attempt_id)) == opened


def test_a_session_of_long_ago_is_not_looked_for(
    server: StripeServer, settings: StripeSettings, opened: SessionView
) -> None:
    later = ManualClock(system_clock())
    later.advance(days=8)
    payments = StripePayments(settings, clock=later)

    found = payments.find_session(opened.attempt_id)

    payments.close()
    assert found == Done(None)


def test_a_session_of_others_has_no_attempt(
    server: StripeServer, payments: StripePayments, processor: StripeProcessor
) -> None:
    theirs = payments._stripe.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://a.test",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 500,
                        "product_data": {"name": "Mug"},
                    },
                }
            ],
        }
    )

    assert done(payments.session(theirs.id)).attempt_id == ""


def test_of_several_refunds_the_taken_one_is_found(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    payment_id = server.pay(opened.session_id)["payment_intent"]
    for status in ("failed", "pending", "failed"):
        server.begin_refunds_as(status)
    order = refund_order(payment_id)
    made = [
        done(payments.refund(refund_order(payment_id, refund_id=order.refund_id))) for _ in range(3)
    ]

    assert [view.state for view in made] == [
        RefundState.FAILED,
        RefundState.TAKEN,
        RefundState.FAILED,
    ]
    assert done(payments.find_refund(order.refund_id, payment_id)) == made[1]
    assert payments.find_refund(fresh("refund"), payment_id) == Done(None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("won", DisputeStatus.WON),
        ("lost", DisputeStatus.LOST),
        ("warning_closed", DisputeStatus.WON),
        ("prevented", DisputeStatus.WON),
        *product(
            (
                "needs_response",
                "under_review",
                "warning_needs_response",
                "warning_under_review",
                "appeal_needs_response",
                "a status of next year",
            ),
            [DisputeStatus.OPEN],
        ),
    ],
)
def test_an_inquiry_takes_no_money_and_every_status_has_its_meaning(
    status: str, expected: DisputeStatus
) -> None:
    view = dispute_view(
        {
            "id": "dp_1",
            "status": status,
            "currency": "usd",
            "payment_intent": None,
            "balance_transactions": [],
        }
    )

    assert view.status is expected
    assert (view.amount, view.fee, view.reinstated, view.attempt_id) == (0, 0, 0, "")


def test_a_dispute_is_told_in_the_currency_of_the_books(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    payment_id = server.pay(opened.session_id)["payment_intent"]
    dispute = server.open_dispute(payment_id, amount=500)
    lost = done(payments.dispute(dispute["id"]))
    server.win_dispute(dispute["id"])
    won = done(payments.dispute(dispute["id"]))

    assert (lost.amount, lost.fee, lost.reinstated) == (500, 1_500, 0)
    assert (won.amount, won.fee, won.reinstated) == (500, 1_500, 2_000)
    assert lost.attempt_id == won.attempt_id == opened.attempt_id


def test_an_unclear_answer_to_closing_is_not_explained_away(
    server: StripeServer, payments: StripePayments, opened: SessionView
) -> None:
    server.plan(Fault.HANG_UP, ".*/expire")

    lost = payments.expire_session(opened.session_id)

    assert not isinstance(lost, Done)
    assert done(payments.expire_session(opened.session_id)).state is SessionState.EXPIRED
