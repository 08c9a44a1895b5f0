"""Ask for another e-mail address."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import WrongCredentials
from reviewcore.domain.ids import TokenId, UserId
from reviewcore.domain.users import VERIFICATION_LIFE, EmailVerificationToken, token_hash
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.credentials import drop_changes, lock_known


@attrs.frozen(kw_only=True)
class ChangeEmail:
    """A user wants another address, and says his password again."""

    user_id: UserId
    email: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)


def change_email(store: Store, passwords: Passwords, command: ChangeEmail) -> None:
    """Mail a token to the new address and a warning to the old; verify_email makes the change.

    Whether somebody has the address is asked there, of whoever reads its mail, and never here.
    What was asked for before is forgotten. Raises InvalidEmail, WrongCredentials.
    """
    email = normalise_email(command.email)
    with store.read() as snapshot:
        known = snapshot.users.get(command.user_id)
    if not passwords.verify(command.password, known.password):
        raise WrongCredentials

    with store.begin(actor=known.id) as tx:
        user = lock_known(tx, known)
        wanted = EmailVerificationToken(
            id=tx.new_id(),
            user_id=user.id,
            email=email,
            # Nobody is told this one: the mail's own takes its place.
            token_hash=token_hash(tx.new_token()),
            created_at=tx.now,
            expires_at=tx.now + VERIFICATION_LIFE,
            is_change=True,
        )
        drop_changes(tx, user.id)
        tx.email_tokens.add(wanted)
        tx.events.add(
            events.EmailChangeRequested(user_id=user.id),
            events.NewEmailVerificationRequested(user_id=user.id, token_id=TokenId(wanted.id)),
        )
