"""Leads over HTTP: whatever is known of an address, the answer is the same."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.http.people import join
from tests.integration.http.service import Json, Service, ok, problem

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
