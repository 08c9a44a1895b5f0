from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.adapters.sandbox import PayeeOutcome, PayerOutcome, SandboxBank
from reviewcore.adapters.sandbox.news import SUBJECTS, News
from reviewcore.domain.errors import EntityNotFound, InvalidWebhook
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    refund_order,
    reversal_order,
    transfer_order,
)
from tests.unit.sandbox import pay, ready_account


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bank(clock: ManualClock) -> SandboxBank:
    return SandboxBank(clock=clock)


def told(bank: SandboxBank) -> list[tuple[str, str]]:
    return [(event.type, event.object_id) for event in done(bank.since(START)).events]


@pytest.mark.parametrize(
    ("outcome", "news"),
    [
        (PayerOutcome.PAY, News.SESSION_PAID),
        (PayerOutcome.DECLINE, News.SESSION_FAILED),
        (PayerOutcome.ABANDON, News.SESSION_EXPIRED),
    ],
)
def test_the_end_of_a_session_is_told_once(
    bank: SandboxBank, outcome: PayerOutcome, news: News
) -> None:
    session_id = done(bank.open_checkout(checkout_order())).session_id

    bank.play_payer(session_id, outcome)
    bank.play_payer(session_id, outcome)
    done(bank.expire_session(session_id))

    assert told(bank) == [(news, session_id)]


def test_what_becomes_of_a_payment_is_told_in_order(bank: SandboxBank) -> None:
    payment_id = pay(bank)
    made = done(bank.refund(refund_order(payment_id)))
    bank.fail_refund(made.external_id)
    won = bank.open_dispute(payment_id)
    bank.win_dispute(won)
    bank.win_dispute(won)
    lost = bank.open_dispute(payment_id)
    bank.lose_dispute(lost)

    assert told(bank)[1:] == [
        (News.REFUND_MADE, made.external_id),
        (News.REFUND_FAILED, made.external_id),
        (News.DISPUTE_OPENED, won),
        (News.DISPUTE_CLOSED, won),
        (News.DISPUTE_OPENED, lost),
        (News.DISPUTE_CLOSED, lost),
    ]


def test_what_becomes_of_a_transfer_is_told_in_order(bank: SandboxBank) -> None:
    account_id = ready_account(bank)
    sent = done(bank.transfer(transfer_order(account_id)))
    done(bank.reverse(reversal_order(sent.external_id)))
    bank.reverse_transfer(sent.external_id)

    assert told(bank)[1:] == [
        (News.TRANSFER_MADE, sent.external_id),
        (News.TRANSFER_REVERSED, sent.external_id),
        (News.TRANSFER_REVERSED, sent.external_id),
    ]


def test_an_account_is_told_when_it_changes_and_only_then(bank: SandboxBank) -> None:
    account_id = done(bank.open_account(account_order())).account_id
    for outcome in (PayeeOutcome.REFUSE, PayeeOutcome.COMPLETE, PayeeOutcome.COMPLETE):
        bank.play_payee(account_id, outcome)
    destination_id = bank.change_destination(account_id)

    events = done(bank.since(START)).events

    assert told(bank) == [
        (News.ACCOUNT_CHANGED, account_id),
        (News.ACCOUNT_CHANGED, account_id),
        (News.DESTINATION_CHANGED, destination_id),
    ]
    assert {event.account_id for event in events} == {account_id}


def test_there_is_no_other_bank_account_for_an_unknown_payee(bank: SandboxBank) -> None:
    with pytest.raises(EntityNotFound):
        bank.change_destination("acct_unknown")


def test_a_repeated_key_is_no_news(bank: SandboxBank) -> None:
    refund, transfer = refund_order(pay(bank)), transfer_order(ready_account(bank))
    reversal = reversal_order(done(bank.transfer(transfer)).external_id)

    for _ in range(3):
        done(bank.refund(refund))
        done(bank.transfer(transfer))
        done(bank.reverse(reversal))

    types = [type_ for type_, _ in told(bank)]
    assert types.count(News.REFUND_MADE) == types.count(News.TRANSFER_MADE) == 1
    assert types.count(News.TRANSFER_REVERSED) == 1


def test_what_was_declined_is_no_news(bank: SandboxBank) -> None:
    bank.refund(refund_order("pi_unknown"))
    bank.transfer(transfer_order("acct_unknown"))

    assert told(bank) == []


def test_an_event_says_what_it_is_about_and_when(bank: SandboxBank, clock: ManualClock) -> None:
    at = clock.advance(minutes=1)
    session_id = done(bank.open_checkout(checkout_order())).session_id
    bank.play_payer(session_id, PayerOutcome.PAY)

    [event] = done(bank.since(START)).events

    assert event == ProcessorEvent(
        id=event.id,
        type="checkout.session.completed",
        subject=Subject.CHECKOUT,
        object_id=session_id,
        created_at=at,
    )
    assert event.id.startswith("evt_")


def test_every_news_has_a_subject_that_is_acted_upon() -> None:
    assert set(SUBJECTS) == set(News)
    assert Subject.OTHER not in SUBJECTS.values()


@pytest.mark.parametrize(
    ("since", "seen"),
    [
        (timedelta(0), 3),
        (timedelta(microseconds=1), 2),
        (timedelta(seconds=1), 2),
        (timedelta(seconds=1, microseconds=1), 1),
        (timedelta(days=1), 0),
    ],
)
def test_events_are_told_from_an_instant_on(
    bank: SandboxBank, clock: ManualClock, since: timedelta, seen: int
) -> None:
    for _ in range(3):
        pay(bank)
        clock.advance(seconds=1)

    assert len(done(bank.since(START + since)).events) == seen


def test_events_are_told_for_thirty_days(bank: SandboxBank, clock: ManualClock) -> None:
    pay(bank)
    clock.advance(days=30)
    last = done(bank.since(START)).events
    clock.advance(microseconds=1)

    assert len(last) == 1
    assert done(bank.since(START)).events == ()


@pytest.mark.parametrize(("happened", "pages"), [(100, [100]), (101, [100, 1]), (0, [0])])
def test_a_page_holds_a_hundred_events(bank: SandboxBank, happened: int, pages: list[int]) -> None:
    for _ in range(happened):
        pay(bank)

    page = done(bank.since(START))
    sizes = [len(page.events)]
    while page.cursor is not None:
        page = done(bank.since(START, cursor=page.cursor))
        sizes.append(len(page.events))

    assert sizes == pages


def test_the_sandbox_sends_nothing(bank: SandboxBank) -> None:
    with pytest.raises(InvalidWebhook, match="sends nothing"):
        bank.authenticate(Endpoint.CONNECT, b"{}", "t=1,v1=00")
