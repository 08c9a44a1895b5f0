"""What a person does while something else of his is not committed yet."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import (
    EntityNotFound,
    InvalidTransition,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.support import SupportTicket, TicketStatus
from reviewcore.domain.users import User
from reviewcore.ports.identities import Identity
from reviewcore.testing.builders import GENRES, a_lead, a_ticket
from reviewcore.usecases import (
    EraseUser,
    LinkAccount,
    OpenArtistProfile,
    OpenReviewerProfile,
    OpenTicket,
    RemindLead,
    ReplyToTicket,
    SetTicketStatus,
    StartUpload,
    SubmitTrack,
    erase_user,
    link_account,
    open_artist_profile,
    open_reviewer_profile,
    open_ticket,
    remind_lead,
    reply_to_ticket,
    set_ticket_status,
    start_upload,
    submit_track,
)
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import World

ADMIN = UserId("the-admin")
PASSWORD = "correct horse battery"


@pytest.fixture
def world(overlap: Overlap) -> World:
    return overlap.world


@pytest.fixture
def user(world: World) -> User:
    """A user who has chosen a password."""
    (user,) = world.users(1)
    with world.store.begin() as tx:
        known = tx.users.lock(user.id).choose_password(world.app.passwords.hash(PASSWORD))
        tx.users.update(known)
    return known


def leaving(user: User) -> EraseUser:
    return EraseUser(user_id=user.id)


# ── whoever leaves ───────────────────────────────────────────────────────────────────────────


def test_nobody_links_an_account_to_somebody_who_is_leaving(overlap: Overlap, user: User) -> None:
    identity = Identity(
        provider="peer", subject=user.id, email=user.email, email_verified=True, name=""
    )
    link = LinkAccount(user_id=user.id, identity=identity)

    answer = overlap.behind(
        lambda tx: erase_user(tx, leaving(user)),
        partial(overlap.world.app.perform, link_account, link),
    )

    assert isinstance(answer, EntityNotFound)


def test_nobody_who_is_leaving_asks_for_help(overlap: Overlap, user: User) -> None:
    ask = OpenTicket(user_id=user.id, subject="Help", message="me")

    answer = overlap.behind(
        lambda tx: erase_user(tx, leaving(user)),
        partial(overlap.world.app.perform, open_ticket, ask),
    )

    assert isinstance(answer, EntityNotFound)


@pytest.mark.parametrize("thing", ["track", "upload"])
def test_nobody_who_is_leaving_submits_anything(overlap: Overlap, user: User, thing: str) -> None:
    artist = overlap.world.artist(user)
    submit = SubmitTrack(
        artist_id=artist.id,
        title="First Light",
        source_url="https://soundcloud.com/the-samples/first-light",
        genres=(GENRES[0],),
    )
    upload = StartUpload(
        artist_id=artist.id,
        filename="first light.mp3",
        content_type="audio/mpeg",
        content_length=1_000,
    )
    perform = overlap.world.app.perform

    overlap.behind(
        lambda tx: erase_user(tx, leaving(user)),
        partial(perform, submit_track, submit)
        if thing == "track"
        else partial(perform, start_upload, upload),
    )

    with overlap.world.store.read() as tx:
        assert [one for one in tx.tracks.all() if one.artist_id == artist.id] == []
        assert tx.uploads.of_artist(artist.id) == []


def test_somebody_who_opens_a_profile_twice_has_one(overlap: Overlap, user: User) -> None:
    world = overlap.world
    first = OpenArtistProfile(user_id=user.id, artist_name="The Samples")
    review = OpenReviewerProfile(user_id=user.id, genres=(GENRES[0],), country="DE")

    as_artist = overlap.behind(
        lambda tx: open_artist_profile(tx, first),
        partial(
            world.app.perform, open_artist_profile, attrs.evolve(first, artist_name="The Others")
        ),
    )
    as_reviewer = overlap.behind(
        lambda tx: open_reviewer_profile(tx, review),
        partial(world.app.perform, open_reviewer_profile, attrs.evolve(review, country="AT")),
    )

    with world.store.read() as tx:
        assert (tx.artists.of_user(user.id), as_artist.artist_name) == (as_artist, "The Others")
        assert (tx.reviewers.of_user(user.id), as_reviewer.country) == (as_reviewer, "AT")


# ── tickets ──────────────────────────────────────────────────────────────────────────────────


def asked(world: World, user: User) -> tuple[SupportTicket, SetTicketStatus]:
    """A ticket, and how it is closed for good."""
    ticket = a_ticket(user_id=user.id)
    with world.store.begin() as tx:
        tx.tickets.add(ticket)
    close = SetTicketStatus(ticket_id=ticket.id, admin_id=ADMIN, status=TicketStatus.CLOSED)
    return ticket, close


def test_nobody_writes_to_a_ticket_that_is_being_closed(overlap: Overlap, user: User) -> None:
    ticket, close = asked(overlap.world, user)
    reply = ReplyToTicket(ticket_id=ticket.id, user_id=user.id, message="One more thing")

    answer = overlap.behind(
        lambda tx: set_ticket_status(tx, close),
        partial(overlap.world.app.perform, reply_to_ticket, reply),
    )

    assert isinstance(answer, InvalidTransition)


def test_nobody_moves_a_ticket_that_is_being_closed(overlap: Overlap, user: User) -> None:
    _, close = asked(overlap.world, user)

    answer = overlap.behind(
        lambda tx: set_ticket_status(tx, close),
        partial(
            overlap.world.app.perform,
            set_ticket_status,
            attrs.evolve(close, status=TicketStatus.NEEDS_INFO),
        ),
    )

    assert isinstance(answer, InvalidTransition)


# ── addresses that were left ─────────────────────────────────────────────────────────────────


def waiting(world: World, **changes: Any) -> LeadCapture:
    lead = a_lead(**changes)
    with world.store.begin() as tx:
        tx.leads.add(lead)
    return lead


def test_an_address_that_was_left_is_reminded_once(overlap: Overlap, world: World) -> None:
    remind = RemindLead(lead_id=waiting(world).id)

    overlap.behind(
        lambda tx: remind_lead(tx, remind), partial(world.app.perform, remind_lead, remind)
    )

    with world.store.read() as tx:
        assert [one.type for one in tx.events.about(f"lead:{remind.lead_id}")] == ["LeadReminded"]


def test_nobody_who_is_leaving_is_reminded(overlap: Overlap, world: World, user: User) -> None:
    remind = RemindLead(lead_id=waiting(world, email=user.email).id)

    answer = overlap.behind(
        lambda tx: erase_user(tx, leaving(user)), partial(world.app.perform, remind_lead, remind)
    )

    assert isinstance(answer, EntityNotFound)


# ── what begins while he leaves ──────────────────────────────────────────────────────────────


def test_what_is_being_written_is_forgotten_with_the_rest(
    overlap: Overlap, world: World, user: User
) -> None:
    ticket, _ = asked(world, user)
    reply = ReplyToTicket(ticket_id=ticket.id, user_id=user.id, message="my secret")

    overlap.behind(
        lambda tx: reply_to_ticket(tx, reply),
        partial(world.app.perform, erase_user, leaving(user)),
    )

    with world.store.read() as tx:
        [message] = tx.messages.of_ticket(ticket.id)
    assert "secret" not in message.body
