"""The market that is measured: one cell of artist, track and reviewer, made as often as wanted.

A cell has its number in all its ids (``rv000000001``), so that pgbench can compute them. Cell 1 is
made by the library itself; PostgreSQL multiplies it, column by column, whatever the tables are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import attrs
import psycopg
from psycopg import sql

from reviewcore.adapters.sql import tables
from reviewcore.domain import ledger
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.feedback import Feedback, FirstImpression
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import (
    ArtistId,
    AttemptId,
    PaymentId,
    ReviewerId,
    ReviewId,
    SessionId,
    TrackId,
    UserId,
)
from reviewcore.domain.links import SourceType
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus, queue_row
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.domain.slots import paid_slots
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.users import Session, User, marks_of, token_hash
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.complete_review import CompleteReview
from reviewcore.usecases.record_heartbeat import RecordHeartbeat

WIDTH = 9
BATCH = 50

RULES = MarketRules(heartbeat_freshness_seconds=86_400)
"""The defaults, but that what was heard when the market was made stays fresh for a long run."""

OF_AGE = timedelta(hours=RULES.reviewer_account_age_hours)

RULES_FILE = "heartbeat_freshness_seconds = 86400\n"

FEEDBACK = Feedback(
    first_impression=FirstImpression.STRONG_HOOK,
    production_score=4,
    originality_score=5,
    vocal_score=3,
    would_listen_again=True,
    best_part=(
        "The bass line that enters after the first break carries the whole song, because it"
        " answers the voice with a rhythm of its own and leaves enough room for the drums to"
        " breathe until the last chorus."
    ),
    best_part_timestamp=62,
    weakest_part=(
        "The second verse repeats the first without a new idea, so attention drops there; a"
        " counter melody, a thinner arrangement or simply half the length would keep listeners"
        " curious until the bridge arrives."
    ),
    weakest_timestamp=118,
)


def an_id(kind: str, number: int) -> str:
    return f"{kind}{number:0{WIDTH}d}"


def token_of(number: int) -> str:
    """Tell the bearer token of the reviewer of a cell."""
    return an_id("tk", number)


def completion(number: int) -> CompleteReview:
    return CompleteReview(
        review_id=ReviewId(an_id("rv", number)),
        reviewer_id=ReviewerId(an_id("rw", number)),
        feedback=FEEDBACK,
    )


def heartbeat(number: int) -> RecordHeartbeat:
    return RecordHeartbeat(
        review_id=ReviewId(an_id("rv", number)), reviewer_id=ReviewerId(an_id("rw", number))
    )


def add_genres(store: Store) -> None:
    with store.begin() as tx:
        if not tx.genres.tree().genres:
            tx.genres.add(*CATALOGUE)


def add_cells(store: Store, numbers: Iterable[int]) -> None:
    """Make cells through the library, a few in each transaction."""
    waiting = list(numbers)
    for start in range(0, len(waiting), BATCH):
        with store.begin() as tx:
            for number in waiting[start : start + BATCH]:
                add_cell(tx, number)


def add_cell(tx: Transaction, number: int) -> None:
    """Make an artist whose track has five slots, one of them being listened to."""
    past = tx.now - timedelta(days=30)
    paid_at = tx.now - timedelta(hours=2)
    package = tx.rules.packages[PackageType.STARTER]
    genres = tuple(genre.id for genre in CATALOGUE[1:4])
    users = [
        User(
            id=UserId(an_id(kind, number)),
            email=f"{an_id(kind, number)}@example.com",
            password=None,
            name="Sam Sample",
            email_verified=past,
            is_artist=kind == "ua",
            is_reviewer=kind == "uw",
            country="DE",
            created_at=past,
        )
        for kind in ("ua", "uw")
    ]
    artist = ArtistProfile(
        id=ArtistId(an_id("ar", number)),
        user_id=users[0].id,
        artist_name="The Samples",
        genres=genres,
        free_review_credits=1,
    ).queue_track(package.price_cents)
    reviewer = ReviewerProfile(
        id=ReviewerId(an_id("rw", number)),
        user_id=users[1].id,
        genres=genres,
        country="DE",
        active_count=1,
        last_assigned_at=paid_at,
        onboarding_quiz_score=4,
        onboarding_quiz_passed=True,
        completed_onboarding=True,
    )
    track = Track(
        id=TrackId(an_id("tr", number)),
        artist_id=artist.id,
        source_url="https://soundcloud.com/the-samples/first-light",
        source_type=SourceType.SOUNDCLOUD,
        title="First Light",
        status=TrackStatus.QUEUED,
        package_type=PackageType.STARTER,
        genres=genres[:2],
        price=package.price_cents,
        priority=0,
        reviews_requested=package.reviews,
        created_at=paid_at,
        rules_version=tx.rules.version,
        paid_at=paid_at,
        assign_at=paid_at,
    )
    slots = paid_slots(track.id, package, rules=tx.rules)
    review = Review(
        id=ReviewId(an_id("rv", number)),
        track_id=track.id,
        artist_id=artist.id,
        reviewer_id=reviewer.id,
        slot_number=1,
        status=ReviewStatus.IN_PROGRESS,
        offered_amount=slots[0].rate,
        slot_price=slots[0].price,
        minimum_listen_seconds=180,
        assigned_at=paid_at,
        expires_at=paid_at + timedelta(hours=48),
        started_at=paid_at,
        listen_duration=200,
        last_heartbeat=tx.now,
    )
    attempt = CheckoutAttempt(
        id=AttemptId(an_id("at", number)),
        payment_id=PaymentId(an_id("pa", number)),
        track_id=track.id,
        number=1,
        key=an_id("co:", number),
        title=track.title,
        amount=track.price,
        currency=tx.rules.currency,
        return_url="https://market.example/tracks",
        status=AttemptStatus.PAID,
        created_at=paid_at,
        session_id=an_id("cs", number),
        external_payment_id=an_id("pi", number),
        ended_at=paid_at,
    )
    payment = Payment(
        id=attempt.payment_id,
        track_id=track.id,
        amount=track.price,
        currency=attempt.currency,
        status=PaymentStatus.COMPLETED,
        created_at=paid_at,
        stripe_session_id=attempt.session_id,
        stripe_payment_id=attempt.external_payment_id,
        applied_attempt_id=attempt.id,
        completed_at=paid_at,
    )
    session = Session(
        id=SessionId(an_id("se", number)),
        user_id=users[1].id,
        token_hash=token_hash(token_of(number)),
        created_at=past,
        expires_at=tx.now + timedelta(days=30),
    )
    tx.users.add(*users)
    for user in users:
        tx.identities.add(*marks_of(user))
    tx.sessions.add(session)
    tx.artists.add(artist)
    tx.reviewers.add(reviewer)
    tx.tracks.add(track)
    tx.slots.add(*slots)
    tx.reviews.add(review)
    tx.queue.add(queue_row(review, priority=track.priority))
    tx.payments.add(payment)
    tx.attempts.add(attempt)
    tx.ledger.add(ledger.payment_applied(payment, attempt))


def multiply(url: str, cells: int) -> None:
    """Copy cell 1 until there are *cells*, in bulk."""
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        # Entry ids are the store's own; give the one of cell 1 its number too.
        connection.execute("SET session_replication_role = replica")
        for table, column in (("ledger_entries", "id"), ("ledger_postings", "entry_id")):
            connection.execute(
                sql.SQL("UPDATE {} SET {} = 'en000000001'").format(
                    sql.Identifier(table), sql.Identifier(column)
                )
            )
        for table in tables.metadata.tables.keys() - {"genres"}:
            _multiply_table(connection, table, cells)


def settle(url: str) -> None:
    """Clean up after bulk work, so that it is not measured."""
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE, FREEZE)")
        connection.execute("CHECKPOINT")


def _multiply_table(
    connection: psycopg.Connection[Any], table: str, cells: int, *, told: str | None = None
) -> None:
    """Copy the rows of cell 1; columns that *told* has too come from there, cell by cell."""
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
        [table],
    ).fetchall()
    given = (
        {
            name
            for (name,) in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [told]
            )
        }
        if table.startswith("reviewer_")
        else set()
    )
    source = (
        sql.Identifier(told)
        if told is not None
        else sql.SQL("generate_series(2, {})").format(sql.Literal(cells))
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({names}) SELECT {values}"
            " FROM {table} AS one, {source} AS other (n) WHERE other.n > 1"
        ).format(
            table=sql.Identifier(table),
            names=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
            values=sql.SQL(", ").join(
                sql.Identifier("other", name) if name in given else _copied(name, kind)
                for name, kind in columns
            ),
            source=source,
        )
    )


def _copied(name: str, kind: str) -> sql.Composable:
    """Tell the value of a column in cell *n*."""
    if name == "token_hash":
        return sql.SQL("encode(sha256(convert_to('tk' || lpad(n::text, 9, '0'), 'UTF8')), 'hex')")
    if kind == "text":
        return sql.SQL("replace({0}, '000000001', lpad(n::text, 9, '0'))").format(
            sql.Identifier("one", name)
        )
    return sql.Identifier("one", name)


def dsn_of(url: str) -> str:
    """Tell SQLAlchemy's URL as PostgreSQL's own programs know it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def add_crowd(url: str, store: Store, reviewers: int) -> None:
    """Make *reviewers* who may all be assigned; ratings, load and tiers vary.

    The first nine tenths stand before the others: no load, and the best rating.
    """
    add_genres(store)
    add_cells(store, [1])
    with store.begin() as tx:
        tx.reviewers.come_of_age(tx.now - OF_AGE, limit=BATCH)
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        # Nobody is at work yet.
        for table in ("review_queue", "reviews"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        # A scattered number stands for chance, so that every run has the same market.
        connection.execute(
            sql.SQL("""
            CREATE TEMPORARY TABLE told AS
            SELECT *, rating_sum::float / greatest(rating_count, 1) AS rating FROM (
                SELECT n,
                    CASE WHEN chance % 10 = 0 THEN 'PRO' ELSE 'NORMAL' END AS tier,
                    CASE WHEN n <= {head} THEN 0 ELSE chance % 3 END AS active_count,
                    CASE WHEN chance % 7 = 0 THEN chance % 10 ELSE 20 END AS rating_count,
                    CASE WHEN n <= {head} THEN 5 ELSE 3 END
                        * CASE WHEN chance % 7 = 0 THEN chance % 10 ELSE 20 END AS rating_sum,
                    CASE WHEN n <= {head} THEN 9 ELSE chance % 4 END AS gem_count,
                    now() - make_interval(secs => chance) AS last_assigned_at
                FROM (
                    SELECT n, (n::bigint * 7919 % 99991)::int AS chance
                    FROM generate_series(1, {reviewers}) AS n
                ) AS drawn
            ) AS counted
            """).format(head=sql.Literal(reviewers * 9 // 10), reviewers=sql.Literal(reviewers))
        )
        for table in ("users", "identity_marks", "reviewer_profiles", "reviewer_genres"):
            _multiply_table(connection, table, reviewers, told="told")
    settle(url)


HEADS: Mapping[str, Mapping[str, str]] = {
    "too new": {
        "users": "created_at = now()",
        "reviewer_genres": "account_since = now(), of_age = false",
    },
    "not verified": {
        "users": "email_verified = NULL",
        "reviewer_genres": "account_since = NULL, of_age = false",
    },
    "restricted": {
        "reviewer_profiles": "is_restricted = true, restriction_cause = 'ADMIN'",
        "reviewer_genres": "available = false",
    },
    "fully loaded": {
        "reviewer_profiles": "active_count = 5",
        "reviewer_genres": "active_count = 5",
    },
}
"""Why those who stand first cannot be assigned: what is set in which table."""

NUMBERED = {"users": "id", "reviewer_profiles": "id", "reviewer_genres": "reviewer_id"}


def bar_head(url: str, why: str, head: int) -> None:
    """Let nobody of the first *head* reviewers be assignable, for a reason of `HEADS`."""
    # In one transaction, so that `now()` is the same in all tables.
    with psycopg.connect(dsn_of(url)) as connection:
        for table, changes in HEADS[why].items():
            key = NUMBERED[table]
            connection.execute(
                f"UPDATE {table} SET {changes}"
                f" WHERE {key} ~ '^(uw|rw)' AND right({key}, 9)::int <= %s",
                [head],
            )
    settle(url)


def add_open_tracks(store: Store, numbers: Iterable[int]) -> list[TrackId]:
    """Make tracks of cell 1's artist with 25 open slots each."""
    told = []
    for number in numbers:
        with store.begin() as tx:
            package = tx.rules.packages[PackageType.DEEP_DIVE]
            model = tx.tracks.get(TrackId(an_id("tr", 1)))
            track = attrs.evolve(
                model,
                id=TrackId(an_id("to", number)),
                package_type=PackageType.DEEP_DIVE,
                price=package.price_cents,
                reviews_requested=package.reviews,
                assign_at=tx.now,
            )
            tx.tracks.add(track)
            tx.slots.add(*paid_slots(track.id, package, rules=tx.rules))
            told.append(track.id)
    return told


def percentile(values: list[float], percent: int) -> float:
    """Tell the value that *percent* of all do not exceed; *values* are sorted."""
    return values[min(len(values) - 1, len(values) * percent // 100)]
