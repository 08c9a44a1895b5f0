"""Make an account."""

from __future__ import annotations

import attrs

from reviewcore.domain.emails import normalise_email
from reviewcore.domain.texts import require_line
from reviewcore.domain.users import User, require_password
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.joining import make_user


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
        return make_user(tx, email=email, password=hashed, name=name)
