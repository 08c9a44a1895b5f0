"""People: users, their sessions and the tokens that prove an address is theirs.

Secrets (passwords, session and mail tokens) are never kept: a password as a salted hash made by
the passwords port, a token as the SHA-256 of 256 random bits, which needs no salt.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import attrs

from reviewcore.domain.emails import canonical_email
from reviewcore.domain.errors import (
    AlreadyVerified,
    EmailNotVerified,
    EntityNotFound,
    InvalidPassword,
    InvalidToken,
    SessionExpired,
)
from reviewcore.domain.ids import AccountId, SessionId, UserId

PASSWORD_MIN = 8
PASSWORD_MAX = 256
SESSION_LIFE = timedelta(days=30)
VERIFICATION_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(hours=1)

TOKENS_KEPT_FOR = timedelta(days=7)
"""How long a token that has expired is kept: a mail that was put off makes it good again."""


def require_password(password: str) -> str:
    """Return *password* when it has 8 to 256 characters. Raises InvalidPassword.

    Length is the only rule: composition rules make passwords worse (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < PASSWORD_MIN:
        raise InvalidPassword(reason=f"has fewer than {PASSWORD_MIN} characters")
    if len(password) > PASSWORD_MAX:
        raise InvalidPassword(reason=f"has more than {PASSWORD_MAX} characters")
    return password


def token_hash(token: str) -> str:
    """Tell the form in which a token of 256 random bits is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class User:
    """A person. *email* is normalised, unique whatever its case; *password* is a hash or None."""

    id: UserId
    email: str
    password: str | None = attrs.field(repr=False)
    name: str
    email_verified: datetime | None
    is_artist: bool
    is_reviewer: bool
    country: str | None
    created_at: datetime
    erased_at: datetime | None = None

    def verify(self, at: datetime) -> Self:
        """Record that the address is his. Raises AlreadyVerified."""
        if self.email_verified is not None:
            raise AlreadyVerified
        return attrs.evolve(self, email_verified=at)

    def move(self, email: str, at: datetime) -> Self:
        """Have another address, which is known to be his."""
        return attrs.evolve(self, email=email, email_verified=at)

    def choose_password(self, hashed: str) -> Self:
        """Sign in with another password from now on, or with another hash of the same one."""
        return attrs.evolve(self, password=hashed)

    def require_verified(self) -> None:
        """Raise EmailNotVerified unless the address is known to be his."""
        if self.email_verified is None:
            raise EmailNotVerified

    def become_artist(self) -> Self:
        """Mark that he has an artist profile."""
        return attrs.evolve(self, is_artist=True)

    def become_reviewer(self) -> Self:
        """Mark that he has a reviewer profile."""
        return attrs.evolve(self, is_reviewer=True)

    def require_present(self) -> Self:
        """Return him unless he has left for good. Raises EntityNotFound."""
        if self.erased_at is not None:
            raise EntityNotFound(entity="User", id=self.id)
        return self

    def erase(self, at: datetime) -> Self:
        """Leave for good: what is personal is emptied, and nobody can sign in as him again.

        The row stays for what refers to it. In place of the address stands a text of his own that
        is none, so that whoever has the address may sign up anew, as another user.
        """
        return attrs.evolve(
            self,
            email=f"erased:{self.id}",
            password=None,
            name="",
            email_verified=None,
            country=None,
            erased_at=at,
        )


@attrs.frozen(kw_only=True)
class Session:
    """A signed-in session. Only the hash of its token is kept."""

    id: SessionId
    user_id: UserId
    token_hash: str = attrs.field(repr=False)
    created_at: datetime
    expires_at: datetime

    def require_valid(self, at: datetime) -> None:
        """Raise SessionExpired from `expires_at` on."""
        if at >= self.expires_at:
            raise SessionExpired

    def is_aging(self, at: datetime) -> bool:
        """Whether less than half of its life is left: who still uses it has it extended."""
        return self.expires_at - at < SESSION_LIFE / 2

    def extend(self, at: datetime) -> Self:
        """Live for 30 more days. Raises SessionExpired."""
        self.require_valid(at)
        return attrs.evolve(self, expires_at=at + SESSION_LIFE)


@attrs.frozen(kw_only=True)
class EmailVerificationToken:
    """Proof, mailed to *email*, that the address is the user's; single use, 24 hours.

    *is_change* when *email* is to become his address in place of the one he has.
    """

    id: str
    user_id: UserId
    email: str
    token_hash: str = attrs.field(repr=False)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    is_change: bool = False

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and at < self.expires_at

    def mint(self, hashed: str, at: datetime) -> Self:
        """Be proven by another token for 24 hours; one that was mailed before proves nothing."""
        return attrs.evolve(self, token_hash=hashed, expires_at=at + VERIFICATION_LIFE)

    def use(self, at: datetime) -> Self:
        """Spend the token. Raises InvalidToken when it was used or has expired."""
        if not self.is_open(at):
            raise InvalidToken
        return attrs.evolve(self, used_at=at)


@attrs.frozen(kw_only=True)
class PasswordResetToken:
    """Leave, mailed to a user's address, to choose another password; single use, one hour."""

    id: str
    user_id: UserId
    token_hash: str = attrs.field(repr=False)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and at < self.expires_at

    def use(self, at: datetime) -> Self:
        """Spend the token. Raises InvalidToken when it was used or has expired."""
        if not self.is_open(at):
            raise InvalidToken
        return attrs.evolve(self, used_at=at)


@attrs.frozen(kw_only=True)
class Account:
    """An identity of a user at an OAuth or OpenID Connect provider.

    *provider_account_id* is the provider's own, unchanging id of him (`sub`), unique there; *email*
    is the address that the provider told when it was linked.
    """

    id: AccountId
    user_id: UserId
    provider: str
    provider_account_id: str
    email: str
    created_at: datetime


class MarkKind(StrEnum):
    """What can show that two users are one person."""

    USER = "USER"
    EMAIL = "EMAIL"
    ACCOUNT = "ACCOUNT"
    DESTINATION = "DESTINATION"
    STRIPE_ACCOUNT = "STRIPE_ACCOUNT"


@attrs.frozen(kw_only=True)
class IdentityMark:
    """Something that belongs to one person: users who share a mark are treated as the same.

    Marks are never taken away from who is there: a payout account that was ever held still tells.
    """

    user_id: UserId
    kind: MarkKind
    value: str

    @property
    def outlasts_him(self) -> bool:
        """Whether it stays when its user is erased.

        A mark keeps apart two users who are both on the market. Who was erased has no track that
        could be reviewed and gets none to review, so his addresses and identities have nothing
        left to tell; a hash of them would do no more, and could be guessed. A payout account is
        the processor's own opaque id, stands in the books anyway, and must not come to serve
        another person: it stays.
        """
        return self.kind in {MarkKind.USER, MarkKind.STRIPE_ACCOUNT}


def marks_of(user: User) -> tuple[IdentityMark, ...]:
    """Tell the marks that a user has by existing: himself and his canonical address."""
    return (
        IdentityMark(user_id=user.id, kind=MarkKind.USER, value=user.id),
        IdentityMark(user_id=user.id, kind=MarkKind.EMAIL, value=canonical_email(user.email)),
    )


def account_marks(account: Account) -> tuple[IdentityMark, ...]:
    """Tell the marks of a linked account: itself, and the address that its provider verified."""
    return (
        IdentityMark(
            user_id=account.user_id,
            kind=MarkKind.ACCOUNT,
            value=f"{account.provider}:{account.provider_account_id}",
        ),
        IdentityMark(
            user_id=account.user_id, kind=MarkKind.EMAIL, value=canonical_email(account.email)
        ),
    )


def destination_mark(user_id: UserId, destination: str) -> IdentityMark:
    """Tell the mark of a payout destination, compared without case and outer space."""
    return IdentityMark(
        user_id=user_id, kind=MarkKind.DESTINATION, value=destination.strip().casefold()
    )


def stripe_mark(user_id: UserId, account_id: str) -> IdentityMark:
    """Tell the mark of a connected payout account; only one user can ever hold it."""
    return IdentityMark(user_id=user_id, kind=MarkKind.STRIPE_ACCOUNT, value=account_id)
