"""Kinds of people: how reviewers and artists behave, in numbers that hosts may change.

Shares run from 0 (never) to 1 (always). Each class below sets the numbers of one habit; pass
other numbers, or `Reviewer` and `Artist` themselves, for people of your own.
"""

from __future__ import annotations

import attrs

from reviewcore.domain.rules import PackageType
from reviewcore.testing.simulator.rhythm import EVENINGS, Rhythm

# ── reviewers ────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class Reviewer:
    """How somebody reviews.

    Attributes:
        name: what the report calls them.
        count: how many of them there are.
        comes_within_days: they sign up within so many days, at random.
        visits_a_day: how often they look at their queue.
        reviews_a_visit: at most so many tracks are taken up in one visit.
        rhythm: when they come.
        quality: what artists think of their reviews on average, 1 to 5.
        quality_spread: how far a single review may be from that.
        listens_longer: seconds that they listen beyond what is asked, at most.
        writing_seconds: how long the form takes them on average.
        thin: forms that say too little at first, and are refused.
        gives_up: refused forms that are not written again.
        ignores: assignments that they never touch.
        skips: assignments that they give back.
        reports: tracks that do not play for them.
        stays_days: they stop coming after so many days on average; None: never.
        friends: how many artists are friends: their tracks are taken up, others are given back.
        vouched: they are granted PRO by an administrator when they begin.
        withdraws_at_cents: they withdraw when they have so much.
        paypal: those who are paid by PayPal and not through the processor.
    """

    name: str
    count: int
    comes_within_days: float = 5.0
    visits_a_day: float = 2.0
    reviews_a_visit: int = 2
    rhythm: Rhythm = EVENINGS
    quality: float = 4.2
    quality_spread: float = 1.4
    listens_longer: float = 60.0
    writing_seconds: float = 240.0
    thin: float = 0.03
    gives_up: float = 0.1
    ignores: float = 0.02
    skips: float = 0.05
    reports: float = 0.01
    stays_days: float | None = None
    friends: int = 0
    vouched: bool = False
    withdraws_at_cents: int = 1_000
    paypal: float = 0.2


@attrs.frozen(kw_only=True)
class Honest(Reviewer):
    """Listens, writes something useful, and stays."""

    name: str = "honest"
    count: int = 36


@attrs.frozen(kw_only=True)
class Expert(Reviewer):
    """Known from elsewhere: vouched for, careful, with much time."""

    name: str = "expert"
    count: int = 20
    comes_within_days: float = 1.0
    visits_a_day: float = 3.0
    reviews_a_visit: int = 3
    quality: float = 4.8
    quality_spread: float = 0.6
    thin: float = 0.0
    vouched: bool = True


@attrs.frozen(kw_only=True)
class Lazy(Reviewer):
    """Writes too little at first, and little after that."""

    name: str = "lazy"
    count: int = 8
    visits_a_day: float = 1.0
    reviews_a_visit: int = 1
    quality: float = 2.9
    listens_longer: float = 5.0
    writing_seconds: float = 60.0
    thin: float = 0.6
    gives_up: float = 0.4
    skips: float = 0.2


@attrs.frozen(kw_only=True)
class Farming(Reviewer):
    """Is there for the money: as many reviews as possible, each as short as is paid."""

    name: str = "farming"
    count: int = 4
    visits_a_day: float = 8.0
    reviews_a_visit: int = 5
    quality: float = 2.6
    listens_longer: float = 0.0
    writing_seconds: float = 30.0
    thin: float = 0.1
    gives_up: float = 0.0
    ignores: float = 0.0
    skips: float = 0.0


@attrs.frozen(kw_only=True)
class Colluding(Reviewer):
    """Wants to review friends, who praise whatever he writes."""

    name: str = "colluding"
    count: int = 3
    visits_a_day: float = 3.0
    quality: float = 2.4
    listens_longer: float = 0.0
    writing_seconds: float = 40.0
    skips: float = 0.0
    friends: int = 2


@attrs.frozen(kw_only=True)
class Absent(Reviewer):
    """Is assigned and not there; stops coming altogether before long."""

    name: str = "absent"
    count: int = 6
    visits_a_day: float = 0.4
    reviews_a_visit: int = 1
    ignores: float = 0.6
    stays_days: float | None = 8.0


# ── artists ──────────────────────────────────────────────────────────────────────────────────


@attrs.frozen(kw_only=True)
class Artist:
    """How somebody has music reviewed.

    Attributes:
        name: what the report calls them.
        count: how many of them there are.
        comes_within_days: they sign up within so many days, at random.
        tracks_a_week: how many they submit on average.
        visits_a_day: how often they look at what they got.
        rhythm: when they come.
        packages: how often they choose which package, relative to each other.
        declines: payments that their bank declines.
        abandons: checkouts that they leave.
        returns: payers who come back from the processor's page, so that the market asks at once.
        tries_again: unpaid tracks for which they go to pay again.
        cancels: paid tracks that they take back soon.
        rates: reviews that they rate at all.
        kindness: by how much they rate above (below 0: under) what a review is worth to others.
        gems: good reviews to which they give a gem.
        flags_bad: bad reviews that they flag.
        flags_good: other reviews that they flag all the same.
        closes: tracks that they close as soon as they may.
    """

    name: str
    count: int
    comes_within_days: float = 5.0
    tracks_a_week: float = 1.5
    visits_a_day: float = 1.5
    rhythm: Rhythm = EVENINGS
    packages: tuple[tuple[PackageType, float], ...] = (
        (PackageType.STARTER, 5.0),
        (PackageType.STANDARD, 4.0),
        (PackageType.PRO, 0.5),
        (PackageType.DEEP_DIVE, 0.3),
    )
    declines: float = 0.05
    abandons: float = 0.08
    returns: float = 0.7
    tries_again: float = 0.7
    cancels: float = 0.01
    rates: float = 0.8
    kindness: float = 0.0
    gems: float = 0.03
    flags_bad: float = 0.15
    flags_good: float = 0.0
    closes: float = 0.5


@attrs.frozen(kw_only=True)
class Plain(Artist):
    """Pays, reads and says what a review was worth."""

    name: str = "plain"
    count: int = 6


@attrs.frozen(kw_only=True)
class Generous(Artist):
    """Rates high and gives gems."""

    name: str = "generous"
    count: int = 4
    kindness: float = 0.7
    gems: float = 0.25
    flags_bad: float = 0.0


@attrs.frozen(kw_only=True)
class Demanding(Artist):
    """Rates low, and flags what is poor."""

    name: str = "demanding"
    count: int = 4
    kindness: float = -0.9
    gems: float = 0.0
    flags_bad: float = 0.6


@attrs.frozen(kw_only=True)
class FlagAbusing(Artist):
    """Flags good reviews, to get more for the money."""

    name: str = "flag-abusing"
    count: int = 2
    kindness: float = -0.4
    flags_bad: float = 0.8
    flags_good: float = 0.4


@attrs.frozen(kw_only=True)
class Cancelling(Artist):
    """Changes his mind: leaves checkouts, takes tracks back."""

    name: str = "cancelling"
    count: int = 2
    abandons: float = 0.3
    cancels: float = 0.4
    closes: float = 1.0


Persona = Reviewer | Artist

DEFAULT_MIX: tuple[Persona, ...] = (
    Honest(),
    Expert(),
    Lazy(),
    Farming(),
    Colluding(),
    Absent(),
    Plain(),
    Generous(),
    Demanding(),
    FlagAbusing(),
    Cancelling(),
)
"""A market of some hundred people, of whom most mean well."""
