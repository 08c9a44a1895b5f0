"""Fixtures of the tests that talk to the world outside the process."""

from collections.abc import Iterator

import pytest

from tests.integration.postgres import Server, running_server


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A PostgreSQL server of this test process's own, durable as in production."""
    cache = request.config.cache
    assert cache is not None, "pytest's cache plugin keeps the prepared cluster"
    with running_server(cache.mkdir("postgres")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The URL of an empty database that only this test knows."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)
