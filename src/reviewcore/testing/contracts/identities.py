"""The promises of `reviewcore.ports.identities`, as tests that any provider can be put through."""

from __future__ import annotations

import secrets
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from reviewcore.domain.errors import (
    IdentityNotProven,
    ProviderEmailNotVerified,
    ProviderUnavailable,
    UnknownProvider,
)
from reviewcore.ports.identities import Departure, Identities, Identity
from reviewcore.testing.contracts.base import Capability, Contract, optional

CALLBACK = "http://127.0.0.1:8000/v1/oauth/peer/callback"


class People(Protocol):
    """Those who have accounts at the provider that is tested."""

    def enrol(self, subject: str, **claims: Any) -> None:
        """Let *subject* have an account: `email`, `email_verified` and `name`, or fewer."""
        ...

    def consent(self, address: str, subject: str) -> str:
        """Sign in at *address* as *subject*; return where the browser is sent then."""
        ...


def query_of(url: str) -> dict[str, str]:
    """Tell the parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class IdentitiesContract(Contract):
    """Who comes back with a code is who the provider says, on this one trip and no other.

    Supply `identities`, a deployment that knows the provider `PROVIDER`, and `people`, who have
    accounts there. Who claims OUTAGES knows a provider `AWAY`, too, which never answers.
    """

    CONTRACT_VERSION = "1.0"
    PROVIDER = "peer"
    AWAY = "away"

    @pytest.fixture
    def identities(self) -> Identities:
        """Make the deployment's providers."""
        raise NotImplementedError

    @pytest.fixture
    def people(self, identities: Identities) -> People:
        """Play those who have accounts."""
        raise NotImplementedError

    def departure(self, **changes: str) -> Departure:
        """Make a trip of a browser."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        told = Departure(provider=self.PROVIDER, state=state, nonce=nonce, verifier=verifier)
        return attrs.evolve(told, **changes)

    def leave(self, identities: Identities, people: People, departure: Departure) -> str:
        """Send Ada there and return the code that her browser brings."""
        people.enrol("ada", email="ada@example.com", email_verified=True, name="Ada L.")
        address = identities.address(departure, redirect_uri=CALLBACK)
        back = query_of(people.consent(address, "ada"))
        assert back["state"] == departure.state
        return back["code"]

    def test_a_provider_is_known_or_not(self, identities: Identities) -> None:
        stranger = self.departure(provider="stranger")

        identities.require(self.PROVIDER)
        with pytest.raises(UnknownProvider):
            identities.require("stranger")
        with pytest.raises(UnknownProvider):
            identities.address(stranger, redirect_uri=CALLBACK)
        with pytest.raises(UnknownProvider):
            identities.identify(stranger, code="code", redirect_uri=CALLBACK)

    def test_an_address_brings_the_browser_back_and_keeps_the_verifier(
        self, identities: Identities
    ) -> None:
        departure = self.departure()

        address = identities.address(departure, redirect_uri=CALLBACK)

        told = query_of(address)
        assert address.startswith("http")
        assert (told["state"], told["nonce"]) == (departure.state, departure.nonce)
        assert told["redirect_uri"] == CALLBACK
        assert departure.verifier not in address

    def test_a_code_tells_who_somebody_is(self, identities: Identities, people: People) -> None:
        departure = self.departure()
        code = self.leave(identities, people, departure)

        told = identities.identify(departure, code=code, redirect_uri=CALLBACK)

        assert told == Identity(
            provider=self.PROVIDER,
            subject=told.subject,
            email="ada@example.com",
            email_verified=True,
            name="Ada L.",
        )
        assert told.subject
        assert told.proven_email() == "ada@example.com"

    def test_who_comes_again_is_the_same_and_another_is_not(
        self, identities: Identities, people: People
    ) -> None:
        people.enrol("bob", email="ada@example.com", email_verified=True, name="Ada L.")
        subjects = []
        for _ in range(2):
            departure = self.departure()
            code = self.leave(identities, people, departure)
            told = identities.identify(departure, code=code, redirect_uri=CALLBACK)
            subjects.append(told.subject)

        other = self.departure()
        address = identities.address(other, redirect_uri=CALLBACK)
        code = query_of(people.consent(address, "bob"))["code"]
        bob = identities.identify(other, code=code, redirect_uri=CALLBACK)

        assert subjects[0] == subjects[1] != bob.subject

    def test_a_code_serves_once(self, identities: Identities, people: People) -> None:
        departure = self.departure()
        code = self.leave(identities, people, departure)
        identities.identify(departure, code=code, redirect_uri=CALLBACK)

        with pytest.raises(IdentityNotProven):
            identities.identify(departure, code=code, redirect_uri=CALLBACK)

    @pytest.mark.parametrize("stolen", ["verifier", "nonce"])
    def test_a_code_serves_no_other_trip(
        self, identities: Identities, people: People, stolen: str
    ) -> None:
        departure = self.departure()
        code = self.leave(identities, people, departure)
        other = attrs.evolve(departure, **{stolen: secrets.token_urlsafe(32)})

        with pytest.raises(IdentityNotProven):
            identities.identify(other, code=code, redirect_uri=CALLBACK)

    def test_a_code_that_never_was_proves_nothing_and_is_not_quoted(
        self, identities: Identities
    ) -> None:
        departure, code = self.departure(), secrets.token_urlsafe(32)

        with pytest.raises(IdentityNotProven) as refused:
            identities.identify(departure, code=code, redirect_uri=CALLBACK)

        told = f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
        assert code not in told
        assert departure.verifier not in told

    @pytest.mark.parametrize("claims", [{"email_verified": False}, {}], ids=["no", "unsaid"])
    def test_an_address_that_is_not_verified_is_not_proven(
        self, identities: Identities, people: People, claims: dict[str, bool]
    ) -> None:
        people.enrol("eve", email="eve@example.com", **claims)
        departure = self.departure()
        address = identities.address(departure, redirect_uri=CALLBACK)
        code = query_of(people.consent(address, "eve"))["code"]

        told = identities.identify(departure, code=code, redirect_uri=CALLBACK)

        assert not told.email_verified
        with pytest.raises(ProviderEmailNotVerified):
            told.proven_email()

    @optional(Capability.OUTAGES)
    def test_a_provider_that_does_not_answer_is_unavailable(self, identities: Identities) -> None:
        away = self.departure(provider=self.AWAY)

        identities.require(self.AWAY)
        with pytest.raises(ProviderUnavailable):
            identities.identify(away, code="code", redirect_uri=CALLBACK)
