"""A rough market: limits that are soon reached, people who try them, and much that goes wrong.

What is rare in a market as it should be happens here every day, so that its laws are tried, too.
"""

from __future__ import annotations

import attrs

from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.simulator.faults import Faults
from reviewcore.testing.simulator.personas import DEFAULT_MIX, Artist, Persona, Reviewer
from reviewcore.testing.simulator.report import Report
from reviewcore.testing.simulator.running import simulate

ROUGH_RULES = MarketRules(
    reviewer_account_age_hours=1,
    assignment_ttl_hours=12,
    minimum_listen_seconds=60,
    promo_codes={"WELCOME": 2},
    pro_reviews_min=3,
    pro_gems_min=2,
    flags_max=1,
    flags_per_track_max_percent=60,
    flag_open_days_max=3,
    unplayable_reports_max=1,
    payout_delay_days=0,
    minimum_payout_cents=Cents(100),
    fill_deadline_days=1,
)

ROUGH_FAULTS = Faults(
    lost_before=0.08,
    lost_after=0.08,
    declined=0.03,
    short=0.08,
    slow_seconds=20.0,
    outages_a_week=5.0,
    outage_hours=8.0,
    crashes=0.02,
    webhooks_lost=0.2,
    webhooks_repeated=0.2,
    webhooks_late=0.2,
    disputes=0.25,
    refunds_returned=0.3,
    transfers_reversed=0.3,
    mail_refused=0.05,
    repeats=0.1,
)


def simulate_rough(*, seed: int, days: int, steps_max: int | None = None) -> Report:
    """Simulate a rough market; see `simulate`."""
    return simulate(
        seed=seed,
        days=days,
        steps_max=steps_max,
        rules=ROUGH_RULES,
        personas=ROUGH_MIX,
        faults=ROUGH_FAULTS,
    )


def roughened(persona: Persona) -> Persona:
    """Make people of a kind hastier and less patient with each other."""
    if isinstance(persona, Reviewer):
        return attrs.evolve(
            persona, comes_within_days=2.0, reports=0.06, skips=0.1, withdraws_at_cents=100
        )
    return _impatient(persona)


def _impatient(artist: Artist) -> Artist:
    return attrs.evolve(
        artist, comes_within_days=2.0, cancels=0.15, flags_bad=0.9, flags_good=0.1, gems=0.2
    )


ROUGH_MIX: tuple[Persona, ...] = tuple(map(roughened, DEFAULT_MIX))
