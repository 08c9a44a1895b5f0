"""What signing in and changing credentials have in common."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import Busy
from reviewcore.domain.ids import SessionId, UserId
from reviewcore.domain.users import SESSION_LIFE, Session, User, token_hash
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class SignedIn:
    """A new session. *token* is told here once and kept nowhere."""

    token: str = attrs.field(repr=False)
    session: Session
    user: User


def begin_session(tx: Transaction, user: User) -> SignedIn:
    """Begin a session of 30 days with a fresh id and token.

    Raises Busy for somebody who has left meanwhile: whoever looks for him again finds nobody.
    """
    if user.erased_at is not None:
        raise Busy
    token = tx.new_token()
    session = Session(
        id=SessionId(tx.new_id()),
        user_id=user.id,
        token_hash=token_hash(token),
        created_at=tx.now,
        expires_at=tx.now + SESSION_LIFE,
    )
    tx.sessions.add(session)
    tx.events.add(events.SignedIn(user_id=user.id))
    return SignedIn(token=token, session=session, user=user)


def lock_known(tx: Transaction, known: User) -> User:
    """Lock a user whose password was verified before this transaction, and return him fresh.

    Raises Busy when his password has changed meanwhile: the old one must open nothing any more,
    and whoever runs the use case again verifies against the new one.
    """
    user = tx.users.lock(known.id)
    if user.password != known.password:
        raise Busy
    return user


def drop_changes(tx: Transaction, user_id: UserId) -> None:
    """Spend the tokens that would change the user's address; he is locked."""
    for token in tx.email_tokens.of_user(user_id):
        if token.is_change and token.is_open(tx.now):
            tx.email_tokens.update(token.use(tx.now))


def drop_resets(tx: Transaction, user_id: UserId) -> None:
    """Spend the user's leaves to choose another password; he is locked."""
    for leave in tx.reset_tokens.of_user(user_id):
        if leave.is_open(tx.now):
            tx.reset_tokens.update(leave.use(tx.now))
