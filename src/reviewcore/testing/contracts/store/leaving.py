"""What is found of one person, and what is forgotten of him when he leaves."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import SYSTEM, AccountId, ArtistId, ReviewerId, UploadId, UserId
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.uploads import Upload, UploadStatus
from reviewcore.domain.users import (
    RESET_LIFE,
    Account,
    MarkKind,
    PasswordResetToken,
    stripe_mark,
    token_hash,
)
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_mark, an_email_token, an_id
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures


class LeavingContract(StoreFixtures):
    """Looking up by person, and removing."""

    def test_the_reviews_of_a_reviewer_are_all_of_his_in_order_of_id(
        self, store: Store, scene: Scene
    ) -> None:
        reviewer = scene.reviewer()
        his = [
            scene.review(reviewer=reviewer, status=status)
            for status in (ReviewStatus.SKIPPED, ReviewStatus.ASSIGNED, ReviewStatus.EXPIRED)
        ]
        scene.review()

        with store.read() as tx:
            assert list(tx.reviews.of_reviewer(reviewer.id)) == his
            assert list(tx.reviews.of_reviewer(ReviewerId("nobody"))) == []

    def test_all_that_lets_a_user_in_is_forgotten_and_nobody_elses(
        self, store: Store, scene: Scene
    ) -> None:
        user, other = scene.user(), scene.user()
        with store.begin() as tx:
            for one in (user, other):
                tx.email_tokens.add(an_email_token(user_id=one.id))
                tx.reset_tokens.add(_reset_token(one.id), _reset_token(one.id))
                tx.accounts.add(_account(one.id))

        with store.begin() as tx:
            for tokens in (tx.email_tokens, tx.reset_tokens, tx.accounts):
                tokens.remove_all(user.id)
                tokens.remove_all(user.id)
            assert list(tx.reset_tokens.of_user(user.id)) == []

        with store.read() as tx:
            for tokens in (tx.email_tokens, tx.reset_tokens, tx.accounts):
                assert list(tokens.of_user(user.id)) == []
                assert len(list(tokens.of_user(other.id))) > 0

    def test_marks_are_listed_and_forgotten_one_by_one(self, store: Store, scene: Scene) -> None:
        user, other = scene.user(), scene.user()
        mail = a_mark(user_id=user.id, value="same@example.com")
        paid = a_mark(user_id=user.id, kind=MarkKind.DESTINATION, value="same@example.com")
        account = stripe_mark(user.id, "acct_1")
        with store.begin() as tx:
            tx.identities.add(account, mail, paid, attrs.evolve(mail, user_id=other.id))

        with store.read() as tx:
            assert list(tx.identities.of_user(user.id)) == [paid, mail, account]
            assert tx.identities.kin(user.id) == {user.id, other.id}
        with store.begin() as tx:
            tx.identities.remove(mail, paid)
            assert tx.identities.kin(user.id) == {user.id}

        with store.read() as tx:
            assert list(tx.identities.of_user(user.id)) == [account]
            assert tx.identities.kin(other.id) == {other.id}
            assert tx.identities.holder("acct_1") == user.id
            assert list(tx.identities.of_user(UserId("nobody"))) == []

    def test_a_lead_is_forgotten(self, store: Store, scene: Scene) -> None:
        lead, other = scene.lead(), scene.lead()

        for _ in range(2):
            with store.begin() as tx:
                tx.leads.remove(lead.id)

        with store.read() as tx:
            assert list(tx.leads.all()) == [other]

    def test_an_upload_is_forgotten(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()
        first, second = (_upload(artist.id) for _ in range(2))
        with store.begin() as tx:
            tx.uploads.add(first, second)

        with store.begin() as tx:
            tx.uploads.remove(first.id)
            assert list(tx.uploads.of_artist(artist.id)) == [second]

        with store.read() as tx:
            assert list(tx.uploads.of_artist(artist.id)) == [second]

    def test_the_history_of_an_aggregate_is_told_in_its_order(
        self, store: Store, scene: Scene
    ) -> None:
        user, other = scene.user(), scene.user()
        for kind in (events.UserSignedUp, events.SignedIn, events.SignedOut):
            with store.begin() as tx:
                tx.events.add(kind(user_id=user.id), kind(user_id=other.id))

        with store.read() as tx:
            told = list(tx.events.about(f"user:{user.id}"))
            assert list(tx.events.about("user:nobody")) == []

        assert [one.type for one in told] == ["UserSignedUp", "SignedIn", "SignedOut"]
        assert [one.sequence for one in told] == [1, 2, 3]

    def test_what_somebody_did_comes_in_pages_and_what_the_market_did_does_not(
        self, store: Store, scene: Scene
    ) -> None:
        user = scene.user()
        for actor in ("him", "another", "him", SYSTEM, "him"):
            with store.begin(actor=actor) as tx:
                tx.events.add(events.SignedIn(user_id=user.id))

        with store.read() as tx:
            his = [one for one in tx.events.all() if one.actor == "him"]
            assert list(tx.events.by_actor("him", after=None, limit=2)) == his[:2]
            assert list(tx.events.by_actor("him", after=his[1].id, limit=2)) == his[2:]
            assert list(tx.events.by_actor("him", after=his[2].id, limit=2)) == []
            assert list(tx.events.by_actor(SYSTEM, after=None, limit=2)) == []


def _reset_token(user_id: UserId) -> PasswordResetToken:
    token_id = an_id("token")
    return PasswordResetToken(
        id=token_id,
        user_id=user_id,
        token_hash=token_hash(token_id),
        created_at=START,
        expires_at=START + RESET_LIFE,
    )


def _account(user_id: UserId) -> Account:
    return Account(
        id=AccountId(an_id("account")),
        user_id=user_id,
        provider="example",
        provider_account_id=user_id,
        email=f"{user_id}@example.com",
        created_at=START,
    )


def _upload(artist_id: ArtistId) -> Upload:
    upload_id = an_id("upload")
    return Upload(
        id=UploadId(upload_id),
        artist_id=artist_id,
        key=f"uploads/{upload_id}",
        filename="demo.mp3",
        content_type="audio/mpeg",
        content_length=1000,
        status=UploadStatus.STARTED,
        created_at=START,
    )
