"""What people sign in with: sessions, tokens, leaves and accounts elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import AlreadyExists
from reviewcore.ports.store import IdempotencyRecord, Store, Transaction
from reviewcore.testing.builders import a_reset_token, a_session, an_account, an_email_token
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.races import at_once
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

INSTANT = timedelta(microseconds=1)
LONG_AGO = START - timedelta(days=500)
EXPIRING: dict[str, Callable[..., Any]] = {
    "sessions": a_session,
    "email_tokens": an_email_token,
    "reset_tokens": a_reset_token,
}
"""What a user has for a while, with what makes one."""

PURGED = {*EXPIRING, "idempotency", "inbox", "rate_limits", "uploads"}
"""Whatever is forgotten when its time is over."""


def add_old(store: Store, scene: Scene, name: str, count: int) -> None:
    """Add rows of *name*, from just before START, each an instant older than the one before."""
    user, artist = scene.user(), scene.artist()
    for number in range(1, count + 1):
        at = START - number * INSTANT
        with store.begin() as tx:
            if name in EXPIRING:
                row = EXPIRING[name](user_id=user.id, created_at=LONG_AGO, expires_at=at)
                getattr(tx, name).add(row)
            elif name == "idempotency":
                told = {"use_case": "rate_review", "digest": "0" * 64, "key": str(number)}
                tx.idempotency.claim(IdempotencyRecord(actor=user.id, created_at=at, **told))
            elif name == "rate_limits":
                tx.rate_limits.hit(str(number), window=at - tx.now)
        if name == "inbox":
            scene.event(is_handled=True, received_at=at)
        elif name == "uploads":
            scene.upload(artist, created_at=at)


def purge(store: Store, name: str, *, limit: int) -> int:
    """Forget in a block of its own what is older than START."""
    with store.begin() as tx:
        return forget(tx, name, limit=limit)


def forget(tx: Transaction, name: str, *, limit: int) -> int:
    """Forget what is older than START."""
    count: int = getattr(tx, name).purge(START, limit=limit)
    return count


class CredentialsContract(StoreFixtures):
    """Found by what only their owner knows, and by whose they are."""

    def test_sessions_are_found_and_forgotten_by_their_user(
        self, store: Store, scene: Scene
    ) -> None:
        ada, bob = scene.user(), scene.user()
        first, second, other = (a_session(user_id=one.id) for one in (ada, ada, bob))
        with store.begin() as tx:
            tx.sessions.add(first, second, other)
            assert list(tx.sessions.of_user(ada.id)) == [first, second]

        with store.begin() as tx:
            assert tx.sessions.remove_all(ada.id) == 2
            assert list(tx.sessions.of_user(ada.id)) == []
            assert tx.sessions.remove_all(ada.id) == 0

        with store.read() as tx:
            assert list(tx.sessions.all()) == [other]
            assert tx.sessions.bearer(first.token_hash) is None

    def test_a_leave_is_locked_by_its_hash_and_known_by_its_user(
        self, store: Store, scene: Scene
    ) -> None:
        ada, bob = scene.user(), scene.user()
        first, second, other = (a_reset_token(user_id=one.id) for one in (ada, ada, bob))
        with store.begin() as tx:
            tx.reset_tokens.add(first, second, other)

        with store.begin() as tx:
            assert tx.reset_tokens.lock_by_token(second.token_hash) == second
            assert tx.reset_tokens.lock_by_token("unknown") is None
            used = second.use(tx.now)
            tx.reset_tokens.update(used)
            assert tx.reset_tokens.lock_by_token(second.token_hash) == used
            assert list(tx.reset_tokens.of_user(ada.id)) == [first, used]

        with store.read() as tx:
            assert list(tx.reset_tokens.of_user(bob.id)) == [other]

    def test_a_token_that_is_minted_again_is_locked_by_its_new_hash_alone(
        self, store: Store, scene: Scene
    ) -> None:
        token = an_email_token(user_id=scene.user().id, is_change=True)
        with store.begin() as tx:
            tx.email_tokens.add(token)

        with store.begin() as tx:
            minted = tx.email_tokens.lock(token.id).mint("another hash", tx.now)
            tx.email_tokens.update(minted)

        with store.begin() as tx:
            assert tx.email_tokens.lock_by_token(token.token_hash) is None
            assert tx.email_tokens.lock_by_token("another hash") == minted
            assert list(tx.email_tokens.of_user(token.user_id)) == [minted]

    def test_an_account_is_found_by_provider_and_subject_together(
        self, store: Store, scene: Scene
    ) -> None:
        ada, bob = scene.user(), scene.user()
        here = an_account(user_id=ada.id, provider="here", provider_account_id="7")
        there = an_account(user_id=bob.id, provider="there", provider_account_id="7")
        with store.begin() as tx:
            tx.accounts.add(here, there)

        with store.read() as tx:
            assert tx.accounts.by_identity("here", "7") == here
            assert tx.accounts.by_identity("there", "7") == there
            assert tx.accounts.by_identity("here", "8") is None
            assert list(tx.accounts.of_user(ada.id)) == [here]

    def test_an_account_that_was_forgotten_can_be_another_users(
        self, store: Store, scene: Scene
    ) -> None:
        ada, bob = scene.user(), scene.user()
        account = an_account(user_id=ada.id)
        with store.begin() as tx:
            tx.accounts.add(account)
        taken = attrs.evolve(an_account(user_id=bob.id), provider_account_id="else")
        again = an_account(user_id=bob.id, provider_account_id=account.provider_account_id)
        with pytest.raises(AlreadyExists), store.begin() as tx:
            tx.accounts.add(taken, again)

        with store.begin() as tx:
            tx.accounts.remove_all(ada.id)
        with store.begin() as tx:
            tx.accounts.add(again)

        with store.read() as tx:
            assert list(tx.accounts.all()) == [again]

    @pytest.mark.parametrize("name", sorted(EXPIRING))
    def test_what_has_expired_is_forgotten_and_nothing_else(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        make, user = EXPIRING[name], scene.user()
        older, old, ending, running = (
            make(user_id=user.id, created_at=LONG_AGO, expires_at=START + after)
            for after in (-timedelta(days=400), -INSTANT, timedelta(0), INSTANT)
        )
        with store.begin() as tx:
            getattr(tx, name).add(older, old, ending, running)

        with store.begin() as tx:
            assert forget(tx, name, limit=9) == 2
            assert list(getattr(tx, name).of_user(user.id)) == [ending, running]
            assert getattr(tx, name).find(old.id) is None

        with store.read() as tx:
            assert list(getattr(tx, name).all()) == [ending, running]

    def test_a_session_that_was_extended_in_the_block_is_not_forgotten(
        self, store: Store, scene: Scene
    ) -> None:
        ended = START - INSTANT
        session = a_session(user_id=scene.user().id, created_at=LONG_AGO, expires_at=ended)
        with store.begin() as tx:
            tx.sessions.add(session)

        with store.begin() as tx:
            alive = attrs.evolve(tx.sessions.lock(session.id), expires_at=START + INSTANT)
            tx.sessions.update(alive)
            assert forget(tx, "sessions", limit=9) == 0

        with store.read() as tx:
            assert list(tx.sessions.all()) == [alive]

    @pytest.mark.parametrize("name", sorted(PURGED))
    def test_no_more_is_forgotten_at_a_time_than_asked_for(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        add_old(store, scene, name, 5)

        assert [purge(store, name, limit=2) for _ in range(4)] == [2, 2, 1, 0]

    @pytest.mark.parametrize("name", sorted(EXPIRING))
    def test_the_oldest_are_forgotten_first(self, store: Store, scene: Scene, name: str) -> None:
        add_old(store, scene, name, 5)

        purge(store, name, limit=3)

        with store.read() as tx:
            left = sorted(one.expires_at for one in getattr(tx, name).all())
        assert left == [START - 2 * INSTANT, START - INSTANT]

    @pytest.mark.parametrize("name", sorted(PURGED))
    def test_what_two_forget_at_once_is_counted_once(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        add_old(store, scene, name, 6)

        told = at_once(lambda: purge(store, name, limit=3), times=4)

        # Who skips what others hold may come back with less than there is.
        assert sum(told) + purge(store, name, limit=9) == 6
        assert purge(store, name, limit=9) == 0
