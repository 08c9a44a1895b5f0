"""Choose another password with a mailed token."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import InvalidToken
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import User, require_password, token_hash
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.credentials import drop_changes, drop_resets


@attrs.frozen(kw_only=True)
class ResetPassword:
    """A person shows the token that was mailed to him, and the password that he wants."""

    token: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)


def reset_password(store: Store, passwords: Passwords, command: ResetPassword) -> User:
    """Give the user another password; a token works once, for an hour.

    All of his sessions end, and with them every other leave and every change of address that
    somebody else may have asked for. Raises InvalidPassword, InvalidToken.
    """
    require_password(command.password)
    user_id = _owner(store, command.token)
    hashed = passwords.hash(command.password)

    with store.begin(actor=user_id) as tx:
        # He before the token: of two tokens of his that are used at once, one waits here.
        user = tx.users.lock(user_id)
        leave = tx.reset_tokens.lock_by_token(token_hash(command.token))
        if leave is None:
            raise InvalidToken

        tx.reset_tokens.update(leave.use(tx.now))
        changed = user.choose_password(hashed)

        tx.users.update(changed)
        drop_resets(tx, user.id)
        drop_changes(tx, user.id)
        tx.sessions.remove_all(user.id)
        tx.events.add(events.PasswordChanged(user_id=user.id))
    return changed


def _owner(store: Store, token: str) -> UserId:
    """Tell whose the token is, before a guess has cost the work of a hash."""
    with store.begin() as tx:
        leave = tx.reset_tokens.lock_by_token(token_hash(token))
        if leave is None:
            raise InvalidToken
        return leave.use(tx.now).user_id
