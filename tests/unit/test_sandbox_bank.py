from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.adapters.sandbox.checkouts import fee_of
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done, RefundState, SessionState, Unknown
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    refund_order,
    reversal_order,
    transfer_order,
)
from tests.unit.sandbox import balance, pay, ready_account


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "file"])
def bank(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> Iterator[SandboxBank]:
    path = ":memory:" if request.param == "memory" else tmp_path / "bank.db"
    bank = SandboxBank(path, clock=clock, base_url="http://shop.test/")
    yield bank
    bank.close()


# ── Checkout ─────────────────────────────────────────────────────────────────────────────────


def test_a_session_has_its_page_under_the_base_url(bank: SandboxBank) -> None:
    opened = done(bank.open_checkout(checkout_order()))

    assert opened.session_id.startswith("cs_")
    assert opened.url == f"http://shop.test/sandbox/checkouts/{opened.session_id}"


def test_a_session_expires_after_a_day(bank: SandboxBank, clock: ManualClock) -> None:
    opened = done(bank.open_checkout(checkout_order()))

    clock.advance(hours=24, microseconds=-1)
    before = done(bank.session(opened.session_id)).state
    clock.advance(microseconds=1)
    after = done(bank.session(opened.session_id)).state

    assert (before, after) == (SessionState.OPEN, SessionState.EXPIRED)


def test_an_expired_session_cannot_be_paid(bank: SandboxBank, clock: ManualClock) -> None:
    order = checkout_order()
    opened = done(bank.open_checkout(order))
    clock.advance(hours=24)

    url = bank.play_payer(opened.session_id, PayerOutcome.PAY)

    assert url == order.cancel_url
    assert done(bank.session(opened.session_id)).state is SessionState.EXPIRED
    assert bank.paid() == ()


def test_a_paid_session_never_expires(bank: SandboxBank, clock: ManualClock) -> None:
    pay(bank, order := checkout_order())
    clock.advance(days=400)

    found = done(bank.find_session(order.attempt_id))

    assert found is not None
    assert found.state is SessionState.PAID


def test_a_repeated_key_gets_the_first_answer_though_the_session_was_paid(
    bank: SandboxBank,
) -> None:
    order = checkout_order()
    first = bank.open_checkout(order)
    bank.play_payer(done(first).session_id, PayerOutcome.PAY)

    assert bank.open_checkout(order) == first


@pytest.mark.parametrize(
    "change",
    [{"amount": 1}, {"title": "Other"}, {"success_url": "http://other.test/"}],
    ids=lambda change: next(iter(change)),
)
def test_a_key_with_any_other_parameter_is_not_acted_on(
    bank: SandboxBank, change: dict[str, Any]
) -> None:
    order = checkout_order()
    done(bank.open_checkout(order))

    answer = bank.open_checkout(attrs.evolve(order, **change))

    assert answer == Unknown("key_reused")


def test_a_key_is_not_shared_by_different_calls(bank: SandboxBank) -> None:
    order = checkout_order()
    done(bank.open_checkout(order))

    assert bank.open_account(account_order(key=order.key)) == Unknown("key_reused")


def test_of_two_sessions_of_an_attempt_the_paid_one_is_found(bank: SandboxBank) -> None:
    first = checkout_order()
    paid = pay(bank, first)
    done(bank.open_checkout(checkout_order(attempt_id=first.attempt_id)))

    found = done(bank.find_session(first.attempt_id))

    assert found is not None
    assert found.payment_id == paid


@pytest.mark.parametrize(
    ("amount", "fee"),
    [(1, 30), (17, 30), (18, 31), (500, 45), (1000, 59), (1995, 88), (2995, 117)],
)
def test_the_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert fee_of(Cents(amount)) == fee


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_moved(bank: SandboxBank, amount: int) -> None:
    payment_id, account_id = pay(bank), ready_account(bank)
    sent = done(bank.transfer(transfer_order(account_id)))
    nothing = Cents(amount)

    answers = (
        bank.open_checkout(checkout_order(amount=nothing)),
        bank.refund(refund_order(payment_id, amount=nothing)),
        bank.transfer(transfer_order(account_id, amount=nothing)),
        bank.reverse(reversal_order(sent.external_id, amount=nothing)),
    )

    assert answers == (Declined("amount_too_small"),) * 4


# ── The payer ────────────────────────────────────────────────────────────────────────────────


def test_the_payer_sees_what_he_pays(bank: SandboxBank) -> None:
    order = checkout_order(success_url="http://shop.test/back?id={CHECKOUT_SESSION_ID}")
    session_id = done(bank.open_checkout(order)).session_id

    view = bank.view_checkout(session_id)

    assert view is not None
    assert (view.title, view.amount, view.currency) == (order.title, order.amount, "usd")
    assert view.state is SessionState.OPEN
    assert view.success_url == f"http://shop.test/back?id={session_id}"
    assert view.cancel_url == order.cancel_url


@pytest.mark.parametrize(("first", "second"), list(product(PayerOutcome, repeat=2)))
def test_only_the_first_outcome_counts(
    bank: SandboxBank, first: PayerOutcome, second: PayerOutcome
) -> None:
    order = checkout_order(success_url="http://shop.test/thanks")
    session_id = done(bank.open_checkout(order)).session_id
    way_back = order.success_url if first is PayerOutcome.PAY else order.cancel_url

    assert bank.play_payer(session_id, first) == way_back
    ended = done(bank.session(session_id))
    assert bank.play_payer(session_id, second) == way_back

    assert done(bank.session(session_id)) == ended


def test_a_payer_pays_once_though_he_clicks_twenty_times(bank: SandboxBank) -> None:
    session_id = done(bank.open_checkout(checkout_order())).session_id

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(bank.play_payer, [session_id] * 20, [PayerOutcome.PAY] * 20))

    assert len(bank.paid()) == 1


