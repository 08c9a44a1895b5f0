"""Users, their sessions, tokens and marks, and the profiles they have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.ids import ArtistId, UserId
from reviewcore.domain.rules import Tier
from reviewcore.domain.users import MarkKind, stripe_mark
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_genre, a_mark, a_session, an_email_token, an_id
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures


class PeopleContract(StoreFixtures):
    """Looking people up."""

    def test_a_user_is_found_by_his_address(self, store: Store, scene: Scene) -> None:
        scene.user()
        user = scene.user(email="zoe@example.com")

        with store.read() as tx:
            assert tx.users.by_email("zoe@example.com") == user
            assert tx.users.by_email("nobody@example.com") is None

    def test_users_are_paged_in_order_of_id(self, store: Store, scene: Scene) -> None:
        users = [scene.user() for _ in range(5)]

        with store.read() as tx:
            assert list(tx.users.page(after=None, limit=2)) == users[:2]
            assert list(tx.users.page(after=users[1].id, limit=2)) == users[2:4]
            assert list(tx.users.page(after=users[3].id, limit=2)) == users[4:]
            assert list(tx.users.page(after=users[4].id, limit=2)) == []

    def test_a_session_is_found_by_its_token_until_it_is_removed(
        self, store: Store, scene: Scene
    ) -> None:
        session = a_session(user_id=scene.user().id)
        with store.begin() as tx:
            tx.sessions.add(session)
            assert tx.sessions.by_token(session.token_hash) == session
            assert tx.sessions.by_token("unknown") is None

        with store.begin() as tx:
            tx.sessions.remove(session.id)
            tx.sessions.remove(session.id)
            assert tx.sessions.by_token(session.token_hash) is None

        with store.read() as tx:
            assert tx.sessions.find(session.id) is None

    def test_a_token_tells_its_bearer_and_what_he_is(self, store: Store, scene: Scene) -> None:
        plain, both = scene.user(), scene.user()
        artist, reviewer = scene.artist(user_id=both.id), scene.reviewer(user_id=both.id)
        sessions = [a_session(user_id=plain.id), a_session(user_id=both.id)]
        with store.begin() as tx:
            tx.sessions.add(*sessions)

        with store.read() as tx:
            first, second = (tx.sessions.bearer(one.token_hash) for one in sessions)
            nobody = tx.sessions.bearer("unknown")

        assert nobody is None
        assert first == (sessions[0], plain, None, None)
        assert second == (sessions[1], both, artist, reviewer)

    def test_a_mail_token_is_locked_by_its_hash(self, store: Store, scene: Scene) -> None:
        token = an_email_token(user_id=scene.user().id)

        with store.begin() as tx:
            tx.email_tokens.add(token)
            assert tx.email_tokens.lock_by_token(token.token_hash) == token
            assert tx.email_tokens.lock_by_token("unknown") is None

    def test_users_who_share_a_mark_are_kin(self, store: Store, scene: Scene) -> None:
        one, two, other = scene.user(), scene.user(), scene.user()

        with store.begin() as tx:
            for user in (one, two):
                tx.identities.add(a_mark(user_id=user.id, value="same@example.com"))
            tx.identities.add(
                a_mark(user_id=other.id, kind=MarkKind.DESTINATION, value="same@example.com")
            )

        with store.read() as tx:
            assert tx.identities.kin(one.id) == tx.identities.kin(two.id) == {one.id, two.id}
            assert tx.identities.kin(other.id) == {other.id}

    def test_the_kin_of_kin_are_none(self, store: Store, scene: Scene) -> None:
        one, two, three = scene.user(), scene.user(), scene.user()

        with store.begin() as tx:
            for value, users in (("a@example.com", (one, two)), ("b@example.com", (two, three))):
                tx.identities.add(*(a_mark(user_id=user.id, value=value) for user in users))

        with store.read() as tx:
            assert tx.identities.kin(one.id) == {one.id, two.id}
            assert tx.identities.kin(two.id) == {one.id, two.id, three.id}

    def test_a_user_without_marks_is_his_own_kin(self, store: Store, scene: Scene) -> None:
        user = scene.user()

        with store.read() as tx:
            assert tx.identities.kin(user.id) == {user.id}

    def test_the_kin_of_an_artist_is_that_of_his_user(self, store: Store, scene: Scene) -> None:
        artist, other = scene.artist(), scene.user()
        marks = [
            a_mark(user_id=UserId(user_id), value="same@example.com")
            for user_id in (artist.user_id, other.id)
        ]
        with store.begin() as tx:
            tx.identities.add(*marks)

        with store.read() as tx:
            assert tx.identities.kin_of_artist(artist.id) == {artist.user_id, other.id}
            assert tx.identities.kin_of_artist(ArtistId(an_id("artist"))) == frozenset()

    def test_adding_a_mark_again_is_harmless(self, store: Store, scene: Scene) -> None:
        mark = stripe_mark(scene.user().id, "acct_1")

        for _ in range(2):
            with store.begin() as tx:
                tx.identities.add(mark, mark)

        with store.read() as tx:
            assert tx.identities.holder("acct_1") == mark.user_id
            assert tx.identities.holder("acct_2") is None

    def test_a_user_has_one_profile_of_each_kind(self, store: Store, scene: Scene) -> None:
        artist, reviewer = scene.artist(), scene.reviewer()

        with store.read() as tx:
            assert tx.artists.of_user(artist.user_id) == artist
            assert tx.artists.of_user(reviewer.user_id) is None
            assert tx.reviewers.of_user(reviewer.user_id) == reviewer
            assert tx.reviewers.of_user(artist.user_id) is None

    @pytest.mark.parametrize("wanted", [(True,), (False,), (True, False)], ids=str)
    def test_reviewers_are_paged_in_order_of_id(
        self, store: Store, scene: Scene, wanted: tuple[bool, ...]
    ) -> None:
        reviewers = [scene.reviewer(is_restricted=flag) for flag in [True, False] * 3]
        expected = [one for one in reviewers if one.is_restricted in wanted]
        asked = wanted[0] if len(wanted) == 1 else None

        with store.read() as tx:
            first = tx.reviewers.page(is_restricted=asked, after=None, limit=2)
            rest = tx.reviewers.page(is_restricted=asked, after=first[-1].id, limit=10)

        assert [*first, *rest] == expected
        assert len(first) == 2

    def test_reviewers_whose_grant_is_over_are_told(self, store: Store, scene: Scene) -> None:
        scene.reviewer()
        over, ends, later = (
            scene.reviewer(granted_tier=Tier.PRO, granted_until=START + timedelta(days=days))
            for days in (-1, 0, 1)
        )

        with store.read() as tx:
            assert list(tx.reviewers.with_grant_over(START, limit=10)) == [over.id, ends.id]
            assert list(tx.reviewers.with_grant_over(START, limit=1)) == [over.id]
            assert later.id in tx.reviewers.with_grant_over(START + timedelta(days=2), limit=10)

    def test_genres_are_kept_and_those_that_exist_left_alone(self, store: Store) -> None:
        root = a_genre()
        child = a_genre(parent_id=root.id)

        with store.begin() as tx:
            tx.genres.add(root, child)
            tx.genres.add(a_genre(id=root.id, name="Other", slug="other"))

        with store.read() as tx:
            tree = tx.genres.tree()
        assert tree.by_slug(root.slug) == root
        assert tree.related(root.id) == {root.id, child.id}
