from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain import events
from reviewcore.domain.errors import (
    AlreadyOnboarded,
    InvalidCountry,
    InvalidQuizAnswers,
    NotOnboarded,
    NotRestricted,
    QuizNotPassed,
    ReviewerRestricted,
    TooMany,
)
from reviewcore.domain.ids import GenreId
from reviewcore.domain.money import Cents
from reviewcore.domain.reviewers import (
    RestrictionCause,
    ReviewerProfile,
    require_genres,
    score_quiz,
)
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

RULES = MarketRules()
LATER = START + timedelta(days=1)
RIGHT = {0: 1, 1: 0, 2: 2, 3: 1}


def genres(count: int) -> tuple[GenreId, ...]:
    return tuple(GenreId(f"genre-{number}") for number in range(count))


PASSED = {"onboarding_quiz_score": 4, "onboarding_quiz_passed": True}


def newcomer(**changes: Any) -> ReviewerProfile:
    return make.a_reviewer(
        **{
            "onboarding_quiz_score": None,
            "onboarding_quiz_passed": False,
            "completed_onboarding": False,
            **changes,
        }
    )


# ── onboarding ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_reviewer_has_three_to_five_genres(count: int) -> None:
    require_genres(genres(count), rules=RULES)


@pytest.mark.parametrize("wrong", [genres(0), genres(2), genres(6), (*genres(3), *genres(1))])
def test_fewer_more_or_repeated_genres_are_refused(wrong: tuple[GenreId, ...]) -> None:
    with pytest.raises(TooMany) as refusal:
        require_genres(wrong, rules=RULES)

    assert refusal.value.extras == {"field": "genres", "minimum": 3, "maximum": 5}


def test_a_reviewer_changes_genres_and_country() -> None:
    changed = newcomer().change(genres=genres(4), country="gb", rules=RULES)

    assert (changed.genres, changed.country) == (genres(4), "GB")


def test_a_change_is_judged_like_a_beginning() -> None:
    with pytest.raises(TooMany):
        newcomer().change(genres=genres(2), country="DE", rules=RULES)
    with pytest.raises(InvalidCountry):
        newcomer().change(genres=genres(3), country="Germany", rules=RULES)


@pytest.mark.parametrize(("wrong", "passed"), [(0, True), (1, True), (2, False), (4, False)])
def test_three_of_four_answers_pass_the_quiz(wrong: int, passed: bool) -> None:
    answers = RIGHT | {number: (RIGHT[number] + 1) % 3 for number in range(wrong)}

    told = newcomer().answer_quiz(answers, rules=RULES)

    assert (told.onboarding_quiz_score, told.onboarding_quiz_passed) == (4 - wrong, passed)


def test_the_best_score_is_kept_and_passing_once_is_enough() -> None:
    passed = newcomer().answer_quiz(RIGHT, rules=RULES)

    again = passed.answer_quiz(dict.fromkeys(RIGHT, 0), rules=RULES)

    assert (again.onboarding_quiz_score, again.onboarding_quiz_passed) == (4, True)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, "each question needs one answer"),
        ({0: 1}, "each question needs one answer"),
        (RIGHT | {4: 0}, "each question needs one answer"),
        ({1: 1, 2: 1, 3: 1, 4: 1}, "each question needs one answer"),
        (RIGHT | {0: 3}, "question 0 has no choice 3"),
        (RIGHT | {2: -1}, "question 2 has no choice -1"),
    ],
)
def test_answers_that_do_not_fit_the_questions_are_refused(
    answers: dict[int, int], reason: str
) -> None:
    with pytest.raises(InvalidQuizAnswers) as refusal:
        score_quiz(answers, rules=RULES)

    assert refusal.value.reason == reason


def test_onboarding_ends_once_the_quiz_is_passed() -> None:
    ready = newcomer(**PASSED).finish_onboarding(rules=RULES)

    with pytest.raises(AlreadyOnboarded):
        ready.finish_onboarding(rules=RULES)

    assert ready.completed_onboarding


def test_onboarding_needs_a_passed_quiz_and_genres() -> None:
    with pytest.raises(QuizNotPassed) as refusal:
        newcomer().finish_onboarding(rules=RULES)
    with pytest.raises(TooMany):
        newcomer(**PASSED, genres=genres(1)).finish_onboarding(rules=RULES)

    assert refusal.value.minimum == 3


