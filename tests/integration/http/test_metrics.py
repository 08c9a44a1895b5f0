"""What Prometheus is told: counts by route and status, latencies, backlogs, and no secret."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.http.people import join
from tests.integration.http.service import Service, ok, problem


def told(service: Service) -> tuple[str, dict[tuple[str, ...], float]]:
    """The text, and every sample by its name and the values of its labels."""
    with service.caller() as anybody:
        answer = anybody.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }
    return answer.text, samples


def test_requests_are_counted_by_route_and_status(light: Service) -> None:
    nova = join(light, "nova@example.com")
    for number in range(3):
        problem(nova.get(f"/v1/support/tickets/secret{number}"), 404)
    nova.get("/nothing/here/secret3")
    nova.http.request("SECRET4", "/v1/me")

    text, samples = told(light)

    route = "/v1/support/tickets/{ticket_id}"
    assert samples["reviewcore_http_requests_total", "GET", route, "404"] == 3
    assert samples["reviewcore_http_requests_total", "POST", "/v1/users", "201"] == 1
    assert samples["reviewcore_http_request_seconds_count", "POST", "/v1/users"] == 1
    assert "secret" not in text.lower()
    assert "nova" not in text
    assert nova.user["id"] not in text


def test_backlogs_are_told_as_they_are(light: Service) -> None:
    with light.caller() as anybody:
        body = {"email": "nova@example.com", "password": "correct horse battery"}
        ok(anybody.post("/v1/users", json=body), 201)
    _, before = told(light)
    light.app.run_pending()
    _, after = told(light)

    assert before["reviewcore_outbox_waiting",] == 2
    assert after["reviewcore_outbox_waiting",] == 0
    assert after["reviewcore_inbox_waiting",] == 0
    assert after["reviewcore_busy_retries",] == 0
