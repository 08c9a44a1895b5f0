"""Begin a session."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import InvalidEmail, WrongCredentials
from reviewcore.domain.ids import SessionId
from reviewcore.domain.users import SESSION_LIFE, Session, User, token_hash
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store


@attrs.frozen(kw_only=True)
class SignIn:
    """A person says who he is."""

    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class SignedIn:
    """A new session. *token* is told here once and kept nowhere."""

    token: str = attrs.field(repr=False)
    session: Session
    user: User


def sign_in(store: Store, passwords: Passwords, command: SignIn) -> SignedIn:
    """Begin a session of 30 days with a fresh id and token.

    Whatever is wrong, the answer and the time it takes are the same. Raises WrongCredentials.
    """
    user = _find(store, command.email)
    known = passwords.verify(command.password, user.password if user is not None else None)
    if user is None or not known:
        raise WrongCredentials

    with store.begin(actor=user.id) as tx:
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


def _find(store: Store, email: str) -> User | None:
    try:
        normal = normalise_email(email)
    except InvalidEmail:
        # Not an address, so nobody's: the caller must not learn the difference.
        return None
    with store.read() as tx:
        return tx.users.by_email(normal)
