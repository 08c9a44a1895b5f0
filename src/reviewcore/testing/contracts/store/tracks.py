"""Tracks and their slots: lists, the queue of tracks that wait for reviewers, deadlines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ids import GenreId
from reviewcore.domain.tracks import LIVE, TrackStatus
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_slot
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import SLOTS, Scene, StoreFixtures

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


class TracksContract(StoreFixtures):
    """Looking tracks up."""

    @pytest.mark.parametrize("of", [None, 0])
    @pytest.mark.parametrize("status", [None, TrackStatus.QUEUED])
    def test_tracks_are_paged_in_order_of_id(
        self, store: Store, scene: Scene, of: int | None, status: TrackStatus | None
    ) -> None:
        artists = [scene.artist(), scene.artist()]
        tracks = [
            scene.track(artist_id=artist.id, status=state)
            for state in (TrackStatus.QUEUED, TrackStatus.COMPLETED, TrackStatus.QUEUED)
            for artist in artists
        ]
        artist_id = None if of is None else artists[of].id
        expected = [
            track
            for track in tracks
            if artist_id in (None, track.artist_id) and status in (None, track.status)
        ]

        with store.read() as tx:
            first = tx.tracks.page(artist_id=artist_id, status=status, after=None, limit=1)
            rest = tx.tracks.page(artist_id=artist_id, status=status, after=first[-1].id, limit=10)

        assert [*first, *rest] == expected
        assert len(first) == 1

    def test_waiting_tracks_are_those_whose_time_has_come(self, store: Store, scene: Scene) -> None:
        scene.track(assign_at=None)
        scene.track(assign_at=START + INSTANT)
        due = [scene.track(assign_at=START), scene.track(assign_at=START - HOUR)]

        with store.read() as tx:
            assert list(tx.tracks.waiting(START, limit=10)) == [track.id for track in due]

    def test_waiting_tracks_come_by_rank_then_payment_then_id(
        self, store: Store, scene: Scene
    ) -> None:
        urgent = scene.track(priority=10, paid_at=START - DAY)
        twins = [scene.track(priority=0, paid_at=START - 4 * DAY) for _ in range(2)]
        # Equal rank, paid later.
        later = scene.track(priority=4, paid_at=START)
        last = scene.track(priority=0, paid_at=START)
        longest = scene.track(priority=0, paid_at=START - 20 * DAY)
        expected = [longest, urgent, *twins, later, last]

        with store.read() as tx:
            assert list(tx.tracks.waiting(START, limit=10)) == [track.id for track in expected]
            assert list(tx.tracks.waiting(START, limit=2)) == [longest.id, urgent.id]

    def test_waking_makes_waiting_tracks_due(self, store: Store, scene: Scene) -> None:
        resting = scene.track(assign_at=None)
        asleep = [scene.track(assign_at=START + HOUR) for _ in range(3)]

        with store.begin() as tx:
            assert tx.tracks.wake(None, now=START, limit=2) == 2
        with store.begin() as tx:
            assert len(tx.tracks.waiting(START, limit=10)) == 2
            assert tx.tracks.wake(None, now=START, limit=2) == 1
            assert tx.tracks.wake(None, now=START, limit=2) == 0
            assert set(tx.tracks.waiting(START, limit=10)) == {track.id for track in asleep}

        with store.read() as tx:
            assert tx.tracks.get(resting.id).assign_at is None
            assert {tx.tracks.get(track.id).assign_at for track in asleep} == {START}

    def test_waking_by_genre_leaves_others_asleep(self, store: Store, scene: Scene) -> None:
        jazz = GenreId("jazz")
        scene.track(assign_at=START + HOUR)
        wanted = scene.track(assign_at=START + HOUR, genres=(GenreId("techno"), jazz))

        with store.begin() as tx:
            assert tx.tracks.wake(frozenset(), now=START, limit=10) == 0
            assert tx.tracks.wake({jazz, "techno"} - {"techno"}, now=START, limit=10) == 1

        with store.read() as tx:
            assert list(tx.tracks.waiting(START, limit=10)) == [wanted.id]

    def test_a_track_with_two_of_the_genres_wakes_once(self, store: Store, scene: Scene) -> None:
        scene.track(assign_at=START + HOUR)

        with store.begin() as tx:
            assert tx.tracks.wake({"house", "techno"}, now=START, limit=10) == 1

    def test_overdue_tracks_are_live_open_and_paid_long_ago(
        self, store: Store, scene: Scene
    ) -> None:
        long_ago = START - DAY
        expected = []
        for status in TrackStatus:
            paid_at = None if status is TrackStatus.PENDING_PAYMENT else long_ago - INSTANT
            track = scene.track(status=status, paid_at=paid_at)
            if status in LIVE:
                expected.append(track.id)
        scene.track(paid_at=long_ago)
        scene.track(paid_at=long_ago - HOUR, closed_at=START, assign_at=None)
        scene.track(paid_at=long_ago - HOUR, dispute_status=DisputeStatus.OPEN, assign_at=None)
        lost = scene.track(
            paid_at=long_ago - HOUR, dispute_status=DisputeStatus.LOST, assign_at=None
        )
        expected.append(lost.id)

        with store.read() as tx:
            assert list(tx.tracks.overdue(long_ago, limit=10)) == expected
            assert list(tx.tracks.overdue(long_ago, limit=1)) == expected[:1]

    def test_a_promo_code_is_used_unless_its_track_was_cancelled(
        self, store: Store, scene: Scene
    ) -> None:
        artist, other = scene.artist(), scene.artist()
        scene.track(artist_id=artist.id, promo_code="SPRING")
        scene.track(
            artist_id=artist.id, promo_code="SUMMER", status=TrackStatus.CANCELLED, paid_at=START
        )

        with store.read() as tx:
            assert tx.tracks.used_promo(artist.id, "SPRING")
            assert not tx.tracks.used_promo(artist.id, "SUMMER")
            assert not tx.tracks.used_promo(other.id, "SPRING")

    def test_slots_come_by_number_and_are_replaced(self, store: Store, scene: Scene) -> None:
        track, other = scene.track(), scene.track()

        with store.begin() as tx:
            tx.slots.add(a_slot(track_id=track.id, number=12), a_slot(track_id=track.id, number=9))
            second = tx.slots.of_track(track.id)[1].refund(START)
            third = tx.slots.of_track(track.id)[2].lose(START)
            tx.slots.update(second, third)

        with store.read() as tx:
            slots = tx.slots.of_track(track.id)
            assert [slot.number for slot in slots] == [1, 2, 3, 4, 5, 9, 12]
            assert [slots[1], slots[2]] == [second, third]
            assert not any(slot.is_refunded for slot in tx.slots.of_track(other.id))
            assert len(list(tx.slots.all())) == 7 + SLOTS

    def test_slots_can_be_removed_and_made_again_in_one_block(
        self, store: Store, scene: Scene
    ) -> None:
        track, other = scene.track(), scene.track()
        fresh = [a_slot(track_id=track.id, number=n, rate=150) for n in (1, 2)]

        with store.begin() as tx:
            tx.slots.remove_all(track.id)
            assert list(tx.slots.of_track(track.id)) == []
            tx.slots.add(*fresh)

        with store.read() as tx:
            assert list(tx.slots.of_track(track.id)) == fresh
            assert len(tx.slots.of_track(other.id)) == SLOTS
