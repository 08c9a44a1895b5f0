"""What recovery is proven on: the databases of the races."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.postgres import Server
from tests.integration.races.conftest import migrate, migrated_file
from tests.integration.stripe.recovery.weather import TOLD

__all__ = ["migrated_file"]


@pytest.fixture(scope="session")
def used_database(postgres: Server) -> Iterator[str]:
    """The URL of a migrated database that tests use one after the other, and empty first."""
    url = postgres.create_database(template=postgres.template("migrated", migrate))
    yield url
    postgres.drop_database(url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TOLD:
        terminalreporter.section("recovery")
        for told, count in sorted(TOLD.items()):
            terminalreporter.write_line(f"{told}: {count}")
        TOLD.clear()
