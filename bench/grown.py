"""A market that has grown for years, made by the database itself: every law holds in it.

Of fifty tracks forty-seven are completed, one was closed with half of its slots given back, one is
at work (with active, expired and flagged reviews), and one is free. Some flags were dismissed,
some upheld, some payments disputed and won back; every reviewer was paid out once.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from sqlalchemy import BigInteger, Boolean, Double, Integer, Table

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.tables.columns import INSTANT

SLOTS = 10
RATE, PRICE = 50, 99
BORN = "timestamptz '2024-01-05 08:00+00'"
PAYOUT = 1000

# One row a review: what happened to the slot `k` of the track `t`, by what became of the track.
STORY = """
CREATE UNLOGGED TABLE story AS
SELECT t, k, t * 10 + k AS v, (t * 7 + k * 2003) % {reviewers} AS r, t / 5 AS a, fate,
    CASE
        WHEN fate = 'closed' AND k > 5 THEN 'SKIPPED'
        WHEN fate = 'at work' AND k IN (7, 8) THEN 'IN_PROGRESS'
        WHEN fate = 'at work' AND k = 10 THEN 'EXPIRED'
        ELSE 'COMPLETED'
    END AS status,
    CASE
        WHEN fate = 'at work' AND k = 9 THEN CASE WHEN t % 100 = 1 THEN 'OPEN' ELSE 'UPHELD' END
        WHEN fate = 'completed' AND k = 3 AND t % 20 = 7 THEN 'DISMISSED'
    END AS flag,
    CASE WHEN fate = 'free' THEN 0 ELSE {price} END AS price,
    k % 3 <> 0 AS is_rated, 1 + (t + k) % 5 AS rating, k = 5 AS is_gem,
    {born} + (t * interval '3 minutes') + (k * interval '1 hour') AS at
