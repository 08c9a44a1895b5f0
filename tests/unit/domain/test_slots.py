from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import TrackId
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import PACKAGES, MarketRules, Package, PackageType, Tier
from reviewcore.domain.slots import free_slots, paid_slots
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

TRACK = TrackId("track")


@st.composite
def markets(draw: st.DrawFn) -> MarketRules:
    normal = draw(st.integers(1, 5_000))
    pro = draw(st.integers(normal, 20_000))
    reviews = draw(st.integers(1, 120))
    pro_min = draw(st.integers(0, reviews))
    pay = pro_min * pro + (reviews - pro_min) * normal
    price = draw(st.integers(pay + 1, 2 * pay + 10_000))
    package = Package(reviews=reviews, price_cents=Cents(price), pro_min=pro_min, priority=0)
    return MarketRules(
        rate_normal_cents=Cents(normal),
        rate_pro_cents=Cents(pro),
        packages=MappingProxyType(dict.fromkeys(PackageType, package)),
    )


@given(markets())
def test_the_prices_of_slots_sum_to_the_price_of_the_package(rules: MarketRules) -> None:
    package = rules.packages[PackageType.STARTER]

    slots = paid_slots(TRACK, package, rules=rules)

    assert sum(slot.price for slot in slots) == package.price_cents
    assert [slot.number for slot in slots] == list(range(1, package.reviews + 1))


@given(markets())
def test_no_slot_pays_more_than_it_costs(rules: MarketRules) -> None:
    slots = paid_slots(TRACK, rules.packages[PackageType.PRO], rules=rules)

    assert all(slot.rate <= slot.price for slot in slots)


@given(markets())
def test_a_slot_pays_the_rate_of_its_tier_and_pro_slots_come_first(rules: MarketRules) -> None:
    package = rules.packages[PackageType.PRO]

    slots = paid_slots(TRACK, package, rules=rules)

    tiers = [slot.tier for slot in slots]
    assert tiers == [Tier.PRO] * package.pro_min + [Tier.NORMAL] * (
        package.reviews - package.pro_min
    )
    assert all(slot.rate == rules.rate(slot.tier) for slot in slots)


@given(markets())
def test_prices_are_in_proportion_to_rates(rules: MarketRules) -> None:
    assume(rules.rate_normal_cents < rules.rate_pro_cents)
    package = rules.packages[PackageType.PRO]

    slots = paid_slots(TRACK, package, rules=rules)

    pay = sum(slot.rate for slot in slots)
    assert all(abs(slot.price * pay - package.price_cents * slot.rate) < pay for slot in slots)


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        (PackageType.STARTER, [99] * 5),
        (PackageType.STANDARD, [320, 320, *[107] * 7, 106]),
        (PackageType.PRO, [*[300] * 5, *[299] * 5]),
        (PackageType.DEEP_DIVE, [290] * 3 + [97] * 13 + [96] * 9),
    ],
)
def test_the_default_packages_split_so(kind: PackageType, prices: list[int]) -> None:
    slots = paid_slots(TRACK, PACKAGES[kind], rules=MarketRules())

    assert [slot.price for slot in slots] == prices


def test_free_slots_cost_nothing_and_pay_as_ever() -> None:
    slots = free_slots(TRACK, 3, rules=MarketRules(rate_normal_cents=Cents(40)))

    assert [(slot.number, slot.tier, slot.rate, slot.price) for slot in slots] == [
        (1, Tier.NORMAL, 40, 0),
        (2, Tier.NORMAL, 40, 0),
        (3, Tier.NORMAL, 40, 0),
    ]


def test_a_slot_is_refunded_once() -> None:
    slot = make.a_slot()
    refunded = slot.refund(START)

    with pytest.raises(InvalidTransition) as refusal:
        refunded.refund(START + timedelta(days=1))

    told = refusal.value
    assert (told.entity, told.status, told.wanted) == ("Slot", "REFUNDED", "REFUNDED")
    assert refunded == attrs.evolve(slot, refunded_at=START)
    assert (slot.is_refunded, refunded.is_refunded) == (False, True)


def test_a_slot_is_lost_as_it_is_refunded_and_once() -> None:
    slot = make.a_slot()

    lost = slot.lose(START)

    assert lost == attrs.evolve(slot, refunded_at=START, is_lost=True)
    for end in (lost.refund, lost.lose, slot.refund(START).lose):
        with pytest.raises(InvalidTransition):
            end(START)


def test_slots_are_of_their_track() -> None:
    made = (
        *paid_slots(TRACK, PACKAGES[PackageType.STARTER], rules=MarketRules()),
        *free_slots(TRACK, 2, rules=MarketRules()),
    )

    assert {slot.track_id for slot in made} == {TRACK}
    assert not any(slot.is_refunded or slot.is_lost for slot in made)
