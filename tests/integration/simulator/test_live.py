from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from reviewcore.domain.laws import MarketView, View, violations
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.builders import a_review
from reviewcore.testing.simulator import DEFAULT_MIX, Faults, Reviewer
from reviewcore.testing.simulator.live import HEARD, LiveView
from reviewcore.testing.simulator.running import Market
from reviewcore.testing.simulator.world import SimulatedStore
from reviewcore.usecases.check_laws import view_of

PARTS = tuple(name for name in vars(View) if isinstance(vars(View)[name], property))
DAYS = 6
SEED = 11
RULES = MarketRules(fill_deadline_days=2, minimum_payout_cents=Cents(50), payout_delay_days=0)
EAGER: dict[str, Any] = {"withdraws_at_cents": 50}
QUICK = tuple(
    attrs.evolve(one, comes_within_days=0.5, **EAGER if isinstance(one, Reviewer) else {})
    for one in DEFAULT_MIX
)
STORMY = Faults(crashes=0.02, disputes=0.3, webhooks_lost=0.2, transfers_reversed=1.0)


@pytest.fixture(scope="module")
def market() -> Market:
    market = Market(
        seed=SEED,
        rules=RULES,
        personas=QUICK,
        faults=STORMY,
        make_store=SimulatedStore,
    )
    assert market.live_through(DAYS) is None
    return market


def stored_view(market: Market) -> MarketView:
    with market.world.store.read() as tx:
        return view_of(tx)


def comparable(part: Any) -> Any:
    """Put groups in one order: laws look at all members of one, whatever came first."""
    if not isinstance(part, Mapping):
        return part
    return {key: sorted(told, key=repr) if isinstance(told, list) else told
            for key, told in part.items()}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_the_view_that_was_kept_up_is_the_one_that_is_read(market: Market, part: str) -> None:
    kept, read = getattr(market.world.live, part), getattr(stored_view(market), part)

    assert comparable(kept) == comparable(read)
    assert kept, "the run reached nothing of this kind"


def test_laws_say_the_same_of_both(market: Market) -> None:
    live: View = market.world.live

    assert violations(live) == violations(stored_view(market)) == ()


def test_a_wrong_row_is_seen_in_the_view_that_was_kept_up(market: Market) -> None:
    live = market.world.live
    reviewer = next(iter(live.reviewer.values()))
    live.reviewer[reviewer.id] = attrs.evolve(reviewer, total_reviews=reviewer.total_reviews + 1)

    try:
        assert [one.law for one in violations(live)] == ["reviewers_count_right"]
    finally:
        live.reviewer[reviewer.id] = reviewer


def test_no_law_reads_what_a_heartbeat_changes(market: Market) -> None:
    """`LiveView` has nothing judged after a mere heartbeat, which is right only so long."""

    class Watched:
        def __init__(self, review: Any) -> None:
            self._review = review

        def __getattr__(self, name: str) -> Any:
            assert name not in HEARD, f"a law reads {name}"
            return getattr(self._review, name)

    read = stored_view(market)
    watched: Any = tuple(Watched(review) for review in read.reviews)

    assert violations(attrs.evolve(read, reviews=watched)) == ()


def test_a_change_must_begin_with_the_row_as_it_was() -> None:
    live = LiveView(MarketRules())
    review = a_review()

    with pytest.raises((AssertionError, KeyError)):
        live.follow([(type(review), review.id, review, None)])  # type: ignore[list-item]  # a Change by shape
