from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.errors import EntityNotFound, InvalidText, InvalidTransition, OwnCase
from reviewcore.domain.ids import TicketId, UserId
from reviewcore.domain.support import (
    MESSAGE_MAX,
    SUBJECT_MAX,
    AuthorType,
    SupportMessage,
    SupportTicket,
    TicketStatus,
)
from reviewcore.usecases import (
    OpenTicket,
    ReplyToTicket,
    SetTicketStatus,
    open_ticket,
    reply_to_ticket,
    set_ticket_status,
)
from tests.unit.usecases.market import ADMIN, World

SUBJECT = "Where is my payout?"
MESSAGE = "I asked for it on Monday."


@pytest.fixture
def world() -> World:
    return World()


def opened(world: World, *, user_id: UserId | None = None) -> SupportTicket:
    user_id = user_id or world.a_user().id
    return world.do(open_ticket, OpenTicket(user_id=user_id, subject=SUBJECT, message=MESSAGE))


def asked(world: World, ticket: SupportTicket, message: str = "Any news?") -> SupportMessage:
    command = ReplyToTicket(ticket_id=ticket.id, user_id=ticket.user_id, message=message)
    return world.do(reply_to_ticket, command)


def answered(
    world: World, ticket: SupportTicket, message: str = "It left today.", *, by: UserId = ADMIN
) -> SupportMessage:
    command = ReplyToTicket(ticket_id=ticket.id, admin_id=by, message=message)
    return world.do(reply_to_ticket, command)


def moved(
    world: World, ticket: SupportTicket, status: TicketStatus, *, by: UserId = ADMIN
) -> SupportTicket:
    command = SetTicketStatus(ticket_id=ticket.id, admin_id=by, status=status)
    return world.do(set_ticket_status, command)


def kept(world: World, ticket: SupportTicket) -> SupportTicket:
    return world.look(lambda tx: tx.tickets.get(ticket.id))


def thread(world: World, ticket: SupportTicket) -> list[tuple[AuthorType, str]]:
    messages = world.all(lambda tx: tx.messages.of_ticket(ticket.id))
    return [(one.author_type, one.body) for one in messages]


def test_a_ticket_begins_with_what_the_user_asks(world: World) -> None:
    ticket = opened(world)

    assert (ticket.subject, ticket.status) == (SUBJECT, TicketStatus.OPEN)
    assert ticket.created_at == ticket.updated_at == world.clock()
    assert thread(world, ticket) == [(AuthorType.USER, MESSAGE)]
    assert kept(world, ticket) == ticket


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("", MESSAGE),
        ("Two\nlines", MESSAGE),
        ("Two\r\nBcc: eve@example.com", MESSAGE),
        ("x" * (SUBJECT_MAX + 1), MESSAGE),
        (SUBJECT, " "),
        (SUBJECT, "x" * (MESSAGE_MAX + 1)),
        (SUBJECT, "a\x00b"),
    ],
)
def test_a_ticket_with_an_unfit_text_is_not_opened(
    world: World, subject: str, message: str
) -> None:
    user = world.a_user()

    with pytest.raises(InvalidText):
        world.do(open_ticket, OpenTicket(user_id=user.id, subject=subject, message=message))

    assert world.all(lambda tx: tx.tickets.all()) == []


def test_opening_again_under_the_same_key_opens_one(world: World) -> None:
    command = OpenTicket(user_id=world.a_user().id, subject=SUBJECT, message=MESSAGE)

    first = world.do(open_ticket, command, key="once")
    again = world.do(open_ticket, command, key="once")

    assert again == first
    assert world.all(lambda tx: tx.tickets.all()) == [first]
    assert len(thread(world, first)) == 1


def test_messages_stand_in_the_order_written(world: World) -> None:
    ticket = opened(world)
    world.wait(hours=1)

    answered(world, ticket, "Which payout?")
    asked(world, ticket, "The last one.")

    assert thread(world, ticket) == [
        (AuthorType.USER, MESSAGE),
        (AuthorType.ADMIN, "Which payout?"),
        (AuthorType.USER, "The last one."),
    ]
    assert kept(world, ticket).updated_at == world.clock()


