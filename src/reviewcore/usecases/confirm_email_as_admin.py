"""Vouch for an address that mail does not reach."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import UserId
from reviewcore.domain.texts import require_text
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class ConfirmEmailAsAdmin:
    """An administrator vouches for a user's address."""

    user_id: UserId
    admin_id: UserId
    reason: str = ""


def confirm_email_as_admin(tx: Transaction, command: ConfirmEmailAsAdmin) -> User:
    """Mark the address as the user's without a token.

    Raises EntityNotFound, AlreadyVerified, InvalidText.
    """
    reason = require_text("reason", command.reason, longest=1000, shortest=0)
    user = tx.users.lock(command.user_id).require_present()

    verified = user.verify(tx.now)

    tx.users.update(verified)

    tx.events.add(
        events.EmailVerified(user_id=user.id),
        events.AdminActed(subject=f"user:{user.id}", act="verify_email", reason=reason),
    )
    return verified
