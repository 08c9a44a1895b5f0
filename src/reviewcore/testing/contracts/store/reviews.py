"""Reviews, their queue rows, their remarks and their flags."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import EndReason, ReviewStatus
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_flagged_review, a_timestamp, an_id
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


class ReviewsContract(StoreFixtures):
    """Looking reviews up, and locking them with those who are concerned."""

    def test_a_review_is_locked_with_its_track_and_reviewer(
        self, store: Store, scene: Scene
    ) -> None:
        track, reviewer = scene.track(), scene.reviewer()
        review = scene.review(track, reviewer)

        with store.begin() as tx:
            bench = tx.reviews.lock(review.id)
            assert bench == (track, review, reviewer)
            assert bench.review == review
            with pytest.raises(EntityNotFound) as told:
                tx.reviews.lock(ReviewId(an_id("review")))

        assert told.value.entity == "Review"

    def test_a_bench_holds_what_was_written_in_the_block(self, store: Store, scene: Scene) -> None:
        track, reviewer = scene.track(), scene.reviewer()
        review = scene.review(track, reviewer)

        with store.begin() as tx:
            tx.reviewers.update(attrs.evolve(reviewer, gem_count=3))
            tx.reviews.update(attrs.evolve(review, listen_duration=7))
            bench = tx.reviews.lock(review.id)

        assert bench.reviewer.gem_count == 3
        assert bench.review.listen_duration == 7

    def test_active_reviews_of_a_reviewer_come_by_id(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        reviews = [
            scene.review(scene.track(), reviewer, status=status)
            for status in [*ReviewStatus, *ReviewStatus]
        ]
        scene.review()
        active = [review for review in reviews if review.is_active]

        with store.begin() as tx:
            assert list(tx.reviews.lock_active(reviewer.id)) == active
            assert list(tx.reviews.active_of(reviewer.id)) == active

    def test_reviews_of_a_track_come_by_id(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        reviews = [
            scene.review(track, status=status, slot_number=number)
            for number, status in enumerate(ReviewStatus, 1)
        ]
        scene.review()

        with store.begin() as tx:
            assert list(tx.reviews.of_track(track.id)) == reviews
            assert list(tx.reviews.lock_of_track(track.id)) == reviews
            assert len(list(tx.reviews.all())) == len(reviews) + 1

    def test_a_review_is_found_by_its_public_id(self, store: Store, scene: Scene) -> None:
        review = scene.review(status=ReviewStatus.COMPLETED, share_id="aB3-_xYz")

        with store.read() as tx:
            assert tx.reviews.by_share_id("aB3-_xYz") == review
            assert tx.reviews.by_share_id("ab3-_xyz") is None

    def test_ended_reviews_are_counted_by_reason_and_time(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        for ended_at in (START - INSTANT, START, START + HOUR):
            scene.review(scene.track(), reviewer, status=ReviewStatus.SKIPPED, ended_at=ended_at)
        scene.review(
            scene.track(),
            reviewer,
            status=ReviewStatus.SKIPPED,
            end_reason=EndReason.UNPLAYABLE,
        )
        scene.review(status=ReviewStatus.SKIPPED)

        with store.read() as tx:
            assert tx.reviews.count_ended(reviewer.id, EndReason.SKIP, since=START) == 2
            assert tx.reviews.count_ended(reviewer.id, EndReason.UNPLAYABLE, since=START) == 1
            assert tx.reviews.count_ended(reviewer.id, EndReason.TIMEOUT, since=START) == 0

    def test_pay_under_open_flags_is_held(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        scene.review(scene.track(), reviewer, status=ReviewStatus.COMPLETED)
        for status in FlagStatus:
            flagged = a_flagged_review(flag_status=status, offered_amount=150)
            track = scene.track()
            with store.begin() as tx:
                tx.reviews.add(
                    attrs.evolve(
                        flagged,
                        track_id=track.id,
                        artist_id=track.artist_id,
                        reviewer_id=reviewer.id,
                    )
                )

        with store.read() as tx:
            assert tx.reviews.held_pay(reviewer.id, earned_after=None) == 150
            assert tx.reviews.held_pay(ReviewerId(an_id("reviewer")), earned_after=None) == 0

    def test_young_pay_is_held_if_asked_and_never_twice(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        for amount, ended_at in ((1, START - HOUR), (10, START), (100, START + INSTANT)):
            scene.review(
                scene.track(),
                reviewer,
                status=ReviewStatus.COMPLETED,
                offered_amount=amount,
                ended_at=ended_at,
            )
        # What an upheld flag took back is not there to be held.
        for status, amount in ((FlagStatus.OPEN, 1000), (FlagStatus.UPHELD, 10_000)):
            track = scene.track()
            flagged = a_flagged_review(
                flag_status=status,
                offered_amount=amount,
                ended_at=START + HOUR,
                track_id=track.id,
                artist_id=track.artist_id,
                reviewer_id=reviewer.id,
            )
            with store.begin() as tx:
                tx.reviews.add(flagged)

        with store.read() as tx:
            assert tx.reviews.held_pay(reviewer.id, earned_after=None) == 1000
            assert tx.reviews.held_pay(reviewer.id, earned_after=START) == 1100

    def test_a_queue_comes_by_deadline_then_id(self, store: Store, scene: Scene) -> None:
        reviewer = scene.reviewer()
        late, soon, twin = (
            scene.queue(scene.review(scene.track(), reviewer, expires_at=START + hours * HOUR))
            for hours in (9, 1, 1)
        )
        scene.queue(scene.review())

        with store.read() as tx:
            assert list(tx.queue.of_reviewer(reviewer.id)) == [soon, twin, late]
            assert len(list(tx.queue.all())) == 4

    def test_expired_rows_come_earliest_first(self, store: Store, scene: Scene) -> None:
        rows = [
            scene.queue(scene.review(expires_at=START + offset))
            for offset in (timedelta(0), -HOUR, INSTANT, -2 * HOUR)
        ]

        with store.read() as tx:
            assert list(tx.queue.expired(START, limit=10)) == [rows[3], rows[1], rows[0]]
            assert list(tx.queue.expired(START, limit=1)) == [rows[3]]

    def test_queue_rows_are_replaced_and_removed(self, store: Store, scene: Scene) -> None:
        kept, gone = scene.queue(scene.review()), scene.queue(scene.review())
        moved = attrs.evolve(kept, expires_at=START + HOUR)

        with store.begin() as tx:
            tx.queue.update(moved)
            tx.queue.remove(gone.id)
            assert list(tx.queue.of_reviewer(gone.reviewer_id)) == []

        with store.read() as tx:
            assert list(tx.queue.all()) == [moved]

    def test_remarks_come_by_number(self, store: Store, scene: Scene) -> None:
        review, other = scene.review(), scene.review()
        remarks = [
            a_timestamp(review_id=review.id, number=number, seconds=99 - number)
            for number in range(1, 13)
        ]

        with store.begin() as tx:
            tx.timestamps.add(*reversed(remarks))

        with store.read() as tx:
            assert list(tx.timestamps.of_review(review.id)) == remarks
            assert list(tx.timestamps.of_review(other.id)) == []

    def test_flags_are_found_by_review_and_track(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        reviews = [
            scene.review(track, status=ReviewStatus.COMPLETED, slot_number=number)
            for number in range(1, 4)
        ]
        flags = [scene.flag(review) for review in reviews[:2]]
        scene.flag(scene.review(status=ReviewStatus.COMPLETED))

        with store.read() as tx:
            assert list(tx.flags.of_track(track.id)) == flags
            assert tx.flags.of_review(reviews[0].id) == flags[0]
            assert tx.flags.of_review(reviews[2].id) is None

    def test_lapsed_flags_are_open_and_come_earliest_first(
        self, store: Store, scene: Scene
    ) -> None:
        flags = [
            scene.flag(scene.review(status=ReviewStatus.COMPLETED), created_at=START + offset)
            for offset in (-HOUR, -2 * HOUR, timedelta(0))
        ]
        scene.flag(
            scene.review(status=ReviewStatus.COMPLETED),
            status=FlagStatus.UPHELD,
            created_at=START - HOUR,
        )

        with store.read() as tx:
            assert list(tx.flags.lapsed(START, limit=10)) == [flags[1].id, flags[0].id]
            assert list(tx.flags.lapsed(START, limit=1)) == [flags[1].id]

    @pytest.mark.parametrize("status", [None, FlagStatus.OPEN, FlagStatus.DISMISSED])
    def test_flags_are_paged_in_order_of_id(
        self, store: Store, scene: Scene, status: FlagStatus | None
    ) -> None:
        flags = [
            scene.flag(scene.review(status=ReviewStatus.COMPLETED), status=state)
            for state in [*FlagStatus, *FlagStatus]
        ]
        expected = [flag for flag in flags if status in (None, flag.status)]

        with store.read() as tx:
            first = tx.flags.page(status=status, after=None, limit=1)
            rest = tx.flags.page(status=status, after=first[-1].id, limit=10)

        assert [*first, *rest] == expected
        assert len(first) == 1
