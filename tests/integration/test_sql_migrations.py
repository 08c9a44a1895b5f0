"""Migrations: they make the schema that the tables describe, and undo it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.schema import ForeignKeyConstraint

from reviewcore.adapters.sql import SqlStore, schema
from reviewcore.adapters.sql.tables import metadata
from reviewcore.domain import ledger
from reviewcore.domain.errors import StoreNotMigrated, StoreUnavailable
from reviewcore.domain.ledger import Entry
from reviewcore.domain.matching import Search
from reviewcore.domain.refunds import OWED, RefundStatus
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene
from tests.integration.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'market.db'}"
        return
    postgres: Server = request.getfixturevalue("postgres")
    made = postgres.create_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url)
    yield store
    store.close()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def _differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": schema.VERSION_TABLE}
        )
        return list(compare_metadata(context, metadata))


def _partial_indexes(engine: Engine) -> dict[str, str]:
    """Tell the conditions of partial indexes, which Alembic does not compare."""
    dialect = engine.dialect.name
    inspector = inspect(engine)
    return {
        str(index["name"]): str(index["dialect_options"][f"{dialect}_where"])
        for table in inspector.get_table_names()
        for index in inspector.get_indexes(table)
        if f"{dialect}_where" in index.get("dialect_options", {})
    }


def _checks(engine: Engine) -> dict[str, str]:
    inspector = inspect(engine)
    return {
        str(check["name"]): check["sqltext"]
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }


def _downgrade(engine: Engine, revision: str = "base") -> None:
    with engine.begin() as connection:
        command.downgrade(schema.configuration(connection), revision)


def test_the_migrated_schema_is_that_of_the_tables(store: SqlStore, engine: Engine) -> None:
    store.migrate()

    assert _differences(engine) == []


def test_checks_and_conditions_of_indexes_are_those_of_the_tables(
    store: SqlStore, engine: Engine, tmp_path: Path
) -> None:
    store.migrate()
    migrated = _checks(engine), _partial_indexes(engine)
    _downgrade(engine)
    metadata.create_all(engine)

    assert migrated == (_checks(engine), _partial_indexes(engine))
    assert len(migrated[0]) > 50
    assert len(migrated[1]) > 10


def test_going_down_leaves_nothing_and_up_again_everything(store: SqlStore, engine: Engine) -> None:
    store.migrate()
    scene = Scene(store)
    scene.dispute()
    scene.reversal()
    scene.event()

    _downgrade(engine)

    assert inspect(engine).get_table_names() == [schema.VERSION_TABLE]
    store.migrate()
    assert _differences(engine) == []


def test_accounts_are_known_to_the_search_also_of_those_who_came_before_it_knew(
    store: SqlStore, engine: Engine
) -> None:
    store.migrate()
    scene = Scene(store)
    track = scene.track()
    ages = [(timedelta(days=2), START), (timedelta(days=2), None), (timedelta(0), START)]
    users = [scene.user(created_at=START - age, email_verified=at) for age, at in ages]
    old, _, young = [scene.reviewer(user_id=user.id) for user in users]
    with store.begin() as tx:
        tx.reviewers.come_of_age(START - timedelta(days=1), limit=100)

    _downgrade(engine, "0005")
    store.migrate()

    search = Search(track_id=track.id, genres=frozenset(old.genres))
    aged = attrs.evolve(search, account_before=START - timedelta(days=1))
    for _ in range(2):
        with store.begin() as tx:
            assert tx.reviewers.candidates(search, limit=9) == [old, young]
            assert tx.reviewers.candidates(aged, limit=9) == [old]
            tx.reviewers.come_of_age(START - timedelta(days=1), limit=100)


def _books(scene: Scene) -> list[Entry]:
    """Book a payment and a refund of it, as every market before had them."""
    refund = scene.refund(status=RefundStatus.PROCESSING, look_ups=3)
    with scene.store.begin() as tx:
        attempt = tx.attempts.get(refund.attempt_id)
        tx.ledger.add(
            ledger.payment_not_applied(attempt, refund.amount),
            ledger.refund_intended(refund, applied=False),
        )
    with scene.store.read() as tx:
        return list(tx.ledger.all())


def test_refunds_and_books_live_through_going_down_and_up(store: SqlStore, engine: Engine) -> None:
    store.migrate()
    scene = Scene(store)
    refunds = [scene.refund(status=status) for status in sorted(OWED)]
    entries = _books(scene)

    _downgrade(engine, "0012")
    assert {name["name"] for name in inspect(engine).get_columns("refunds")}.isdisjoint(
        {"look_ups", "reference", "duplicate_id"}
    )
    store.migrate()

    assert _differences(engine) == []
    with store.begin() as tx:
        assert [tx.refunds.get(one.id) for one in refunds] == refunds
        [known] = [one for one in tx.refunds.all() if one not in refunds]
        assert (known.status, known.look_ups, known.reference) == (RefundStatus.PROCESSING, 0, None)
        assert list(tx.ledger.all()) == entries
        tx.refunds.update(attrs.evolve(known, status=RefundStatus.SETTLED, reference="transfer 1"))
        tx.ledger.add(ledger.refund_settled(known))
    [told] = inspect(engine).get_foreign_keys("ledger_postings")
    assert told["referred_table"] == "ledger_entries"


@pytest.mark.parametrize("what", ["refund", "entry"])
def test_what_was_settled_is_in_the_way_of_going_down_and_is_kept(
    store: SqlStore, engine: Engine, what: str
) -> None:
    store.migrate()
    scene = Scene(store)
    status = RefundStatus.SETTLED if what == "refund" else RefundStatus.FAILED
    refund = scene.refund(status=status)
    if what == "entry":
        with store.begin() as tx:
            tx.ledger.add(ledger.refund_undoubled(refund))

    with pytest.raises(RuntimeError, match="cannot go below 0013: 1 rows of"):
        _downgrade(engine, "0012")

    store.check_ready()
    with store.read() as tx:
        assert tx.refunds.get(refund.id) == refund


def test_the_newest_revision_is_the_one_the_code_needs(store: SqlStore, engine: Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(schema.configuration(connection))

    assert script.get_current_head() == schema.NEWEST


def test_a_store_is_ready_only_with_the_newest_schema(store: SqlStore, engine: Engine) -> None:
    with pytest.raises(StoreNotMigrated) as unmigrated:
        store.check_ready()
    store.migrate()
    store.check_ready()
    with engine.begin() as connection:
        connection.execute(text("UPDATE reviewcore_version SET version_num = '9999'"))
    with pytest.raises(StoreNotMigrated) as newer:
        store.check_ready()

    assert (unmigrated.value.found, unmigrated.value.wanted) == ("none", schema.NEWEST)
    assert (newer.value.found, newer.value.wanted) == ("9999", schema.NEWEST)


def test_several_processes_may_migrate_at_once(url: str) -> None:
    stores = [SqlStore(url) for _ in range(3)]

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(store.migrate) for store in stores]:
            done.result()

    for store in stores:
        store.check_ready()
        store.close()


def test_an_unreachable_server_is_unavailable_and_no_secret_is_told() -> None:
    store = SqlStore("postgresql+psycopg://market:hunter22@127.0.0.1:1/market")

    for act in (store.check_ready, store.migrate, lambda: store.begin().__enter__()):
        with pytest.raises(StoreUnavailable) as told:
            act()
        seen = [told.value, told.value.__cause__, told.value.__context__]
        assert "hunter22" not in "".join(f"{one} {one!r}" for one in seen)
    assert "hunter22" not in repr(store)
    store.close()


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'nowhere' / 'market.db'}")

    for act in (store.check_ready, store.migrate, lambda: store.begin().__enter__()):
        with pytest.raises(StoreUnavailable):
            act()
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/market"])
def test_a_url_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite needs a file|no store for"):
        SqlStore(url)


def test_every_reference_of_the_tables_is_indexed_where_rows_are_ever_looked_up_by_it() -> None:
    # A cheap reminder: references named here are followed by no query.
    unindexed = {
        (table.name, constraint.column_keys[0])
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, ForeignKeyConstraint)
        and not any(
            next(iter(columns)).name == constraint.column_keys[0]
            for columns in [table.primary_key.columns, *(one.columns for one in table.indexes)]
        )
    }

    assert unindexed == {
        ("genres", "parent_id"),
        ("checkout_attempts", "track_id"),
        ("disputes", "attempt_id"),
        ("disputes", "track_id"),
        ("payout_reversals", "reviewer_id"),
        ("refunds", "attempt_id"),
        ("refunds", "track_id"),
        ("review_queue", "track_id"),
        ("flags", "reviewer_id"),
    }