# ── restriction ──────────────────────────────────────────────────────────────────────────────


def test_a_reviewer_works_when_onboarded_and_not_restricted() -> None:
    make.a_reviewer().require_working()

    with pytest.raises(NotOnboarded):
        newcomer().require_working()
    with pytest.raises(ReviewerRestricted):
        make.a_reviewer(is_restricted=True).require_working()


CAUSES: list[RestrictionCause | None] = [None, *RestrictionCause]


@pytest.mark.parametrize("before", CAUSES)
@pytest.mark.parametrize("cause", list(RestrictionCause))
def test_a_persons_restriction_outlasts_the_automatic_one(
    before: RestrictionCause | None, cause: RestrictionCause
) -> None:
    reviewer = make.a_reviewer(is_restricted=before is not None, restriction_cause=before)

    barred = reviewer.restrict(cause, reason="why")

    assert barred.is_restricted
    assert barred.restriction_cause is (
        RestrictionCause.ADMIN if RestrictionCause.ADMIN in {before, cause} else cause
    )


def test_unrestricting_forgets_cause_and_reason() -> None:
    barred = make.a_reviewer().restrict(RestrictionCause.ADMIN, reason="why")

    free = barred.unrestrict()

    assert barred.restriction_reason == "why"
    assert (free.is_restricted, free.restriction_cause, free.restriction_reason) == (
        False,
        None,
        None,
    )


def test_who_is_not_restricted_cannot_be_unrestricted() -> None:
    with pytest.raises(NotRestricted):
        make.a_reviewer().unrestrict()


def test_flags_are_counted_both_ways() -> None:
    assert make.a_reviewer(flag_count=1).flag().flag_count == 2
    assert make.a_reviewer(flag_count=1).unflag().flag_count == 0


# ── tiers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reviews", "rating_sum", "ratings", "gems", "tier"),
    [
        (50, 47, 10, 0, Tier.PRO),
        (50, 46, 10, 0, Tier.NORMAL),
        (49, 50, 10, 0, Tier.NORMAL),
        (100, 470, 100, 0, Tier.PRO),
        (100_000, 469_999, 100_000, 0, Tier.NORMAL),
        (50, 0, 0, 0, Tier.NORMAL),
        (50, 14, 3, 0, Tier.NORMAL),
        (50, 33, 7, 0, Tier.PRO),
        (10, 0, 0, 10, Tier.PRO),
        (99, 99, 99, 9, Tier.NORMAL),
        (10, 10, 10, 10, Tier.PRO),
    ],
)
def test_a_tier_is_earned_by_reviews_and_mean_or_by_gems_exactly(
    reviews: int, rating_sum: int, ratings: int, gems: int, tier: Tier
) -> None:
    reviewer = make.a_reviewer(
        total_reviews=reviews, rating_sum=rating_sum, rating_count=ratings, gem_count=gems
    )

    assert reviewer.earned_tier(RULES) is tier


@given(st.integers(1, 10**6), st.data())
def test_the_mean_is_compared_without_rounding(count: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(count, 5 * count))
    reviewer = make.a_reviewer(total_reviews=50 + count, rating_sum=total, rating_count=count)

    assert (reviewer.earned_tier(RULES) is Tier.PRO) is (total * 10 >= 47 * count)


def test_a_mean_exists_from_the_first_rating_on() -> None:
    assert make.a_reviewer().average_rating is None
    assert make.a_reviewer(rating_sum=9, rating_count=2).average_rating == 4.5


Move = Callable[[ReviewerProfile], tuple[ReviewerProfile, tuple[events.Event, ...]]]

