"""What an artist has spent, when two of his tracks change at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.tracks import Track
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    ConfirmPayment,
    EraseUser,
    ExpireAssignments,
    ReportUnplayable,
    RestrictReviewer,
    SkipReview,
    UpholdFlag,
    cancel_track,
    check_out,
    close_track,
    confirm_payment,
    erase_user,
    expire_assignments,
    report_unplayable,
    restrict_reviewer,
    skip_review,
    uphold_flag,
)
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import Act, World

ADMIN = UserId("the-admin")


def cancelling(track: Track) -> CancelTrack:
    return CancelTrack(track_id=track.id, artist_id=track.artist_id)


def closing(track: Track) -> CloseTrack:
    return CloseTrack(track_id=track.id, admin_id=ADMIN, reason="asked to")


def due(world: World) -> None:
    """Let every assignment be overdue."""
    world.clock.advance(hours=world.store.rules.assignment_ttl_hours)


Way = Callable[[World, ArtistProfile], Act]


def cancel(world: World, artist: ArtistProfile) -> Act:
    return partial(world.app.perform, cancel_track, cancelling(world.track(artist)))


def close(world: World, artist: ArtistProfile) -> Act:
    return partial(world.app.perform, close_track, closing(world.track(artist)))


def pay(world: World, artist: ArtistProfile) -> Act:
    attempt = world.session(world.unpaid(artist))
    assert attempt.session_id is not None
    confirm = ConfirmPayment(session_id=attempt.session_id)
    return partial(world.app.drive, confirm_payment, confirm)


def _on_a_closed_track(world: World, artist: ArtistProfile) -> tuple[ReviewerProfile, Review]:
    track = world.track(artist)
    (reviewer,) = world.reviewers(1)
    (review,) = world.give(track, [reviewer])
    world.app.perform(close_track, closing(track))
    return reviewer, review


def skip(world: World, artist: ArtistProfile) -> Act:
    reviewer, review = _on_a_closed_track(world, artist)
    command = SkipReview(review_id=review.id, reviewer_id=reviewer.id)
    return partial(world.app.perform, skip_review, command)


def report(world: World, artist: ArtistProfile) -> Act:
    reviewer, review = _on_a_closed_track(world, artist)
    command = ReportUnplayable(review_id=review.id, reviewer_id=reviewer.id)
    return partial(world.app.perform, report_unplayable, command)


def restrict(world: World, artist: ArtistProfile) -> Act:
    reviewer, _ = _on_a_closed_track(world, artist)
    command = RestrictReviewer(reviewer_id=reviewer.id, admin_id=ADMIN, reason="spam")
    return partial(world.app.perform, restrict_reviewer, command)


def leave(world: World, artist: ArtistProfile) -> Act:
    reviewer, _ = _on_a_closed_track(world, artist)
    return partial(world.app.perform, erase_user, EraseUser(user_id=reviewer.user_id))


def expire(world: World, artist: ArtistProfile) -> Act:
    _on_a_closed_track(world, artist)
    due(world)
    return partial(world.app.perform, expire_assignments, ExpireAssignments())


def uphold(world: World, artist: ArtistProfile) -> Act:
    track = world.track(artist)
    (review,) = world.delivered(track, world.reviewers(1))
    flag = world.flag(review)
    world.app.perform(close_track, closing(track))
    command = UpholdFlag(flag_id=flag.id, admin_id=ADMIN, reason="agreed")
    return partial(world.app.perform, uphold_flag, command)


@pytest.mark.parametrize("way", [cancel, close, pay, skip, report, restrict, leave, expire, uphold])
def test_what_an_artist_spent_is_right_when_two_of_his_tracks_change(
    overlap: Overlap, way: Way
) -> None:
    world = overlap.world
    artist = world.artist()
    other = world.track(artist)
    act = way(world, artist)

    overlap.behind(lambda tx: cancel_track(tx, cancelling(other)), act)

    with world.store.read() as tx:
        mine = {one.id for one in tx.tracks.all() if one.artist_id == artist.id}
        paid = sum(one.amount for one in tx.payments.all() if one.track_id in mine)
        refunded = sum(one.amount for one in tx.refunds.all() if one.track_id in mine)
        assert tx.artists.get(artist.id).total_spent == paid - refunded


def check(world: World, artist: ArtistProfile) -> Act:
    again = CheckOut(track_id=world.unpaid(artist).id, artist_id=artist.id, use_free_credit=True)
    return partial(world.app.perform, check_out, again)


@pytest.mark.parametrize(
    "way", [cancel, check, close, pay, skip, report, restrict, leave, expire, uphold]
)
def test_an_artist_is_locked_before_his_tracks(overlap: Overlap, way: Way) -> None:
    artist = overlap.world.artist()
    act = way(overlap.world, artist)
    with overlap.world.store.read() as tx:
        mine = [one.id for one in tx.tracks.all() if one.artist_id == artist.id]

    overlap.behind(
        lambda tx: tx.artists.lock(artist.id), act, then=lambda tx: tx.tracks.lock_many(mine)
    )