FROM (
    SELECT t, CASE t % 50 WHEN 0 THEN 'free' WHEN 1 THEN 'at work' WHEN 2 THEN 'closed'
        ELSE 'completed' END AS fate
    FROM generate_series(0, {tracks} - 1) AS t
) AS tracks CROSS JOIN generate_series(1, {slots}) AS k;
ANALYZE story
"""
COUNTS = "status = 'COMPLETED' AND coalesce(flag, 'DISMISSED') = 'DISMISSED'"
KEPT = "status = 'COMPLETED' AND coalesce(flag, 'OPEN') <> 'UPHELD'"
DONE = "FROM story WHERE status = 'COMPLETED'"
FIRST = "FROM story WHERE k = 1"
PAID = f"{FIRST} AND fate <> 'free'"
DISPUTED = f"{PAID} AND fate = 'completed' AND t % 500 = 3"
CLOSED = f"{PAID} AND fate = 'closed'"


def ident(kind: str, number: str) -> str:
    """Write an id of the common length for the thing of a kind with a number."""
    return f"'01{kind}' || lpad(upper(to_hex({number})), {24 - len(kind)}, '0')"


TRACK, REVIEW, REVIEWER = ident("T", "t"), ident("V", "v"), ident("R", "r")
ARTIST, PAYMENT, ATTEMPT = ident("A", "a"), ident("P", "t"), ident("C", "t")
REFUND, DISPUTE, SENT = ident("F", "t"), ident("D", "t"), ident("S", "r")


def grow(connection: psycopg.Connection, reviews: int) -> None:
    """Fill an empty, migrated database with so many reviews. Needs a superuser."""
    count = reviews // SLOTS
    # Who adds a million consistent rows at once need not have each of them looked up.
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    story = STORY.format(tracks=count, reviewers=reviews // 50, slots=SLOTS, price=PRICE, born=BORN)
    for statement in story.split(";"):
        connection.execute(statement.encode())
    for table, values, source in (*_people(), *_tracks(), *_money()):
        _insert(connection, table, values, source)
    _book(connection)
    connection.execute("DROP TABLE story")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


def _insert(
    connection: psycopg.Connection, table: Table, values: Mapping[str, str], source: str
) -> None:
    """Insert what *source* has, with a plain value in each column that *values* does not name."""
    told = {
        column.name: values.get(column.name) or _plain(column.type)
        for column in table.columns
        if column.name in values or not column.nullable
    }
    columns = ", ".join(told)
    connection.execute(
        f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(told.values())} {source}".encode()
    )


def _plain(kind: object) -> str:
    if kind is INSTANT:
        return BORN
    if isinstance(kind, Boolean):
        return "false"
    return "0" if isinstance(kind, (Integer, BigInteger, Double)) else "''"


Rows = tuple[Table, Mapping[str, str], str]


def _people() -> list[Rows]:
    by_artist = (
        f"FROM (SELECT t / 5 AS a, sum(CASE fate WHEN 'free' THEN 0 WHEN 'closed' THEN {PRICE} * 5 "
        f"ELSE {PRICE} * {SLOTS} END) AS spent, count(*) AS tracks {FIRST} GROUP BY 1) AS by_artist"
    )
    by_reviewer = f"""FROM (
        SELECT r, count(*) FILTER (WHERE {KEPT}) AS kept,
            coalesce(sum(rating) FILTER (WHERE {KEPT} AND is_rated), 0) AS rating_sum,
            count(*) FILTER (WHERE {KEPT} AND is_rated) AS rating_count,
            count(*) FILTER (WHERE {KEPT} AND is_gem) AS gems,
            count(*) FILTER (WHERE flag IN ('OPEN', 'UPHELD')) AS flags,
            count(*) FILTER (WHERE status = 'IN_PROGRESS') AS active
        FROM story GROUP BY r) AS by_reviewer"""
    user = {"email": "id || '@example.com'", "name": "id"}
    return [
        (
            tables.users,
            {"id": "id", **user},
            f"FROM (SELECT {ident('UA', 'a')} AS id {by_artist}) AS ids",
        ),
        (
            tables.users,
            {"id": "id", **user},
            f"FROM (SELECT {ident('UR', 'r')} AS id {by_reviewer}) AS ids",
        ),
        (
            tables.artist_profiles,
            {
                "id": ARTIST,
                "user_id": ident("UA", "a"),
                "total_tracks": "tracks",
                "total_spent": "spent",
            },
            by_artist,
        ),
        (
            tables.reviewer_profiles,
            {
                "id": REVIEWER,
                "user_id": ident("UR", "r"),
                "tier": "'NORMAL'",
                "total_reviews": "kept",
                "rating_sum": "rating_sum",
                "rating_count": "rating_count",
                "gem_count": "gems",
                "flag_count": "flags",
                "active_count": "active",
                "total_earnings": f"kept * {RATE}",
                "pending_balance": f"kept * {RATE} - {PAYOUT}",
            },
            by_reviewer,
        ),
    ]


def _tracks() -> list[Rows]:
    is_over = "fate IN ('completed', 'closed', 'free')"
    after = "at + interval '9 hours'"
    is_given_back = "status = 'SKIPPED'"
    return [
        (
            tables.tracks,
            {
                "id": TRACK,
                "artist_id": ARTIST,
                "source_type": "'SOUNDCLOUD'",
                "title": "'Night Drive'",
                "status": f"CASE WHEN {is_over} THEN 'COMPLETED' ELSE 'IN_PROGRESS' END",
                "package_type": "'STANDARD'",
                "genres": "'[\"techno\"]'",
                "price": f"price * {SLOTS}",
                "reviews_requested": f"{SLOTS}",
                "reviews_completed": "CASE fate WHEN 'closed' THEN 5 WHEN 'at work' THEN 6 "
                f"ELSE {SLOTS} END",
                "slots_refunded": "CASE fate WHEN 'closed' THEN 5 ELSE 0 END",
                "promo_code": "CASE fate WHEN 'free' THEN 'CREDIT' END",
                "paid_at": "at",
                "completed_at": f"CASE WHEN {is_over} THEN {after} END",
                "closed_at": f"CASE fate WHEN 'closed' THEN {after} END",
                "assign_at": "CASE fate WHEN 'at work' THEN at END",
                "queue_rank": "at",
            },
            FIRST,
        ),
        (
            tables.slots,
            {
                "track_id": TRACK,
                "number": "k",
                "tier": "'NORMAL'",
                "rate": f"{RATE}",
                "price": "price",
                "refunded_at": f"CASE WHEN {is_given_back} THEN {after} END",
            },
            "FROM story",
        ),
        (
            tables.reviews,
            {
                "id": REVIEW,
                "track_id": TRACK,
                "artist_id": ARTIST,
                "reviewer_id": REVIEWER,
                "slot_number": "k",
                "status": "status",
                "offered_amount": f"{RATE}",
                "slot_price": "price",
                "assigned_at": "at",
                "expires_at": "at + interval '2 days'",
                "ended_at": f"CASE WHEN status <> 'IN_PROGRESS' THEN {after} END",
                "end_reason": "CASE status WHEN 'SKIPPED' THEN 'SKIP' WHEN 'EXPIRED' "
                "THEN 'TIMEOUT' END",
                "paid_amount": f"CASE status WHEN 'COMPLETED' THEN {RATE} END",
                "counts_toward_completion": COUNTS,
                "artist_rating": "CASE WHEN status = 'COMPLETED' AND is_rated THEN rating END",
                "is_gem": "status = 'COMPLETED' AND is_gem",
                "was_flagged": "coalesce(flag IN ('OPEN', 'UPHELD'), false)",
                "flag_status": "flag",
                "first_impression": "CASE status WHEN 'COMPLETED' THEN 'DECENT' END",
                "best_part": "CASE status WHEN 'COMPLETED' THEN repeat('The drop works. ', 12) END",
                "weakest_part": "CASE status WHEN 'COMPLETED' THEN repeat('The end. ', 12) END",
            },
            "FROM story",
        ),
        (
            tables.review_queue,
            {
                "id": REVIEW,
                "track_id": TRACK,
                "reviewer_id": REVIEWER,
                "assigned_at": "at",
                "expires_at": "at + interval '2 days'",
            },
            "FROM story WHERE status = 'IN_PROGRESS'",
        ),
        (
            tables.flags,
            {
                "id": ident("G", "v"),
                "review_id": REVIEW,
                "track_id": TRACK,
                "reviewer_id": REVIEWER,
                "flag_reason": "'spam'",
                "status": "flag",
            },
            "FROM story WHERE flag IS NOT NULL",
        ),
    ]


def _money() -> list[Rows]:
    of_payment = {"payment_id": PAYMENT, "attempt_id": ATTEMPT, "track_id": TRACK}
    return [
        (
            tables.payments,
            {
                "id": PAYMENT,
                "track_id": TRACK,
                "amount": f"{PRICE * SLOTS}",
                "currency": "'usd'",
                "status": "'COMPLETED'",
                "applied_attempt_id": ATTEMPT,
                "completed_at": "at",
                "refunded_amount": f"CASE fate WHEN 'closed' THEN {PRICE * 5} ELSE 0 END",
            },
            PAID,
        ),
        (
            tables.checkout_attempts,
            {
                "id": ATTEMPT,
                "payment_id": PAYMENT,
                "track_id": TRACK,
                "amount": f"{PRICE * SLOTS}",
                "currency": "'usd'",
                "status": "'PAID'",
                "fee": "39",
            },
            PAID,
        ),
        (
            tables.refunds,
            {
                "id": REFUND,
                **of_payment,
                "amount": f"{PRICE * 5}",
                "currency": "'usd'",
                "reason": "'CLOSED'",
                "status": "'COMPLETED'",
            },
            CLOSED,
        ),
        (
            tables.disputes,
            {
                "id": DISPUTE,
                **of_payment,
                "external_id": DISPUTE,
                "amount": f"{PRICE * SLOTS}",
                "fee": "1500",
                "currency": "'usd'",
                "status": "'WON'",
                "closed_at": "at",
                "reinstated_amount": f"{PRICE * SLOTS}",
            },
            DISPUTED,
        ),
        (
            tables.payouts,
            {
                "id": SENT,
                "reviewer_id": REVIEWER,
                "amount": f"{PAYOUT}",
                "currency": "'usd'",
                "method": "'STRIPE_CONNECT'",
                "status": "'COMPLETED'",
            },
            "FROM (SELECT DISTINCT r FROM story) AS reviewers",
        ),
    ]


def _book(connection: psycopg.Connection) -> None:
    """Write the ledger: an entry a cause, in the order of the money table."""
    deferred, payable = f"'deferred:' || {TRACK}", f"'payable:' || {REVIEWER}"
    refunding, in_transit = f"'refunding:' || {REFUND}", f"'in_transit:' || {SENT}"
    paid, half, margin = f"{PRICE * SLOTS}", f"{PRICE * 5}", f"{PRICE - RATE}"
    processor, revenue, losses = "'processor'", "'revenue'", "'losses'"
    flagged = f"{DONE} AND flag IS NOT NULL"
    everyone = "FROM (SELECT DISTINCT r FROM story) AS reviewers"
    back = ((revenue, f"-{margin}"), (losses, f"-{RATE}"), (deferred, f"{PRICE}"))
    again = ((revenue, margin), (losses, f"{RATE}"), (deferred, f"-{PRICE}"))
    for kind, cause, source, postings in (
        ("PAYMENT_APPLIED", ATTEMPT, PAID, ((processor, f"-{paid}"), (deferred, paid))),
        ("FEE_KNOWN", ATTEMPT, PAID, (("'fees'", "-39"), (processor, "39"))),
        (
            "REVIEW_COMPLETED",
            REVIEW,
            f"{DONE} AND fate <> 'free'",
            ((deferred, f"-{PRICE}"), (payable, f"{RATE}"), (revenue, margin)),
        ),
        (
            "REVIEW_COMPLETED",
            REVIEW,
            f"{DONE} AND fate = 'free'",
            (("'promotion'", f"-{RATE}"), (payable, f"{RATE}")),
        ),
        ("FLAG_OPENED", REVIEW, flagged, back),
        ("FLAG_DISMISSED", REVIEW, f"{flagged} AND flag = 'DISMISSED'", again),
        (
            "FLAG_UPHELD",
            REVIEW,
            f"{flagged} AND flag = 'UPHELD'",
            ((payable, f"-{RATE}"), (losses, f"{RATE}")),
        ),
        ("REFUND_INTENDED", REFUND, CLOSED, ((deferred, f"-{half}"), (refunding, half))),
        ("REFUND_COMPLETED", REFUND, CLOSED, ((refunding, f"-{half}"), (processor, half))),
        (
            "DISPUTE_OPENED",
            DISPUTE,
            DISPUTED,
            ((losses, f"-{paid}"), ("'fees'", "-1500"), (processor, f"{PRICE * SLOTS + 1500}")),
        ),
        ("DISPUTE_WON", DISPUTE, DISPUTED, ((processor, f"-{paid}"), (losses, paid))),
        (
            "PAYOUT_REQUESTED",
            SENT,
            everyone,
            ((payable, f"-{PAYOUT}"), (in_transit, f"{PAYOUT}")),
        ),
        (
            "PAYOUT_COMPLETED",
            SENT,
            everyone,
            ((in_transit, f"-{PAYOUT}"), (processor, f"{PAYOUT}")),
        ),
    ):
        entry = f"'{kind}:' || {cause}"
        _insert(
            connection,
            tables.ledger_entries,
            {"id": entry, "kind": f"'{kind}'", "cause": cause},
            source,
        )
        for number, (account, amount) in enumerate(postings, 1):
            _insert(
                connection,
                tables.ledger_postings,
                {"entry_id": entry, "number": f"{number}", "account": account, "amount": amount},
                source,
            )
