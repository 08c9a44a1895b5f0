"""Keep a session that is in use."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import SessionExpired
from reviewcore.domain.ids import SessionId, UserId
from reviewcore.domain.users import Session
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class ExtendSession:
    """A request came with this session."""

    session_id: SessionId
    user_id: UserId


def extend_session(tx: Transaction, command: ExtendSession) -> Session:
    """Let a session of which less than half is left live for 30 days from now.

    So it is written once in 15 days at most, however many requests come at once. Raises
    SessionExpired when it is unknown, somebody else's or over.
    """
    found = tx.sessions.lock_many([command.session_id])

    if not found or found[0].user_id != command.user_id:
        raise SessionExpired
    session = found[0]
    session.require_valid(tx.now)
    if not session.is_aging(tx.now):
        return session
    extended = session.extend(tx.now)

    tx.sessions.update(extended)
    return extended
