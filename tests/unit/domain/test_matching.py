from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.ids import GenreId, ReviewerId, TrackId
from reviewcore.domain.matching import (
    Candidate,
    History,
    Pairing,
    Rejection,
    explores,
    fits,
    in_order_of_need,
    is_newcomer,
    judge,
    pair_up,
    standing,
)
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.domain.slots import Slot
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

RULES = MarketRules()
NO_EXPLORATION = MarketRules(exploration_share_percent=0)
ALL_EXPLORATION = MarketRules(exploration_share_percent=100)
OLD_ENOUGH = START - timedelta(hours=24)


def judged(
    *,
    reviewer: dict[str, Any] | None = None,
    history: dict[str, Any] | None = None,
    is_kin: bool = False,
    matching: frozenset[GenreId] = frozenset(make.GENRES),
    rules: MarketRules = RULES,
) -> Rejection | None:
    past: dict[str, Any] = {
        "email_verified": True,
        "account_created_at": OLD_ENOUGH,
        "reviewed_before": False,
        "pair_reviews": 0,
    }
    candidate = Candidate(
        reviewer=make.a_reviewer(**(reviewer or {})),
        history=History(**(past | (history or {}))),
        is_kin=is_kin,
    )
    return judge(candidate, matching=matching, rules=rules, at=START)


def test_a_reviewer_against_whom_nothing_speaks_is_eligible() -> None:
    assert judged() is None


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ({"reviewer": {"completed_onboarding": False}}, Rejection.NOT_ONBOARDED),
        ({"reviewer": {"is_restricted": True}}, Rejection.RESTRICTED),
        ({"history": {"email_verified": False}}, Rejection.EMAIL_NOT_VERIFIED),
        (
            {"history": {"account_created_at": OLD_ENOUGH + timedelta(microseconds=1)}},
            Rejection.ACCOUNT_TOO_NEW,
        ),
        ({"matching": frozenset({GenreId("jazz")})}, Rejection.NO_COMMON_GENRE),
        ({"is_kin": True}, Rejection.OWN_TRACK),
        ({"history": {"reviewed_before": True}}, Rejection.REVIEWED_BEFORE),
        ({"history": {"pair_reviews": 2}}, Rejection.PAIR_LIMIT),
        ({"reviewer": {"active_count": 3}}, Rejection.FULLY_LOADED),
        ({"reviewer": {"active_count": 5, "tier": Tier.PRO}}, Rejection.FULLY_LOADED),
    ],
)
def test_each_reason_is_told(why: dict[str, Any], reason: Rejection) -> None:
    assert judged(**why) is reason


@pytest.mark.parametrize(
    "nearly",
    [
        {"history": {"pair_reviews": 1}},
        {"reviewer": {"active_count": 2}},
        {"reviewer": {"active_count": 4, "tier": Tier.PRO}},
        {"reviewer": {"pending_balance": -500, "flag_count": 3}},
    ],
)
def test_just_below_a_limit_is_eligible(nearly: dict[str, Any]) -> None:
    assert judged(**nearly) is None


def test_a_rule_moves_each_limit() -> None:
    rules = MarketRules(pair_reviews_max=3, active_assignments_max_normal=5)

    assert judged(history={"pair_reviews": 2}, rules=rules) is None
    assert judged(reviewer={"active_count": 4}, rules=rules) is None


# ── order ────────────────────────────────────────────────────────────────────────────────────


def test_reviewers_stand_by_load_rating_gems_idleness_and_id() -> None:
    first_of_pairs = [
        (make.a_reviewer(), make.a_reviewer(active_count=1, rating_sum=5, rating_count=1)),
        (
            make.a_reviewer(rating_sum=5, rating_count=1),
            make.a_reviewer(rating_sum=9, rating_count=2),
        ),
        (make.a_reviewer(rating_sum=1, rating_count=1), make.a_reviewer(gem_count=9)),
        (make.a_reviewer(gem_count=2), make.a_reviewer(gem_count=1)),
        (make.a_reviewer(), make.a_reviewer(last_assigned_at=START)),
        (
            make.a_reviewer(last_assigned_at=START),
            make.a_reviewer(last_assigned_at=START + timedelta(seconds=1)),
        ),
    ]

    # By their ids alone, the other would come first.
    first, last = ReviewerId("a"), ReviewerId("z")
    for better, worse in first_of_pairs:
        assert standing(attrs.evolve(better, id=last)) < standing(attrs.evolve(worse, id=first))
    assert standing(make.a_reviewer(id=first)) < standing(make.a_reviewer(id=last))


def test_a_pro_slot_is_for_pro_and_a_normal_slot_for_anyone() -> None:
    pro, normal = make.a_reviewer(tier=Tier.PRO), make.a_reviewer()

    assert fits(pro, make.a_slot(tier=Tier.PRO))
    assert not fits(normal, make.a_slot(tier=Tier.PRO))
    assert fits(pro, make.a_slot())
    assert fits(normal, make.a_slot())


def test_pro_slots_choose_first() -> None:
    slots = [make.a_slot(number=1), make.a_slot(number=3, tier=Tier.PRO), make.a_slot(number=2)]

    assert [slot.number for slot in in_order_of_need(slots)] == [3, 1, 2]


