"""Begin a session by an account at an OpenID Connect provider."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import AccountNotLinked
from reviewcore.domain.ids import UserId
from reviewcore.domain.texts import as_line
from reviewcore.domain.users import User, marks_of
from reviewcore.ports.identities import Identities, Identity
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.arriving import Arrival, identify, link
from reviewcore.usecases.steps.credentials import SignedIn, begin_session
from reviewcore.usecases.steps.leads import welcome_lead


@attrs.frozen(kw_only=True)
class SignInWithAccount:
    """A person came back from a provider, which says who he is."""

    arrival: Arrival


def sign_in_with_account(
    store: Store, identities: Identities, command: SignInWithAccount
) -> SignedIn:
    """Begin a session of whoever has the account; a person unknown so far becomes a user.

    He needs an address that the provider has verified and nobody here has: the user who has it
    must sign in and link the account himself. Raises UnknownProvider, ProviderUnavailable,
    IdentityNotProven, ProviderEmailNotVerified, InvalidEmail, AccountNotLinked.
    """
    identity = identify(store, identities, command.arrival)

    with store.begin() as tx:
        account = tx.accounts.by_identity(identity.provider, identity.subject)
        user = _newcomer(tx, identity) if account is None else tx.users.lock(account.user_id)
        return begin_session(tx, user)


def _newcomer(tx: Transaction, identity: Identity) -> User:
    email = identity.proven_email()
    if tx.users.by_email(email) is not None:
        raise AccountNotLinked
    user = User(
        id=UserId(tx.new_id()),
        email=email,
        password=None,
        name=as_line(identity.name, longest=100),
        email_verified=tx.now,
        is_artist=False,
        is_reviewer=False,
        country=None,
        created_at=tx.now,
    )
    tx.users.add(user)
    tx.identities.add(*marks_of(user))
    tx.events.add(events.UserSignedUp(user_id=user.id), events.EmailVerified(user_id=user.id))
    welcome_lead(tx, user)
    link(tx, user, identity)
    return user