def test_there_is_no_page_for_an_unknown_session(bank: SandboxBank) -> None:
    assert bank.view_checkout("cs_unknown") is None
    with pytest.raises(EntityNotFound):
        bank.play_payer("cs_unknown", PayerOutcome.PAY)


# ── Refunds ──────────────────────────────────────────────────────────────────────────────────


def test_refunds_are_declined_by_name(bank: SandboxBank) -> None:
    payment_id = pay(bank, checkout_order(amount=Cents(1000)))

    assert bank.refund(refund_order("pi_unknown")) == Declined("not_found")
    assert bank.refund(refund_order(payment_id, amount=Cents(1001))) == Declined("over_refund")
    assert bank.refund(refund_order(payment_id, currency="eur")) == Declined("currency_mismatch")
    assert bank.refunded() == ()


def test_refunds_that_race_never_exceed_what_was_paid(bank: SandboxBank) -> None:
    payment_id = pay(bank, checkout_order(amount=Cents(1000)))
    orders = [refund_order(payment_id, amount=Cents(300)) for _ in range(20)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(bank.refund, orders))

    assert sum(isinstance(answer, Done) for answer in answers) == 3
    assert answers.count(Declined("over_refund")) == 17


def test_a_refund_that_failed_is_in_the_balance_again(bank: SandboxBank) -> None:
    payment_id = pay(bank)
    before = balance(bank)
    made = done(bank.refund(refund_order(payment_id)))
    gone = balance(bank)

    bank.fail_refund(made.external_id)
    bank.fail_refund(made.external_id)

    assert gone == before - made.amount
    assert balance(bank) == before
    assert [refund.state for refund in bank.refunded()] == [RefundState.FAILED]


def test_a_refund_that_is_not_there_cannot_fail(bank: SandboxBank) -> None:
    with pytest.raises(EntityNotFound):
        bank.fail_refund("re_unknown")


def test_a_repeated_refund_gets_the_first_answer_though_it_failed(bank: SandboxBank) -> None:
    order = refund_order(pay(bank))
    first = bank.refund(order)
    bank.fail_refund(done(first).external_id)

    assert bank.refund(order) == first


def test_one_key_at_once_writes_one_refund_and_one_transfer(bank: SandboxBank) -> None:
    refund, transfer = refund_order(pay(bank)), transfer_order(ready_account(bank))

    with ThreadPoolExecutor(20) as pool:
        refunds = set(pool.map(bank.refund, [refund] * 20))
        transfers = set(pool.map(bank.transfer, [transfer] * 20))

    assert len(refunds) == len(bank.refunded()) == 1
    assert len(transfers) == len(bank.transferred()) == 1
