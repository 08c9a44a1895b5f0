"""A market on each database, served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.http.service import Service, served


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A fresh market, served on loopback."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'market.db'}"
    else:
        url = request.getfixturevalue("market_url")
    with served(url, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One market for all tests that only look."""
    folder = tmp_path_factory.mktemp("standing")
    with served(f"sqlite:///{folder / 'market.db'}", folder) as running:
        yield running


@pytest.fixture
def light(tmp_path: Path) -> Iterator[Service]:
    """A fresh market on SQLite alone, for what no database can change."""
    with served(f"sqlite:///{tmp_path / 'market.db'}", tmp_path) as running:
        yield running
