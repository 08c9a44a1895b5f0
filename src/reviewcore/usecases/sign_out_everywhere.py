"""End all sessions of a user."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import UserId
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class SignOutEverywhere:
    """A person leaves all of his sessions, the one that he asks from as well."""

    user_id: UserId


def sign_out_everywhere(tx: Transaction, command: SignOutEverywhere) -> int:
    """Forget his sessions and count them; one that begins meanwhile is forgotten or comes after."""
    user = tx.users.lock(command.user_id)

    ended = tx.sessions.remove_all(user.id)

    tx.events.add(events.SignedOutEverywhere(user_id=user.id))
    return ended
