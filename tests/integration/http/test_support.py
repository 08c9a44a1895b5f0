"""Support over HTTP: a user asks, an administrator answers, nobody else sees it."""

from __future__ import annotations

import pytest

from tests.integration.http.people import Person, join
from tests.integration.http.service import ADMIN, Json, Service, ok, problem

TICKET = {"subject": "Where is my payout?", "message": "I asked on Monday."}


@pytest.fixture
def nova(light: Service) -> Person:
    return join(light, "nova@example.com", name="Nova")


@pytest.fixture
def admin(light: Service) -> Person:
    return join(light, ADMIN)


def opened(person: Person, **changes: str) -> Json:
    return ok(person.post("/v1/support/tickets", {**TICKET, **changes}), 201)


def test_a_user_asks_and_an_administrator_answers(service: Service) -> None:
    nova, admin = join(service, "nova@example.com", name="Nova"), join(service, ADMIN)
    ticket = opened(nova)
    assert (ticket["subject"], ticket["status"]) == (TICKET["subject"], "OPEN")
    path, desk = f"/v1/support/tickets/{ticket['id']}", f"/v1/admin/tickets/{ticket['id']}"

    [waiting] = ok(admin.get("/v1/admin/tickets", status="OPEN"))["items"]
    assert waiting == ticket
    told = ok(admin.post(f"{desk}/messages", {"message": "Which one?"}), 201)
    assert told["author_type"] == "ADMIN"
    assert ok(admin.post(f"{desk}/status", {"status": "NEEDS_INFO"}))["status"] == "NEEDS_INFO"
    ok(nova.post(f"{path}/messages", {"message": "The last."}), 201)

    thread = ok(nova.get(path))
    assert thread["status"] == "OPEN"
    assert [(one["author_type"], one["body"]) for one in thread["messages"]] == [
        ("USER", TICKET["message"]),
        ("ADMIN", "Which one?"),
        ("USER", "The last."),
    ]
    assert ok(admin.get(desk)) == thread
    assert [one["id"] for one in ok(nova.get("/v1/support/tickets"))["items"]] == [ticket["id"]]


def test_the_answer_comes_by_mail(light: Service, nova: Person, admin: Person) -> None:
    ticket = opened(nova)

    ok(admin.post(f"/v1/admin/tickets/{ticket['id']}/messages", {"message": "It left."}), 201)
    light.app.run_pending()

    mails = [file.read_text() for file in light.mails.glob("*.eml")]
    [mail] = [one for one in mails if "Subject: Re: Where is my payout?" in one]
    assert "To: nova@example.com" in mail
    assert "It left." in mail


def test_a_closed_ticket_is_closed(nova: Person, admin: Person) -> None:
    ticket = opened(nova)
    desk = f"/v1/admin/tickets/{ticket['id']}"
    ok(admin.post(f"{desk}/status", {"status": "CLOSED"}))

    for person, path in ((admin, desk), (nova, f"/v1/support/tickets/{ticket['id']}")):
        answer = person.post(f"{path}/messages", {"message": "Still there?"})
        problem(answer, 409, "invalid-transition")
    assert ok(admin.get("/v1/admin/tickets", status="CLOSED"))["items"][0]["id"] == ticket["id"]
    assert ok(admin.get("/v1/admin/tickets", status="OPEN"))["items"] == []


def test_an_administrator_does_not_answer_himself(admin: Person) -> None:
    ticket = opened(admin)
    desk = f"/v1/admin/tickets/{ticket['id']}"

    problem(admin.post(f"{desk}/messages", {"message": "Dear me"}), 403, "own-case")
    problem(admin.post(f"{desk}/status", {"status": "RESOLVED"}), 403, "own-case")
    ok(admin.post(f"/v1/support/tickets/{ticket['id']}/messages", {"message": "Hello?"}), 201)


def test_the_same_key_opens_one_ticket(nova: Person) -> None:
    first = ok(nova.post("/v1/support/tickets", TICKET, key="once"), 201)
    again = ok(nova.post("/v1/support/tickets", TICKET, key="once"), 201)

    assert again == first
    assert len(ok(nova.get("/v1/support/tickets"))["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {**TICKET, "subject": "Two\r\nBcc: eve@example.com"},
        {**TICKET, "subject": "x" * 121},
        {**TICKET, "message": ""},
        {**TICKET, "message": "x" * 4001},
    ],
)
def test_an_unfit_text_is_refused(nova: Person, body: Json) -> None:
    problem(nova.post("/v1/support/tickets", body), 422, "invalid-text")
