from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import InvalidRules
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import (
    ORDERED,
    PACKAGES,
    QUIZ,
    RANGES,
    REVIEWS_MAX,
    MarketRules,
    Package,
    PackageType,
    QuizQuestion,
    Tier,
    plain,
    rules_from,
)
from reviewcore.domain.throttling import MOST_MAX, Limit
from reviewcore.testing.clock import START

ENTANGLED = {
    "rate_normal_cents",
    "rate_pro_cents",
    "genres_per_reviewer_min",
    "genres_per_reviewer_max",
    "quiz_pass_min",
    "minimum_listen_seconds",
}
"""Numbers whose ends contradict the defaults of others."""

# What operators were told of a rules file: the names and their defaults.
RULES_FILE_PARAGRAPH = """
`currency` "usd" · `rate_normal_cents` 50 · `rate_pro_cents` 150 · `signup_free_credits` 1 ·
`free_credit_reviews` 1 · `promo_codes` {} · `reviewer_account_age_hours` 24 ·
`active_assignments_max_normal` 3 · `active_assignments_max_pro` 5 · `pair_reviews_max` 2 ·
`pair_window_days` 30 · `exploration_share_percent` 10 · `exploration_ratings_max` 10 ·
`assignment_ttl_hours` 48 · `skips_per_day_max` 3 · `heartbeat_credit_max_seconds` 10 ·
`heartbeat_freshness_seconds` 600 · `minimum_listen_seconds` 180 · `minimum_listen_percent` 80 ·
`words_min` 30 · `words_unique_min` 8 · `words_unique_percent_min` 30 ·
`genres_per_reviewer_min` 3 · `genres_per_reviewer_max` 5 · `quiz_pass_min` 3 ·
`pro_reviews_min` 50 · `pro_rating_min` 4.7 · `pro_gems_min` 10 · `flags_max` 3 ·
`flag_window_days` 7 · `flags_per_track_max_percent` 20 · `replacements_per_slot_max` 1 ·
`flag_open_days_max` 14 · `unplayable_reports_max` 2 · `unplayable_per_day_max` 3 ·
`idempotency_days` 30 · `earning_hold_days` 0 · `payout_delay_days` 7 ·
`minimum_payout_cents` 1000 · `fill_deadline_days` 14
"""

PROMISED = dict(
    entry.strip().removeprefix("`").split("` ")
    for entry in RULES_FILE_PARAGRAPH.replace("\n", " ").split("·")
)


def refusal_of(**changes: Any) -> InvalidRules:
    with pytest.raises(InvalidRules) as refusal:
        MarketRules(**changes)
    return refusal.value


def refusal_of_file(text: str) -> InvalidRules:
    with pytest.raises(InvalidRules) as refusal:
        rules_from(tomllib.loads(text))
    return refusal.value


def packages(**changes: Any) -> dict[PackageType, Package]:
    return {**PACKAGES, PackageType.STARTER: attrs.evolve(PACKAGES[PackageType.STARTER], **changes)}


# ── defaults ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_default_is_the_one_promised(name: str) -> None:
    default = getattr(MarketRules(), name)

    told = dict(default) if name == "promo_codes" else default
    assert str(told).strip("'") == PROMISED[name].strip('"')


def test_every_rule_is_promised_and_no_other() -> None:
    names = {field.name for field in attrs.fields(MarketRules)}

    assert names == {*PROMISED, "packages", "quiz", "throttles"}


@pytest.mark.parametrize(
    ("kind", "reviews", "price", "pro", "priority"),
    [
        ("STARTER", 5, 495, 0, 0),
        ("STANDARD", 10, 1495, 2, 5),
        ("PRO", 10, 2995, 10, 10),
        ("DEEP_DIVE", 25, 2995, 3, 10),
    ],
)
def test_the_packages_are_those_of_the_specification(
    kind: str, reviews: int, price: int, pro: int, priority: int
) -> None:
    package = MarketRules().packages[PackageType(kind)]

    assert package == Package(
        reviews=reviews, price_cents=Cents(price), pro_min=pro, priority=priority
    )