def test_the_user_is_told_what_an_administrator_answers(world: World) -> None:
    user = world.a_user("ada@example.com")
    ticket = opened(world, user_id=user.id)
    world.work()
    world.mail.letters.clear()

    answered(world, ticket, "It left today.")
    world.work()

    [letter] = world.mail.letters
    assert letter.to == "ada@example.com"
    assert letter.subject == f"Re: {SUBJECT}"
    assert "It left today." in letter.text


def test_the_user_is_not_told_what_he_wrote_himself(world: World) -> None:
    ticket = opened(world)
    world.work()
    world.mail.letters.clear()

    asked(world, ticket)
    world.work()

    assert world.mail.letters == []


def test_no_event_holds_what_people_wrote(world: World) -> None:
    ticket = opened(world)
    answered(world, ticket)
    asked(world, ticket)
    moved(world, ticket, TicketStatus.CLOSED)

    told = [one for one in world.events() if one.aggregate == f"ticket:{ticket.id}"]
    assert [one.type for one in told] == [
        "TicketOpened", "TicketAnswered", "TicketContinued", "TicketMoved",
    ]  # fmt: skip
    assert [one.actor for one in told] == [ticket.user_id, ADMIN, ticket.user_id, ADMIN]
    for event in told:
        values = set(event.payload.values())
        assert values.isdisjoint({SUBJECT, MESSAGE, "It left today.", "Any news?"})


@pytest.mark.parametrize("status", [TicketStatus.NEEDS_INFO, TicketStatus.RESOLVED])
def test_a_users_answer_opens_a_ticket_again(world: World, status: TicketStatus) -> None:
    ticket = opened(world)
    moved(world, ticket, status)

    asked(world, ticket, "Here it is.")

    assert kept(world, ticket).status is TicketStatus.OPEN
    assert [one.payload["status"] for one in world.events("TicketMoved")] == [status, "OPEN"]


def test_an_administrators_answer_leaves_the_status(world: World) -> None:
    ticket = opened(world)
    moved(world, ticket, TicketStatus.NEEDS_INFO)

    answered(world, ticket)

    assert kept(world, ticket).status is TicketStatus.NEEDS_INFO


def test_nobody_writes_to_a_closed_ticket(world: World) -> None:
    ticket = opened(world)
    moved(world, ticket, TicketStatus.CLOSED)

    for write in (asked, answered):
        with pytest.raises(InvalidTransition):
            write(world, ticket)
    with pytest.raises(InvalidTransition):
        moved(world, ticket, TicketStatus.OPEN)

    assert len(thread(world, ticket)) == 1


def test_a_ticket_does_not_move_to_where_it_stands(world: World) -> None:
    ticket = opened(world)
    moved(world, ticket, TicketStatus.RESOLVED)

    with pytest.raises(InvalidTransition):
        moved(world, ticket, TicketStatus.RESOLVED)


def test_the_ticket_of_another_user_is_not_there(world: World) -> None:
    ticket, other = opened(world), world.a_user()
    foreign = attrs.evolve(ticket, user_id=other.id)

    with pytest.raises(EntityNotFound):
        asked(world, foreign)
    with pytest.raises(EntityNotFound):
        asked(world, attrs.evolve(ticket, id=TicketId("nothing")))

    assert len(thread(world, ticket)) == 1


def test_nobody_answers_or_moves_his_own_ticket_as_administrator(world: World) -> None:
    admin = world.a_user("admin@example.com")
    ticket = opened(world, user_id=admin.id)

    with pytest.raises(OwnCase):
        answered(world, ticket, by=admin.id)
    with pytest.raises(OwnCase):
        moved(world, ticket, TicketStatus.RESOLVED, by=admin.id)
    asked(world, ticket)

    assert [author for author, _ in thread(world, ticket)] == [AuthorType.USER, AuthorType.USER]


def test_nobody_judges_for_an_address_that_is_the_same_persons(world: World) -> None:
    ticket = opened(world, user_id=world.a_user("ada+music@example.com").id)
    admin = world.a_user("ada@example.com")

    with pytest.raises(OwnCase):
        answered(world, ticket, by=admin.id)
