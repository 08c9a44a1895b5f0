"""What Stripe tells and two workers hear: in any order, too early, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from reviewcore.domain.ids import AttemptId
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.webhooks import Endpoint
from reviewcore.ports.processor import CheckoutOrder, Done
from reviewcore.testing.stripe.signing import signature
from reviewcore.usecases import (
    HandleEvent,
    ReceiveEvent,
    SendPayout,
    SendRefund,
    handle_event,
    receive_event,
    send_payout,
    send_refund,
)
from reviewcore.worker.money import Money
from tests.integration.races.world import race, successes
from tests.integration.stripe.adapter.peers import WEBHOOK_SECRET
from tests.integration.stripe.recovery.buying import (
    cancelling,
    opening,
    paid,
    payment_of,
    require_paid,
    session_of,
    unpaid,
    work,
)
from tests.integration.stripe.recovery.earning import payee, require_paid_out, withdrawing
from tests.integration.stripe.recovery.market import Market, market_at
from tests.integration.stripe.recovery.runs import work_off
from tests.integration.stripe.recovery.weather import empty_database

ORDERS = 3
SLOWLY = 0.3
COMPLETED = "checkout.session.completed"


@pytest.fixture(params=["sqlite", "postgresql"])
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    with empty_database(request, request.param) as url, market_at(url) as made:
        yield made


def hear(market: Market, event_id: str) -> None:
    """Take an event in, as the route does."""
    signed = market.server.webhooks.signed(event_id)
    secret = (WEBHOOK_SECRET,)
    header = signature(signed.body, secrets=secret, at=int(market.clock().timestamp()))
    app = market.world.app
    told = app.webhooks.authenticate(Endpoint.ACCOUNT, signed.body, header)
    app.perform(receive_event, ReceiveEvent(event=told))


# ── two workers ─────────────────────────────────────────────────────────────────────────────────


def test_two_workers_at_one_payout_send_it_once(market: Market) -> None:
    reviewer = payee(market)
    payout = withdrawing(reviewer)(market.world.app)
    market.server.plan("SLOW", "/v1/transfers", seconds=SLOWLY)

    apps = [market.app(), market.app()]
    race([_driving(app, send_payout, SendPayout(payout_id=payout.id)) for app in apps])
    race([_working(app) for app in apps])
    work(market.app())

    require_paid_out(market, reviewer, payout)
    market.require_right()


def test_two_workers_at_one_refund_send_it_once(market: Market) -> None:
    track = paid(market)
    cancelling(track)(market.world.app)
    with market.store.read() as tx:
        (refund,) = tx.refunds.all()
    market.server.plan("SLOW", "/v1/refunds", seconds=SLOWLY)

    apps = [market.app(), market.app()]
    race([_driving(app, send_refund, SendRefund(refund_id=refund.id)) for app in apps])
    race([_working(app) for app in apps])
    market.clock.advance(minutes=5)
    work(market.app())

    assert market.server.effects().refunds == 1
    market.require_right()


def test_two_workers_at_one_event_act_once(market: Market) -> None:
    track = unpaid(market)
    market.server.pay(session_of(opening(track)(market.world.app)))
    (event,) = _events_of(market, COMPLETED)
    hear(market, event)
    market.server.plan("SLOW", ".*", method="GET", times=2, seconds=SLOWLY)

    apps = [market.app(), market.app()]
    answers = race([_driving(app, handle_event, HandleEvent(event_id=event)) for app in apps])

    assert [one.is_handled for one in successes(answers)] == [True, True]
    require_paid(market, track)
    market.require_right()


def _driving(app: Any, usecase: Callable[..., Any], command: object) -> Callable[[], object]:
    return lambda: app.drive(usecase, command)


def _working(app: Any) -> Callable[[], object]:
    return lambda: work_off(Money(app))


def _events_of(market: Market, kind: str) -> list[str]:
    return [one["id"] for one in market.server.objects("event") if one["type"] == kind]


# ── any order ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", range(ORDERS))
def test_events_in_any_order_come_to_the_same(market: Market, order: int) -> None:
    track = unpaid(market)
    session = opening(track)(market.world.app)
    intent = market.server.pay(session_of(session))["payment_intent"]
    won = market.server.open_dispute(intent)["id"]
    market.server.win_dispute(won)
    events = [one["id"] for one in market.server.objects("event")]

    for event in random.Random(order).sample(events, len(events)):
        hear(market, event)
        # Nothing but the inbox is worked at: what is told must do.
        Money(market.world.app).handle_all_events()

    _handle_all(market)
    require_paid(market, track)
    with market.store.read() as tx:
        (dispute,) = tx.disputes.of_payment(payment_of(market, track.id).id)
    assert dispute.reinstated_amount == 495 + 1_500
    market.require_right()


def _handle_all(market: Market) -> None:
    for _ in range(20):
        if not market.waiting():
            return
        market.clock.advance(minutes=5)
        Money(market.world.app).handle_all_events()
    raise AssertionError(market.waiting())


def test_what_was_missed_while_down_is_caught_up_and_its_late_duplicates_do_nothing(
    market: Market,
) -> None:
    track = unpaid(market)
    market.server.pay(session_of(opening(track)(market.world.app)))
    market.clock.advance(days=2)

    work(market.app())
    require_paid(market, track)
    for one in market.server.objects("event"):
        hear(market, one["id"])
    work(market.app())

    require_paid(market, track)
    market.require_right()


def test_an_event_of_a_row_that_is_not_there_yet_is_tried_again_and_then_handled(
    market: Market,
) -> None:
    track = unpaid(market)
    attempt = opening(track)(market.world.app)
    early = attrs.evolve(attempt, id=_another_id(market), number=2)
    order = CheckoutOrder(
        attempt_id=early.id,
        track_id=track.id,
        title=early.title,
        amount=early.amount,
        currency=early.currency,
        key="co:early",
        success_url="https://market.example/thanks",
        cancel_url="https://market.example/cart",
    )
    opened = market.world.app.payments.open_checkout(order)
    assert isinstance(opened, Done)
    market.server.pay(opened.view.session_id)
    (event,) = _events_of(market, COMPLETED)
    hear(market, event)

    Money(market.world.app).handle_all_events()
    with market.store.read() as tx:
        failed = tx.inbox.get(event)
    assert (failed.is_handled, failed.failure) == (False, "EntityNotFound")
    with market.store.begin() as tx:
        tx.attempts.add(
            attrs.evolve(
                early, status=AttemptStatus.INTENDED, key="co:early", session_id=None, url=None
            )
        )
    market.clock.advance(minutes=1)
    work(market.world.app)

    with market.store.read() as tx:
        assert tx.inbox.get(event).is_handled
        assert tx.attempts.get(early.id).status is AttemptStatus.PAID
    assert market.world.get_track(track.id).status is TrackStatus.QUEUED
    market.clock.advance(minutes=5)
    work(market.world.app)
    market.require_right()


def _another_id(market: Market) -> AttemptId:
    with market.store.begin() as tx:
        return AttemptId(tx.new_id())