def test_the_quiz_has_four_questions() -> None:
    assert len(QUIZ) == 4
    assert MarketRules().quiz == QUIZ


def test_every_number_has_a_range() -> None:
    others = {"currency", "promo_codes", "packages", "quiz", "throttles"}

    assert {field.name for field in attrs.fields(MarketRules)} == {*RANGES, *others}


# ── what follows from the numbers ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(RANGES.keys() - ENTANGLED))
@pytest.mark.parametrize("end", [0, 1], ids=["least", "most"])
def test_both_ends_of_a_range_belong_to_it(name: str, end: int) -> None:
    value: Any = RANGES[name][end]
    if name == "pro_rating_min":
        value = Decimal(value)

    assert getattr(MarketRules(**{name: value}), name) == value


@pytest.mark.parametrize("most", [1, MOST_MAX])
def test_a_throttle_may_allow_one_and_as_many_as_can_be(most: int) -> None:
    rules = MarketRules(throttles=MappingProxyType(dict.fromkeys(Limit, most)))

    assert set(rules.throttles.values()) == {most}


@pytest.mark.parametrize(("days", "since"), [(0, None), (7, START - timedelta(days=7))])
def test_pay_is_held_for_as_long_as_the_rules_say(days: int, since: datetime | None) -> None:
    assert MarketRules(earning_hold_days=days).hold_begins(START) == since


def test_a_tier_tells_rate_and_load() -> None:
    rules = MarketRules()

    assert (rules.rate(Tier.NORMAL), rules.rate(Tier.PRO)) == (50, 150)
    assert rules.active_assignments_max(Tier.NORMAL) == 3
    assert rules.active_assignments_max(Tier.PRO) == 5


@pytest.mark.parametrize(
    ("duration", "seconds"), [(None, 180), (100, 80), (225, 180), (3600, 180), (1, 1), (101, 81)]
)
def test_the_shorter_of_three_minutes_and_four_fifths_is_to_be_heard(
    duration: int | None, seconds: int
) -> None:
    assert MarketRules().minimum_listen(duration) == seconds


@pytest.mark.parametrize(("slots", "flags"), [(1, 1), (5, 1), (9, 1), (10, 2), (25, 5)])
def test_a_fifth_of_the_slots_can_be_flagged_and_at_least_one(slots: int, flags: int) -> None:
    assert MarketRules().flags_per_track_max(slots) == flags


def test_equal_rules_have_equal_versions() -> None:
    assert MarketRules().version == rules_from({}).version
    assert MarketRules().version == MarketRules(pro_rating_min=Decimal("4.70")).version


@pytest.mark.parametrize(
    "changes",
    [
        {"flags_max": 4},
        {"currency": "eur"},
        {"pro_rating_min": Decimal("4.6")},
        {"promo_codes": {"LAUNCH": 2}},
        {"packages": packages(priority=1)},
        {"quiz": QUIZ[:3]},
    ],
)
def test_any_change_changes_the_version(changes: dict[str, Any]) -> None:
    version = MarketRules(**changes).version

    assert version != MarketRules().version
    assert len(version) == 12


def test_rules_are_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        MarketRules().flags_max = 9  # type: ignore[misc]  # the point


# ── refusals ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_out_of_range_is_refused_by_name(name: str) -> None:
    low, high = RANGES[name]
    kind = Decimal if name == "pro_rating_min" else int

    below = refusal_of(**{name: kind(low - 1)})
    above = refusal_of(**{name: kind(high + 1)})

    assert below.attributes == above.attributes == (name,)
    assert below.reason == above.reason == f"must be between {low} and {high}"


@pytest.mark.parametrize("name", sorted(set(RANGES) - {"pro_rating_min"}))
@pytest.mark.parametrize("wrong", ["3", 3.0, True, None])
def test_a_number_of_another_type_is_refused_by_name(name: str, wrong: object) -> None:
    refusal = refusal_of(**{name: wrong})

    assert refusal.attributes == (name,)
    assert refusal.reason == "must be a whole number"


