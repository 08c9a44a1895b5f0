from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from reviewcore.domain.errors import InvalidText, InvalidTransition
from reviewcore.domain.ids import TicketId, UserId
from reviewcore.domain.support import (
    NEXT,
    AuthorType,
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
        with pytest.raises(InvalidTransition):
            ticket.move(wanted, LATER)


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
    with pytest.raises(InvalidTransition):
        a_ticket(S.CLOSED).hear(author, LATER)


def test_subjects_and_messages_have_their_lengths() -> None:
    assert require_subject(f"  {'s' * 120} ") == "s" * 120
    assert require_message("m" * 4000) == "m" * 4000
    with pytest.raises(InvalidText):
        require_subject("s" * 121)
    with pytest.raises(InvalidText):
        require_message("m" * 4001)
    with pytest.raises(InvalidText):
        require_subject("two\nlines")
