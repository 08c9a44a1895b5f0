"""Who somebody is, by the authorization code flow with PKCE (RFC 7636) and a signed identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import httpx
from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]  # it tells no types
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]  # as above
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from reviewcore.adapters.oidc.metadata import Metadata
from reviewcore.adapters.oidc.settings import OidcSettings
from reviewcore.domain.errors import IdentityNotProven, ProviderUnavailable, UnknownProvider
from reviewcore.ports.identities import Departure, Identity

SCOPE: Final = "openid email profile"

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "Ed25519")
"""Signatures alone: never `none`, and no HMAC, whose key would be what is public."""

LEEWAY_SECONDS: Final = 60
"""How far the provider's clock may be from ours."""

TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)

WRONG_CODE: Final = frozenset({"invalid_grant", "invalid_request"})
"""How a provider refuses a code or verifier; anything else is between it and us."""

SUBJECT: Final = re.compile("[ -~]{1,255}")
"""OpenID Connect Core, section 2."""


class OidcIdentities:
    """The providers of a deployment, each asked for its endpoints and keys on first use.

    No answer within seconds is `ProviderUnavailable`; nothing is followed elsewhere. A provider is
    asked for its keys again when one is missing, once in *refreshed_seconds* at most. Thread-safe.
    """

    def __init__(
        self, providers: Iterable[OidcSettings], *, refreshed_seconds: float = 30.0
    ) -> None:
        self._http = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        self._settings = {one.name: one for one in providers}
        self._metadata = {
            one.name: Metadata(one, self._http, refreshed_seconds=refreshed_seconds)
            for one in self._settings.values()
        }

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def require(self, provider: str, /) -> None:
        if provider not in self._settings:
            raise UnknownProvider(provider=provider)

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        self.require(departure.provider)
        endpoint = self._metadata[departure.provider].endpoints().authorization
        url, _ = self._client(departure.provider).create_authorization_url(
            endpoint,
            state=departure.state,
            code_verifier=departure.verifier,
            nonce=departure.nonce,
            redirect_uri=redirect_uri,
        )
        return str(url)

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        self.require(departure.provider)
        told = self._trade(departure, code=code, redirect_uri=redirect_uri)
        claims = self._claims(departure, told.get("id_token"))
        email, name = claims.get("email"), claims.get("name")
        verified = claims.get("email_verified")
        return Identity(
            provider=departure.provider,
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            # Some providers write it as a text.
            email_verified=verified is True or verified == "true",
            name=name if isinstance(name, str) else "",
        )

    def _client(self, provider: str) -> OAuth2Client:
        settings = self._settings[provider]
        return OAuth2Client(
            self._http,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            scope=SCOPE,
            code_challenge_method="S256",
        )

    def _trade(self, departure: Departure, *, code: str, redirect_uri: str) -> Mapping[str, Any]:
        settings = self._settings[departure.provider]
        endpoints = self._metadata[departure.provider].endpoints()
        told = {"code": code, "redirect_uri": redirect_uri, "code_verifier": departure.verifier}
        secret = settings.client_secret
        if not endpoints.takes_basic:
            told |= {"client_id": settings.client_id, "client_secret": secret}
        auth = httpx.BasicAuth(settings.client_id, secret) if endpoints.takes_basic else _Bare()
        try:
            answer: Mapping[str, Any] = self._client(departure.provider).fetch_token(
                endpoints.token, grant_type="authorization_code", auth=auth, **told
            )
        except OAuth2Error as error:
            # What the provider says may quote the code, so it is not passed on.
            if error.error in WRONG_CODE:
                raise IdentityNotProven from None
            raise ProviderUnavailable(provider=departure.provider) from None
        except (httpx.HTTPError, ValueError):
            raise ProviderUnavailable(provider=departure.provider) from None
        return answer

    def _claims(self, departure: Departure, id_token: object) -> dict[str, Any]:
        settings = self._settings[departure.provider]
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": departure.nonce},
            azp={"value": settings.client_id},
        )
        if not isinstance(id_token, str):
            raise IdentityNotProven
        try:
            claims = self._decoded(departure.provider, id_token)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise IdentityNotProven from None
        if not SUBJECT.fullmatch(claims["sub"]):
            raise IdentityNotProven
        return claims

    def _decoded(self, provider: str, id_token: str) -> dict[str, Any]:
        metadata = self._metadata[provider]
        try:
            return jwt.decode(id_token, metadata.keys(), algorithms=ALGORITHMS).claims
        except InvalidKeyIdError:
            # The provider may have changed its keys since we asked.
            newer = metadata.newer_keys()
            if newer is None:
                raise
            return jwt.decode(id_token, newer, algorithms=ALGORITHMS).claims


class _Bare(httpx.Auth):
    """No credentials in the header: they stand in the body."""