@pytest.mark.parametrize("wrong", [4.7, "4.7", Decimal("NaN"), Decimal("Infinity"), None])
def test_a_rating_that_is_no_exact_number_is_refused(wrong: object) -> None:
    refusal = refusal_of(pro_rating_min=wrong)

    assert (refusal.attributes, refusal.reason) == (("pro_rating_min",), "must be a number")


@pytest.mark.parametrize("wrong", ["USD", "us", "usdx", "", "u$d", 3, "usd\n"])
def test_a_currency_is_three_lower_case_letters(wrong: object) -> None:
    refusal = refusal_of(currency=wrong)

    assert refusal.attributes == ("currency",)
    assert refusal.reason == "must be three lower-case letters"


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ({"LAUNCH": 0}, "'LAUNCH' must give between 1 and 500 reviews"),
        ({"LAUNCH": -1}, "'LAUNCH' must give between 1 and 500 reviews"),
        ({"LAUNCH": REVIEWS_MAX + 1}, "'LAUNCH' must give between 1 and 500 reviews"),
        ({"LAUNCH": "5"}, "'LAUNCH' must give between 1 and 500 reviews"),
        ({"LAUNCH": True}, "'LAUNCH' must give between 1 and 500 reviews"),
        ({" ": 1}, "' ' is empty, has outer space or means a free credit"),
        ({"": 1}, "'' is empty, has outer space or means a free credit"),
        ({" LAUNCH": 1}, "' LAUNCH' is empty, has outer space or means a free credit"),
        ({"free_credit": 1}, "'free_credit' is empty, has outer space or means a free credit"),
        ({"LAUNCH": 1, "launch": 2}, "two codes differ only in their case"),
    ],
)
def test_a_promo_code_that_cannot_be_used_is_refused(codes: dict[str, Any], reason: str) -> None:
    refusal = refusal_of(promo_codes=codes)

    assert (refusal.attributes, refusal.reason) == (("promo_codes",), reason)


@pytest.mark.parametrize("reviews", [1, REVIEWS_MAX])
def test_a_promo_code_may_give_from_one_review_to_the_most(reviews: int) -> None:
    assert MarketRules(promo_codes={"LAUNCH": reviews}).promo_codes == {"LAUNCH": reviews}


@pytest.mark.parametrize("answer", [-1, 2])
def test_a_quiz_answer_must_be_one_of_the_choices(answer: int) -> None:
    question = QuizQuestion(question="?", choices=("yes", "no"), answer=answer)

    refusal = refusal_of(quiz=(QUIZ[0], question), quiz_pass_min=1)

    assert (refusal.attributes, refusal.reason) == (("quiz",), "question 1 has no such answer")


def test_a_quiz_that_nobody_can_pass_is_refused() -> None:
    refusal = refusal_of(quiz_pass_min=5)

    assert refusal.attributes == ("quiz_pass_min", "quiz")
    assert refusal.reason == "more right answers than questions"
    assert MarketRules(quiz_pass_min=4).quiz == QUIZ


def test_a_missing_package_is_refused() -> None:
    without = {kind: box for kind, box in PACKAGES.items() if kind is not PackageType.PRO}

    refusal = refusal_of(packages=without)

    assert (refusal.attributes, refusal.reason) == (("packages.PRO",), "is missing")


@pytest.mark.parametrize(
    ("changes", "fields", "reason"),
    [
        ({"reviews": 0}, ["reviews"], "must be between 1 and 500"),
        ({"reviews": REVIEWS_MAX + 1}, ["reviews"], "must be between 1 and 500"),
        ({"pro_min": -1}, ["pro_min", "reviews"], "more PRO slots than reviews"),
        ({"pro_min": 6}, ["pro_min", "reviews"], "more PRO slots than reviews"),
        ({"priority": -1}, ["priority"], "must be 0 to 365 days"),
        ({"priority": 366}, ["priority"], "must be 0 to 365 days"),
    ],
)
def test_a_package_out_of_range_is_refused(
    changes: dict[str, int], fields: list[str], reason: str
) -> None:
    refusal = refusal_of(packages=packages(**changes))

    assert refusal.attributes == tuple(f"packages.STARTER.{field}" for field in fields)
    assert refusal.reason == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"reviews": 1},
        {"reviews": REVIEWS_MAX, "price_cents": Cents(25_001)},
        {"pro_min": 5, "price_cents": Cents(751)},
        {"priority": 365},
    ],
)
def test_a_package_may_be_as_small_and_as_great_as_its_ranges(changes: dict[str, Any]) -> None:
    rules = MarketRules(packages=packages(**changes))

    assert rules.packages == packages(**changes)


