"""What all repositories of entities with an id have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import AlreadyExists, EntityNotFound
from reviewcore.domain.ids import ReviewId
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_reset_token, a_session, an_account, an_email_token
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

MISSING = "0" * 26


def _add_session(scene: Scene) -> Any:
    session = a_session(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.sessions.add(session)
    return session


def _add_token(scene: Scene) -> Any:
    token = an_email_token(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.email_tokens.add(token)
    return token


def _add_leave(scene: Scene) -> Any:
    leave = a_reset_token(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.reset_tokens.add(leave)
    return leave


def _add_account(scene: Scene) -> Any:
    account = an_account(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.accounts.add(account)
    return account


MAKERS: dict[str, tuple[Callable[[Scene], Any], dict[str, Any]]] = {
    "users": (Scene.user, {"name": "Zoë"}),
    "sessions": (_add_session, {"token_hash": "other"}),
    "email_tokens": (_add_token, {"email": "other@example.com"}),
    "reset_tokens": (_add_leave, {"token_hash": "other"}),
    "accounts": (_add_account, {"email": "other@example.com"}),
    "artists": (Scene.artist, {"total_tracks": 4}),
    "reviewers": (Scene.reviewer, {"gem_count": 4}),
    "tracks": (Scene.track, {"title": "Other"}),
    "payments": (Scene.payment, {"fee": 31}),
    "attempts": (Scene.attempt, {"looks": 4}),
    "refunds": (Scene.refund, {"attempts": 4}),
    "disputes": (Scene.dispute, {"fee": 4}),
    "payouts": (Scene.payout, {"reference": "R4"}),
    "tickets": (Scene.ticket, {"subject": "Other"}),
    "leads": (Scene.lead, {"source": "Other"}),
    "uploads": (Scene.upload, {"filename": "Other"}),
    "inbox": (Scene.event, {"failure": "Other"}),
    "flags": (
        lambda scene: scene.flag(scene.review(status=ReviewStatus.COMPLETED)),
        {"judge_reason": "Other"},
    ),
}
"""By repository: how to add a row, and a change of it."""

each_repository = pytest.mark.parametrize("name", MAKERS)


class RowsContract(StoreFixtures):
    """Getting, finding, locking, adding and replacing rows."""

    @each_repository
    def test_what_does_not_exist_is_found_as_none(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        kind = type(MAKERS[name][0](scene)).__name__

        with store.begin() as tx:
            rows = getattr(tx, name)
            assert rows.find(MISSING) is None
            assert list(rows.lock_many([MISSING])) == []
            for look in (rows.get, rows.lock):
                with pytest.raises(EntityNotFound) as told:
                    look(MISSING)
                assert (told.value.entity, told.value.id) == (kind, MISSING)

    @each_repository
    def test_a_row_is_got_found_and_locked_as_it_was_added(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        row = MAKERS[name][0](scene)

        with store.begin() as tx:
            rows = getattr(tx, name)

            assert rows.get(row.id) == row
            assert rows.find(row.id) == row
            assert rows.lock(row.id) == row

    @each_repository
    def test_rows_are_locked_and_listed_in_order_of_id(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        first, second, third = (MAKERS[name][0](scene) for _ in range(3))

        with store.begin() as tx:
            rows = getattr(tx, name)
            locked = rows.lock_many([third.id, MISSING, first.id, third.id])
            listed = list(rows.all())

        assert list(locked) == [first, third]
        assert [row for row in listed if row in (first, second, third)] == [first, second, third]
        assert [row.id for row in listed] == sorted(row.id for row in listed)

    @each_repository
    def test_an_update_replaces_the_row(self, store: Store, scene: Scene, name: str) -> None:
        make, changes = MAKERS[name]
        row, other = make(scene), make(scene)
        changed = attrs.evolve(row, **changes)

        with store.begin() as tx:
            getattr(tx, name).update(changed)

        with store.read() as tx:
            assert getattr(tx, name).get(row.id) == changed
            assert getattr(tx, name).get(other.id) == other

    # Those whose other unique keys can be changed, so that the id alone is what they share.
    @pytest.mark.parametrize("name", ["sessions", "tracks", "refunds", "payouts", "inbox"])
    def test_adding_an_id_again_is_a_conflict(self, store: Store, scene: Scene, name: str) -> None:
        make, changes = MAKERS[name]
        row = make(scene)

        with pytest.raises(AlreadyExists) as told, store.begin() as tx:
            getattr(tx, name).add(attrs.evolve(row, **changes))

        assert (told.value.entity, told.value.fields) == (type(row).__name__, ("id",))
        with store.read() as tx:
            assert getattr(tx, name).get(row.id) == row

    def test_reviews_are_got_and_found(self, store: Store, scene: Scene) -> None:
        review = scene.review()

        with store.read() as tx:
            assert tx.reviews.get(review.id) == review
            assert tx.reviews.find(review.id) == review
            assert tx.reviews.find(ReviewId(MISSING)) is None
            with pytest.raises(EntityNotFound) as told:
                tx.reviews.get(ReviewId(MISSING))

        assert (told.value.entity, told.value.id) == ("Review", MISSING)
