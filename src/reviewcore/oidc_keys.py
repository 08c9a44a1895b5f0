"""What the environment says of OpenID Connect providers: three settings for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from reviewcore.environment import WrongSetting

PREFIX: Final = "REVIEWCORE_OIDC_"
ISSUER, CLIENT_ID, CLIENT_SECRET = "ISSUER", "CLIENT_ID", "CLIENT_SECRET"
NAMES: Final = re.compile(
    rf"{PREFIX}(?P<name>[A-Z0-9]+(?:_[A-Z0-9]+)*)_({CLIENT_SECRET}|{CLIENT_ID}|{ISSUER})"
)

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen(kw_only=True)
class OidcKeys:
    """How one deployment is known at a provider; its repr shows no secret.

    *name* is in lower case, as it stands in addresses; *issuer* is as the provider spells it.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = attrs.field(repr=False)


def oidc_keys(environ: Mapping[str, str]) -> tuple[OidcKeys, ...]:
    """Read the settings of all providers, by name; of each all three must be there.

    A variable that is empty counts as absent. Raises WrongSetting, which never shows a secret.
    """
    told = {name: text.strip() for name, text in environ.items() if text.strip()}
    found = sorted({match["name"] for match in map(NAMES.fullmatch, told) if match is not None})
    return tuple(
        OidcKeys(
            name=name.lower(),
            issuer=_issuer(f"{PREFIX}{name}_{ISSUER}", told),
            client_id=_visible(f"{PREFIX}{name}_{CLIENT_ID}", told),
            client_secret=_visible(f"{PREFIX}{name}_{CLIENT_SECRET}", told),
        )
        for name in found
    )


def _required(name: str, told: Mapping[str, str]) -> str:
    if name not in told:
        reason = "is required: a provider needs its issuer, a client id and a client secret"
        raise WrongSetting(name=name, reason=reason)
    return told[name]


def _visible(name: str, told: Mapping[str, str]) -> str:
    text = _required(name, told)
    if not re.fullmatch("[!-~]+", text):
        raise WrongSetting(name=name, reason="must be visible ASCII characters")
    return text


def _issuer(name: str, told: Mapping[str, str]) -> str:
    url = _required(name, told)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    # Over plain http anybody on the way could be the provider.
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    bare = parts.hostname and "@" not in parts.netloc and not any(mark in url for mark in "?#")
    if not safe or not bare or not re.fullmatch("[!-~]+", url):
        reason = "must be an https URL, or an http one on this machine, without user or query"
        raise WrongSetting(name=name, reason=reason)
    return url
