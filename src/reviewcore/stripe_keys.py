"""What the environment says of Stripe: a key, the webhooks' secrets, another address for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from reviewcore.environment import WrongSetting

API_KEY: Final = "REVIEWCORE_STRIPE_API_KEY"
WEBHOOK_SECRET: Final = "REVIEWCORE_STRIPE_WEBHOOK_SECRET"
CONNECT_WEBHOOK_SECRET: Final = "REVIEWCORE_STRIPE_CONNECT_WEBHOOK_SECRET"
STRIPE_BASE_URL: Final = "REVIEWCORE_STRIPE_BASE_URL"

NAMES: Final = (API_KEY, WEBHOOK_SECRET, CONNECT_WEBHOOK_SECRET, STRIPE_BASE_URL)

_KEY: Final = re.compile("(sk|rk)_(test|live)_[A-Za-z0-9_]+", re.ASCII)
_SECRET: Final = re.compile("whsec_[!-~]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen(kw_only=True)
class StripeKeys:
    """How one deployment reaches Stripe; its repr shows no secret.

    Of several webhook secrets any is accepted, so that they can be rotated. *base_url* is None
    for Stripe's own, and has no slash at its end.
    """

    api_key: str = attrs.field(repr=False)
    webhook_secrets: tuple[str, ...] = attrs.field(repr=False)
    connect_webhook_secrets: tuple[str, ...] = attrs.field(repr=False)
    base_url: str | None = None


def stripe_keys(told: Mapping[str, str]) -> StripeKeys:
    """Read the settings of Stripe; those that are wanted must all be there.

    Raises WrongSetting, which never shows what was given.
    """
    return StripeKeys(
        api_key=_api_key(told.get(API_KEY)),
        webhook_secrets=_secrets(WEBHOOK_SECRET, told.get(WEBHOOK_SECRET)),
        connect_webhook_secrets=_secrets(CONNECT_WEBHOOK_SECRET, told.get(CONNECT_WEBHOOK_SECRET)),
        base_url=_base_url(told.get(STRIPE_BASE_URL)),
    )


def _api_key(key: str | None) -> str:
    if key is None:
        raise WrongSetting(name=API_KEY, reason="is required to be paid through Stripe")
    if not _KEY.fullmatch(key):
        reason = "must begin with rk_live_, sk_live_, rk_test_ or sk_test_"
        raise WrongSetting(name=API_KEY, reason=reason)
    return key


def _secrets(name: str, text: str | None) -> tuple[str, ...]:
    # Without them Stripe would work, but what it tells unasked would be refused in silence.
    found = tuple(filter(None, map(str.strip, (text or "").split(","))))
    if not found:
        raise WrongSetting(name=name, reason="is required: the secret of that webhook endpoint")
    if not all(map(_SECRET.fullmatch, found)):
        raise WrongSetting(name=name, reason="must be whsec_..., or several with commas between")
    return found


def _base_url(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    # Over plain http the key could be read on its way.
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    bare = parts.hostname and "@" not in parts.netloc and not parts.query and not parts.fragment
    if not safe or not bare or not url.isprintable() or " " in url:
        reason = "must be an https URL, or an http one on this machine, without user or query"
        raise WrongSetting(name=STRIPE_BASE_URL, reason=reason)
    return url.rstrip("/")
