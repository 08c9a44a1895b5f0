from __future__ import annotations

from typing import Any

import pytest

from reviewcore.domain.errors import (
    EmailNotVerified,
    EntityNotFound,
    InvalidSourceUrl,
    InvalidText,
    InvalidTransition,
    NotYourTrack,
    OutOfRange,
    TooMany,
    TrackHasReviews,
    UnknownGenre,
)
from reviewcore.domain.ids import ArtistId
from reviewcore.domain.links import SourceType
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import (
    OpenArtistProfile,
    SignUp,
    SubmitTrack,
    UpdateSource,
    open_artist_profile,
    sign_up,
    submit_track,
    update_source,
)
from tests.unit.usecases.market import PASSWORD, World

LINK = "https://soundcloud.com/the-band/second-light"


@pytest.fixture
def world() -> World:
    return World()


def mended(world: World, track: Track, **changes: Any) -> Track:
    told = {"artist_id": track.artist_id, "source_url": LINK} | changes
    return world.do(update_source, UpdateSource(track_id=track.id, **told))


def test_a_submitted_track_waits_for_payment(world: World) -> None:
    track = world.a_track(package=PackageType.STANDARD, duration=200, feedback_focus=" mix? ")

    assert track.status is TrackStatus.PENDING_PAYMENT
    assert (track.price, track.reviews_requested, track.priority) == (1495, 10, 5)
    assert (track.source_type, track.duration, track.feedback_focus) == (
        SourceType.SOUNDCLOUD,
        200,
        "mix?",
    )
    assert world.artist(world.look(lambda tx: tx.artists.get(track.artist_id))).total_tracks == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"title": " "}, InvalidText),
        ({"title": "x" * 201}, InvalidText),
        ({"genres": ()}, TooMany),
        ({"genres": ("house", "techno", "jazz", "rock")}, TooMany),
        ({"genres": ("polkacore",)}, UnknownGenre),
        ({"duration": 0}, OutOfRange),
        ({"feedback_focus": "x" * 1001}, InvalidText),
        ({"source_url": "https://soundcloud.com.evil.example/x"}, InvalidSourceUrl),
        ({"source_url": "https://evil.example/soundcloud.com"}, InvalidSourceUrl),
        ({"source_url": "http://soundcloud.com/a/b"}, InvalidSourceUrl),
        ({"artist_id": ArtistId("nobody")}, EntityNotFound),
    ],
)
def test_what_cannot_be_reviewed_is_refused(
    world: World, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    artist = world.an_artist()
    told = {
        "artist_id": artist.id,
        "title": "First Light",
        "source_url": LINK,
        "genres": ("house",),
    }

    with pytest.raises(refusal):
        world.do(submit_track, SubmitTrack(**(told | changes)))

    assert world.events("TrackSubmitted") == []


def test_an_artist_without_a_proven_address_cannot_submit(world: World) -> None:
    user = world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))
    artist = world.do(open_artist_profile, OpenArtistProfile(user_id=user.id, artist_name="Ada"))

    with pytest.raises(EmailNotVerified):
        world.a_track(artist)


# ── another link ─────────────────────────────────────────────────────────────────────────────


def test_a_link_is_changed_before_payment(world: World) -> None:
    changed = mended(world, world.a_track(), source_url="https://youtu.be/dQw4w9WgXcQ")

    assert (changed.source_url, changed.source_type) == (
        "https://youtu.be/dQw4w9WgXcQ",
        SourceType.YOUTUBE,
    )


def test_what_is_returned_is_what_is_kept(world: World) -> None:
    world.a_reviewer()
    track = world.a_queued_track()

    changed = mended(world, track)

    assert changed == world.track(track)


def test_active_reviews_start_over_with_nothing_heard_and_a_new_deadline(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    listening, waiting = world.assign(track)
    world.listen(listening)

    mended(world, track)

    for review in map(world.review, (listening, waiting)):
        assert (review.status, review.listen_duration) == (ReviewStatus.ASSIGNED, 0)
        [row] = world.queue(review)
        assert row.expires_at == review.expires_at
        assert (review.expires_at - world.clock()).total_seconds() == 48 * 3600
    assert len(world.events("ReviewRestarted")) == 2
    world.deliver(listening)


def test_who_starts_over_hears_enough_of_what_the_track_now_is(world: World) -> None:
    world.a_reviewer()
    track = world.a_queued_track(package=PackageType.DEEP_DIVE, duration=100)
    [review] = world.assign(track)

    mended(world, track)

    restarted, [row] = world.review(review), world.queue(review)
    assert restarted.minimum_listen_seconds == 80
    assert (row.priority, row.assigned_at) == (10, restarted.assigned_at)


def test_a_link_stays_once_a_review_was_delivered(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    world.deliver(world.assign(track)[0])

    with pytest.raises(TrackHasReviews):
        mended(world, track)


def test_a_link_stays_once_a_review_was_delivered_even_if_it_was_flagged(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    world.flag(world.deliver(world.assign(track)[0]))

    with pytest.raises(TrackHasReviews):
        mended(world, track)


def test_the_link_of_a_cancelled_track_stays(world: World) -> None:
    track = world.a_queued_track()
    world.cancel(track)

    with pytest.raises(InvalidTransition):
        mended(world, track)


def test_nobody_changes_the_link_of_anothers_track(world: World) -> None:
    track = world.a_track()

    with pytest.raises(NotYourTrack):
        mended(world, track, artist_id=world.an_artist().id)


def test_another_link_is_judged_like_the_first(world: World) -> None:
    with pytest.raises(InvalidSourceUrl):
        mended(world, world.a_track(), source_url="https://soundcloud.com:443/a/b")
