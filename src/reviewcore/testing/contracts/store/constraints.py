"""Every unique key of the model, and the conflict that a second holder meets."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.users import MarkKind
from reviewcore.ports.constraints import UNIQUES, Unique
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import (
    a_dispute,
    a_flag,
    a_genre,
    a_lead,
    a_mark,
    a_payment,
    a_reset_token,
    a_reversal,
    a_review,
    a_reviewer,
    a_session,
    a_user,
    an_account,
    an_artist,
    an_attempt,
    an_email_token,
)
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures, write

Violation = Callable[[Transaction], None]
"""A write that a store must refuse."""


def _email(scene: Scene) -> Violation:
    second = a_user(email=scene.user().email)
    return lambda tx: tx.users.add(second)


def _session_token(scene: Scene) -> Violation:
    first = a_session(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.sessions.add(first)
    second = a_session(user_id=first.user_id, token_hash=first.token_hash)
    return lambda tx: tx.sessions.add(second)


def _email_token(scene: Scene) -> Violation:
    first = an_email_token(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.email_tokens.add(first)
    second = an_email_token(user_id=first.user_id, token_hash=first.token_hash)
    return lambda tx: tx.email_tokens.add(second)


def _reset_token(scene: Scene) -> Violation:
    first = a_reset_token(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.reset_tokens.add(first)
    second = a_reset_token(user_id=first.user_id, token_hash=first.token_hash)
    return lambda tx: tx.reset_tokens.add(second)


def _account(scene: Scene) -> Violation:
    first = an_account(user_id=scene.user().id)
    with scene.store.begin() as tx:
        tx.accounts.add(first)
    second = an_account(user_id=scene.user().id, provider_account_id=first.provider_account_id)
    return lambda tx: tx.accounts.add(second)


def _stripe_mark(scene: Scene) -> Violation:
    first = a_mark(user_id=scene.user().id, kind=MarkKind.STRIPE_ACCOUNT, value="acct_1")
    with scene.store.begin() as tx:
        tx.identities.add(first)
    second = attrs.evolve(first, user_id=scene.user().id)
    return lambda tx: tx.identities.add(second)


def _artist_user(scene: Scene) -> Violation:
    second = an_artist(user_id=scene.artist().user_id)
    return lambda tx: tx.artists.add(second)


def _reviewer_user(scene: Scene) -> Violation:
    second = a_reviewer(user_id=scene.reviewer().user_id)
    return lambda tx: tx.reviewers.add(second)


def _stripe_account(scene: Scene) -> Violation:
    scene.reviewer(stripe_account_id="acct_1")
    second = attrs.evolve(scene.reviewer(), stripe_account_id="acct_1")
    return lambda tx: tx.reviewers.update(second)


def _genre_name(scene: Scene) -> Violation:
    first = a_genre()
    with scene.store.begin() as tx:
        tx.genres.add(first)
    second = a_genre(name=first.name)
    return lambda tx: tx.genres.add(second)


def _genre_slug(scene: Scene) -> Violation:
    first = a_genre()
    with scene.store.begin() as tx:
        tx.genres.add(first)
    second = a_genre(id=a_genre().id, slug=first.slug, name=a_genre().name)
    return lambda tx: tx.genres.add(second)


def _track_reviewer(scene: Scene) -> Violation:
    first = scene.review(status=ReviewStatus.SKIPPED)
    second = a_review(
        track_id=first.track_id,
        artist_id=first.artist_id,
        reviewer_id=first.reviewer_id,
        slot_number=2,
    )
    return lambda tx: tx.reviews.add(second)


def _slot(scene: Scene) -> Violation:
    first = scene.review(status=ReviewStatus.COMPLETED)
    second = a_review(
        track_id=first.track_id, artist_id=first.artist_id, reviewer_id=scene.reviewer().id
    )
    return lambda tx: tx.reviews.add(second)


def _share_id(scene: Scene) -> Violation:
    first = scene.review(status=ReviewStatus.COMPLETED)
    second = attrs.evolve(scene.review(status=ReviewStatus.COMPLETED), share_id=first.share_id)
    return lambda tx: tx.reviews.update(second)


def _payment_track(scene: Scene) -> Violation:
    second = a_payment(track_id=scene.payment().track_id)
    return lambda tx: tx.payments.add(second)


def _payment_session(scene: Scene) -> Violation:
    scene.payment(stripe_session_id="cs_1")
    second = scene.payment().session("cs_1")
    return lambda tx: tx.payments.update(second)


def _attempt_number(scene: Scene) -> Violation:
    first = scene.attempt()
    second = an_attempt(payment_id=first.payment_id, track_id=first.track_id, number=first.number)
    return lambda tx: tx.attempts.add(second)


def _attempt_session(scene: Scene) -> Violation:
    scene.attempt(session_id="cs_1")
    second = attrs.evolve(scene.attempt(), session_id="cs_1")
    return lambda tx: tx.attempts.update(second)


def _dispute(scene: Scene) -> Violation:
    first = scene.dispute()
    second = a_dispute(
        attempt_id=first.attempt_id,
        payment_id=first.payment_id,
        track_id=first.track_id,
        external_id=first.external_id,
    )
    return lambda tx: tx.disputes.add(second)


def _reversal(scene: Scene) -> Violation:
    first = scene.reversal()
    second = a_reversal(
        payout_id=first.payout_id,
        reviewer_id=first.reviewer_id,
        external_id=first.external_id,
    )
    return lambda tx: tx.reversals.add(second)


def _flag_review(scene: Scene) -> Violation:
    first = scene.flag(scene.review(status=ReviewStatus.COMPLETED))
    second = a_flag(
        review_id=first.review_id, track_id=first.track_id, reviewer_id=first.reviewer_id
    )
    return lambda tx: tx.flags.add(second)


def _lead_email(scene: Scene) -> Violation:
    second = a_lead(email=scene.lead().email)
    return lambda tx: tx.leads.add(second)


VIOLATIONS: dict[str, Callable[[Scene], Violation]] = {
    "uq_users_email": _email,
    "uq_sessions_token": _session_token,
    "uq_email_tokens_token": _email_token,
    "uq_reset_tokens_token": _reset_token,
    "uq_accounts_identity": _account,
    "uq_identity_marks_stripe": _stripe_mark,
    "uq_leads_email": _lead_email,
    "uq_artists_user": _artist_user,
    "uq_reviewers_user": _reviewer_user,
    "uq_reviewers_stripe_account": _stripe_account,
    "uq_genres_name": _genre_name,
    "uq_genres_slug": _genre_slug,
    "uq_reviews_track_reviewer": _track_reviewer,
    "uq_reviews_slot": _slot,
    "uq_reviews_share_id": _share_id,
    "uq_payments_track": _payment_track,
    "uq_payments_session": _payment_session,
    "uq_attempts_number": _attempt_number,
    "uq_attempts_session": _attempt_session,
    "uq_disputes_external": _dispute,
    "uq_payout_reversals_external": _reversal,
    "uq_flags_review": _flag_review,
}


class ConstraintsContract(StoreFixtures):
    """A unique violation surfaces by the end of the block, as the conflict that is named."""

    @pytest.mark.parametrize("unique", UNIQUES, ids=lambda unique: unique.name)
    def test_a_second_holder_of_a_unique_key_is_refused_and_nothing_is_stored(
        self, store: Store, scene: Scene, unique: Unique
    ) -> None:
        violate = VIOLATIONS[unique.name](scene)
        bystander = a_user()
        expected = unique.conflict()

        with pytest.raises(type(expected)) as told:
            write(store, lambda tx: tx.users.add(bystander), violate)

        assert type(told.value) is type(expected)
        assert getattr(told.value, "extras", {}) == getattr(expected, "extras", {})
        with store.read() as tx:
            assert tx.users.find(bystander.id) is None

    def test_two_holders_within_one_block_are_refused(self, store: Store) -> None:
        first = a_user()

        with pytest.raises(EmailTaken), store.begin() as tx:
            tx.users.add(first, a_user(email=first.email))

        with store.read() as tx:
            assert list(tx.users.all()) == []

    def test_a_flush_makes_the_conflict_surface_at_once(self, store: Store, scene: Scene) -> None:
        email = scene.user().email
        reached = []

        with pytest.raises(EmailTaken):
            write(
                store,
                lambda tx: tx.users.add(a_user(email=email)),
                lambda _: reached.append("added"),
                lambda tx: tx.flush(),
                lambda _: reached.append("flushed"),
            )

        assert reached == ["added"]

    def test_a_slot_whose_review_has_ended_can_be_taken(self, scene: Scene) -> None:
        track = scene.track()

        scene.review(track, status=ReviewStatus.EXPIRED)
        scene.review(track, status=ReviewStatus.COMPLETED, counts_toward_completion=False)
        scene.review(track)

    def test_a_slot_can_be_freed_and_taken_in_one_block(self, store: Store, scene: Scene) -> None:
        first = scene.review()
        other = scene.reviewer()
        ended = a_review(status=ReviewStatus.SKIPPED)
        freed = attrs.evolve(
            first, status=ended.status, ended_at=ended.ended_at, end_reason=ended.end_reason
        )
        taken = a_review(track_id=first.track_id, artist_id=first.artist_id, reviewer_id=other.id)

        with store.begin() as tx:
            tx.reviews.add(taken)
            tx.reviews.update(freed)

        with store.read() as tx:
            assert list(tx.reviews.of_track(first.track_id)) == [freed, taken]

    def test_rows_without_the_key_do_not_meet(self, scene: Scene) -> None:
        for _ in range(2):
            scene.reviewer(stripe_account_id=None)
            scene.review(share_id=None)
            scene.attempt(session_id=None)

    def test_only_connected_accounts_belong_to_one_user(self, store: Store, scene: Scene) -> None:
        one, other = scene.user(), scene.user()

        with store.begin() as tx:
            for user in (one, other):
                tx.identities.add(
                    a_mark(user_id=user.id, kind=MarkKind.DESTINATION, value="acct_1")
                )

        with store.read() as tx:
            assert tx.identities.kin(one.id) == {one.id, other.id}
