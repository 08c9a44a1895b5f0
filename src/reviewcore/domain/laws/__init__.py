"""The laws of the market: what holds after every step, in every store.

The same objects judge after each step of the state machine and the simulator, in `reviewcore
check` on a live database, and for `GET /v1/admin/laws`. Called with a `View` and a `Scope`, a law
yields a `Violation` for each thing that breaks it, with the ids at fault.
"""

from __future__ import annotations

from reviewcore.domain.laws import money, people, slots
from reviewcore.domain.laws.law import EVERYTHING, Law, Scope, Violation
from reviewcore.domain.laws.money import (
    deferred_equals_slots,
    entries_balance,
    market_accounts_follow_reviews,
    money_moves_once,
    payments_count_right,
    the_lost_are_not_refunded,
    totals_equal_ledger,
)
from reviewcore.domain.laws.people import (
    artists_count_right,
    promos_are_used_once,
    reviewers_are_fit,
    reviewers_count_right,
)
from reviewcore.domain.laws.slots import (
    closed_tracks_have_no_open_slot,
    disputes_are_mirrored,
    flags_are_mirrored,
    one_holder_a_slot,
    open_slots_are_sought_for,
    queue_mirrors_active,
    tracks_are_reviewed_once,
    tracks_count_right,
)
from reviewcore.domain.laws.touching import touched
from reviewcore.domain.laws.view import (
    BLANK,
    MarketView,
    Record,
    View,
    record_of_flag,
    record_of_review,
)

__all__ = [
    "BLANK",
    "EVERYTHING",
    "LAWS",
    "Law",
    "MarketView",
    "Record",
    "Scope",
    "View",
    "Violation",
    "artists_count_right",
    "closed_tracks_have_no_open_slot",
    "deferred_equals_slots",
    "disputes_are_mirrored",
    "entries_balance",
    "flags_are_mirrored",
    "market_accounts_follow_reviews",
    "money_moves_once",
    "one_holder_a_slot",
    "open_slots_are_sought_for",
    "payments_count_right",
    "promos_are_used_once",
    "queue_mirrors_active",
    "record_of_flag",
    "record_of_review",
    "reviewers_are_fit",
    "reviewers_count_right",
    "the_lost_are_not_refunded",
    "totals_equal_ledger",
    "touched",
    "tracks_are_reviewed_once",
    "tracks_count_right",
    "violations",
]

LAWS: tuple[Law, ...] = (*money.LAWS, *slots.LAWS, *people.LAWS)
"""Every law, in the order in which they are judged."""


def violations(view: View, scope: Scope = EVERYTHING) -> tuple[Violation, ...]:
    """Evaluate every law; an empty answer means that all hold."""
    picked = scope.once()
    return tuple(
        Violation(law=law.name, ids=breach.ids, told=breach.told)
        for law in LAWS
        for breach in law.judge(view, picked)
    )
