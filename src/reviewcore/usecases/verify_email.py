"""Prove that an address is one's own."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import InvalidToken
from reviewcore.domain.users import User, token_hash
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class VerifyEmail:
    """A person shows the token that was mailed to his address."""

    token: str = attrs.field(repr=False)


def verify_email(tx: Transaction, command: VerifyEmail) -> User:
    """Spend the token and mark the address as his; a token works once, for 24 hours.

    Raises InvalidToken, also when the address has changed since, and AlreadyVerified.
    """
    token = tx.email_tokens.lock_by_token(token_hash(command.token))
    if token is None:
        raise InvalidToken

    user = tx.users.lock(token.user_id)
    if user.email != token.email:
        raise InvalidToken
    used = token.use(tx.now)
    verified = user.verify(tx.now)

    tx.email_tokens.update(used)
    tx.users.update(verified)

    tx.events.add(events.EmailVerified(user_id=user.id))
    return verified