def pairs(
    slots: list[Slot], reviewers: list[ReviewerProfile], *, rules: MarketRules = NO_EXPLORATION
) -> list[tuple[int, str]]:
    return [(pair.slot.number, pair.reviewer.id) for pair in pair_up(slots, reviewers, rules=rules)]


def test_the_only_pro_gets_the_pro_slot_though_he_is_best_for_all() -> None:
    slots = [make.a_slot(number=1), make.a_slot(number=2, tier=Tier.PRO)]
    pro = make.a_reviewer(id="pro", tier=Tier.PRO, rating_sum=5, rating_count=1)

    assert pairs(slots, [make.a_reviewer(id="normal"), pro]) == [(2, "pro"), (1, "normal")]


def test_a_pro_slot_stays_open_without_a_pro() -> None:
    slots = [make.a_slot(number=1, tier=Tier.PRO), make.a_slot(number=2)]

    assert pairs(slots, [make.a_reviewer(id="normal")]) == [(2, "normal")]


def test_each_reviewer_gets_one_slot() -> None:
    slots = [make.a_slot(number=number) for number in (1, 2, 3)]

    assert pairs(slots, [make.a_reviewer(id="one"), make.a_reviewer(id="two")]) == [
        (1, "one"),
        (2, "two"),
    ]


def test_an_exploring_slot_prefers_the_best_newcomer() -> None:
    known = make.a_reviewer(id="known", rating_sum=50, rating_count=10)
    newcomers = [
        make.a_reviewer(id="better", rating_sum=44, rating_count=9),
        make.a_reviewer(id="worse", rating_sum=1, rating_count=1),
    ]

    assert pairs([make.a_slot()], [known, *newcomers], rules=ALL_EXPLORATION) == [(1, "better")]
    assert pairs([make.a_slot()], [known, *newcomers]) == [(1, "known")]


def test_only_a_slot_that_explores_prefers_a_newcomer() -> None:
    slots = [make.a_slot(track_id="track", number=number) for number in (7, 8, 9)]
    known = [make.a_reviewer(id=f"known {rank}", rating_sum=50, rating_count=10) for rank in (1, 2)]
    newcomer = make.a_reviewer(id="newcomer")

    assert pairs(slots, [newcomer, *known], rules=RULES) == [
        (7, "known 1"),
        (8, "newcomer"),
        (9, "known 2"),
    ]


def test_an_exploring_slot_takes_another_when_there_is_no_newcomer() -> None:
    known = make.a_reviewer(id="known", rating_sum=50, rating_count=10)

    assert pairs([make.a_slot()], [known], rules=ALL_EXPLORATION) == [(1, "known")]


@pytest.mark.parametrize(("ratings", "new"), [(0, True), (9, True), (10, False)])
def test_a_newcomer_has_fewer_than_ten_ratings(ratings: int, new: bool) -> None:
    assert is_newcomer(make.a_reviewer(rating_count=ratings), rules=RULES) is new


def test_about_a_tenth_of_the_slots_explores() -> None:
    exploring = sum(
        explores(TrackId(f"track-{track}"), number, rules=RULES)
        for track in range(2_000)
        for number in range(1, 11)
    )

    assert 1_800 <= exploring <= 2_200


def test_whether_a_slot_explores_is_the_same_on_every_machine() -> None:
    exploring = [n for n in range(1, 41) if explores(TrackId("track"), n, rules=RULES)]

    assert exploring == [8, 28, 29, 32]
    assert not any(explores(TrackId("t"), n, rules=NO_EXPLORATION) for n in range(99))
    assert all(explores(TrackId("t"), n, rules=ALL_EXPLORATION) for n in range(99))


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[Slot], list[ReviewerProfile]]:
    tiers = draw(st.lists(st.sampled_from(Tier), max_size=12))
    slots = [make.a_slot(track_id="t", number=n, tier=tier) for n, tier in enumerate(tiers, 1)]
    reviewers = [
        make.a_reviewer(id=f"r{n:02}", tier=tier, rating_sum=2 * count, rating_count=count)
        for n, (tier, count) in enumerate(
            draw(st.lists(st.tuples(st.sampled_from(Tier), st.integers(0, 20)), max_size=15))
        )
    ]
    return slots, reviewers


@given(crowds(), st.randoms(use_true_random=False))
def test_no_slot_stays_open_that_somebody_could_take(
    crowd: tuple[list[Slot], list[ReviewerProfile]], random: Any
) -> None:
    slots, reviewers = crowd

    chosen = pair_up(slots, reviewers, rules=RULES)
    shuffled = list(reviewers)
    random.shuffle(shuffled)

    taken = {pair.slot.number for pair in chosen}
    busy = {pair.reviewer.id for pair in chosen}
    idle = [one for one in reviewers if one.id not in busy]
    open_slots = [slot for slot in slots if slot.number not in taken]
    assert not any(fits(one, slot) for one in idle for slot in open_slots)
    assert len(taken) == len(busy) == len(chosen)
    assert all(fits(pair.reviewer, pair.slot) for pair in chosen)
    assert pair_up(slots, shuffled, rules=RULES) == chosen


def test_a_pairing_names_the_whole_slot() -> None:
    slot, reviewer = make.a_slot(), make.a_reviewer()

    assert pair_up([slot], [reviewer], rules=NO_EXPLORATION) == (
        Pairing(slot=slot, reviewer=attrs.evolve(reviewer)),
    )
