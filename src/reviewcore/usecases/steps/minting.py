"""The tokens that go out with mails: made when the mail is, their hash committed before it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import UserId
from reviewcore.domain.notices import Minted
from reviewcore.domain.users import (
    RESET_LIFE,
    VERIFICATION_LIFE,
    EmailVerificationToken,
    PasswordResetToken,
    token_hash,
)
from reviewcore.ports.store import Store, Transaction


@attrs.frozen(kw_only=True)
class Mailable:
    """A token and where it may go, and nowhere else; *page* spends it."""

    to: str
    page: str
    token: str = attrs.field(repr=False)


def mint(store: Store, event: EventRecord, *, user_id: UserId, kind: Minted) -> Mailable | None:
    """Make the token that a mail about *event* carries; None when it has become pointless.

    The user is locked, so that no leave goes to an address that he gives up meanwhile.
    """
    with store.begin() as tx:
        if tx.users.lock(user_id).erased_at is not None:
            return None
        return _MINTS[kind](tx, user_id, event)


def _verification(tx: Transaction, user_id: UserId, _: EventRecord) -> Mailable:
    email, token = tx.users.get(user_id).email, tx.new_token()
    tx.email_tokens.add(
        EmailVerificationToken(
            id=tx.new_id(),
            user_id=user_id,
            email=email,
            token_hash=token_hash(token),
            created_at=tx.now,
            expires_at=tx.now + VERIFICATION_LIFE,
        )
    )
    return Mailable(to=email, page="verify-email", token=token)


def _new_address(tx: Transaction, _: UserId, event: EventRecord) -> Mailable | None:
    found = tx.email_tokens.lock_many([str(event.payload["token_id"])])
    if not found or found[0].used_at is not None:
        # He has asked for yet another one, has chosen another password since, or it is too late.
        return None
    [wanted] = found
    token = tx.new_token()
    tx.email_tokens.update(wanted.mint(token_hash(token), tx.now))
    return Mailable(to=wanted.email, page="verify-email", token=token)


def _reset(tx: Transaction, user_id: UserId, _: EventRecord) -> Mailable:
    email, token = tx.users.get(user_id).email, tx.new_token()
    tx.reset_tokens.add(
        PasswordResetToken(
            id=tx.new_id(),
            user_id=user_id,
            token_hash=token_hash(token),
            created_at=tx.now,
            expires_at=tx.now + RESET_LIFE,
        )
    )
    return Mailable(to=email, page="reset-password", token=token)


_MINTS: Mapping[Minted, Callable[[Transaction, UserId, EventRecord], Mailable | None]] = (
    MappingProxyType(
        {
            Minted.VERIFICATION: _verification,
            Minted.NEW_ADDRESS: _new_address,
            Minted.RESET: _reset,
        }
    )
)
