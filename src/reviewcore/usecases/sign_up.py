"""Make an account."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.ids import UserId
from reviewcore.domain.texts import require_line
from reviewcore.domain.users import User, marks_of, require_password
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.leads import welcome_lead


@attrs.frozen(kw_only=True)
class SignUp:
    """A person wants an account."""

    email: str
    password: str = attrs.field(repr=False)
    name: str = ""


def sign_up(store: Store, passwords: Passwords, command: SignUp) -> User:
    """Make an account and ask for the mail that proves the address; a lead is converted.

    Raises InvalidEmail, InvalidPassword, InvalidText, EmailTaken.
    """
    email = normalise_email(command.email)
    name = require_line("name", command.name, longest=100, shortest=0)
    hashed = passwords.hash(require_password(command.password))

    with store.begin() as tx:
        if tx.users.by_email(email) is not None:
            raise EmailTaken
        user = User(
            id=UserId(tx.new_id()),
            email=email,
            password=hashed,
            name=name,
            email_verified=None,
            is_artist=False,
            is_reviewer=False,
            country=None,
            created_at=tx.now,
        )
        tx.users.add(user)
        tx.identities.add(*marks_of(user))
        tx.events.add(
            events.UserSignedUp(user_id=user.id),
            events.EmailVerificationRequested(user_id=user.id),
        )
        welcome_lead(tx, user)
    return user
