"""Stories of reviewers: how they come to an account, and their money to them, or back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from reviewcore.app import App
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.usecases import ConnectPayoutAccount, Withdraw, connect_payout_account, withdraw
from tests.integration.races.world import RATE
from tests.integration.stripe.adapter.peers import BALANCE
from tests.integration.stripe.recovery.buying import paid, work
from tests.integration.stripe.recovery.market import Market
from tests.integration.stripe.recovery.runs import Act

Yields = Generator[Act, Any, None]


def connecting(reviewer: ReviewerProfile) -> Act:
    command = ConnectPayoutAccount(
        reviewer_id=reviewer.id, return_url="https://market.example/payouts/return"
    )
    return lambda app: app.drive(connect_payout_account, command).reviewer


def withdrawing(reviewer: ReviewerProfile) -> Act:
    command = Withdraw(reviewer_id=reviewer.id, method=PayoutMethod.STRIPE_CONNECT, amount=None)

    def ask(app: App) -> Payout:
        return app.perform(withdraw, command, key=f"withdraw:{reviewer.id}")

    return ask


def earner(market: Market) -> ReviewerProfile:
    """Have a reviewer with something to withdraw, and no account."""
    (reviewer,) = market.world.reviewers(1)
    market.world.delivered(paid(market), [reviewer])
    return reviewer


def payee(market: Market) -> ReviewerProfile:
    """Have one whose account can be paid."""
    reviewer, app = earner(market), market.world.app
    connected: ReviewerProfile = connecting(reviewer)(app)
    assert connected.stripe_account_id is not None
    market.server.onboard(connected.stripe_account_id)
    connecting(reviewer)(app)
    return reviewer


def balance_of(market: Market, reviewer: ReviewerProfile) -> int:
    with market.store.read() as tx:
        return tx.reviewers.get(reviewer.id).pending_balance


def payout_of(market: Market, payout: Payout) -> Payout:
    with market.store.read() as tx:
        return tx.payouts.get(payout.id)


def require_paid_out(market: Market, reviewer: ReviewerProfile, payout: Payout) -> None:
    assert payout_of(market, payout).status is PayoutStatus.COMPLETED
    assert balance_of(market, reviewer) == 0
    effects = market.server.effects()
    assert (effects.transfers, effects.transferred) == (1, RATE)
    assert effects.transfers_by_group == {payout.id: 1}


# ── the stories ──────────────────────────────────────────────────────────────────────────────────


def a_reviewer_is_paid(market: Market) -> Yields:
    reviewer = earner(market)
    connected = yield connecting(reviewer)
    market.server.onboard(connected.stripe_account_id)
    yield work
    payout = yield withdrawing(reviewer)
    yield work
    require_paid_out(market, reviewer, payout)


def a_payout_waits_for_a_top_up(market: Market) -> Yields:
    reviewer = payee(market)
    # What was paid in is available after two days, and would be enough.
    market.clock.advance(days=3)
    market.server.set_balance(0)
    payout = yield withdrawing(reviewer)
    yield work
    parked = payout_of(market, payout)
    assert (parked.status, parked.number > 1) == (PayoutStatus.PENDING, True)
    assert "sent again" in market.findings()[payout.id]
    market.server.set_balance(BALANCE)
    market.clock.advance(hours=2)
    yield work
    require_paid_out(market, reviewer, payout)


def a_transfer_is_reversed(market: Market) -> Yields:
    reviewer = payee(market)
    payout = yield withdrawing(reviewer)
    yield work
    transfer = payout_of(market, payout).external_id
    assert transfer is not None
    market.server.reverse_transfer(transfer, amount=20)
    yield work
    assert payout_of(market, payout).reversed_amount == 20
    assert balance_of(market, reviewer) == 20


def an_account_is_closed_before_it_is_paid(market: Market) -> Yields:
    reviewer = payee(market)
    with market.store.read() as tx:
        account = tx.reviewers.get(reviewer.id).stripe_account_id
    assert account is not None
    payout = yield withdrawing(reviewer)
    if payout_of(market, payout).attempts:
        # A worker came by first.
        return
    market.server.disable(account)
    yield work
    assert payout_of(market, payout).status is PayoutStatus.FAILED
    assert balance_of(market, reviewer) == RATE
    assert market.server.effects().transfers == 0
