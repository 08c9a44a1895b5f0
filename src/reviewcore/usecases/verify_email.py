"""Prove that an address is one's own."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import EmailTaken, InvalidToken
from reviewcore.domain.users import EmailVerificationToken, User, marks_of, token_hash
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.credentials import drop_resets


@attrs.frozen(kw_only=True)
class VerifyEmail:
    """A person shows the token that was mailed to his address."""

    token: str = attrs.field(repr=False)


def verify_email(tx: Transaction, command: VerifyEmail) -> User:
    """Spend the token and mark the address as his; a token works once, for 24 hours.

    A token that was mailed to an address which he wants makes it his. Raises InvalidToken, also
    when the address has changed since, AlreadyVerified, and EmailTaken when another user has the
    wanted one.
    """
    token = tx.email_tokens.lock_by_token(token_hash(command.token))
    if token is None:
        raise InvalidToken
    user = tx.users.lock(token.user_id)
    if token.is_change:
        return _change(tx, user, token)

    if user.email != token.email:
        raise InvalidToken
    used = token.use(tx.now)
    verified = user.verify(tx.now)

    tx.email_tokens.update(used)
    tx.users.update(verified)

    tx.events.add(events.EmailVerified(user_id=user.id))
    return verified


def _change(tx: Transaction, user: User, token: EmailVerificationToken) -> User:
    used = token.use(tx.now)
    holder = tx.users.by_email(token.email)
    if holder is not None and holder.id != user.id:
        raise EmailTaken
    moved = user.move(token.email, tx.now)

    tx.email_tokens.update(used)
    tx.users.update(moved)
    tx.identities.add(*marks_of(moved))
    # They went to the address that he gives up.
    drop_resets(tx, user.id)

    tx.events.add(events.EmailChanged(user_id=user.id))
    return moved
