"""What signing in by a provider and linking an account have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import IdentityNotProven
from reviewcore.domain.ids import AccountId
from reviewcore.domain.users import Account, User, account_marks, token_hash
from reviewcore.ports.identities import Departure, Identities, Identity
from reviewcore.ports.store import Store, Transaction

DEPARTURE_LIFE: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""


@attrs.frozen(kw_only=True)
class Arrival:
    """A browser is back from a provider, at *redirect_uri*, with a code.

    That *departure* is this browser's own, and its state the one that came back, was seen to.
    """

    departure: Departure
    code: str = attrs.field(repr=False)
    redirect_uri: str


def identify(store: Store, identities: Identities, command: Arrival) -> Identity:
    """Ask the provider who came; a departure serves once, whatever becomes of it.

    Raises UnknownProvider, ProviderUnavailable, IdentityNotProven.
    """
    with store.begin() as tx:
        state = token_hash(command.departure.state)
        used = tx.rate_limits.hit(f"departure:{state}", window=DEPARTURE_LIFE)
    if used.count > 1:
        raise IdentityNotProven
    return identities.identify(
        command.departure, code=command.code, redirect_uri=command.redirect_uri
    )


def link(tx: Transaction, user: User, identity: Identity) -> Account:
    """Remember that the identity, whose address is proven, is the user's."""
    account = Account(
        id=AccountId(tx.new_id()),
        user_id=user.id,
        provider=identity.provider,
        provider_account_id=identity.subject,
        email=identity.proven_email(),
        created_at=tx.now,
    )
    tx.accounts.add(account)
    tx.identities.add(*account_marks(account))
    tx.events.add(events.AccountLinked(user_id=user.id, account_id=account.id))
    return account
