"""What may be wrong with a market, as statements that make it so, and the law that each breaks."""

from __future__ import annotations

from reviewcore.domain.ledger import EntryKind

LATER = "'2026-03-01T00:00:00.000000+00:00'"


def first(table: str, where: str = "true", change: str = "") -> str:
    """Change the first row of a table of which a condition holds; no change: delete it."""
    head = f"UPDATE {table} SET {change}" if change else f"DELETE FROM {table}"
    return f"{head} WHERE id = (SELECT min(id) FROM {table} WHERE {where})"


def first_slot(where: str, change: str = "") -> str:
    head = f"UPDATE slots SET {change}" if change else "DELETE FROM slots"
    found = f"SELECT min(track_id || '/' || number) FROM slots WHERE {where}"
    return f"{head} WHERE track_id || '/' || number = ({found})"


def again(kind: EntryKind) -> str:
    """Book the first entry of a kind once more."""
    columns = "cause, at, rules_version"
    return (
        f"INSERT INTO ledger_entries (id, kind, {columns}) SELECT 'again', kind, {columns} "
        f"FROM ledger_entries WHERE id = (SELECT min(id) FROM ledger_entries WHERE kind = '{kind}')"
    )


def instead(kind: EntryKind, cause: str) -> str:
    """Book, without postings, what did not happen."""
    return (
        "INSERT INTO ledger_entries (id, kind, cause, at, rules_version) "
        f"SELECT 'odd', '{kind}', {cause}, {LATER}, ''"
    )


def unbooked(kind: EntryKind) -> str:
    """Take the first entry of a kind, and its postings, out of the ledger."""
    found = f"(SELECT min(id) FROM ledger_entries WHERE kind = '{kind}')"
    return (
        f"DELETE FROM ledger_postings WHERE entry_id = {found}; "
        f"DELETE FROM ledger_entries WHERE id = {found}"
    )


ACTIVE = "status IN ('ASSIGNED', 'IN_PROGRESS')"
WAITING = """refunded_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM reviews WHERE reviews.track_id = slots.track_id AND slot_number = slots.number
    AND counts_toward_completion)"""
OPEN = f"""{WAITING} AND NOT EXISTS (
    SELECT 1 FROM reviews WHERE reviews.track_id = slots.track_id AND slot_number = slots.number
    AND status IN ('ASSIGNED', 'IN_PROGRESS'))"""
HAS_OPEN = f"EXISTS (SELECT 1 FROM slots WHERE slots.track_id = tracks.id AND {OPEN})"
SEEKING = f"assign_at IS NOT NULL AND {HAS_OPEN}"

