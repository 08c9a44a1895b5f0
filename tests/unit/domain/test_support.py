from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import attrs
import pytest

from reviewcore.domain.errors import EntityNotFound, InvalidText, InvalidTransition
from reviewcore.domain.ids import MessageId, TicketId, UserId
from reviewcore.domain.support import (
    NEXT,
    AuthorType,
    SupportMessage,
    SupportTicket,
    TicketStatus,
    require_message,
    require_subject,
)
from reviewcore.testing.clock import START

LATER = START + timedelta(minutes=5)
S = TicketStatus


def a_ticket(status: TicketStatus) -> SupportTicket:
    return SupportTicket(
        id=TicketId("t"),
        user_id=UserId("u"),
        subject="My payout",
        status=status,
        created_at=START,
        updated_at=START,
    )


@pytest.mark.parametrize(("status", "wanted"), list(product(S, S)))
def test_a_ticket_moves_as_the_table_says(status: S, wanted: S) -> None:
    ticket = a_ticket(status)

    if wanted in NEXT[status]:
        moved = ticket.move(wanted, LATER)
        assert (moved.status, moved.updated_at) == (wanted, LATER)
    else:
        with pytest.raises(InvalidTransition) as refusal:
            ticket.move(wanted, LATER)
        told = {"entity": "SupportTicket", "status": status, "wanted": wanted}
        assert refusal.value.extras == told


@pytest.mark.parametrize(
    ("author", "status", "after"),
    [
        (AuthorType.USER, S.OPEN, S.OPEN),
        (AuthorType.USER, S.NEEDS_INFO, S.OPEN),
        (AuthorType.USER, S.RESOLVED, S.OPEN),
        (AuthorType.ADMIN, S.OPEN, S.OPEN),
        (AuthorType.ADMIN, S.NEEDS_INFO, S.NEEDS_INFO),
        (AuthorType.ADMIN, S.RESOLVED, S.RESOLVED),
    ],
)
def test_the_users_word_opens_a_ticket_again(author: AuthorType, status: S, after: S) -> None:
    heard = a_ticket(status).hear(author, LATER)

    assert (heard.status, heard.updated_at) == (after, LATER)


@pytest.mark.parametrize("author", AuthorType)
def test_nobody_writes_to_a_closed_ticket(author: AuthorType) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        a_ticket(S.CLOSED).hear(author, LATER)

    told = {"entity": "SupportTicket", "status": S.CLOSED, "wanted": S.OPEN}
    assert refusal.value.extras == told


def test_a_ticket_is_its_users_alone() -> None:
    ticket = a_ticket(S.OPEN)

    ticket.require_owner(UserId("u"))
    with pytest.raises(EntityNotFound) as refusal:
        ticket.require_owner(UserId("v"))

    assert refusal.value.extras == {"entity": "SupportTicket", "id": "t"}


@pytest.mark.parametrize("status", S)
def test_who_leaves_takes_his_words_with_him(status: S) -> None:
    ticket = a_ticket(status)
    message = SupportMessage(
        id=MessageId("m"),
        ticket_id=ticket.id,
        author_type=AuthorType.ADMIN,
        author_id=UserId("admin"),
        body="You wrote: my payout",
        created_at=START,
    )

    assert ticket.erase(LATER) == attrs.evolve(
        ticket, subject="", status=S.CLOSED, updated_at=LATER
    )
    assert message.erase() == attrs.evolve(message, body="")


def test_subjects_and_messages_are_stripped_and_have_their_lengths() -> None:
    assert require_subject(f"  {'s' * 120} ") == "s" * 120
    assert require_message(f" {'m' * 3999}\n") == "m" * 3999
    assert require_message("two\nlines") == "two\nlines"
    assert require_message("m" * 4000) == "m" * 4000


@pytest.mark.parametrize(
    ("judge", "text", "field", "reason"),
    [
        (require_subject, "  ", "subject", "is empty"),
        (require_subject, "s" * 121, "subject", "has more than 120 characters"),
        (require_subject, "two\nlines", "subject", "holds a line break or a tab"),
        (require_message, "  ", "message", "is empty"),
        (require_message, "m" * 4001, "message", "has more than 4000 characters"),
    ],
)
def test_a_wrong_subject_or_message_is_named_with_a_reason(
    judge: Callable[[str], str], text: str, field: str, reason: str
) -> None:
    with pytest.raises(InvalidText) as refusal:
        judge(text)

    assert refusal.value.extras == {"field": field, "reason": reason}
