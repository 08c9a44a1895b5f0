"""The one place that makes clients of Stripe's library, with nothing left to its defaults."""

from __future__ import annotations

import logging
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import attrs
import requests
import stripe
from requests.adapters import HTTPAdapter
from stripe import _util

from reviewcore.adapters.stripe.settings import API_VERSION, MAX_NETWORK_RETRIES, StripeSettings

APP_NAME = "reviewcore"
POOL_SIZE = 32
"""How many connections are kept; more are opened when more threads call at once."""


@attrs.frozen(kw_only=True)
class Connection:
    """A client and the connections that it keeps open."""

    client: stripe.StripeClient = attrs.field(repr=False)
    session: requests.Session = attrs.field(repr=False)

    def close(self) -> None:
        """Give the connections back; harmless when repeated."""
        self.session.close()


def connect(settings: StripeSettings) -> Connection:
    """Make a client; nothing is sent yet. Threads may share it."""
    _calm()
    session = _session()
    http_client = stripe.RequestsClient(
        timeout=(settings.connect_seconds, settings.read_seconds), session=session
    )
    client = stripe.StripeClient(
        settings.api_key,
        stripe_version=API_VERSION,
        base_addresses={} if settings.base_url is None else {"api": settings.base_url},
        # Left out, the client would not retry either, but a module's default of 2 might return.
        max_network_retries=MAX_NETWORK_RETRIES,
        http_client=http_client,
    )
    return Connection(client=client, session=session)


def _calm() -> None:
    # These can only be set for the whole process.
    # Otherwise an id is written to a file in the home of whoever runs this.
    stripe.enable_telemetry = False
    if stripe.app_info is None:
        stripe.set_app_info(APP_NAME)
    # Below a warning the library logs whole answers: one-time links, addresses of payers. The
    # environment variable STRIPE_LOG would print the same.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    _util.STRIPE_LOG = None


def _session() -> requests.Session:
    # By itself the library keeps one session for each thread, and can close only the caller's.
    session = requests.Session()
    # Proxies, certificates and a .netrc of the environment are not ours; the last would even
    # replace the key.
    session.trust_env = False
    # Stripe redirects nothing, so a redirect is a stranger's: nobody is to be sent the order.
    session.max_redirects = 0
    # Threads share the session, and cookies would be all that they could get wrong.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.hooks["response"].append(_without_notice)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOL_SIZE))
    return session


def _without_notice(response: requests.Response, *_: Any, **__: Any) -> None:
    # The library makes a warning of this header. Where warnings are errors that would be one
    # after the money has moved.
    response.headers.pop("Stripe-Notice", None)
