"""What people sign in with: sessions, tokens, leaves and accounts elsewhere."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.errors import AlreadyExists
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_reset_token, a_session, an_account, an_email_token
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures


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
