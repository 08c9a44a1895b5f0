"""End a session."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import SessionExpired
from reviewcore.domain.ids import SessionId, UserId
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class SignOut:
    """A person leaves one of his sessions."""

    session_id: SessionId
    user_id: UserId


def sign_out(tx: Transaction, command: SignOut) -> None:
    """Forget the session. Raises SessionExpired when it is unknown or somebody else's."""
    session = tx.sessions.find(command.session_id)

    if session is None or session.user_id != command.user_id:
        raise SessionExpired

    tx.sessions.remove(session.id)

    tx.events.add(events.SignedOut(user_id=command.user_id))
