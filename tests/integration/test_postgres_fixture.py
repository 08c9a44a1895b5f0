"""The PostgreSQL of the tests is real, durable, and shared by no two tests."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.postgres import SETTINGS, Server, running_server


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


def scalar(url: str, query: str) -> object:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(query)).scalar_one()
    finally:
        engine.dispose()


def tables(url: str) -> object:
    return scalar(url, "select count(*) from pg_tables where schemaname = 'public'")


def test_two_databases_of_one_server_are_isolated(postgres: Server, postgres_url: str) -> None:
    other = postgres.create_database()

    execute(postgres_url, "create table track (id int)", "insert into track values (1)")

    assert tables(postgres_url) == 1
    assert tables(other) == 0


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
def test_the_server_is_durable_unless_told_otherwise(postgres_url: str, setting: str) -> None:
    assert scalar(postgres_url, f"show {setting}") == "on"


def test_a_database_starts_as_a_copy_of_its_template(postgres: Server) -> None:
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        execute(url, "create table genre (id int)", "insert into genre values (1), (2)")

    urls = [
        postgres.create_database(template=postgres.template("genres", prepare)) for _ in range(2)
    ]
    execute(urls[0], "delete from genre")

    assert len(prepared) == 1
    assert scalar(urls[0], "select count(*) from genre") == 0
    assert scalar(urls[1], "select count(*) from genre") == 2


def test_a_database_is_dropped_although_a_test_left_a_connection(postgres: Server) -> None:
    url = postgres.create_database()
    engine = sa.create_engine(url)
    left = engine.connect()

    postgres.drop_database(url)

    with pytest.raises(sa.exc.OperationalError):
        left.execute(sa.text("select 1"))
    left.close()
    engine.dispose()


def test_servers_run_side_by_side_and_leave_nothing_behind(
    postgres: Server, tmp_path: Path
) -> None:
    with running_server(tmp_path, settings={**SETTINGS, "fsync": "off"}) as second:
        assert second.port != postgres.port
        assert scalar(second.url(), "show fsync") == "off"
        data = Path(str(scalar(second.url(), "show data_directory")))
        assert data.exists()

    assert not data.parent.exists()
    with pytest.raises(sa.exc.OperationalError):
        scalar(second.url(), "select 1")