BREAKS: list[tuple[str, str]] = [
    ("entries_balance", "UPDATE ledger_postings SET amount = amount + 1 WHERE number = 1"),
    ("totals_equal_ledger", first("artist_profiles", change="total_spent = total_spent + 1")),
    (
        "totals_equal_ledger",
        first("reviewer_profiles", change="pending_balance = pending_balance + 1"),
    ),
    (
        "totals_equal_ledger",
        first("reviewer_profiles", change="total_earnings = total_earnings + 1"),
    ),
    ("deferred_equals_slots", first_slot(f"price > 0 AND {WAITING}", "price = price + 1")),
    (
        "deferred_equals_slots",
        (
            "UPDATE ledger_postings SET amount = amount + 1 WHERE account = (SELECT min(account) "
            "FROM ledger_postings WHERE account LIKE 'deferred:%')"
        ),
    ),
    (
        "market_accounts_follow_reviews",
        first("reviews", "counts_toward_completion", "slot_price = slot_price + 1"),
    ),
    (
        "market_accounts_follow_reviews",
        first("reviews", "flag_status = 'OPEN'", "offered_amount = offered_amount + 1"),
    ),
    (
        "market_accounts_follow_reviews",
        first("reviews", "flag_status = 'UPHELD'", "flag_status = 'OPEN'"),
    ),
    ("market_accounts_follow_reviews", "UPDATE tracks SET promo_code = 'X' WHERE price > 0"),
    ("market_accounts_follow_reviews", "UPDATE tracks SET promo_code = NULL"),
    ("market_accounts_follow_reviews", "UPDATE disputes SET amount = amount + 1"),
    ("market_accounts_follow_reviews", "UPDATE disputes SET currency = 'eur'"),
    ("market_accounts_follow_reviews", "UPDATE disputes SET reinstated_amount = 7"),
    ("market_accounts_follow_reviews", "UPDATE disputes SET reinstated_amount = amount + 7"),
    ("market_accounts_follow_reviews", first_slot("is_lost", "price = price + 1")),
    ("market_accounts_follow_reviews", first("refunds", change="status = 'DROPPED'")),
    ("market_accounts_follow_reviews", "DELETE FROM ledger_postings WHERE account = 'promotion'"),
    ("payments_count_right", first("payments", change="refunded_amount = refunded_amount + 1")),
    ("payments_count_right", first("payments", "status = 'COMPLETED'", "completed_at = NULL")),
    ("payments_count_right", first("payments", "status = 'COMPLETED'", "status = 'PENDING'")),
    ("payments_count_right", first("refunds", "status = 'COMPLETED'", "status = 'PENDING'")),
    ("payments_count_right", "UPDATE refunds SET attempt_id = 'another'"),
    ("payments_count_right", "UPDATE payments SET applied_attempt_id = NULL"),
    *(
        (
            "the_lost_are_not_refunded",
            f"UPDATE tracks SET dispute_status = 'LOST'; UPDATE refunds SET status = 'PENDING'{so}",
        )
        for so in ("", "; " + first("refunds", change="number = 2"))
    ),
    ("money_moves_once", again(EntryKind.REVIEW_COMPLETED)),
    ("money_moves_once", again(EntryKind.FEE_KNOWN)),
    *(
        ("money_moves_once", unbooked(kind))
        for kind in (
            EntryKind.REVIEW_COMPLETED,
            EntryKind.PAYOUT_REQUESTED,
            EntryKind.PAYOUT_COMPLETED,
            EntryKind.PAYOUT_FAILED,
            EntryKind.PAYOUT_REVERSED,
            EntryKind.REFUND_INTENDED,
            EntryKind.REFUND_COMPLETED,
            EntryKind.REFUND_RETURNED,
            EntryKind.REFUND_SETTLED,
            EntryKind.REFUND_DOUBLED,
            EntryKind.DISPUTE_OPENED,
            EntryKind.DISPUTE_WON,
            EntryKind.SLOT_LOST,
        )
    ),
    *(
        ("money_moves_once", instead(kind, f"(SELECT {cause} FROM {table} WHERE {where})"))
        for kind, table, cause, where in (
            (EntryKind.REVIEW_COMPLETED, "reviews", "min(id)", ACTIVE),
            (EntryKind.PAYOUT_COMPLETED, "payouts", "min(id)", "status = 'FAILED'"),
            (EntryKind.PAYOUT_FAILED, "payouts", "min(id)", "status = 'COMPLETED'"),
            (EntryKind.REFUND_COMPLETED, "refunds", "min(id)", "status = 'PENDING'"),
            (EntryKind.REFUND_RETURNED, "refunds", "min(id)", "status = 'COMPLETED'"),
            (EntryKind.REFUND_DROPPED, "refunds", "min(id)", "status = 'COMPLETED'"),
            (EntryKind.REFUND_SETTLED, "refunds", "min(id)", "status = 'COMPLETED'"),
            (EntryKind.REFUND_DOUBLED, "refunds", "min(id)", "status = 'SETTLED'"),
            (EntryKind.REFUND_UNDOUBLED, "refunds", "min(id)", "status = 'DOUBLED'"),
            (EntryKind.DISPUTE_WON, "disputes", "min(id)", "status = 'LOST'"),
            (EntryKind.SLOT_LOST, "slots", "min(track_id || '/' || number)", "NOT is_lost"),
        )
        if table != "refunds" or "PENDING" not in where
    ),
    ("money_moves_once", first("refunds", "status = 'COMPLETED'", "currency = 'eur'")),
    ("money_moves_once", first("disputes", "status = 'WON'", "currency = 'eur'")),
    ("money_moves_once", first("disputes", "status = 'WON'", "status = 'LOST'")),
    ("money_moves_once", first("disputes", "status = 'WON'", "reinstated_amount = 0")),
    ("money_moves_once", first("disputes", change="amount = 0, fee = 0")),
    ("money_moves_once", first("disputes", change="payment_id = 'another'")),
    ("money_moves_once", first("refunds", "status = 'RETURNED'", "status = 'COMPLETED'")),
    ("money_moves_once", first("refunds", "status = 'COMPLETED'", "external_id = NULL")),
    ("money_moves_once", first("refunds", "status = 'SETTLED'", "duplicate_id = 're_9'")),
    ("money_moves_once", first("refunds", "status = 'DOUBLED'", "status = 'SETTLED'")),
    ("money_moves_once", first("refunds", "status = 'DOUBLED'", "reference = NULL")),
    ("payments_count_right", first("refunds", "status = 'SETTLED'", "reference = NULL")),
    ("market_accounts_follow_reviews", first("refunds", "status = 'DOUBLED'", "reference = NULL")),
    (
        "market_accounts_follow_reviews",
        first("refunds", "status = 'SETTLED'", "status = 'DOUBLED'"),
    ),
    ("money_moves_once", first("reviews", "status = 'COMPLETED'", "paid_amount = 49")),
    ("money_moves_once", first("reviews", "status = 'COMPLETED'", "paid_amount = NULL")),
    ("money_moves_once", first("reviews", ACTIVE, "paid_amount = 50")),
    ("money_moves_once", first("payouts", change="reversed_amount = reversed_amount + 1")),
    ("money_moves_once", first("payout_reversals")),
    ("money_moves_once", first("payout_reversals", change="amount = amount + 1")),
    ("money_moves_once", first("payouts", "status = 'COMPLETED'", "status = 'PENDING'")),
    ("money_moves_once", first_slot("is_lost", "is_lost = false")),
    ("queue_mirrors_active", first("review_queue")),
    (
        "queue_mirrors_active",
        (
            "INSERT INTO review_queue SELECT id, track_id, reviewer_id, 0, assigned_at, expires_at "
            "FROM reviews WHERE status = 'SKIPPED'"
        ),
    ),
    ("queue_mirrors_active", first("review_queue", change=f"expires_at = {LATER}")),
    ("queue_mirrors_active", first("review_queue", change="reviewer_id = 'another'")),
    ("queue_mirrors_active", first("review_queue", change="id = 'another'")),
    ("one_holder_a_slot", "UPDATE reviews SET slot_number = 1"),
    ("one_holder_a_slot", first("reviews", ACTIVE, "slot_number = 99")),
    ("one_holder_a_slot", "UPDATE slots SET refunded_at = NULL, number = number + 5"),
    ("one_holder_a_slot", f"UPDATE slots SET refunded_at = {LATER}"),
    ("one_holder_a_slot", first_slot("price > 0")),
    *(
        ("tracks_count_right", first("tracks", "paid_at IS NOT NULL", f"{name} = {name} + 1"))
        for name in ("reviews_completed", "slots_refunded", "unplayable_reports")
    ),
    ("tracks_count_right", "UPDATE tracks SET source_updated_at = NULL"),
    ("tracks_count_right", "UPDATE tracks SET source_updated_at = paid_at"),
    ("tracks_count_right", f"UPDATE tracks SET source_updated_at = {LATER}"),
    ("tracks_count_right", first("tracks", "status = 'COMPLETED'", "completed_at = NULL")),
    ("tracks_count_right", first("tracks", "status = 'QUEUED'", f"completed_at = {LATER}")),
    *(
        ("tracks_count_right", first("tracks", f"status = '{was}'", f"status = '{becomes}'"))
        for was, becomes in (
            ("QUEUED", "IN_PROGRESS"),
            ("IN_PROGRESS", "QUEUED"),
            ("CANCELLED", "QUEUED"),
            ("COMPLETED", "CANCELLED"),
        )
    ),
    ("flags_are_mirrored", first("flags", "status = 'OPEN'")),
    ("flags_are_mirrored", first("flags", "status = 'DISMISSED'")),
    ("flags_are_mirrored", first("flags", "status = 'DISMISSED'", "status = 'UPHELD'")),
    ("flags_are_mirrored", "UPDATE reviews SET was_flagged = NOT was_flagged"),
    ("flags_are_mirrored", "UPDATE reviews SET counts_toward_completion = true"),
    ("flags_are_mirrored", "UPDATE reviews SET flag_status = NULL"),
    ("closed_tracks_have_no_open_slot", first("tracks", SEEKING, f"closed_at = {LATER}")),
    ("closed_tracks_have_no_open_slot", first("tracks", SEEKING, "dispute_status = 'LOST'")),
    ("closed_tracks_have_no_open_slot", "UPDATE slots SET refunded_at = NULL"),
    (
        "closed_tracks_have_no_open_slot",
        (
            "UPDATE tracks SET closed_at = paid_at WHERE closed_at IS NULL; "
            "UPDATE reviews SET flag_status = 'OPEN' WHERE status = 'SKIPPED'"
        ),
    ),
    ("open_slots_are_sought_for", first("tracks", SEEKING, "assign_at = NULL")),
    ("open_slots_are_sought_for", "UPDATE tracks SET assign_at = NULL"),
    ("open_slots_are_sought_for", first("tracks", SEEKING, "dispute_status = 'OPEN'")),
    (
        "open_slots_are_sought_for",
        "UPDATE tracks SET assign_at = NULL, unplayable_reports = 0, dispute_status = NULL",
    ),
    ("open_slots_are_sought_for", f"UPDATE tracks SET assign_at = {LATER}"),
    (
        "open_slots_are_sought_for",
        (
            f"UPDATE tracks SET assign_at = {LATER}, closed_at = paid_at; "
            "UPDATE reviews SET flag_status = 'OPEN' WHERE status = 'SKIPPED'"
        ),
    ),
    ("disputes_are_mirrored", "UPDATE tracks SET dispute_status = NULL"),
    ("disputes_are_mirrored", first("disputes", "status = 'OPEN'")),
    ("disputes_are_mirrored", "UPDATE disputes SET status = 'OPEN'"),
    ("disputes_are_mirrored", "UPDATE disputes SET status = 'LOST'"),
    ("disputes_are_mirrored", "UPDATE disputes SET attempt_id = 'another'"),
    ("disputes_are_mirrored", "UPDATE disputes SET track_id = (SELECT min(id) FROM tracks)"),
    ("disputes_are_mirrored", first_slot("NOT is_lost", f"is_lost = true, refunded_at = {LATER}")),
    ("disputes_are_mirrored", f"UPDATE disputes SET closed_at = {LATER}"),
    ("disputes_are_mirrored", "UPDATE disputes SET closed_at = NULL"),
    (
        "tracks_are_reviewed_once",
        "UPDATE reviews SET reviewer_id = (SELECT min(id) FROM reviewer_profiles)",
    ),
    ("artists_count_right", first("artist_profiles", change="total_tracks = total_tracks + 1")),
    ("artists_count_right", first("artist_profiles", change="free_review_credits = -1")),
    *(
        ("reviewers_count_right", first("reviewer_profiles", change=f"{name} = {name} + 1"))
        for name in (
            *("total_reviews", "rating_sum", "rating_count"),
            *("gem_count", "flag_count", "active_count"),
        )
    ),
    ("reviewers_count_right", "UPDATE reviews SET artist_rating = 2, is_gem = true"),
    ("reviewers_count_right", "UPDATE flags SET status = 'DISMISSED'"),
    (
        "reviewers_are_fit",
        "UPDATE reviewer_profiles SET user_id = (SELECT min(user_id) FROM artist_profiles)",
    ),
    ("reviewers_are_fit", "UPDATE reviewer_profiles SET is_restricted = true"),
    (
        "promos_are_used_once",
        (
            "UPDATE tracks SET promo_code = 'LAUNCH', artist_id = 'one'; "
            "UPDATE artist_profiles SET id = 'one' WHERE id = (SELECT min(id) FROM artist_profiles)"
        ),
    ),
    ("promos_are_used_once", "UPDATE tracks SET status = 'QUEUED' WHERE promo_code = 'MINI'"),
]
