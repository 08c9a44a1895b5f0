"""Ask for another verification mail."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import AlreadyVerified
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class RequestEmailVerification:
    """A person did not get, or lost, the verification mail."""

    user_id: UserId


def request_email_verification(tx: Transaction, command: RequestEmailVerification) -> User:
    """Have a new token mailed; earlier ones stay good until they expire. Raises AlreadyVerified."""
    user = tx.users.lock(command.user_id).require_present()

    if user.email_verified is not None:
        raise AlreadyVerified

    tx.events.add(events.EmailVerificationRequested(user_id=user.id))
    return user
