"""Markets so small that what is rare in a large one happens in a few steps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules, Package, PackageType

CODES: Mapping[str, int] = MappingProxyType({"WELCOME": 1, "LAUNCH": 2})
NORMAL = Cents(50)
PRO = Cents(150)
SIZES = (1, 2, 1, 2, 3, 4)
"""Of packages; small ones leave reviewers over, who can replace others."""


PLAIN_PACKAGE = Package(reviews=1, price_cents=Cents(NORMAL + 101), pro_min=0, priority=0)

SMALLEST = MarketRules(
    rate_normal_cents=NORMAL,
    rate_pro_cents=PRO,
    signup_free_credits=1,
    free_credit_reviews=1,
    promo_codes=CODES,
    reviewer_account_age_hours=0,
    active_assignments_max_normal=2,
    active_assignments_max_pro=3,
    pair_reviews_max=10,
    exploration_share_percent=10,
    exploration_ratings_max=1,
    assignment_ttl_hours=48,
    skips_per_day_max=1,
    heartbeat_freshness_seconds=600,
    minimum_listen_seconds=12,
    words_min=3,
    words_unique_min=2,
    words_unique_percent_min=30,
    genres_per_reviewer_min=1,
    genres_per_reviewer_max=3,
    pro_reviews_min=2,
    pro_rating_min=Decimal(4),
    pro_gems_min=2,
    flags_max=0,
    flag_window_days=7,
    flags_per_track_max_percent=100,
    replacements_per_slot_max=1,
    flag_open_days_max=14,
    unplayable_reports_max=2,
    unplayable_per_day_max=1,
    earning_hold_days=0,
    payout_delay_days=0,
    minimum_payout_cents=Cents(40),
    fill_deadline_days=1,
    packages=MappingProxyType(dict.fromkeys(PackageType, PLAIN_PACKAGE)),
)
"""The rules that are drawn first, to which all others shrink."""


@st.composite
def small_rules(draw: st.DrawFn) -> MarketRules:
    """Draw rules of a market with packages of 1 to 4 reviews and limits that are soon reached."""

    def one_of(*numbers: int) -> int:
        return draw(st.sampled_from(numbers))

    busiest = one_of(2, 1, 3)
    thorough = one_of(3, 0, 5)
    return MarketRules(
        rate_normal_cents=NORMAL,
        rate_pro_cents=PRO,
        signup_free_credits=one_of(1, 0, 2),
        free_credit_reviews=one_of(1, 2),
        promo_codes=CODES,
        reviewer_account_age_hours=one_of(0, 24),
        active_assignments_max_normal=busiest,
        active_assignments_max_pro=busiest + one_of(1, 0),
        pair_reviews_max=one_of(10, 2, 1),
        exploration_share_percent=one_of(10, 0, 100),
        exploration_ratings_max=one_of(1, 10),
        assignment_ttl_hours=one_of(48, 1),
        skips_per_day_max=one_of(1, 3, 0),
        heartbeat_freshness_seconds=one_of(600, 30),
        minimum_listen_seconds=one_of(12, 5, 20),
        words_min=thorough,
        words_unique_min=min(thorough, 2),
        words_unique_percent_min=one_of(30, 0),
        genres_per_reviewer_min=1,
        genres_per_reviewer_max=3,
        pro_reviews_min=one_of(2, 1, 50),
        pro_rating_min=Decimal(one_of(4, 1)),
        pro_gems_min=one_of(2, 1, 10),
        flags_max=one_of(0, 1, 2),
        flag_window_days=one_of(7, 1),
        flags_per_track_max_percent=one_of(100, 20, 50),
        replacements_per_slot_max=one_of(1, 0, 2),
        flag_open_days_max=one_of(14, 2),
        unplayable_reports_max=one_of(2, 1),
        unplayable_per_day_max=one_of(1, 3, 0),
        **draw(_money()),
    )


@st.composite
def _money(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what packages cost, when reviewers are paid, and when artists get money back."""
    return {
        "earning_hold_days": draw(st.sampled_from((0, 1))),
        "payout_delay_days": draw(st.sampled_from((0, 7))),
        "minimum_payout_cents": Cents(draw(st.sampled_from((40, 1, 100)))),
        "fill_deadline_days": draw(st.sampled_from((1, 14))),
        "packages": MappingProxyType({kind: draw(_packages()) for kind in PackageType}),
    }


@st.composite
def _packages(draw: st.DrawFn) -> Package:
    reviews = draw(st.sampled_from(SIZES))
    pro = draw(st.sampled_from((0, 0, 1, reviews)))
    pay = pro * PRO + (reviews - pro) * NORMAL
    margin = draw(st.sampled_from((101, 1, 7)))
    return Package(
        reviews=reviews,
        price_cents=Cents(pay + margin),
        pro_min=pro,
        priority=draw(st.sampled_from((0, 5))),
    )
