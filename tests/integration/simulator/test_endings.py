"""What is left undone for ever is found once faults have stopped and all had its time (law 10)."""

from __future__ import annotations

from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator import Expert, Faults, Honest, Plain, replay, simulate
from reviewcore.testing.simulator.acts import Act
from reviewcore.testing.simulator.world import SimulatedStore
from tests.integration.simulator.saboteurs import IdleStore

SEED = 8
QUICK = MarketRules(
    minimum_payout_cents=Cents(50),
    payout_delay_days=0,
    reviewer_account_age_hours=0,
    minimum_listen_seconds=20,
)
FEW = (
    Honest(count=1, comes_within_days=0.01, withdraws_at_cents=50, paypal=0.0, visits_a_day=20.0),
    Plain(count=2, comes_within_days=0.01, tracks_a_week=14.0),
    Expert(count=1, comes_within_days=0.01, withdraws_at_cents=50, paypal=0.0, visits_a_day=20.0),
)


def left_of(acts: tuple[Act, ...], make_store: type[SimulatedStore]) -> tuple[str, ...]:
    return replay(
        acts,
        seed=SEED,
        rules=QUICK,
        faults=Faults.none(),
        make_store=make_store,
        settles=True,
    )


def test_a_payout_that_is_never_sent_is_found_in_the_end() -> None:
    report = simulate(
        seed=SEED, days=1, rules=QUICK, personas=FEW, faults=Faults.none(), make_store=IdleStore
    )

    failure = report.failure
    assert failure is not None
    assert failure.laws == ("payout",)
    assert all(one.endswith("is still PENDING") for one in failure.found)
    assert len(failure.acts) < failure.recorded / 2
    assert "settles=True" in failure.test
    assert left_of(failure.acts, IdleStore)
    assert not left_of(failure.acts, SimulatedStore)


def test_nothing_is_left_of_the_same_market_otherwise() -> None:
    report = simulate(seed=SEED, days=1, rules=QUICK, personas=FEW, faults=Faults.none())

    report.require_lawful()
    assert report.measures.payouts > 0
