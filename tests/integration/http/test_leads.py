"""Leads over HTTP: whatever is known of an address, the answer is the same."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.http.people import join
from tests.integration.http.service import PASSWORD, Json, Service, ok, problem

LEAD = {"email": "lyra@example.com", "artist_name": "Lyra", "source": "landing"}


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, answer.content, headers


def test_the_answer_does_not_tell_what_is_known(service: Service) -> None:
    join(service, "nova@example.com")
    with service.caller() as anybody:
        fresh = anybody.post("/v1/leads", json=LEAD)
        known = anybody.post("/v1/leads", json=LEAD)
        member = anybody.post("/v1/leads", json={**LEAD, "email": "NOVA@example.com"})

    assert fresh.status_code == 202
    assert told(fresh) == told(known) == told(member)
    with service.app.store.read() as tx:
        [lead] = tx.leads.all()
    assert (lead.email, lead.source) == ("lyra@example.com", "landing")


@pytest.mark.parametrize(
    "body",
    [{"email": "nobody"}, {**LEAD, "source": "a\r\nb"}, {**LEAD, "artist_name": "x" * 101}],
)
def test_what_is_no_lead_is_refused(light: Service, body: Json) -> None:
    with light.caller() as anybody:
        problem(anybody.post("/v1/leads", json=body), 422)


def test_another_sites_page_leaves_no_address(light: Service) -> None:
    with light.caller() as browser:
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        problem(browser.post("/v1/leads", json=LEAD, headers=headers), 403)


def test_whoever_signs_up_is_no_lead_any_more(light: Service) -> None:
    with light.caller() as anybody:
        ok(anybody.post("/v1/leads", json=LEAD), 202)
    join(light, LEAD["email"])

    with light.app.store.read() as tx:
        [lead] = tx.leads.all()
    assert lead.converted is not None


WANTED = {
    "email": "lyra@example.com",
    "password": PASSWORD,
    "artist_name": "The Lyras",
    "title": "Dawn",
    "source_url": "https://soundcloud.com/the-lyras/dawn",
    "genres": ["techno"],
}


def test_whoever_wants_feedback_has_it_in_one_step(service: Service) -> None:
    with service.caller() as anybody:
        ok(anybody.post("/v1/leads", json=LEAD), 202)
        told = ok(anybody.post("/v1/get-feedback", json=WANTED), 201)
        problem(anybody.post("/v1/get-feedback", json=WANTED), 409, "email-taken")
        body = {"email": WANTED["email"], "password": PASSWORD}
        session = ok(anybody.post("/v1/sessions", json=body), 201)

    assert (told["user"]["is_artist"], told["user"]["email_verified"]) == (True, None)
    assert told["track"]["artist_id"] == told["artist"]["id"]
    path = f"/v1/tracks/{told['track']['id']}/checkout"
    with service.caller(token=session["token"]) as lyra:
        problem(lyra.post(path, json={"use_free_credit": True}), 403, "email-not-verified")
        token = service.mailed_token("lyra@example.com")
        ok(lyra.post("/v1/email-verifications", json={"token": token}), 204)
        assert ok(lyra.post(path, json={"use_free_credit": True}))["status"] == "QUEUED"


def test_a_first_track_that_is_none_makes_no_account(light: Service) -> None:
    with light.caller() as anybody:
        bad = {**WANTED, "source_url": "https://soundcloud.com.evil.io/a/b"}
        problem(anybody.post("/v1/get-feedback", json=bad), 422, "invalid-source-url")
        ok(anybody.post("/v1/get-feedback", json=WANTED), 201)