@pytest.mark.parametrize("price", [249, 250])
def test_a_package_that_costs_its_price_or_more_is_refused(price: int) -> None:
    refusal = refusal_of(packages=packages(price_cents=Cents(price)))

    assert refusal.attributes == (
        "packages.STARTER.price_cents",
        "rate_normal_cents",
        "rate_pro_cents",
    )


def test_a_package_may_earn_a_cent() -> None:
    rules = MarketRules(packages=packages(price_cents=Cents(251)))

    assert rules.packages[PackageType.STARTER].price_cents == 251


def test_pro_slots_count_at_the_pro_rate() -> None:
    refusal = refusal_of(packages=packages(pro_min=3))

    assert refusal.reason == "its slots pay 550, which is not below its price"


@pytest.mark.parametrize(("low", "high"), ORDERED)
def test_a_least_that_exceeds_its_most_is_refused(low: str, high: str) -> None:
    least = getattr(MarketRules(), low)

    refusal = refusal_of(**{high: least - 1})

    assert (refusal.attributes, refusal.reason) == ((low, high), f"{low} exceeds {high}")
    assert getattr(MarketRules(**{high: least}), high) == least


def test_a_deadline_that_leaves_no_time_to_listen_is_refused() -> None:
    refusal = refusal_of(assignment_ttl_hours=1, minimum_listen_seconds=3600)

    assert refusal.attributes == ("minimum_listen_seconds", "assignment_ttl_hours")
    assert refusal.reason == "nobody could listen for so long before the deadline"
    assert MarketRules(assignment_ttl_hours=1, minimum_listen_seconds=3599).version


# ── the rules file ───────────────────────────────────────────────────────────────────────────


def test_a_file_overrides_what_it_names_and_nothing_else() -> None:
    rules = rules_from(
        tomllib.loads(
            """
            currency = "eur"
            pro_rating_min = 4.7
            flags_max = 5
            promo_codes = { LAUNCH = 3 }

            [packages.STARTER]
            price_cents = 595

            [packages.PRO]
            reviews = 8
            pro_min = 8

            [[quiz]]
            question = "Ready?"
            choices = ["yes", "no"]
            answer = 0

            [[quiz]]
            question = "Sure?"
            choices = ["yes", "no"]
            answer = 1
            """.replace("flags_max = 5", "flags_max = 5\nquiz_pass_min = 2")
        )
    )

    assert (rules.currency, rules.flags_max, rules.quiz_pass_min) == ("eur", 5, 2)
    assert rules.pro_rating_min == Decimal("4.7")
    assert rules.promo_codes == {"LAUNCH": 3}
    assert rules.packages[PackageType.STARTER] == Package(
        reviews=5, price_cents=Cents(595), pro_min=0, priority=0
    )
    assert rules.packages[PackageType.PRO].reviews == 8
    assert rules.packages[PackageType.DEEP_DIVE] == PACKAGES[PackageType.DEEP_DIVE]
    assert [question.answer for question in rules.quiz] == [0, 1]
    assert rules.skips_per_day_max == 3


def test_an_empty_file_means_the_defaults() -> None:
    assert rules_from({}) == MarketRules()


def test_a_whole_number_will_do_for_a_rating() -> None:
    assert rules_from({"pro_rating_min": 4}).pro_rating_min == Decimal(4)


