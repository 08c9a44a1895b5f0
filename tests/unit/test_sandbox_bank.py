from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import (
    AccountState,
    NotSandboxBooks,
    PayeeOutcome,
    PayerOutcome,
    SandboxBank,
)
from reviewcore.adapters.sandbox.money_in import fee_of
from reviewcore.domain.errors import EntityNotFound, ProcessorUnavailable
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    CheckoutOrder,
    Declined,
    Done,
    SessionState,
    TransferOrder,
    Unknown,
)
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor import (
    Payee,
    Payer,
    PaymentsContract,
    PayoutsContract,
)
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    refund_order,
    transfer_order,
)


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


class TestSandboxPayments(PaymentsContract):
    @pytest.fixture
    def payments(self, bank: SandboxBank) -> SandboxBank:
        return bank

    @pytest.fixture
    def payer(self, bank: SandboxBank) -> Payer:
        return lambda session_id, outcome: bank.play_payer(session_id, PayerOutcome(outcome))


class TestSandboxPayouts(PayoutsContract):
    @pytest.fixture
    def payouts(self, bank: SandboxBank) -> SandboxBank:
        return bank

    @pytest.fixture
    def payee(self, bank: SandboxBank) -> Payee:
        return lambda account_id, outcome: bank.play_payee(account_id, PayeeOutcome(outcome))


def pay(bank: SandboxBank, order: CheckoutOrder | None = None) -> str:
    opened = done(bank.open_checkout(order or checkout_order()))
    bank.play_payer(opened.session_id, PayerOutcome.PAY)
    paid = done(bank.session(opened.session_id))
    assert paid.payment_id is not None
    return paid.payment_id


def ready_account(bank: SandboxBank) -> str:
    opened = done(bank.open_account(account_order()))
    bank.play_payee(opened.account_id, PayeeOutcome.COMPLETE)
    return opened.account_id


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
def test_a_key_with_any_other_parameter_is_declined(
    bank: SandboxBank, change: dict[str, Any]
) -> None:
    order = checkout_order()
    done(bank.open_checkout(order))

    answer = bank.open_checkout(attrs.evolve(order, **change))

    assert answer == Declined("key_reused")


def test_a_key_is_not_shared_by_different_calls(bank: SandboxBank) -> None:
    order = checkout_order()
    done(bank.open_checkout(order))

    assert bank.open_account(account_order(key=order.key)) == Declined("key_reused")


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
    nothing = Cents(amount)

    answers = (
        bank.open_checkout(checkout_order(amount=nothing)),
        bank.refund(refund_order(payment_id, amount=nothing)),
        bank.transfer(transfer_order(account_id, amount=nothing)),
    )

    assert answers == (Declined("amount_too_small"),) * 3


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


def test_one_key_at_once_writes_one_refund_and_one_transfer(bank: SandboxBank) -> None:
    refund, transfer = refund_order(pay(bank)), transfer_order(ready_account(bank))

    with ThreadPoolExecutor(20) as pool:
        refunds = set(pool.map(bank.refund, [refund] * 20))
        transfers = set(pool.map(bank.transfer, [transfer] * 20))

    assert len(refunds) == len(bank.refunded()) == 1
    assert len(transfers) == len(bank.transferred()) == 1


# ── Accounts and transfers ───────────────────────────────────────────────────────────────────


