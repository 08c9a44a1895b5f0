"""What the steps on slots tell those who take them."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import ZERO
from reviewcore.domain.refunds import RefundReason
from reviewcore.domain.reviews import EndReason
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import Given, free_slot, refund_slots
from tests.unit.usecases.market import World


@pytest.fixture
def world() -> World:
    return World()


def test_a_slot_that_is_free_again_gives_nothing_back(world: World) -> None:
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track())

    with world.app.store.begin() as tx:
        track, held, reviewer = tx.reviews.lock(review.id)
        artist = tx.artists.get(track.artist_id)
        end_review(tx, held, reviewer, EndReason.TIMEOUT)
        given = free_slot(tx, track, artist, review.slot_number)

    assert given == Given(world.track(track), artist, ZERO)
    assert given.track.assign_at == world.clock()


def test_giving_up_no_slot_changes_nothing(world: World) -> None:
    queued = world.a_queued_track()

    with world.app.store.begin() as tx:
        track = tx.tracks.lock(queued.id)
        artist = tx.artists.get(track.artist_id)
        given = refund_slots(tx, track, artist, [], reason=RefundReason.CLOSED)

    assert given == Given(track, artist, ZERO)


def test_slots_of_a_lost_track_end_and_give_nothing_back(world: World) -> None:
    queued = world.a_queued_track()

    with world.app.store.begin() as tx:
        lost = attrs.evolve(tx.tracks.lock(queued.id), dispute_status=DisputeStatus.LOST)
        artist = tx.artists.get(lost.artist_id)
        slots = tx.slots.of_track(lost.id)
        given = refund_slots(tx, lost, artist, slots, reason=RefundReason.SLOT)

    assert given == Given(world.track(queued), artist, ZERO)
    assert given.track.slots_refunded == len(slots)
