"""What the market needs of OpenID Connect providers: who somebody is, proven by them."""

from __future__ import annotations

from typing import Protocol

import attrs

from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import ProviderEmailNotVerified, UnknownProvider


@attrs.frozen(kw_only=True)
class Departure:
    """One trip of a browser to a provider; only that browser knows it, and it serves once.

    *state* comes back with the code, *nonce* inside the identity, and *verifier* shows that
    whoever brings the code is who asked for it (PKCE, RFC 7636). Each has 256 secret bits.
    """

    provider: str
    state: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    verifier: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Identity:
    """Who somebody is at a provider: *subject* is its own, unchanging id of him."""

    provider: str
    subject: str
    email: str | None
    email_verified: bool
    name: str

    def proven_email(self) -> str:
        """Tell his address, normalised, which the provider has verified.

        Raises ProviderEmailNotVerified, and InvalidEmail when it is none that we take.
        """
        if self.email is None or not self.email_verified:
            raise ProviderEmailNotVerified
        return normalise_email(self.email)


class Identities(Protocol):
    """The providers of a deployment. Never call it inside an open transaction."""

    def require(self, provider: str, /) -> None:
        """Raise UnknownProvider unless there is this provider; quick."""
        ...

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        """Tell where the browser goes to sign in; it comes back to *redirect_uri*.

        Raises UnknownProvider, ProviderUnavailable.
        """
        ...

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        """Trade the code for who he is; a code serves once.

        Raises UnknownProvider, ProviderUnavailable, and IdentityNotProven when code or verifier
        are wrong or what the provider tells is not meant for this departure.
        """
        ...


class NoIdentities:
    """A deployment without providers."""

    def require(self, provider: str, /) -> None:
        raise UnknownProvider(provider=provider)

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        raise UnknownProvider(provider=departure.provider)

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        raise UnknownProvider(provider=departure.provider)
