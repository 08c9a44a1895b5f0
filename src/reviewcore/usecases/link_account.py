"""Link an account at a provider to a user."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import AccountTaken, EmailTaken
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import Account
from reviewcore.ports.identities import Identity
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.arriving import link


@attrs.frozen(kw_only=True)
class LinkAccount:
    """A user who is signed in wants to sign in by this identity, which was proven just now."""

    user_id: UserId
    identity: Identity


def link_account(tx: Transaction, command: LinkAccount) -> Account:
    """Let the identity sign the user in from now on; a repeat changes nothing.

    Raises AccountTaken when it signs another user in, ProviderEmailNotVerified, InvalidEmail, and
    EmailTaken when another user has its address: only he may link it.
    """
    user = tx.users.lock(command.user_id).require_present()
    identity = command.identity
    known = tx.accounts.by_identity(identity.provider, identity.subject)
    if known is not None and known.user_id == user.id:
        return known

    if known is not None:
        raise AccountTaken
    holder = tx.users.by_email(identity.proven_email())
    if holder is not None and holder.id != user.id:
        raise EmailTaken

    return link(tx, user, identity)
