"""The contract of identities, at a real provider on loopback."""

from __future__ import annotations

import pytest

from reviewcore.adapters.oidc import OidcIdentities
from reviewcore.testing.contracts import Capability, IdentitiesContract
from tests.integration.oidc.provider import Provider


class TestOidcIdentities(IdentitiesContract):
    capabilities = frozenset({Capability.OUTAGES})

    @pytest.fixture
    def identities(self, identities: OidcIdentities) -> OidcIdentities:
        return identities

    @pytest.fixture
    def people(self, provider: Provider) -> Provider:
        return provider
