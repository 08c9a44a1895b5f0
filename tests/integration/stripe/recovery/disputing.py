"""Stories of payers' banks: what they take back, and how they decide."""

from __future__ import annotations

from functools import partial

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.tracks import Track
from tests.integration.stripe.recovery.buying import (
    Yields,
    cancelling,
    paid,
    payment_of,
    refunds_of,
    require_paid,
    work,
)
from tests.integration.stripe.recovery.market import Market


def _disputed(market: Market, track: Track) -> str:
    intent = payment_of(market, track.id).stripe_payment_id
    assert intent is not None
    opened: str = market.server.open_dispute(intent)["id"]
    return opened


def _require_verdict(market: Market, track: Track, status: DisputeStatus) -> None:
    with market.store.read() as tx:
        (dispute,) = tx.disputes.of_payment(payment_of(market, track.id).id)
    assert dispute.status is status


def a_dispute_is_won(market: Market) -> Yields:
    track = paid(market)
    dispute = _disputed(market, track)
    yield work
    _require_verdict(market, track, DisputeStatus.OPEN)
    market.server.win_dispute(dispute)
    yield work
    _require_verdict(market, track, DisputeStatus.WON)
    require_paid(market, track)


def a_dispute_is_lost(market: Market) -> Yields:
    track = paid(market)
    dispute = _disputed(market, track)
    yield work
    _require_verdict(market, track, DisputeStatus.OPEN)
    market.server.lose_dispute(dispute)
    yield work
    _require_verdict(market, track, DisputeStatus.LOST)
    assert market.server.effects().refunds == 0


def a_refund_waits_for_a_verdict(market: Market, *, won: bool) -> Yields:
    track = paid(market)
    yield cancelling(track)
    with market.store.read() as tx:
        was_sent = any(one.attempts for one in tx.refunds.all())
    if was_sent:
        # A worker came by, and what was refunded is disputed no more.
        return
    dispute = _disputed(market, track)
    yield work
    (refund,) = refunds_of(market, track.id)
    assert refund.status is RefundStatus.PENDING
    if won:
        market.server.win_dispute(dispute)
    else:
        market.server.lose_dispute(dispute)
    # Somebody who died may have leased the refund for two minutes.
    market.clock.advance(minutes=3)
    yield work
    (refund,) = refunds_of(market, track.id)
    assert refund.status is (RefundStatus.COMPLETED if won else RefundStatus.DROPPED)


a_refund_is_sent_once_a_dispute_is_won = partial(a_refund_waits_for_a_verdict, won=True)
a_refund_is_dropped_once_a_dispute_is_lost = partial(a_refund_waits_for_a_verdict, won=False)
