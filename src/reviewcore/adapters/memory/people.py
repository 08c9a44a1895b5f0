"""Users, their sessions, tokens and marks, artists and genres, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewcore.adapters.memory.rows import Rows, purge
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.genres import Genre, GenreTree
from reviewcore.domain.ids import AccountId, ArtistId, SessionId, UserId
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.ports.store import Bearer


class MemoryUsers(Rows[User, UserId]):
    """Users."""

    def by_email(self, email: str) -> User | None:
        return self._table.holder("uq_users_email", email)

    def page(self, *, after: str | None, limit: int) -> Sequence[User]:
        return self._page(after=after, limit=limit)


class MemorySessions(Rows[Session, SessionId]):
    """Signed-in sessions."""

    def by_token(self, token_hash: str) -> Session | None:
        return self._table.holder("uq_sessions_token", token_hash)

    def bearer(self, token_hash: str) -> Bearer | None:
        session = self.by_token(token_hash)
        if session is None:
            return None
        tables = self._work.tables
        user = tables.users.rows[session.user_id]
        return Bearer(
            session=session,
            user=user,
            artist=tables.artists.holder("uq_artists_user", user.id),
            reviewer=tables.reviewers.holder("uq_reviewers_user", user.id),
        )

    def remove(self, session_id: SessionId) -> None:
        self._work.put(self._table, session_id, None)

    def of_user(self, user_id: UserId) -> Sequence[Session]:
        return self._table.of("user", user_id)

    def remove_all(self, user_id: UserId) -> int:
        own = self.of_user(user_id)
        for session in own:
            self.remove(session.id)
        return len(own)

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "expired", before=before, limit=limit)


class MemoryEmailTokens(Rows[EmailVerificationToken, str]):
    """Verification tokens."""

    def lock_by_token(self, token_hash: str) -> EmailVerificationToken | None:
        self._work.require_writable()
        return self._table.holder("uq_email_tokens_token", token_hash)

    def of_user(self, user_id: UserId) -> Sequence[EmailVerificationToken]:
        return self._table.of("user", user_id)

    def remove_all(self, user_id: UserId) -> None:
        for token in self.of_user(user_id):
            self._work.put(self._table, token.id, None)

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "expired", before=before, limit=limit)


class MemoryResetTokens(Rows[PasswordResetToken, str]):
    """Leaves to choose another password."""

    def lock_by_token(self, token_hash: str) -> PasswordResetToken | None:
        self._work.require_writable()
        return self._table.holder("uq_reset_tokens_token", token_hash)

    def of_user(self, user_id: UserId) -> Sequence[PasswordResetToken]:
        return self._table.of("user", user_id)

    def remove_all(self, user_id: UserId) -> None:
        for token in self.of_user(user_id):
            self._work.put(self._table, token.id, None)

    def purge(self, before: datetime, *, limit: int) -> int:
        return purge(self._work, self._table, "expired", before=before, limit=limit)


class MemoryAccounts(Rows[Account, AccountId]):
    """Identities at OAuth and OpenID Connect providers."""

    def by_identity(self, provider: str, provider_account_id: str) -> Account | None:
        return self._table.holder("uq_accounts_identity", (provider, provider_account_id))

    def of_user(self, user_id: UserId) -> Sequence[Account]:
        return self._table.of("user", user_id)

    def remove_all(self, user_id: UserId) -> None:
        for account in self.of_user(user_id):
            self._work.put(self._table, account.id, None)


class MemoryIdentities:
    """What shows that two users are one person."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.marks
        self._artists = work.tables.artists

    def add(self, *marks: IdentityMark) -> None:
        self._work.require_writable()
        for mark in marks:
            if self._table.key_of(mark) not in self._table.rows:
                self._work.add(self._table, mark)

    def of_user(self, user_id: UserId) -> Sequence[IdentityMark]:
        return self._table.of("user", user_id)

    def remove(self, *marks: IdentityMark) -> None:
        for mark in marks:
            self._work.put(self._table, self._table.key_of(mark), None)

    def kin(self, user_id: UserId) -> frozenset[UserId]:
        kin = {user_id}
        for own in self._table.of("user", user_id):
            for shared in self._table.of("value", (own.kind, own.value)):
                kin.add(shared.user_id)
        return frozenset(kin)

    def kin_of_artist(self, artist_id: ArtistId) -> frozenset[UserId]:
        artist = self._artists.rows.get(artist_id)
        return frozenset() if artist is None else self.kin(artist.user_id)

    def holder(self, account_id: str) -> UserId | None:
        mark = self._table.holder("uq_identity_marks_stripe", account_id)
        return None if mark is None else mark.user_id


class MemoryArtists(Rows[ArtistProfile, ArtistId]):
    """Artist profiles."""

    def of_user(self, user_id: UserId) -> ArtistProfile | None:
        return self._table.holder("uq_artists_user", user_id)


class TreeCache:
    """The genre tree as it was after a number of changes of the table."""

    def __init__(self) -> None:
        self.changes = 0
        self.tree = GenreTree(())


class MemoryGenres:
    """The genre catalogue."""

    def __init__(self, work: Work, cache: TreeCache) -> None:
        self._work = work
        self._table = work.tables.genres
        self._cache = cache

    def tree(self) -> GenreTree:
        if self._cache.changes != self._table.changes:
            rows = self._table.rows
            self._cache.tree = GenreTree(rows[key] for key in sorted(rows))
            self._cache.changes = self._table.changes
        return self._cache.tree

    def add(self, *genres: Genre) -> None:
        self._work.require_writable()
        for genre in genres:
            if genre.id not in self._table.rows:
                self._work.add(self._table, genre)