MOVES: dict[str, tuple[dict[str, Any], Move, Tier]] = {
    "fiftieth review": (
        {"total_reviews": 49, "rating_sum": 5, "rating_count": 1, "active_count": 1},
        lambda one: one.earn(Cents(50), rules=RULES, at=START),
        Tier.PRO,
    ),
    "better rating": (
        {"total_reviews": 50, "rating_sum": 4, "rating_count": 1},
        lambda one: one.rerate(before=4, after=5, rules=RULES, at=START),
        Tier.PRO,
    ),
    "first rating": (
        {"total_reviews": 50},
        lambda one: one.rerate(before=None, after=5, rules=RULES, at=START),
        Tier.PRO,
    ),
    "worse rating": (
        {"total_reviews": 50, "rating_sum": 5, "rating_count": 1, "tier": Tier.PRO},
        lambda one: one.rerate(before=None, after=1, rules=RULES, at=START),
        Tier.NORMAL,
    ),
    "tenth gem": (
        {"gem_count": 9},
        lambda one: one.regem(1, rules=RULES, at=START),
        Tier.PRO,
    ),
    "lost gem": (
        {"gem_count": 10, "tier": Tier.PRO},
        lambda one: one.regem(-1, rules=RULES, at=START),
        Tier.NORMAL,
    ),
    "disowned": (
        {"gem_count": 10, "tier": Tier.PRO, "total_reviews": 10},
        lambda one: one.disown(pay=Cents(50), rating=None, gem=1, rules=RULES, at=START),
        Tier.NORMAL,
    ),
}


@pytest.mark.parametrize("what", MOVES)
def test_a_change_of_tier_is_announced_once(what: str) -> None:
    fields, move, tier = MOVES[what]
    reviewer = make.a_reviewer(**fields)

    moved, told = move(reviewer)
    again, silence = moved.retier(rules=RULES, at=LATER)

    assert moved.tier is tier
    assert told == (events.TierChanged(reviewer_id=reviewer.id, before=reviewer.tier, after=tier),)
    assert (again, silence) == (moved, ())


@pytest.mark.parametrize("what", MOVES)
def test_a_granted_tier_is_held_whatever_happens_meanwhile(what: str) -> None:
    fields, move, tier = MOVES[what]
    granted = Tier.NORMAL if tier is Tier.PRO else Tier.PRO
    reviewer = make.a_reviewer(
        **{**fields, "tier": granted, "granted_tier": granted, "granted_until": LATER}
    )

    moved, told = move(reviewer)

    assert (moved.tier, told) == (granted, ())


def test_a_granted_tier_is_held_until_its_date() -> None:
    reviewer = make.a_reviewer()

    granted, told = reviewer.grant_tier(Tier.PRO, until=LATER, rules=RULES, at=START)
    kept, silence = granted.retier(rules=RULES, at=LATER - timedelta(seconds=1))
    fallen, news = granted.end_grant(rules=RULES, at=LATER)

    assert (granted.tier, kept.tier, fallen.tier) == (Tier.PRO, Tier.PRO, Tier.NORMAL)
    assert told == (
        events.TierGranted(reviewer_id=reviewer.id, tier=Tier.PRO, until=LATER),
        events.TierChanged(reviewer_id=reviewer.id, before=Tier.NORMAL, after=Tier.PRO),
    )
    assert silence == ()
    assert news == (
        events.TierGrantEnded(reviewer_id=reviewer.id),
        events.TierChanged(reviewer_id=reviewer.id, before=Tier.PRO, after=Tier.NORMAL),
    )
    assert (fallen.granted_tier, fallen.granted_until) == (None, None)


def test_a_granted_tier_is_not_held_from_its_date_on_even_before_the_sweep() -> None:
    granted, _ = make.a_reviewer().grant_tier(Tier.PRO, until=LATER, rules=RULES, at=START)

    fallen, _ = granted.retier(rules=RULES, at=LATER)

    assert fallen.tier is Tier.NORMAL


def test_whoever_earned_the_granted_tier_keeps_it() -> None:
    reviewer = make.a_reviewer(gem_count=10, tier=Tier.PRO)

    granted, told = reviewer.grant_tier(Tier.PRO, until=LATER, rules=RULES, at=START)
    after, news = granted.end_grant(rules=RULES, at=LATER)

    assert (granted.tier, after.tier) == (Tier.PRO, Tier.PRO)
    assert len(told) == len(news) == 1


def test_a_later_grant_replaces_the_earlier_whatever_was_earned() -> None:
    reviewer, _ = make.a_reviewer().grant_tier(Tier.PRO, until=LATER, rules=RULES, at=START)

    lowered, told = reviewer.grant_tier(Tier.NORMAL, until=LATER, rules=RULES, at=START)

    assert lowered.tier is Tier.NORMAL
    assert told[-1] == events.TierChanged(reviewer_id=reviewer.id, before="PRO", after="NORMAL")


