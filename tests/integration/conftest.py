"""Fixtures of the tests that talk to the world outside the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.markets import Markets
from tests.integration.postgres import Server, running_server
from tests.integration.warm import Warm, warmed

LONG = (
    "crashes/test_commands",
    "crashes/test_kills",
    "http/test_fuzz",
    "simulator/test_fresh_seeds",
    "test_machine",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker ends long after the other."""
    folder = f"{Path(__file__).parent}/"
    items.sort(key=lambda item: not str(item.path).removeprefix(folder).startswith(LONG))


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


@pytest.fixture(scope="session")
def markets(postgres: Server) -> Markets:
    """Markets on PostgreSQL whose commits do not wait for the disk: nobody cuts the power."""
    return Markets(postgres, hasty=True)


@pytest.fixture(scope="session")
def durable_markets(postgres: Server) -> Markets:
    """Markets on PostgreSQL that commit as in production, which takes long enough to race."""
    return Markets(postgres, hasty=False)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What starts our programs quickly."""
    with warmed() as running:
        yield running


@pytest.fixture
def market_url(markets: Markets) -> Iterator[str]:
    """The URL of an empty market on PostgreSQL."""
    with markets.lend() as url:
        yield url
