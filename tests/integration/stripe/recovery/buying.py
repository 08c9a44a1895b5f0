"""Stories of payers: what they pay, and what goes back to them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from reviewcore.app import App
from reviewcore.domain.ids import TrackId
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    ConfirmPayment,
    OpenCheckout,
    cancel_track,
    check_out,
    close_track,
    confirm_payment,
    open_checkout,
)
from reviewcore.worker.money import Money
from tests.integration.stripe.recovery.market import Market
from tests.integration.stripe.recovery.runs import Act, work_off

Yields = Generator[Act, Any, None]


# ── what people ask ──────────────────────────────────────────────────────────────────────────────


def work(app: App) -> None:
    """Be a worker who has just begun: ask about every checkout, and do what there is to do."""
    worker = Money(app)
    worker.catch_up()
    worker.handle_all_events()
    work_off(worker)


def opening(track: Track) -> Act:
    command = OpenCheckout(track_id=track.id, artist_id=track.artist_id)

    def ask(app: App) -> CheckoutAttempt:
        return app.drive(open_checkout, command)

    return ask


def confirming(attempt: CheckoutAttempt) -> Act:
    command = ConfirmPayment(session_id=session_of(attempt))
    return lambda app: app.drive(confirm_payment, command)


def checking_out_again(track: Track) -> Act:
    command = CheckOut(track_id=track.id, artist_id=track.artist_id)
    return lambda app: app.perform(check_out, command, key=f"again:{track.id}")


def cancelling(track: Track) -> Act:
    command = CancelTrack(track_id=track.id, artist_id=track.artist_id)
    return lambda app: app.perform(cancel_track, command, key=f"cancel:{track.id}")


def closing(track: Track) -> Act:
    command = CloseTrack(track_id=track.id, artist_id=track.artist_id)
    return lambda app: app.perform(close_track, command, key=f"close:{track.id}")


# ── what is there to see ─────────────────────────────────────────────────────────────────────────


def session_of(attempt: CheckoutAttempt) -> str:
    assert attempt.session_id is not None
    return attempt.session_id


def payment_of(market: Market, track_id: TrackId) -> Payment:
    with market.store.read() as tx:
        payment = tx.payments.of_track(track_id)
    assert payment is not None
    return payment


def refunds_of(market: Market, track_id: TrackId) -> list[Refund]:
    payment = payment_of(market, track_id)
    with market.store.read() as tx:
        return list(tx.refunds.of_payment(payment.id))


def require_paid(market: Market, track: Track) -> None:
    assert market.world.get_track(track.id).status is TrackStatus.QUEUED
    assert payment_of(market, track.id).status is PaymentStatus.COMPLETED
    with market.store.read() as tx:
        artist = tx.artists.get(track.artist_id)
    assert (artist.total_spent, artist.total_tracks) == (495, 1)


def require_given_back(market: Market, track: Track, amount: int) -> None:
    (refund,) = refunds_of(market, track.id)
    assert (refund.status, refund.amount) == (RefundStatus.COMPLETED, amount)
    assert market.server.effects().refunded == amount


def unpaid(market: Market) -> Track:
    return market.world.unpaid(market.world.artist())


def paid(market: Market) -> Track:
    """Have a track that was paid for in good weather."""
    track, app = unpaid(market), market.world.app
    attempt = opening(track)(app)
    market.server.pay(session_of(attempt))
    confirming(attempt)(app)
    return track


# ── the stories ──────────────────────────────────────────────────────────────────────────────────


def a_track_is_paid(market: Market) -> Yields:
    track = unpaid(market)
    attempt = yield opening(track)
    market.server.pay(session_of(attempt))
    yield confirming(attempt)
    yield work
    require_paid(market, track)


def a_track_is_paid_and_nobody_comes_back(market: Market) -> Yields:
    track = unpaid(market)
    attempt = yield opening(track)
    market.server.pay(session_of(attempt))
    yield work
    require_paid(market, track)


def a_payment_settles_late(market: Market) -> Yields:
    track = unpaid(market)
    attempt = yield opening(track)
    market.server.pay_later(session_of(attempt))
    yield work
    assert market.world.get_track(track.id).status is TrackStatus.PENDING_PAYMENT
    market.clock.advance(days=3)
    market.server.settle_payment(session_of(attempt))
    yield work
    require_paid(market, track)


def a_payment_fails_late_and_another_is_made(market: Market) -> Yields:
    track = unpaid(market)
    failing = yield opening(track)
    market.server.pay_later(session_of(failing))
    yield work
    market.server.fail_payment(session_of(failing))
    yield work
    attempt = yield opening(track)
    assert attempt.id != failing.id
    market.server.pay(session_of(attempt))
    yield work
    require_paid(market, track)
    with market.store.read() as tx:
        assert tx.attempts.get(failing.id).status is AttemptStatus.FAILED


def a_session_is_given_up(market: Market) -> Yields:
    track = unpaid(market)
    attempt = yield opening(track)
    yield checking_out_again(track)
    yield work
    sessions = market.server.objects("checkout.session")
    assert {one["status"] for one in sessions} == {"expired"}
    with market.store.read() as tx:
        assert tx.attempts.get(attempt.id).status is AttemptStatus.EXPIRED


def a_track_is_cancelled(market: Market) -> Yields:
    track = paid(market)
    yield cancelling(track)
    yield work
    require_given_back(market, track, 495)
    assert payment_of(market, track.id).status is PaymentStatus.REFUNDED


def a_track_is_closed(market: Market) -> Yields:
    track = paid(market)
    market.world.delivered(track, market.world.reviewers(2))
    market.clock.advance(days=market.store.rules.fill_deadline_days, hours=1)
    yield closing(track)
    yield work
    require_given_back(market, track, 3 * 99)
    assert market.world.get_track(track.id).status is TrackStatus.COMPLETED


def a_track_is_paid_twice(market: Market) -> Yields:
    track = unpaid(market)
    first = opening(track)(market.world.app)
    checking_out_again(track)(market.world.app)
    second = yield opening(track)
    market.server.pay(session_of(second))
    if session_is_open(market, first):
        # Where a worker came by meanwhile he has shut it.
        market.server.pay(session_of(first))
    twice = market.server.effects().sessions_paid == 2
    yield work
    require_paid(market, track)
    if twice:
        require_given_back(market, track, 495)


def session_is_open(market: Market, attempt: CheckoutAttempt) -> bool:
    sessions = {one["id"]: one["status"] for one in market.server.objects("checkout.session")}
    return bool(sessions[session_of(attempt)] == "open")


def a_track_is_paid_in_another_amount(market: Market) -> Yields:
    track = unpaid(market)
    attempt = yield opening(track)
    market.server.pay(session_of(attempt), amount=100)
    yield confirming(attempt)
    yield work
    require_given_back(market, track, 100)
    assert market.world.get_track(track.id).status is TrackStatus.PENDING_PAYMENT


def a_cancelled_track_is_paid(market: Market) -> Yields:
    track = unpaid(market)
    attempt = opening(track)(market.world.app)
    market.server.pay(session_of(attempt))
    yield cancelling(track)
    yield work
    # Who asked first was told that it is paid, and the price goes back; or it is cancelled, and
    # money that it did not wait for does.
    require_given_back(market, track, 495)
    assert market.world.get_track(track.id).status is TrackStatus.CANCELLED


def a_refund_comes_back(market: Market) -> Yields:
    track = paid(market)
    yield cancelling(track)
    yield work
    (refund,) = refunds_of(market, track.id)
    assert refund.external_id is not None
    market.server.fail_refund(refund.external_id)
    yield work
    (refund,) = refunds_of(market, track.id)
    assert refund.status is RefundStatus.RETURNED
    assert "another way" in market.findings()[refund.id]
    assert market.server.effects().refunds == 0
