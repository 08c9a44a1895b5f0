"""Ask for leave to choose another password."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs

from reviewcore.domain import events
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.users import token_hash
from reviewcore.ports.store import Transaction

RESET_MAILS_MAX: Final = 5
RESET_WINDOW: Final = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class RequestPasswordReset:
    """Somebody has forgotten the password of the account with this address."""

    email: str = attrs.field(repr=False)


def request_password_reset(tx: Transaction, command: RequestPasswordReset) -> None:
    """Have a token mailed if the address is a user's, and never tell whether it is.

    Every call writes the counter of its address, known or not, so that neither the answer nor the
    time it takes tells more; after 5 calls in an hour no further mail goes. Raises InvalidEmail.
    """
    email = normalise_email(command.email)
    asked = tx.rate_limits.hit(f"password-reset:{token_hash(email)}", window=RESET_WINDOW)
    user = tx.users.by_email(email)

    if user is not None and asked.count <= RESET_MAILS_MAX:
        tx.events.add(events.PasswordResetRequested(user_id=user.id))
