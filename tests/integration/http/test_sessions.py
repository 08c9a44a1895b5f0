"""Sessions by token and by cookie: fresh ids, nothing taken from other sites, and an end."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.http.people import join
from tests.integration.http.service import PASSWORD, Service, ok, problem

ARTIST = {"artist_name": "Nova", "genres": ["techno"]}
CREDENTIALS = {"email": "nova@example.com", "password": PASSWORD}


def by_cookie(service: Service) -> httpx.Client:
    """Sign in as a browser does; the client keeps the cookie and nothing else."""
    join(service, "nova@example.com")
    browser = service.caller()
    ok(browser.post("/v1/sessions", json=CREDENTIALS), 201)
    return browser


def test_the_cookie_is_kept_from_scripts_and_other_sites(light: Service) -> None:
    join(light, "nova@example.com")

    with light.caller() as browser:
        told = browser.post("/v1/sessions", json=CREDENTIALS).headers["set-cookie"]

    assert told.startswith("reviewcore_session=")
    assert "HttpOnly" in told
    assert "samesite=lax" in told.lower()
    assert "secure" not in told.lower(), "the test is served over plain HTTP"


def test_a_session_of_an_attackers_choice_is_never_signed_in(light: Service) -> None:
    join(light, "nova@example.com")
    with light.caller() as browser:
        browser.cookies.set("reviewcore_session", "attacker-chosen")

        token = ok(browser.post("/v1/sessions", json=CREDENTIALS), 201)["token"]
        again = ok(browser.post("/v1/sessions", json=CREDENTIALS), 201)["token"]

    assert len({"attacker-chosen", token, again}) == 3
    with light.caller(token="attacker-chosen") as attacker:
        problem(attacker.get("/v1/me"), 401, "session-expired")


def test_the_cookie_reads_by_itself_and_changes_only_from_our_own_pages(light: Service) -> None:
    browser = by_cookie(light)
    ok(browser.get("/v1/me"))

    refused: list[dict[str, str]] = [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "X-Requested-With": "fetch"},
        {"Origin": "https://evil.example", "X-Requested-With": "fetch"},
    ]
    for headers in refused:
        answer = browser.put("/v1/me/artist", json=ARTIST, headers=headers)
        problem(answer, 403, "cross-site-request")
    allowed: list[dict[str, str]] = [
        {"X-Requested-With": "fetch"},
        {"Origin": light.url},
        {"Sec-Fetch-Site": "same-origin"},
    ]
    for headers in allowed:
        ok(browser.put("/v1/me/artist", json=ARTIST, headers=headers))


def test_a_bearer_token_needs_no_such_proof(light: Service) -> None:
    person = join(light, "nova@example.com")

    ok(person.http.put("/v1/me/artist", json=ARTIST, headers={"Origin": "https://app.example"}))


def test_another_sites_page_signs_nobody_in(light: Service) -> None:
    join(light, "nova@example.com")
    with light.caller() as browser:
        answer = browser.post(
            "/v1/sessions", json=CREDENTIALS, headers={"Origin": "https://evil.example"}
        )
    problem(answer, 403, "cross-site-request")


def test_a_token_wins_over_the_cookie_also_when_it_is_wrong(light: Service) -> None:
    browser = by_cookie(light)

    answer = browser.get("/v1/me", headers={"Authorization": "Bearer wrong"})

    problem(answer, 401, "session-expired")


def test_signing_out_ends_this_session_and_no_other(service: Service) -> None:
    person = join(service, "nova@example.com")
    with service.caller() as other:
        token = ok(other.post("/v1/sessions", json=CREDENTIALS), 201)["token"]

    gone = person.http.delete("/v1/sessions/current")

    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    problem(person.get("/v1/me"), 401, "session-expired")
    with service.caller(token=token) as another:
        ok(another.get("/v1/me"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nova@example.com", "password": "not the password"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "not an address", "password": PASSWORD},
        {"email": "nova@example.com", "password": ""},
    ],
)
def test_whatever_is_wrong_at_sign_in_the_answer_is_the_same(
    light: Service, wrong: dict[str, str]
) -> None:
    join(light, "nova@example.com")
    with light.caller() as anybody:
        told = problem(anybody.post("/v1/sessions", json=wrong), 401, "wrong-credentials")
    assert set(told) == {"type", "title", "status", "detail"}


def test_an_address_is_taken_in_whatever_case(service: Service) -> None:
    join(service, "nova@example.com", verified=False)
    with service.caller() as anybody:
        body = {"email": "Nova@Example.COM", "password": PASSWORD}
        problem(anybody.post("/v1/users", json=body), 409, "email-taken")
        ok(anybody.post("/v1/sessions", json=body), 201)


def test_a_mailed_token_works_once(service: Service) -> None:
    person = join(service, "nova@example.com", verified=False)
    token = service.mailed_token("nova@example.com")
    ok(person.post("/v1/email-verifications", {"token": token}), 204)

    answer = person.post("/v1/email-verifications", {"token": token})

    problem(answer, 409 if answer.status_code == 409 else 422)
    problem(person.post("/v1/email-verifications/resend"), 409, "already-verified")


def test_looking_at_the_mails_link_spends_nothing(light: Service) -> None:
    person = join(light, "nova@example.com", verified=False)
    token = light.mailed_token("nova@example.com")
    with light.caller() as browser:
        for _ in range(2):
            assert token in browser.get("/verify-email", params={"token": token}).text
        assert ok(person.get("/v1/me"))["email_verified"] is None

        clicked = browser.post("/verify-email", data={"token": token})
        wrong = browser.post("/verify-email", data={"token": "wrong"})

    assert "is confirmed" in clicked.text
    assert wrong.status_code == 422
    assert ok(person.get("/v1/me"))["email_verified"]
