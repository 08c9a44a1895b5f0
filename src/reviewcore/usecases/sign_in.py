"""Begin a session."""

from __future__ import annotations

import attrs

from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import InvalidEmail, WrongCredentials
from reviewcore.domain.users import User
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.credentials import SignedIn, begin_session, lock_known


@attrs.frozen(kw_only=True)
class SignIn:
    """A person says who he is."""

    email: str
    password: str = attrs.field(repr=False)


def sign_in(store: Store, passwords: Passwords, command: SignIn) -> SignedIn:
    """Begin a session of 30 days with a fresh id and token.

    Whatever is wrong, the answer and the time it takes are the same. A hash that is weaker than
    those made today is replaced, as only now the password is known. Raises WrongCredentials.
    """
    user = _find(store, command.email)
    hashed = user.password if user is not None else None
    if not passwords.verify(command.password, hashed) or user is None or hashed is None:
        raise WrongCredentials
    better = passwords.hash(command.password) if passwords.needs_rehash(hashed) else None

    with store.begin(actor=user.id) as tx:
        fresh = lock_known(tx, user)
        if better is not None:
            fresh = fresh.choose_password(better)
            tx.users.update(fresh)
        return begin_session(tx, fresh)


def _find(store: Store, email: str) -> User | None:
    try:
        normal = normalise_email(email)
    except InvalidEmail:
        # Not an address, so nobody's: the caller must not learn the difference.
        return None
    with store.read() as tx:
        return tx.users.by_email(normal)
