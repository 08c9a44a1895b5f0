"""A market whose people may sign in by accounts elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.oidc import OidcIdentities, OidcSettings
from tests.integration.http.service import Service, served
from tests.integration.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider, provided


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with provided() as running:
        yield running


@pytest.fixture(scope="session")
def nobodys_port() -> Iterator[int]:
    """A port that stays taken and where nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


@pytest.fixture
def identities(provider: Provider, nobodys_port: int) -> Iterator[OidcIdentities]:
    def known(name: str, issuer: str, secret: str = CLIENT_SECRET) -> OidcSettings:
        return OidcSettings(name=name, issuer=issuer, client_id=CLIENT_ID, client_secret=secret)

    found = OidcIdentities(
        [
            known("peer", provider.issuer),
            known("twin", provider.issuer),
            known("away", f"http://127.0.0.1:{nobodys_port}"),
            known("misled", provider.issuer, "another secret"),
        ]
    )
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path: Path, identities: OidcIdentities
) -> Iterator[Service]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'market.db'}"
    else:
        url = request.getfixturevalue("market_url")
    with served(url, tmp_path, identities=identities) as running:
        yield running


@pytest.fixture
def light(tmp_path: Path, identities: OidcIdentities) -> Iterator[Service]:
    """A market on SQLite alone, for what no database can change."""
    with served(f"sqlite:///{tmp_path / 'market.db'}", tmp_path, identities=identities) as running:
        yield running
