"""Users, what they sign in with, who they are, and artists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, select

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.dialects import Query, values_of
from reviewcore.adapters.sql.repositories.base import ByKey, Pages, SqlRepository
from reviewcore.adapters.sql.repositories.purging import purging
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.statements import Op
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import AccountId, ArtistId, SessionId, UserId
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.ports.store import Bearer

_USERS = ByKey(maps.USERS)
_BY_EMAIL = _USERS.by("email")
_USER_PAGES = Pages(maps.USERS)

_SESSIONS = ByKey(maps.SESSIONS)
_BY_TOKEN = _SESSIONS.by("token_hash")

_SESSIONS_OF_USER = _SESSIONS.by("user_id")
_PURGE_SESSIONS = purging(tables.sessions, "expires_at")

_session_artist = tables.artist_profiles
_session_reviewer = tables.reviewer_profiles
_BEARER_MAPS: tuple[RowMap[Any], ...] = (
    maps.SESSIONS,
    maps.USERS,
    maps.ARTISTS,
    maps.REVIEWERS,
)
_BEARER = Query(
    select(*(column for rows in _BEARER_MAPS for column in rows.selected))
    .select_from(
        tables.sessions.join(tables.users, tables.users.c.id == tables.sessions.c.user_id)
        .outerjoin(_session_artist, _session_artist.c.user_id == tables.users.c.id)
        .outerjoin(_session_reviewer, _session_reviewer.c.user_id == tables.users.c.id)
    )
    .where(tables.sessions.c.token_hash == bindparam("token_hash"))
)

_TOKENS = ByKey(maps.EMAIL_TOKENS)
_LOCK_BY_TOKEN = _TOKENS.lock_by("token_hash")
_TOKENS_OF_USER = _TOKENS.by("user_id")
_PURGE_TOKENS = purging(tables.email_verification_tokens, "expires_at")

_RESETS = ByKey(maps.RESET_TOKENS)
_LOCK_RESET = _RESETS.lock_by("token_hash")
_RESETS_OF_USER = _RESETS.by("user_id")
_PURGE_RESETS = purging(tables.password_reset_tokens, "expires_at")

_ACCOUNTS = ByKey(maps.ACCOUNTS)
_BY_IDENTITY = _ACCOUNTS.by("provider", "provider_account_id")
_ACCOUNTS_OF_USER = _ACCOUNTS.by("user_id")

_ARTISTS = ByKey(maps.ARTISTS)
_ARTIST_OF_USER = _ARTISTS.by("user_id")

_own = tables.identity_marks.alias("own")
_shared = tables.identity_marks.alias("shared")
_sharing = (_own.c.kind == _shared.c.kind) & (_own.c.value == _shared.c.value)
_KIN = Query(
    select(_shared.c.user_id)
    .distinct()
    .select_from(_own.join(_shared, _sharing))
    .where(_own.c.user_id == bindparam("user_id"))
)
_MARKS_OF_USER = Query(
    select(*maps.MARKS.selected)
    .where(tables.identity_marks.c.user_id == bindparam("user_id"))
    .order_by(tables.identity_marks.c.kind, tables.identity_marks.c.value)
)
_artist = tables.artist_profiles
_KIN_OF_ARTIST = Query(
    # The artist's own user stands in the result also when he has no marks.
    select(_artist.c.user_id)
    .where(_artist.c.id == bindparam("artist_id"))
    .union(
        select(_shared.c.user_id)
        .select_from(
            _artist.join(_own, _own.c.user_id == _artist.c.user_id).join(_shared, _sharing)
        )
        .where(_artist.c.id == bindparam("artist_id"))
    )
)
_HOLDER = Query(
    select(tables.identity_marks.c.user_id).where(
        tables.identity_marks.c.kind == literal_column(f"'{MarkKind.STRIPE_ACCOUNT}'"),
        tables.identity_marks.c.value == bindparam("value"),
    )
)


class SqlUsers(SqlRepository[User, UserId]):
    """Users."""

    _keyed = _USERS

    def by_email(self, email: str) -> User | None:
        return self._unit.entity(maps.USERS, _BY_EMAIL, email=email)

    def page(self, *, after: str | None, limit: int) -> Sequence[User]:
        return _USER_PAGES.get(self._unit, after=after, limit=limit)


class SqlSessions(SqlRepository[Session, SessionId]):
    """Signed-in sessions."""

    _keyed = _SESSIONS

    def by_token(self, token_hash: str) -> Session | None:
        return self._unit.entity(maps.SESSIONS, _BY_TOKEN, token_hash=token_hash)

    def bearer(self, token_hash: str) -> Bearer | None:
        found = self._unit.rows(_BEARER, token_hash=token_hash)
        if not found:
            return None
        told: list[Any] = []
        rest = tuple(found[0])
        for rows in _BEARER_MAPS:
            part, rest = rest[: rows.width], rest[rows.width :]
            # All columns of a profile that he does not have are null, its id among them.
            there = part[rows.columns.index("id")] is not None
            told.append(rows.load(self._unit.dialect, part) if there else None)
        return Bearer(*told)

    def remove(self, session_id: SessionId) -> None:
        self._unit.remove(maps.SESSIONS, session_id, op=Op.FORGET)

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        return self._unit.entities(maps.SESSIONS, _SESSIONS_OF_USER, user_id=user_id)

    def remove_all(self, user_id: UserId) -> int:
        own = self.of_user(user_id)
        for session in own:
            self.remove(session.id)
        return len(own)

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE_SESSIONS, before=before, limit=limit)
        self._unit.forget(maps.SESSIONS)
        return purged


class SqlEmailTokens(SqlRepository[EmailVerificationToken, str]):
    """Verification tokens."""

    _keyed = _TOKENS

    def lock_by_token(self, token_hash: str) -> EmailVerificationToken | None:
        found = self._unit.locked(maps.EMAIL_TOKENS, _LOCK_BY_TOKEN, token_hash=token_hash)
        return found[0] if found else None

    def of_user(self, user_id: UserId) -> Sequence[EmailVerificationToken]:
        return self._unit.entities(maps.EMAIL_TOKENS, _TOKENS_OF_USER, user_id=user_id)

    def remove_all(self, user_id: UserId) -> None:
        for token in self.of_user(user_id):
            self._unit.remove(maps.EMAIL_TOKENS, token.id, op=Op.FORGET)

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE_TOKENS, before=before, limit=limit)
        self._unit.forget(maps.EMAIL_TOKENS)
        return purged


class SqlResetTokens(SqlRepository[PasswordResetToken, str]):
    """Leaves to choose another password."""

    _keyed = _RESETS

    def lock_by_token(self, token_hash: str) -> PasswordResetToken | None:
        found = self._unit.locked(maps.RESET_TOKENS, _LOCK_RESET, token_hash=token_hash)
        return found[0] if found else None

    def of_user(self, user_id: UserId) -> Sequence[PasswordResetToken]:
        return self._unit.entities(maps.RESET_TOKENS, _RESETS_OF_USER, user_id=user_id)

    def remove_all(self, user_id: UserId) -> None:
        for token in self.of_user(user_id):
            self._unit.remove(maps.RESET_TOKENS, token.id, op=Op.FORGET)

    def purge(self, before: datetime, *, limit: int) -> int:
        purged = self._unit.run(_PURGE_RESETS, before=before, limit=limit)
        self._unit.forget(maps.RESET_TOKENS)
        return purged


class SqlAccounts(SqlRepository[Account, AccountId]):
    """Identities at OAuth and OpenID Connect providers."""

    _keyed = _ACCOUNTS

    def by_identity(self, provider: str, provider_account_id: str) -> Account | None:
        return self._unit.entity(
            maps.ACCOUNTS,
            _BY_IDENTITY,
            provider=provider,
            provider_account_id=provider_account_id,
        )

    def of_user(self, user_id: UserId) -> Sequence[Account]:
        return self._unit.entities(maps.ACCOUNTS, _ACCOUNTS_OF_USER, user_id=user_id)

    def remove_all(self, user_id: UserId) -> None:
        for account in self.of_user(user_id):
            self._unit.remove(maps.ACCOUNTS, account.id)


class SqlIdentities:
    """Marks of identity."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, *marks: IdentityMark) -> None:
        self._unit.add_new(maps.MARKS, *marks)

    def of_user(self, user_id: UserId) -> Sequence[IdentityMark]:
        return self._unit.entities(maps.MARKS, _MARKS_OF_USER, user_id=user_id)

    def remove(self, *marks: IdentityMark) -> None:
        for mark in marks:
            self._unit.remove(maps.MARKS, maps.MARKS.key_of(mark), op=Op.FORGET)

    def kin(self, user_id: UserId) -> frozenset[UserId]:
        return frozenset({user_id, *values_of(self._unit.rows(_KIN, user_id=user_id))})

    def kin_of_artist(self, artist_id: ArtistId) -> frozenset[UserId]:
        return frozenset(values_of(self._unit.rows(_KIN_OF_ARTIST, artist_id=artist_id)))

    def holder(self, account_id: str) -> UserId | None:
        found = values_of(self._unit.rows(_HOLDER, value=account_id))
        return found[0] if found else None


class SqlArtists(SqlRepository[ArtistProfile, ArtistId]):
    """Artist profiles."""

    _keyed = _ARTISTS

    def of_user(self, user_id: UserId) -> ArtistProfile | None:
        return self._unit.entity(maps.ARTISTS, _ARTIST_OF_USER, user_id=user_id)
