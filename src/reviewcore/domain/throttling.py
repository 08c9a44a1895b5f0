"""How often somebody may try: counters that all processes share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import attrs

from reviewcore.domain.errors import TooManyRequests


class Limit(StrEnum):
    """What is counted, and by whom: by the address that asks, or by the account it is about."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    SIGN_IN_ACCOUNT = "sign_in_account"
    PROVIDER_DEPARTURE = "provider_departure"
    PROVIDER_SIGN_IN = "provider_sign_in"
    RESET_REQUEST = "reset_request"
    RESET_REQUEST_ACCOUNT = "reset_request_account"
    PASSWORD_RESET = "password_reset"
    VERIFICATION = "verification"
    VERIFICATION_RESEND_ACCOUNT = "verification_resend_account"
    EMAIL_CHANGE_ACCOUNT = "email_change_account"
    LEAD = "lead"
    TICKET_ACCOUNT = "ticket_account"
    MESSAGE_ACCOUNT = "message_account"
    UPLOAD_ACCOUNT = "upload_account"


MOST: Mapping[Limit, int] = MappingProxyType(
    {
        Limit.SIGN_UP: 15,
        Limit.SIGN_IN: 10,
        Limit.SIGN_IN_ACCOUNT: 10,
        Limit.PROVIDER_DEPARTURE: 20,
        Limit.PROVIDER_SIGN_IN: 10,
        Limit.RESET_REQUEST: 3,
        Limit.RESET_REQUEST_ACCOUNT: 3,
        Limit.PASSWORD_RESET: 5,
        Limit.VERIFICATION: 10,
        Limit.VERIFICATION_RESEND_ACCOUNT: 3,
        Limit.EMAIL_CHANGE_ACCOUNT: 5,
        Limit.LEAD: 10,
        Limit.TICKET_ACCOUNT: 3,
        Limit.MESSAGE_ACCOUNT: 10,
        Limit.UPLOAD_ACCOUNT: 20,
    }
)
"""How often in one window, unless the market's rules say otherwise.

Those to sign up and in by a password, to ask for a reset, to use one, and to have a verification
sent again are those of the market that this one models; the others are proposals, coming back from
a provider as often as signing in, going there twice as often, for many turn back on the way.
"""

BY_ADDRESS = frozenset(
    {
        Limit.SIGN_UP,
        Limit.SIGN_IN,
        Limit.PROVIDER_DEPARTURE,
        Limit.PROVIDER_SIGN_IN,
        Limit.RESET_REQUEST,
        Limit.PASSWORD_RESET,
        Limit.VERIFICATION,
        Limit.LEAD,
    }
)
"""What is counted by the address that asks, whatever account it is about."""

QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)

WINDOWS: Mapping[Limit, timedelta] = MappingProxyType(
    dict.fromkeys(Limit, QUARTER) | {Limit.TICKET_ACCOUNT: MINUTE, Limit.MESSAGE_ACCOUNT: MINUTE}
)
"""How long a window is; it begins with the first try."""

MOST_MAX = 1_000_000
"""As good as no limit."""

FAMILIAR_FOR = timedelta(days=30)
"""How long an address stays familiar to an account that was signed in from there."""


@attrs.frozen(kw_only=True)
class RateLimit:
    """How often *key* was hit until *reset_at*, when it starts again from nothing."""

    key: str
    count: int
    reset_at: datetime

    def require_within(self, most: int, at: datetime) -> None:
        """Raise TooManyRequests when it was hit more than *most* times; it says when to return."""
        if self.count > most:
            seconds = -((at - self.reset_at) // timedelta(seconds=1))
            raise TooManyRequests(retry_after_seconds=max(1, seconds))