def test_rules_told_plainly_make_the_same_rules() -> None:
    rules = MarketRules(promo_codes=MappingProxyType({"LAUNCH": 3}), flags_max=9)
    told = plain(rules)

    back = rules_from(
        {
            **told,
            "pro_rating_min": Decimal(told["pro_rating_min"]),
            "quiz": [
                {**question, "choices": list(question["choices"])} for question in told["quiz"]
            ],
        }
    )

    assert back == rules
    assert back.version == rules.version


WHOLE, NUMBER, TABLE = "must be a whole number", "must be a number", "must be a table"
QUESTION = "needs question, choices (texts) and answer (index)"


@pytest.mark.parametrize(
    ("text", "attributes", "reason"),
    [
        ("flag_max = 3", ("flag_max",), "is not a market rule"),
        ("version = 'x'", ("version",), "is not a market rule"),
        ("flags_max = '3'", ("flags_max",), WHOLE),
        ("flags_max = 3.5", ("flags_max",), WHOLE),
        ("flags_max = true", ("flags_max",), WHOLE),
        ("flags_max = -1", ("flags_max",), "must be between 0 and 1000000"),
        ("pro_rating_min = true", ("pro_rating_min",), NUMBER),
        ("pro_rating_min = '4.7'", ("pro_rating_min",), NUMBER),
        ("pro_rating_min = nan", ("pro_rating_min",), NUMBER),
        ("pro_rating_min = inf", ("pro_rating_min",), NUMBER),
        ("currency = 840", ("currency",), "must be three lower-case letters"),
        ("promo_codes = 5", ("promo_codes",), TABLE),
        ("promo_codes = { A = 'x' }", ("promo_codes",), "'A' must give between 1 and 500 reviews"),
        ("throttles = 5", ("throttles",), TABLE),
        ("throttles.sing_up = 5", ("throttles.sing_up",), "is not a throttle"),
        ("throttles.sign_up = 0", ("throttles.sign_up",), "must be between 1 and 1000000"),
        ("packages = 5", ("packages",), TABLE),
        ("packages.GOLD.reviews = 5", ("packages.GOLD",), "is not a package"),
        ("packages.STARTER = 5", ("packages.STARTER",), TABLE),
        ("packages.STARTER.stars = 5", ("packages.STARTER.stars",), "is not known"),
        ("packages.STARTER.reviews = '5'", ("packages.STARTER.reviews",), WHOLE),
        ("packages.STARTER.reviews = true", ("packages.STARTER.reviews",), WHOLE),
        (
            "packages.STARTER.price_cents = 100",
            ("packages.STARTER.price_cents", "rate_normal_cents", "rate_pro_cents"),
            "its slots pay 250, which is not below its price",
        ),
        ("quiz = 5", ("quiz",), "must be an array of tables"),
        ("quiz = [5]", ("quiz[0]",), QUESTION),
        ("quiz = [{ question = 'a', choices = ['b'] }]", ("quiz[0]",), QUESTION),
        ("quiz = [{ question = 'a', choices = [], answer = 0 }]", ("quiz[0]",), QUESTION),
        ("quiz = [{ question = 'a', choices = [1], answer = 0 }]", ("quiz[0]",), QUESTION),
        (
            "quiz = [{ question = 'a', choices = ['b', 'c'], answer = true }]",
            ("quiz[0]",),
            QUESTION,
        ),
        (
            "quiz = [{ question = 'a', choices = ['b'], answer = 0, hint = 'b' }]",
            ("quiz[0]",),
            QUESTION,
        ),
        ("quiz = []", ("quiz_pass_min", "quiz"), "more right answers than questions"),
    ],
)
def test_a_wrong_file_is_refused_with_the_culprit_and_a_reason(
    text: str, attributes: tuple[str, ...], reason: str
) -> None:
    refusal = refusal_of_file(text)

    assert (refusal.attributes, refusal.reason) == (attributes, reason)


def test_the_message_of_a_refusal_names_the_attributes() -> None:
    refusal = refusal_of_file("flags_max = -1")

    assert "flags_max" in str(refusal)
    assert "between 0 and" in str(refusal)
