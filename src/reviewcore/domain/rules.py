"""The numbers of a market, in one frozen value that refuses to lose money.

A host passes its own `MarketRules`; every decision records `MarketRules.version`, so that it can
be explained after the numbers have changed. The defaults come from the market that this one
models, save those on load, pairs, exploration, flags and replacements, which are proposals.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs

from reviewcore.domain.errors import InvalidRules
from reviewcore.domain.money import Cents
from reviewcore.domain.throttling import MOST, MOST_MAX, Limit


class PackageType(StrEnum):
    """What an artist can buy."""

    STARTER = "STARTER"
    STANDARD = "STANDARD"
    PRO = "PRO"
    DEEP_DIVE = "DEEP_DIVE"


class Tier(StrEnum):
    """A reviewer's standing, and the pay class of a slot."""

    NORMAL = "NORMAL"
    PRO = "PRO"


@attrs.frozen(kw_only=True)
class Package:
    """A number of reviews at a price; *pro_min* of them go to PRO reviewers."""

    reviews: int
    price_cents: Cents
    pro_min: int
    priority: int


@attrs.frozen(kw_only=True)
class QuizQuestion:
    """One question of the onboarding quiz; *answer* is the index of the right choice."""

    question: str
    choices: tuple[str, ...]
    answer: int


FREE_CREDIT = "FREE_CREDIT"
"""The promo code of a track that a free review credit paid for."""

PACKAGES: Mapping[PackageType, Package] = MappingProxyType(
    {
        PackageType.STARTER: Package(reviews=5, price_cents=Cents(495), pro_min=0, priority=0),
        PackageType.STANDARD: Package(reviews=10, price_cents=Cents(1495), pro_min=2, priority=5),
        PackageType.PRO: Package(reviews=10, price_cents=Cents(2995), pro_min=10, priority=10),
        PackageType.DEEP_DIVE: Package(reviews=25, price_cents=Cents(2995), pro_min=3, priority=10),
    }
)

QUIZ: tuple[QuizQuestion, ...] = (
    QuizQuestion(
        question="What makes feedback useful to an artist?",
        choices=(
            "Praise that keeps the mood up",
            "Specific observations with a moment in the track and a suggestion",
            "A comparison with the charts",
        ),
        answer=1,
    ),
    QuizQuestion(
        question="A track is not to your taste. What do you do?",
        choices=(
            "Judge how well it does what it sets out to do",
            "Rate it low and move on",
            "Skip to the end to save time",
        ),
        answer=0,
    ),
    QuizQuestion(
        question="When may you write a review without listening?",
        choices=("When you know the artist", "When the genre is clear from the title", "Never"),
        answer=2,
    ),
    QuizQuestion(
        question="The link of a track does not play. What do you do?",
        choices=("Write what you imagine", "Report it as unplayable", "Give it one star"),
        answer=1,
    ),
)


