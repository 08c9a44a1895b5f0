"""What a provider tells of itself (OpenID Connect Discovery), remembered for a while."""

from __future__ import annotations

import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from reviewcore.adapters.oidc.settings import OidcSettings
from reviewcore.domain.errors import ProviderUnavailable

REMEMBERED_SECONDS: Final = 3600.0
BODY_MAX_BYTES: Final = 1024 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen(kw_only=True)
class Endpoints:
    """Where a provider does what; *takes_basic* whether it knows us by the header's credentials."""

    authorization: str
    token: str
    keys: str
    takes_basic: bool


class Metadata:
    """A provider's endpoints and keys. Thread-safe; raises ProviderUnavailable.

    When a key is missing they are asked for again, but once in *refreshed_seconds* at most: forged
    identities name any key.
    """

    def __init__(
        self, settings: OidcSettings, http: httpx.Client, *, refreshed_seconds: float
    ) -> None:
        self._settings = settings
        self._http = http
        self._refreshed_seconds = refreshed_seconds
        self._lock = threading.Lock()
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def endpoints(self) -> Endpoints:
        """Tell where the provider does what."""
        found = self._endpoints
        if found is None or time.monotonic() - found[0] > REMEMBERED_SECONDS:
            told = self._fetch(
                f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            )
            # Two that come at once ask twice, and learn the same.
            found = self._endpoints = (time.monotonic(), self._read(told))
        return found[1]

    def keys(self) -> KeySet:
        """Tell the keys that the provider signs with."""
        found = self._keys
        if found is None or time.monotonic() - found[0] > REMEMBERED_SECONDS:
            found = self._keys = (time.monotonic(), self._fetch_keys())
        return found[1]

    def newer_keys(self) -> KeySet | None:
        """Ask for the keys again, one of which was missing; None when that was done just now."""
        with self._lock:
            found = self._keys
            if found is not None and time.monotonic() - found[0] < self._refreshed_seconds:
                return None
            self._keys = (time.monotonic(), self._fetch_keys())
            return self._keys[1]

    def _fetch_keys(self) -> KeySet:
        told = self._fetch(self.endpoints().keys)
        try:
            return KeySet.import_key_set(told)  # type: ignore[arg-type]  # whatever it is, it is read
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise ProviderUnavailable(provider=self._settings.name) from error

    def _fetch(self, url: str) -> dict[str, Any]:
        try:
            answer = self._http.get(url, headers={"Accept": "application/json"})
            answer.raise_for_status()
            told = answer.json() if len(answer.content) <= BODY_MAX_BYTES else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderUnavailable(provider=self._settings.name) from error
        if not isinstance(told, dict):
            raise ProviderUnavailable(provider=self._settings.name)
        return told

    def _read(self, told: dict[str, Any]) -> Endpoints:
        named = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        urls = [told.get(name) for name in named]
        # Who answers for another issuer could pass its people off as ours (RFC 9700, 4.4).
        if told.get("issuer") != self._settings.issuer or not all(map(_is_safe, urls)):
            raise ProviderUnavailable(provider=self._settings.name)
        authorization, token, keys = (str(url) for url in urls)
        methods = told.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            authorization=authorization,
            token=token,
            keys=keys,
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        )


def _is_safe(url: object) -> bool:
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
