"""The contract of stores catches stores that are wrong, each by the promise that is named."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.domain.errors import AlreadyExists, Busy, EmailTaken
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import StoreContract
from tests.unit.kit.judging import Verdicts, Wrong, judged, require_caught
from tests.unit.kit.stores import (
    Crowded,
    Forgetting,
    Hesitating,
    Keeping,
    Nested,
    Peeping,
    Swallowing,
    Ticking,
    Twist,
    Twisted,
    Unchecked,
    Writable,
    alive,
    answer,
    backwards,
    deaf_to,
    duplicated,
    each_field,
    from_the_last,
    keyed_by,
    late,
    lopsided,
    method,
    naive,
    one_too_few,
    one_too_many,
    raising,
    stale,
    storing,
    truncated_amounts,
    twice,
    unleased,
    upserting,
)

HOUR = timedelta(hours=1)


def store(name: str, promise: str, make: Callable[..., Store]) -> Wrong:
    """Put a store of another class through the contract."""

    class OnIt(StoreContract):
        @pytest.fixture
        def store(self, clock: ManualClock, rules: MarketRules) -> Store:
            return make(clock=clock, rules=rules)

    return Wrong(name, promise, OnIt)


def twisted(name: str, promise: str, twist: Twist) -> Wrong:
    """Put a memory store through the contract that has one thing twisted."""
    return store(name, promise, lambda **parts: Twisted(twist, **parts))


PAGES = {
    ("users", "page"): "test_users_are_paged_in_order_of_id",
    ("reviewers", "page"): "test_reviewers_are_paged_in_order_of_id",
    ("tracks", "page"): "test_tracks_are_paged_in_order_of_id",
    ("flags", "page"): "test_flags_are_paged_in_order_of_id",
    ("payouts", "page"): "test_payouts_are_paged_in_order_of_id",
    ("tickets", "page"): "test_tickets_come_in_pages_by_user_and_status",
    ("inbox", "page"): "test_what_was_told_is_paged_in_order_of_id",
    ("events", "page"): "test_events_are_paged_in_order_of_id",
    ("events", "by_actor"): (
        "test_what_somebody_did_comes_in_pages_and_what_the_market_did_does_not"
    ),
    ("attempts", "unsettled"): "test_pages_of_what_is_unsettled_are_in_order_of_id",
    ("refunds", "unsettled"): "test_pages_of_what_is_unsettled_are_in_order_of_id",
    ("disputes", "unsettled"): "test_pages_of_what_is_unsettled_are_in_order_of_id",
    ("payouts", "unsettled"): "test_pages_of_what_is_unsettled_are_in_order_of_id",
}
MISTAKES = {
    "backwards": backwards,
    "one too many": one_too_many,
    "one too few": one_too_few,
    "from the last": from_the_last,
}
FILTERS = {
    ("reviewers", "is_restricted"): PAGES["reviewers", "page"],
    ("tracks", "artist_id"): PAGES["tracks", "page"],
    ("tracks", "status"): PAGES["tracks", "page"],
    ("flags", "status"): PAGES["flags", "page"],
    ("payouts", "reviewer_id"): PAGES["payouts", "page"],
    ("payouts", "status"): PAGES["payouts", "page"],
    ("tickets", "user_id"): PAGES["tickets", "page"],
    ("tickets", "status"): PAGES["tickets", "page"],
    ("inbox", "is_handled"): PAGES["inbox", "page"],
}
LEASES = {
    "attempts": "test_what_is_due_is_leased_until_a_time_and_not_again_before",
    "refunds": "test_what_is_due_is_leased_until_a_time_and_not_again_before",
    "payouts": "test_what_is_due_is_leased_until_a_time_and_not_again_before",
    "inbox": "test_what_is_due_is_leased_until_a_time_and_not_again_before",
    "leads": "test_a_lead_is_leased_when_its_reminder_is_due",
    "events": "test_only_the_first_undelivered_event_of_an_aggregate_is_leased",
}
REPOSITORIES = ("users", "sessions", "tracks", "payments", "payouts", "reviewers", "inbox")
MISSING = "test_what_does_not_exist_is_found_as_none"

ROLLBACK = "test_an_exception_rolls_everything_back"
UNIQUE = "test_a_second_holder_of_a_unique_key_is_refused_and_nothing_is_stored"
ROUNDTRIP = "test_every_field_comes_back_as_it_was_added"
UPDATED = "test_every_field_comes_back_as_it_was_updated_in_utc"
TO_THE_LETTER = "test_a_text_is_kept_to_the_letter"
SLOTS = "test_slots_come_by_number_and_are_replaced"


def _early(tx: Any) -> None:
    """Lease what is due in a moment."""
    told = tx.payouts.lease
    tx.payouts.lease = lambda now, *, until, limit: told(
        now + timedelta(seconds=1), until=until, limit=limit
    )


def _half_rolled_back(tx: Any) -> None:
    """Roll back everything but the ledger."""
    put = tx.work.put

    def kept(table: Any, key: Any, row: Any) -> None:
        put(table, key, row)
        if table is tx.work.tables.entries:
            tx.work._written.pop()

    tx.work.put = kept


def _other_conflict(tx: Any) -> None:
    """Call every conflict Busy, so that nobody is told what is wrong and all is tried again."""
    check = tx.work.check

    def wrong() -> None:
        try:
            check()
        except (EmailTaken, AlreadyExists):
            raise Busy from None

    tx.work.check = wrong


def _first_update_only(tx: Any) -> None:
    """Drop the second update of a row in a block."""
    update, seen = tx.artists.update, set[str]()

    def once(*rows: Any) -> None:
        for row in rows:
            if row.id not in seen:
                seen.add(row.id)
                update(row)

    tx.artists.update = once


def _rate(change: Callable[[Any], Any]) -> Twist:
    return method(
        "rate_limits",
        "hit",
        lambda _, told: lambda key, *, window: change(told(key, window=window)),
    )


def _deaf(name: str, argument: str) -> Twist:
    return deaf_to(name, "page", **{argument: None})


def _whole_genre(_: Any, told: Callable[..., Any]) -> Callable[..., Any]:
    """Survey everybody of the genres, whatever else is asked for."""
    anybody: dict[str, Any] = {"tier": None, "ratings_below": None, "exclude": frozenset()}
    return lambda wanted, *, limit: told(attrs.evolve(wanted, **anybody), limit=limit)


def _kin_of_kin(_: Any, told: Callable[..., Any]) -> Callable[..., Any]:
    return lambda user_id: frozenset().union(*map(told, told(user_id)))


def _uncounted(tx: Any, _: Callable[..., Any]) -> Callable[..., Any]:
    """Deliver, and leave the number of attempts as it was."""
    return lambda ids, *, at: [tx.events._change(one, delivered_at=at) for one in ids]


WRONG = [
    # Blocks.
    store("keeps what a failed block wrote", ROLLBACK, Keeping),
    twisted("rolls back all but the ledger", ROLLBACK, _half_rolled_back),
    store("nests blocks", "test_a_nested_begin_raises_and_the_outer_block_goes_on", Nested),
    store("lets a block's time go on", "test_now_is_one_instant_in_utc", Ticking),
    store("lets snapshots write", "test_a_snapshot_refuses_writes", Writable),
    twisted("merges updates to the first", "test_updates_of_one_row_merge_into_the_last",
            _first_update_only),
    twisted("answers from before the block", "test_a_block_reads_what_it_has_written", stale),
    twisted("makes what it should update", "test_updating_a_row_that_does_not_exist_is_our_bug",
            upserting),
    # Who sees what, and who waits.
    store("locks nothing", "test_no_update_of_a_locked_row_is_lost", Crowded),
    store("locks nothing", "test_no_update_is_lost_under_the_lock_of_a_review", Crowded),
    store("locks nothing", "test_slots_are_counted_under_the_lock_of_their_track", Crowded),
    store("locks nothing",
          "test_a_lock_is_waited_for_and_tells_what_was_committed_meanwhile", Crowded),
    store("locks nothing", "test_locks_by_what_belongs_together_are_waited_for_too", Crowded),
    store("locks nothing", "test_a_lock_waits_and_sees_what_the_other_wrote", Crowded),
    store("does not wait for a key in use",
          "test_a_claim_waits_for_the_one_who_is_using_the_key", Crowded),
    store("shows keys before their commit",
          "test_a_claim_succeeds_when_the_one_before_rolls_back", Crowded),
    store("receives without waiting",
          "test_who_receives_an_event_waits_for_another_who_is_at_it", Crowded),
    store("shows what is not committed", "test_nobody_sees_what_is_not_committed", Crowded),
    store("shows snapshots what is not committed",
          "test_nobody_sees_what_is_not_committed", Peeping),
    store("lets snapshots move",
          "test_a_snapshot_sees_nothing_that_came_after_it_began", Crowded),
    store("lets snapshots move", "test_a_snapshot_stands_still_while_others_write", Crowded),
    # Conflicts.
    store("knows nothing unique", UNIQUE, Unchecked),
    store("swallows conflicts", UNIQUE, Swallowing),
    twisted("calls conflicts by another name", UNIQUE, _other_conflict),
    twisted("finds conflicts only at the end",
            "test_a_flush_makes_the_conflict_surface_at_once", late),
    *(
        twisted(f"raises KeyError for {name}.{look}", MISSING, raising(name, look, KeyError))
        for name in REPOSITORIES
        for look in ("get", "lock")
    ),
    twisted("raises KeyError for reviews.lock",
            "test_a_review_is_locked_with_its_track_and_reviewer",
            raising("reviews", "lock", KeyError)),
    # Times, texts and amounts.
    twisted("takes naive times", "test_a_naive_time_in_a_new_row_is_refused", naive),
    twisted("takes naive times", "test_a_naive_time_in_a_changed_row_is_refused", naive),
    twisted("leaves times in their zone", "test_a_time_of_another_zone_is_told_in_utc", naive),
    twisted("cuts microseconds", UPDATED,
            storing(each_field(datetime, lambda at: at.replace(
                microsecond=at.microsecond // 1000 * 1000)))),
    twisted("cuts texts at 255", TO_THE_LETTER, storing(each_field(str, lambda text: text[:255]))),
    twisted("composes texts", ROUNDTRIP,
            storing(each_field(str, lambda text: unicodedata.normalize("NFC", text)))),
    twisted("trims texts", TO_THE_LETTER, storing(each_field(str, str.strip))),
    twisted("makes empty texts of nothing", TO_THE_LETTER,
            storing(each_field(str, lambda text: text or "-"))),
    twisted("cuts amounts to 32 bits", "test_an_amount_is_kept_to_the_cent",
            storing(truncated_amounts)),
    twisted("cuts postings to 32 bits", "test_a_posting_is_kept_to_the_cent",
            storing(truncated_amounts)),
    twisted("folds the case of keys",
            "test_nearly_equal_idempotency_keys_and_counters_are_apart", keyed_by(str.casefold)),
    twisted("trims keys",
            "test_nearly_equal_idempotency_keys_and_counters_are_apart", keyed_by(str.strip)),
    twisted("hands out its own lists", "test_what_was_told_is_the_callers_own", alive),
    # Pages and filters.
    *(
        twisted(f"pages {name}.{page} {mistake}", promise, make(name, page))
        for (name, page), promise in PAGES.items()
        for mistake, make in MISTAKES.items()
    ),
    *(
        twisted(f"is deaf to {argument} of {name}", promise, _deaf(name, argument))
        for (name, argument), promise in FILTERS.items()
    ),
    # Leases.
    *(
        twisted(f"leases {name} to two", promise, unleased(name))
        for name, promise in LEASES.items()
    ),
    store("leases to two at once", "test_what_is_due_is_leased_to_one", Hesitating),
    twisted("leases too early", "test_what_is_not_due_is_not_leased", _early),
    twisted("leases too many", "test_a_lease_takes_no_more_than_asked",
            one_too_many("refunds", "lease")),
    twisted("leases later events first", "test_a_lease_takes_no_more_than_asked_in_order",
            backwards("events", "lease")),
    # The logs.
    store("leaves gaps between events",
          "test_events_are_numbered_per_aggregate_without_gaps", Forgetting),
    twisted("numbers events alike",
            "test_events_are_numbered_per_aggregate_without_gaps", duplicated),
    store("numbers events that come at once alike",
          "test_events_that_are_told_at_once_are_numbered_without_gaps", Hesitating),
    twisted("counts failures only", "test_a_delivery_counts_as_an_attempt",
            method("events", "mark_delivered", _uncounted)),
    twisted("revives what is delivered",
            "test_an_event_is_revived_whoever_holds_it_unless_it_was_delivered",
            answer("events", "revive", lambda _: True)),
    twisted("waits for what was given up", "test_what_was_given_up_is_still_listed_and_not_leased",
            answer("inbox", "waiting", lambda told: told + 1)),
    twisted("books entries twice", "test_an_entry_gets_an_id_a_time_and_the_rules_version", twice),
    twisted("books what does not balance", "test_an_entry_that_does_not_balance_is_our_bug",
            lopsided),
    twisted("shows accounts newest first",
            "test_an_account_shows_every_posting_with_its_cause_oldest_first",
            backwards("ledger", "lines")),
    twisted("forgets results of keys", "test_a_result_is_kept_with_its_key",
            method("idempotency", "finish", lambda _, __: lambda ___: None)),
    twisted("counts hits from nought", "test_keys_are_counted_apart",
            _rate(lambda told: attrs.evolve(told, count=told.count - 1))),
    # Rows that are looked up.
    twisted("leaves a slot out", SLOTS, one_too_few("slots", "of_track")),
    twisted("tells slots backwards", SLOTS, backwards("slots", "of_track")),
    twisted("tells the worst reviewers first", "test_candidates_come_best_first",
            backwards("reviewers", "candidates")),
    twisted("finds no kin", "test_users_who_share_a_mark_are_kin",
            answer("identities", "kin", lambda _: frozenset())),
    twisted("takes the kin of kin for kin", "test_the_kin_of_kin_are_none",
            method("identities", "kin", _kin_of_kin)),
    twisted("surveys a whole genre", "test_a_survey_shows_whom_the_search_describes",
            method("reviewers", "survey", _whole_genre)),
    twisted("tells the queue backwards", "test_a_queue_comes_by_deadline_then_id",
            backwards("queue", "of_reviewer")),
    twisted("holds no pay", "test_pay_under_open_flags_is_held",
            answer("reviews", "held_pay", lambda _: 0)),
]  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judged(WRONG, tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.label)
def test_a_wrong_store_is_caught(verdicts: Verdicts, wrong: Wrong) -> None:
    require_caught(verdicts, WRONG, wrong)


def test_a_right_store_keeps_all_that_the_wrong_ones_break(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    promises = sorted({wrong.promise for wrong in WRONG})
    right = [store("right", promise, MemoryStore) for promise in promises]

    told = judged(right, tmp_path_factory.mktemp("right"))

    assert (told.failed, told.broken) == ({}, {})
    assert len(told.passed) == len(promises)