@attrs.frozen(kw_only=True)
class MarketRules:
    """Every number and switch of the market; frozen, versioned, refusing contradictions.

    Amounts are minor units of `currency` (ISO 4217, lower case). Raises `InvalidRules`, which
    names the attributes at fault.
    """

    currency: str = "usd"
    rate_normal_cents: Cents = Cents(50)
    rate_pro_cents: Cents = Cents(150)
    signup_free_credits: int = 1
    free_credit_reviews: int = 1
    promo_codes: Mapping[str, int] = attrs.field(factory=lambda: MappingProxyType({}))
    reviewer_account_age_hours: int = 24
    active_assignments_max_normal: int = 3
    active_assignments_max_pro: int = 5
    pair_reviews_max: int = 2
    pair_window_days: int = 30
    exploration_share_percent: int = 10
    exploration_ratings_max: int = 10
    assignment_ttl_hours: int = 48
    skips_per_day_max: int = 3
    heartbeat_credit_max_seconds: int = 10
    heartbeat_freshness_seconds: int = 600
    minimum_listen_seconds: int = 180
    minimum_listen_percent: int = 80
    words_min: int = 30
    words_unique_min: int = 8
    words_unique_percent_min: int = 30
    genres_per_reviewer_min: int = 3
    genres_per_reviewer_max: int = 5
    quiz_pass_min: int = 3
    pro_reviews_min: int = 50
    pro_rating_min: Decimal = Decimal("4.7")
    pro_gems_min: int = 10
    flags_max: int = 3
    flag_window_days: int = 7
    flags_per_track_max_percent: int = 20
    replacements_per_slot_max: int = 1
    flag_open_days_max: int = 14
    unplayable_reports_max: int = 2
    unplayable_per_day_max: int = 3
    idempotency_days: int = 30
    earning_hold_days: int = 0
    payout_delay_days: int = 7
    minimum_payout_cents: Cents = Cents(1000)
    fill_deadline_days: int = 14
    packages: Mapping[PackageType, Package] = PACKAGES
    quiz: tuple[QuizQuestion, ...] = QUIZ
    throttles: Mapping[Limit, int] = MOST

    def __attrs_post_init__(self) -> None:
        self._require_types()
        self._require_ranges()
        self._require_quiz()
        self._require_packages()
        self._require_throttles()
        self._require_no_contradiction()

    @cached_property
    def version(self) -> str:
        """A short fingerprint of all numbers: equal rules have equal versions everywhere."""
        told = json.dumps(plain(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def rate(self, tier: Tier) -> Cents:
        """Tell what a slot of *tier* pays its reviewer."""
        return self.rate_pro_cents if tier is Tier.PRO else self.rate_normal_cents

    def active_assignments_max(self, tier: Tier) -> int:
        """Tell how many reviews a reviewer of *tier* may have in progress at once."""
        if tier is Tier.PRO:
            return self.active_assignments_max_pro
        return self.active_assignments_max_normal

    def minimum_listen(self, duration: int | None) -> int:
        """Tell the seconds to listen to a track of *duration* seconds (None: unknown)."""
        if duration is None:
            return self.minimum_listen_seconds
        # Rounded up: 80 % of 101 s are not heard in 80 s.
        share = -(-duration * self.minimum_listen_percent // 100)
        return min(self.minimum_listen_seconds, share)

    def hold_begins(self, at: datetime) -> datetime | None:
        """Tell since when pay is too young to be withdrawn; None when nothing is held."""
        return at - timedelta(days=self.earning_hold_days) if self.earning_hold_days else None

    def flags_per_track_max(self, slots: int) -> int:
        """Tell how many reviews of a track with *slots* slots may ever be flagged (at least 1)."""
        return max(1, slots * self.flags_per_track_max_percent // 100)

    def _require_types(self) -> None:
        for name in RANGES:
            if name != "pro_rating_min" and type(getattr(self, name)) is not int:
                raise InvalidRules(attributes=(name,), reason="must be a whole number")
        mean: object = self.pro_rating_min
        if not isinstance(mean, Decimal) or not mean.is_finite():
            raise InvalidRules(attributes=("pro_rating_min",), reason="must be a number")
        if not re.fullmatch("[a-z]{3}", str(self.currency)):
            raise InvalidRules(attributes=("currency",), reason="must be three lower-case letters")
        for code, reviews in self.promo_codes.items():
            if type(reviews) is not int or not 1 <= reviews <= REVIEWS_MAX:
                raise InvalidRules(
                    attributes=("promo_codes",),
                    reason=f"{code!r} must give between 1 and {REVIEWS_MAX} reviews",
                )
            if not code or code != code.strip() or code.casefold() == FREE_CREDIT.casefold():
                raise InvalidRules(
                    attributes=("promo_codes",),
                    reason=f"{code!r} is empty, has outer space or means a free credit",
                )
        if len({code.casefold() for code in self.promo_codes}) < len(self.promo_codes):
            raise InvalidRules(
                attributes=("promo_codes",), reason="two codes differ only in their case"
            )

    def _require_ranges(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidRules(attributes=(name,), reason=f"must be between {low} and {high}")

    def _require_quiz(self) -> None:
        for number, question in enumerate(self.quiz):
            if not 0 <= question.answer < len(question.choices):
                raise InvalidRules(
                    attributes=("quiz",), reason=f"question {number} has no such answer"
                )
        if self.quiz_pass_min > len(self.quiz):
            raise InvalidRules(
                attributes=("quiz_pass_min", "quiz"), reason="more right answers than questions"
            )

    def _require_packages(self) -> None:
        for kind in PackageType:
            package = self.packages.get(kind)
            name = f"packages.{kind}"
            if package is None:
                raise InvalidRules(attributes=(name,), reason="is missing")
            if not 1 <= package.reviews <= REVIEWS_MAX:
                raise InvalidRules(
                    attributes=(f"{name}.reviews",), reason=f"must be between 1 and {REVIEWS_MAX}"
                )
            if not 0 <= package.pro_min <= package.reviews:
                raise InvalidRules(
                    attributes=(f"{name}.pro_min", f"{name}.reviews"),
                    reason="more PRO slots than reviews",
                )
            if not 0 <= package.priority <= PRIORITY_MAX:
                raise InvalidRules(
                    attributes=(f"{name}.priority",), reason=f"must be 0 to {PRIORITY_MAX} days"
                )
            normal = package.reviews - package.pro_min
            pay = package.pro_min * self.rate_pro_cents + normal * self.rate_normal_cents
            if pay >= package.price_cents:
                raise InvalidRules(
                    attributes=(f"{name}.price_cents", "rate_normal_cents", "rate_pro_cents"),
                    reason=f"its slots pay {pay}, which is not below its price",
                )

    def _require_throttles(self) -> None:
        for limit in Limit:
            most = self.throttles.get(limit)
            if type(most) is not int or not 1 <= most <= MOST_MAX:
                raise InvalidRules(
                    attributes=(f"throttles.{limit}",), reason=f"must be between 1 and {MOST_MAX}"
                )

    def _require_no_contradiction(self) -> None:
        for low, high in ORDERED:
            if getattr(self, low) > getattr(self, high):
                raise InvalidRules(attributes=(low, high), reason=f"{low} exceeds {high}")
        if self.minimum_listen_seconds >= self.assignment_ttl_hours * 3600:
            raise InvalidRules(
                attributes=("minimum_listen_seconds", "assignment_ttl_hours"),
                reason="nobody could listen for so long before the deadline",
            )


REVIEWS_MAX = 500
PRIORITY_MAX = 365

RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "rate_normal_cents": (1, 1_000_000),
        "rate_pro_cents": (1, 1_000_000),
        "signup_free_credits": (0, 100),
        "free_credit_reviews": (1, 100),
        "reviewer_account_age_hours": (0, 8_760),
        "active_assignments_max_normal": (1, 100),
        "active_assignments_max_pro": (1, 100),
        "pair_reviews_max": (1, 1_000),
        "pair_window_days": (1, 3_650),
        "exploration_share_percent": (0, 100),
        "exploration_ratings_max": (0, 1_000),
        "assignment_ttl_hours": (1, 8_760),
        "skips_per_day_max": (0, 1_000),
        "heartbeat_credit_max_seconds": (1, 3_600),
        "heartbeat_freshness_seconds": (1, 86_400),
        "minimum_listen_seconds": (0, 36_000),
        "minimum_listen_percent": (0, 100),
        "words_min": (0, 500),
        "words_unique_min": (0, 500),
        "words_unique_percent_min": (0, 100),
        "genres_per_reviewer_min": (1, 50),
        "genres_per_reviewer_max": (1, 50),
        "quiz_pass_min": (0, 100),
        "pro_reviews_min": (1, 1_000_000),
        "pro_rating_min": (1, 5),
        "pro_gems_min": (1, 1_000_000),
        "flags_max": (0, 1_000_000),
        "flag_window_days": (0, 365),
        "flags_per_track_max_percent": (0, 100),
        "replacements_per_slot_max": (0, 100),
        "flag_open_days_max": (1, 365),
        "unplayable_reports_max": (1, 100),
        "unplayable_per_day_max": (0, 1_000),
        "idempotency_days": (1, 3_650),
        "earning_hold_days": (0, 365),
        "payout_delay_days": (0, 365),
        "minimum_payout_cents": (1, 100_000_000),
        "fill_deadline_days": (1, 3_650),
    }
)
"""Least and greatest value of every number, both included."""

ORDERED: tuple[tuple[str, str], ...] = (("genres_per_reviewer_min", "genres_per_reviewer_max"),)
"""Pairs of which the first may not exceed the second."""


def plain(rules: MarketRules) -> dict[str, Any]:
    """Tell *rules* as JSON-ready values, in the vocabulary of a rules file."""
    told = attrs.asdict(rules)
    told["promo_codes"] = dict(rules.promo_codes)
    told["pro_rating_min"] = str(rules.pro_rating_min.normalize())
    told["packages"] = {str(kind): attrs.asdict(box) for kind, box in rules.packages.items()}
    told["throttles"] = {str(limit): most for limit, most in rules.throttles.items()}
    told["quiz"] = [attrs.asdict(question) for question in rules.quiz]
    return told


def rules_from(table: Mapping[str, Any]) -> MarketRules:
    """Make rules of the top-level *table* of a rules file; what it leaves out keeps its default.

    Raises InvalidRules for an unknown key, a wrong type or a contradiction, naming it.
    """
    known = {field.name for field in attrs.fields(MarketRules)}
    for name in table:
        if name not in known:
            raise InvalidRules(attributes=(name,), reason="is not a market rule")
    told = dict(table)
    if "pro_rating_min" in told:
        told["pro_rating_min"] = _decimal("pro_rating_min", told["pro_rating_min"])
    if "promo_codes" in told:
        told["promo_codes"] = MappingProxyType(_table("promo_codes", told["promo_codes"]))
    if "packages" in told:
        told["packages"] = _packages(_table("packages", told["packages"]))
    if "throttles" in told:
        told["throttles"] = _throttles(_table("throttles", told["throttles"]))
    if "quiz" in told:
        told["quiz"] = _quiz(told["quiz"])
    return MarketRules(**told)


def _decimal(name: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidRules(attributes=(name,), reason="must be a number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise InvalidRules(attributes=(name,), reason="must be a number")
    return number


def _table(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRules(attributes=(name,), reason="must be a table")
    return value


def _packages(table: dict[str, Any]) -> Mapping[PackageType, Package]:
    packages = dict(PACKAGES)
    for kind, changes in table.items():
        name = f"packages.{kind}"
        if kind not in PackageType.__members__:
            raise InvalidRules(attributes=(name,), reason="is not a package")
        for key, value in _table(name, changes).items():
            if key not in {field.name for field in attrs.fields(Package)}:
                raise InvalidRules(attributes=(f"{name}.{key}",), reason="is not known")
            if type(value) is not int:
                raise InvalidRules(attributes=(f"{name}.{key}",), reason="must be a whole number")
        packages[PackageType(kind)] = attrs.evolve(packages[PackageType(kind)], **changes)
    return MappingProxyType(packages)


def _throttles(table: dict[str, Any]) -> Mapping[Limit, int]:
    for name in table:
        if name not in MOST:
            raise InvalidRules(attributes=(f"throttles.{name}",), reason="is not a throttle")
    return MappingProxyType({**MOST, **{Limit(name): most for name, most in table.items()}})


def _quiz(rows: object) -> tuple[QuizQuestion, ...]:
    if not isinstance(rows, list):
        raise InvalidRules(attributes=("quiz",), reason="must be an array of tables")
    questions = []
    for number, row in enumerate(rows):
        name = f"quiz[{number}]"
        match row:
            case {"question": str(question), "choices": [*choices], "answer": int(answer)} if (
                len(row) == 3  # noqa: PLR2004 - the three keys matched here
                and type(answer) is int
                and choices
                and all(isinstance(choice, str) for choice in choices)
            ):
                questions.append(
                    QuizQuestion(question=question, choices=tuple(choices), answer=answer)
                )
            case _:
                raise InvalidRules(
                    attributes=(name,), reason="needs question, choices (texts) and answer (index)"
                )
    return tuple(questions)
