"""Rule sets of markets that could be: every number in its range, no contradiction, no loss."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.money import Cents
from reviewcore.domain.rules import (
    FREE_CREDIT,
    PRIORITY_MAX,
    RANGES,
    REVIEWS_MAX,
    MarketRules,
    Package,
    PackageType,
    QuizQuestion,
)
from reviewcore.domain.throttling import MOST, MOST_MAX, Limit
from reviewcore.testing.strategies.values import currencies, lines

HOUR = 3600
CHOICES_MAX = 4
DEPENDENT = frozenset(
    {
        "rate_normal_cents",
        "rate_pro_cents",
        "pro_rating_min",
        "quiz_pass_min",
        "genres_per_reviewer_min",
        "genres_per_reviewer_max",
        "minimum_listen_seconds",
        "assignment_ttl_hours",
    }
)
"""Numbers whose range depends on others; all others are drawn from `RANGES` alone."""
FREE = tuple(name for name in RANGES if name not in DEPENDENT)


@st.composite
def rules(draw: st.DrawFn, /, **given: Any) -> MarketRules:
    """Draw rules, with *given* attributes as they are; they shrink towards the default rules.

    Whatever is given must leave room for what depends on it: rates below a thousandth of a given
    package's price, say, or the package given with its rates.
    """
    changed = draw(st.lists(st.sampled_from(FREE), max_size=6, unique=True))
    told: dict[str, Any] = {name: draw(st.integers(*RANGES[name])) for name in changed}
    for change in (_money, _quiz, _genres, _listening, _words):
        if draw(st.booleans()):
            told |= draw(change())
    return MarketRules(**(told | given))


@st.composite
def _money(draw: st.DrawFn) -> dict[str, Any]:
    normal = draw(st.integers(*RANGES["rate_normal_cents"]))
    pro = draw(st.integers(*RANGES["rate_pro_cents"]))
    return {
        "currency": draw(currencies()),
        "rate_normal_cents": Cents(normal),
        "rate_pro_cents": Cents(pro),
        "packages": MappingProxyType(
            {kind: draw(packages(normal=normal, pro=pro)) for kind in PackageType}
        ),
    }


@st.composite
def packages(draw: st.DrawFn, *, normal: int = 50, pro: int = 150) -> Package:
    """Draw packages that cost more than their slots pay at these rates, in cents."""
    reviews = draw(st.integers(1, 20) | st.integers(1, REVIEWS_MAX))
    pro_min = draw(st.integers(0, reviews))
    pay = pro_min * pro + (reviews - pro_min) * normal
    return Package(
        reviews=reviews,
        price_cents=Cents(pay + draw(st.integers(1, 100_000))),
        pro_min=pro_min,
        priority=draw(st.integers(0, PRIORITY_MAX)),
    )


@st.composite
def questions(draw: st.DrawFn) -> QuizQuestion:
    """Draw questions with an answer among their choices."""
    choices = draw(st.lists(lines(40), min_size=1, max_size=CHOICES_MAX))
    answer = draw(st.integers(0, len(choices) - 1))
    return QuizQuestion(question=draw(lines(40)), choices=tuple(choices), answer=answer)


@st.composite
def _quiz(draw: st.DrawFn) -> dict[str, Any]:
    quiz = draw(st.lists(questions(), max_size=5))
    return {"quiz": tuple(quiz), "quiz_pass_min": draw(st.integers(0, len(quiz)))}


@st.composite
def _genres(draw: st.DrawFn) -> dict[str, Any]:
    low, high = RANGES["genres_per_reviewer_max"]
    least = draw(st.integers(low, high))
    most = draw(st.integers(least, high))
    return {"genres_per_reviewer_min": least, "genres_per_reviewer_max": most}


@st.composite
def _listening(draw: st.DrawFn) -> dict[str, Any]:
    hours = draw(st.integers(*RANGES["assignment_ttl_hours"]))
    low, high = RANGES["minimum_listen_seconds"]
    seconds = draw(st.integers(low, min(high, hours * HOUR - 1)))
    return {"assignment_ttl_hours": hours, "minimum_listen_seconds": seconds}


@st.composite
def _words(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what is told in words: codes, throttles, and the mean that makes a PRO."""
    limits = st.dictionaries(st.sampled_from(Limit), st.integers(1, MOST_MAX), max_size=3)
    return {
        "promo_codes": MappingProxyType(draw(promo_codes())),
        "throttles": MappingProxyType({**MOST, **draw(limits)}),
        "pro_rating_min": Decimal(draw(st.integers(100, 500))) / 100,
    }


def promo_codes() -> st.SearchStrategy[dict[str, int]]:
    """Draw codes that differ in more than their case, with the reviews that each gives."""
    # The number keeps codes apart, whatever their letters fold to, and from the free credit's.
    names = st.lists(lines(12), max_size=3).map(
        lambda told: [f"{name}{number}" for number, name in enumerate(told, 1)]
    )
    assert not FREE_CREDIT[-1].isdigit(), "a code that ends in a number is none of ours"
    return names.flatmap(
        lambda told: st.fixed_dictionaries({name: st.integers(1, REVIEWS_MAX) for name in told})
    )
