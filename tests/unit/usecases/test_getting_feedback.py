from __future__ import annotations

from typing import Any

import pytest

from reviewcore.domain.errors import (
    EmailNotVerified,
    EmailTaken,
    InvalidPassword,
    InvalidSourceUrl,
    InvalidText,
    OutOfRange,
    TooMany,
    UnknownGenre,
)
from reviewcore.domain.tracks import TrackStatus
from reviewcore.usecases import (
    CaptureLead,
    ConfirmEmailAsAdmin,
    FeedbackWanted,
    GetFeedback,
    capture_lead,
    confirm_email_as_admin,
    get_feedback,
)
from tests.unit.usecases.market import ADMIN, PASSWORD, World

WANTED: dict[str, Any] = {
    "email": "lyra@example.com",
    "password": PASSWORD,
    "name": "Lyra",
    "artist_name": "The Lyras",
    "title": "Dawn",
    "source_url": "https://soundcloud.com/the-lyras/dawn",
    "genres": ("house",),
}


@pytest.fixture
def world() -> World:
    return World()


def wanted(world: World, **changes: Any) -> FeedbackWanted:
    return world.drive(get_feedback, GetFeedback(**(WANTED | changes)))


def counts(world: World) -> tuple[int, ...]:
    return tuple(
        len(world.all(read))
        for read in (
            lambda tx: tx.users.all(),
            lambda tx: tx.artists.all(),
            lambda tx: tx.tracks.all(),
            lambda tx: tx.events.all(),
        )
    )


def test_account_profile_and_track_come_at_once(world: World) -> None:
    told = wanted(world)

    with world.app.store.read() as tx:
        assert tx.users.get(told.user.id) == told.user
        assert tx.artists.get(told.artist.id) == told.artist
        assert tx.tracks.get(told.track.id) == told.track
    assert told.user.is_artist
    assert told.user.email_verified is None
    assert told.artist.free_review_credits == 1
    assert told.track.status is TrackStatus.PENDING_PAYMENT
    assert [one.type for one in world.events()] == [
        "UserSignedUp", "EmailVerificationRequested", "ArtistProfileOpened", "TrackSubmitted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"password": "short"}, InvalidPassword),
        ({"artist_name": ""}, InvalidText),
        ({"title": "x" * 201}, InvalidText),
        ({"source_url": "https://evil.io\\@soundcloud.com/a/b"}, InvalidSourceUrl),
        ({"genres": ("polka-core",)}, UnknownGenre),
        ({"genres": ()}, TooMany),
        ({"duration": -1}, OutOfRange),
    ],
)
def test_it_is_all_or_nothing(
    world: World, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    world.do(capture_lead, CaptureLead(email=WANTED["email"]))
    before = counts(world)

    with pytest.raises(refusal):
        wanted(world, **changes)

    assert counts(world) == before
    assert world.all(lambda tx: tx.leads.all())[0].converted is None


def test_an_address_gets_feedback_once(world: World) -> None:
    wanted(world)
    before = counts(world)

    with pytest.raises(EmailTaken):
        wanted(world, email="LYRA@example.com", title="Dusk")

    assert counts(world) == before


def test_the_lead_is_converted(world: World) -> None:
    world.do(capture_lead, CaptureLead(email=WANTED["email"]))

    wanted(world)

    [lead] = world.all(lambda tx: tx.leads.all())
    assert lead.converted == world.clock()


def test_the_address_is_verified_before_anything_is_bought(world: World) -> None:
    told = wanted(world)

    with pytest.raises(EmailNotVerified):
        world.checked_out(told.track, use_free_credit=True)
    world.do(confirm_email_as_admin, ConfirmEmailAsAdmin(user_id=told.user.id, admin_id=ADMIN))

    assert world.checked_out(told.track, use_free_credit=True).status is TrackStatus.QUEUED
