from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from reviewcore.adapters.sandbox import NotSandboxBooks, SandboxBank
from reviewcore.adapters.sandbox.books import APPLICATION_ID
from reviewcore.adapters.sandbox.schema import STEPS
from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Done, RefundState, TransferOrder, Unknown
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor.orders import (
    checkout_order,
    done,
    refund_order,
    transfer_order,
)
from tests.unit.sandbox import pay, ready_account


def test_the_books_tell_what_moved_with_our_ids() -> None:
    clock = ManualClock()
    bank = SandboxBank(clock=clock)
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


def books_of_the_first_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    for statement in STEPS[0]:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO keys VALUES ('key-1', '[]', NULL, 'over_refund')")
    connection.execute(
        "INSERT INTO sessions VALUES (1, 'cs_1', 'attempt-1', 'track-1', 'Tide', 1000, 'usd',"
        " 'http://shop.test/', 'http://shop.test/', 'PAID', '2026-01-05T12:00:00+00:00',"
        " '2026-01-06T12:00:00+00:00', '2026-01-05T12:00:00+00:00', 'pi_1', 59)"
    )
    connection.execute(
        "INSERT INTO refunds VALUES"
        " (1, 're_1', 'refund-1', 'pi_1', 300, 'usd', '2026-01-05T12:00:00+00:00')"
    )
    connection.commit()
    connection.close()


def test_books_of_the_first_version_grow_into_this_one(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    books_of_the_first_version(path)
    SandboxBank(path).close()

    bank = SandboxBank(path)

    assert (len(bank.paid()), bank.balance("usd")) == (1, 1000 - 59 - 300)
    assert done(bank.refund_view("re_1")).state is RefundState.TAKEN
    bank.fail_refund("re_1")
    assert done(bank.dispute(bank.open_dispute("pi_1"))).amount == 1000
    bank.close()


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE tracks (id TEXT)")
    connection.close()


def books_of_another_version(path: Path, version: int = 99) -> None:
    SandboxBank(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def books_without_a_version(path: Path) -> None:
    books_of_another_version(path, version=0)


def no_database(path: Path) -> None:
    path.write_text("Dear bank, " * 200)


@pytest.mark.parametrize(
    "write",
    [foreign_database, books_of_another_version, books_without_a_version, no_database],
)
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