def test_a_rule_moves_the_mean_that_is_asked() -> None:
    rules = MarketRules(pro_rating_min=Decimal("4.5"))
    reviewer = make.a_reviewer(total_reviews=50, rating_sum=9, rating_count=2)

    assert reviewer.earned_tier(rules) is Tier.PRO
    assert reviewer.earned_tier(RULES) is Tier.NORMAL


# ── work and money ───────────────────────────────────────────────────────────────────────────


def test_work_is_taken_and_given_back() -> None:
    busy = make.a_reviewer().take(START).take(LATER)

    assert (busy.active_count, busy.last_assigned_at) == (2, LATER)
    assert busy.release().active_count == 1
    assert busy.release(2).active_count == 0


def test_a_delivered_review_is_earned() -> None:
    reviewer = make.a_reviewer(active_count=1, pending_balance=-20)

    paid, told = reviewer.earn(Cents(50), rules=RULES, at=START)

    assert (paid.total_reviews, paid.total_earnings, paid.pending_balance) == (1, 50, 30)
    assert (paid.active_count, told) == (0, ())


def test_a_disowned_review_leaves_every_count() -> None:
    reviewer = make.a_reviewer(
        total_reviews=2, rating_sum=9, rating_count=2, gem_count=1, total_earnings=100
    )

    poorer, _ = reviewer.disown(pay=Cents(50), rating=5, gem=1, rules=RULES, at=START)
    unrated, _ = reviewer.disown(pay=Cents(50), rating=None, gem=0, rules=RULES, at=START)

    assert (poorer.total_reviews, poorer.rating_sum, poorer.rating_count) == (1, 4, 1)
    assert (poorer.gem_count, poorer.total_earnings, poorer.pending_balance) == (0, 50, -50)
    assert (unrated.rating_sum, unrated.rating_count, unrated.gem_count) == (9, 2, 1)


def test_a_changed_rating_replaces_the_first() -> None:
    first, _ = make.a_reviewer().rerate(before=None, after=2, rules=RULES, at=START)
    second, _ = first.rerate(before=2, after=5, rules=RULES, at=START)

    assert (first.rating_sum, first.rating_count) == (2, 1)
    assert (second.rating_sum, second.rating_count) == (5, 1)


def test_a_payout_is_reserved_and_restored() -> None:
    reserved = make.a_reviewer(pending_balance=1200).reserve(Cents(1000))

    assert reserved.pending_balance == 200
    assert reserved.restore(Cents(1000)).pending_balance == 1200


def test_another_account_starts_the_delay_again() -> None:
    first = make.a_reviewer().connect("acct_1", START).mark_account(ready=True)

    second = first.connect("acct_2", LATER)

    assert (first.stripe_connected_at, first.payout_account_changed_at) == (START, START)
    assert (second.stripe_connected_at, second.payout_account_changed_at) == (START, LATER)
    assert (first.payout_account_ready, second.payout_account_ready) == (True, False)


def test_the_same_account_again_changes_nothing() -> None:
    reviewer = make.a_reviewer().connect("acct_1", START).mark_account(ready=True)

    assert reviewer.connect("acct_1", LATER) is reviewer


def test_another_bank_account_behind_the_account_starts_the_delay_again() -> None:
    fresh = make.a_reviewer()
    known = fresh.connect("acct_1", START)

    assert fresh.change_destination(START).payout_account_changed_at == START
    assert known.change_destination(LATER).payout_account_changed_at == LATER
    assert known.change_destination(LATER).change_destination(START) == known.change_destination(
        LATER
    )


def test_who_leaves_keeps_nothing_personal_and_is_given_nothing() -> None:
    reviewer = make.a_reviewer(
        genres=genres(3), country="GB", total_reviews=7, pending_balance=5
    ).connect("acct_1", START)
    barred = reviewer.mark_account(ready=True).restrict(RestrictionCause.ADMIN, reason="why")

    gone = barred.erase()

    assert gone == attrs.evolve(
        barred,
        genres=(),
        country="",
        completed_onboarding=False,
        restriction_reason=None,
        stripe_account_id=None,
        payout_account_ready=False,
    )