def test_the_links_of_an_account_are_under_the_base_url(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    page = f"http://shop.test/sandbox/accounts/{account_id}"

    assert account_id.startswith("acct_")
    assert bank.account_link(account_id, return_url="http://shop.test/back") == Done(page)
    assert bank.dashboard_link(account_id) == Done(f"{page}/dashboard")


def test_the_payee_goes_back_to_where_the_newest_link_says(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id

    without_link = bank.play_payee(account_id, PayeeOutcome.REFUSE)
    done(bank.account_link(account_id, return_url="http://shop.test/first"))
    done(bank.account_link(account_id, return_url="http://shop.test/second"))
    with_link = bank.play_payee(account_id, PayeeOutcome.COMPLETE)

    assert (without_link, with_link) == ("http://shop.test/", "http://shop.test/second")


def test_an_account_follows_what_its_payee_did_last(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    states = [bank.view_account(account_id)]
    for outcome in (PayeeOutcome.REFUSE, PayeeOutcome.COMPLETE, PayeeOutcome.REFUSE):
        bank.play_payee(account_id, outcome)
        states.append(bank.view_account(account_id))

    assert [view.state for view in states if view is not None] == [
        AccountState.NEW,
        AccountState.REFUSED,
        AccountState.READY,
        AccountState.REFUSED,
    ]


def test_there_is_no_page_for_an_unknown_account(bank: SandboxBank) -> None:
    assert bank.view_account("acct_unknown") is None
    with pytest.raises(EntityNotFound):
        bank.play_payee("acct_unknown", PayeeOutcome.COMPLETE)


def test_transfers_are_declined_by_name(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id

    assert bank.transfer(transfer_order(account_id)) == Declined("account_not_ready")
    assert bank.transfer(transfer_order("acct_unknown")) == Declined("not_found")
    assert bank.transferred() == ()


def test_a_declined_key_stays_declined(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    order = transfer_order(account_id)
    declined = bank.transfer(order)
    bank.play_payee(account_id, PayeeOutcome.COMPLETE)

    again = bank.transfer(order)
    anew = bank.transfer(attrs.evolve(order, key="another-key"))

    assert again == declined == Declined("account_not_ready")
    assert isinstance(anew, Done)


# ── Books ────────────────────────────────────────────────────────────────────────────────────


def test_the_books_tell_what_moved_with_our_ids(bank: SandboxBank, clock: ManualClock) -> None:
    checkout = checkout_order(amount=Cents(2000))
    refund = refund_order(pay(bank, checkout), amount=Cents(300))
    transfer = transfer_order(ready_account(bank), amount=Cents(400))
    refunded, sent = done(bank.refund(refund)), done(bank.transfer(transfer))
    done(bank.open_checkout(checkout_order()))

    [paid], [back], [out] = bank.paid(), bank.refunded(), bank.transferred()

    assert (paid.attempt_id, paid.track_id) == (checkout.attempt_id, checkout.track_id)
    assert (paid.payment_id, paid.amount, paid.fee) == (refund.payment_id, 2000, 88)
    assert (back.refund_id, back.external_id) == (refund.refund_id, refunded.external_id)
    assert (back.payment_id, back.amount) == (refund.payment_id, 300)
    assert (out.payout_id, out.external_id) == (transfer.payout_id, sent.external_id)
    assert (out.account_id, out.amount) == (transfer.account_id, 400)
    assert paid.paid_at == back.made_at == out.made_at == clock()
    assert (bank.balance("usd"), bank.balance("eur")) == (2000 - 88 - 300 - 400, 0)


def test_a_reopened_file_continues_its_books(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    before = SandboxBank(path)
    refund, transfer = refund_order(pay(before)), transfer_order(ready_account(before))
    answers = before.refund(refund), before.transfer(transfer)
    told = before.paid(), before.refunded(), before.transferred(), before.balance("usd")
    before.close()

    after = SandboxBank(path)

    assert (after.paid(), after.refunded(), after.transferred(), after.balance("usd")) == told
    assert (after.refund(refund), after.transfer(transfer)) == answers
    assert len(after.refunded()) == len(after.transferred()) == 1
    after.close()
    after.close()


def transfer_in_another_process(path: Path, order: TransferOrder) -> str:
    bank = SandboxBank(path)
    answer = bank.transfer(order)
    bank.close()
    return answer.view.external_id if isinstance(answer, Done) else str(answer)


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    bank = SandboxBank(path)
    order = transfer_order(ready_account(bank))

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        made = set(pool.map(transfer_in_another_process, [path] * 8, [order] * 8))

    assert made == {transfer.external_id for transfer in bank.transferred()}
    assert len(made) == 1
    bank.close()


def test_many_may_open_new_books_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"

    with ThreadPoolExecutor(20) as pool:
        banks = list(pool.map(SandboxBank, [path] * 20))

    pay(banks[0])
    assert [len(bank.paid()) for bank in banks] == [1] * 20
    for bank in banks:
        bank.close()


def test_a_write_that_fails_leaves_nothing_behind() -> None:
    ids = iter(["same", "same", "other"])
    bank = SandboxBank(tokens=lambda: next(ids))
    done(bank.open_checkout(checkout_order()))
    order = checkout_order()

    with pytest.raises(sqlite3.IntegrityError):
        bank.open_checkout(order)

    assert bank.find_session(order.attempt_id) == Done(None)
    assert done(bank.open_checkout(order)).session_id == "cs_other"


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE tracks (id TEXT)")
    connection.close()


def books_of_another_version(path: Path) -> None:
    SandboxBank(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def no_database(path: Path) -> None:
    path.write_text("Dear bank, " * 200)


@pytest.mark.parametrize("write", [foreign_database, books_of_another_version, no_database])
def test_a_file_that_holds_something_else_is_refused_and_left_alone(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "market.db"
    write(path)
    held = path.read_bytes()

    with pytest.raises(NotSandboxBooks, match=r"market\.db"):
        SandboxBank(path)

    assert path.read_bytes() == held


def test_books_that_cannot_be_opened_are_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ProcessorUnavailable):
        SandboxBank(tmp_path / "nowhere" / "bank.db")


def test_books_that_cannot_be_written_give_no_clear_answer(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    bank = SandboxBank(path)
    account_id = ready_account(bank)
    full = bank._books._connection
    full.execute(f"PRAGMA max_page_count = {full.execute('PRAGMA page_count').fetchone()[0]}")

    answer = bank.transfer(transfer_order(account_id, payout_id="p" * 100_000))

    assert isinstance(answer, Unknown)
    assert bank.transferred() == ()
    bank.close()
