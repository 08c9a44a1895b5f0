"""Providers that believe whatever the story tells them."""

from __future__ import annotations

from reviewcore.domain.errors import IdentityNotProven, UnknownProvider
from reviewcore.ports.identities import Departure, Identity


class PlayedIdentities:
    """One provider, whose people have codes; a code serves once, and only its own departure."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[Departure, Identity]] = {}
        self.came_back_to: list[str] = []
        """Where each who came with a code came back to, which the provider compares."""

    def admit(self, departure: Departure, identity: Identity) -> str:
        """Let somebody in there; returns the code that he comes back with."""
        code = f"code{len(self._people)}"
        self._people[code] = (departure, identity)
        return code

    def require(self, provider: str, /) -> None:
        if provider != "peer":
            raise UnknownProvider(provider=provider)

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        self.require(departure.provider)
        return f"https://peer.example/?state={departure.state}&redirect_uri={redirect_uri}"

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        self.require(departure.provider)
        self.came_back_to.append(redirect_uri)
        found = self._people.pop(code, None)
        if found is None or found[0] != departure:
            raise IdentityNotProven
        return found[1]
