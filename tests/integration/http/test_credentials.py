"""Another password, another address and all of one's sessions, over HTTP."""

from __future__ import annotations

import concurrent.futures
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from reviewcore.domain.users import SESSION_LIFE
from reviewcore.testing import ManualClock
from tests.integration.http.people import Person, join
from tests.integration.http.service import PASSWORD, Service, ok, problem, served

NOVA = "nova@example.com"
OTHER = "another long password"


def sign_in(service: Service, email: str = NOVA, password: str = PASSWORD) -> httpx.Response:
    with service.caller() as anybody:
        return anybody.post("/v1/sessions", json={"email": email, "password": password})


def leave(service: Service, email: str = NOVA) -> str:
    """Ask for a reset, and read its mail."""
    with service.caller() as anybody:
        ok(anybody.post("/v1/password-resets", json={"email": email}), 202)
    service.app.run_pending()
    return service.mailed_token(email)


def reset(service: Service, token: str, password: str = OTHER) -> httpx.Response:
    with service.caller() as anybody:
        return anybody.put(f"/v1/password-resets/{token}", json={"password": password})


def test_a_forgotten_password_is_replaced_and_all_sessions_end(service: Service) -> None:
    person = join(service, NOVA)

    ok(reset(service, leave(service)), 204)

    problem(person.get("/v1/me"), 401, "session-expired")
    problem(sign_in(service), 401, "wrong-credentials")
    ok(sign_in(service, password=OTHER), 201)


def test_the_answer_does_not_tell_whether_an_address_is_a_users(light: Service) -> None:
    join(light, NOVA)
    with light.caller() as anybody:
        known, unknown = (
            anybody.post("/v1/password-resets", json={"email": email})
            for email in (NOVA, "nobody@example.com")
        )

    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert known.headers.keys() == unknown.headers.keys()


@pytest.mark.parametrize("token", ["nothing", "x" * 255, "%00", "%F0%9F%98%80", "a" * 43])
def test_a_guess_changes_nothing(light: Service, token: str) -> None:
    assert reset(light, token).status_code in {404, 422}


def test_two_at_once_with_one_token_change_one_password(service: Service) -> None:
    join(service, NOVA)
    token = leave(service)
    wanted = [f"the password of number {number}" for number in range(6)]

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        told = list(threads.map(lambda one: reset(service, token, one).status_code, wanted))

    assert sorted(told) == [204, 422, 422, 422, 422, 422]
    opens = [sign_in(service, password=one).status_code for one in wanted]
    assert sorted(opens) == [201, 401, 401, 401, 401, 401]
    assert opens.index(201) == told.index(204)


def test_two_at_once_with_two_tokens_change_one_password(service: Service) -> None:
    join(service, NOVA)
    tokens = [leave(service) for _ in range(3)]

    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        told = list(threads.map(lambda one: reset(service, one).status_code, tokens))

    assert sorted(told) == [204, 422, 422]


def test_no_session_survives_a_reset_that_began_with_the_old_password(service: Service) -> None:
    join(service, NOVA)
    token = leave(service)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        signing = [threads.submit(sign_in, service) for _ in range(7)]
        changed = threads.submit(reset, service, token)
        begun = [one.result() for one in signing]
        assert changed.result().status_code == 204

    assert {one.status_code for one in begun} <= {201, 401}
    for one in begun:
        if one.status_code == 201:
            with service.caller(token=one.json()["token"]) as caller:
                problem(caller.get("/v1/me"), 401, "session-expired")


def test_the_mails_page_asks_for_the_password_and_spends_the_token_once(light: Service) -> None:
    join(light, NOVA)
    token = leave(light)
    form = {"token": token, "password": OTHER}
    with light.caller() as browser:
        page = browser.get("/reset-password", params={"token": token})
        short = browser.post("/reset-password", data={**form, "password": "short"})
        done = browser.post("/reset-password", data=form)
        again = browser.post("/reset-password", data=form)
        foreign = browser.post(
            "/reset-password", data=form, headers={"Origin": "https://evil.example"}
        )

    assert token in page.text
    assert (short.status_code, done.status_code, again.status_code) == (422, 200, 422)
    assert OTHER not in done.text + again.text
    assert foreign.status_code == 403
    ok(sign_in(light, password=OTHER), 201)


def wish(person: Person, email: str, password: str = PASSWORD) -> httpx.Response:
    return person.put("/v1/me/email", {"email": email, "password": password})


def test_another_address_counts_once_its_mail_was_read(service: Service) -> None:
    person = join(service, NOVA)
    ok(wish(person, "New@Example.com"), 202)
    assert ok(person.get("/v1/me"))["email"] == NOVA

    token = service.mailed_token("new@example.com")
    ok(person.post("/v1/email-verifications", {"token": token}), 204)

    assert ok(person.get("/v1/me"))["email"] == "new@example.com"
    ok(sign_in(service, "new@example.com"), 201)
    problem(sign_in(service), 401, "wrong-credentials")


def test_asking_does_not_tell_that_an_address_is_taken_and_its_mail_does(service: Service) -> None:
    person, bob = join(service, NOVA), join(service, "bob@example.com")
    free = wish(person, "free@example.com")
    taken = wish(person, "bob@example.com")
    assert (free.status_code, free.content) == (taken.status_code, taken.content) == (202, b"null")

    service.app.run_pending()
    token = service.mailed_token("bob@example.com")

    problem(person.post("/v1/email-verifications", {"token": token}), 409, "email-taken")
    with service.caller() as browser:
        assert browser.post("/verify-email", data={"token": token}).status_code == 422
    assert ok(bob.get("/v1/me"))["email"] == "bob@example.com"


def test_the_same_new_address_wanted_by_many_becomes_ones(service: Service) -> None:
    people = [join(service, f"nova{number}@example.com") for number in range(4)]
    tokens = []
    for person in people:
        ok(wish(person, "new@example.com"), 202)
        service.app.run_pending()
        tokens.append(service.mailed_token("new@example.com"))
    assert len(set(tokens)) == len(tokens)

    def use(token: str) -> int:
        with service.caller() as anybody:
            return anybody.post("/v1/email-verifications", json={"token": token}).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        told = sorted(threads.map(use, tokens))

    assert told == [204, 409, 409, 409]


def test_the_password_is_asked_again(light: Service) -> None:
    person = join(light, NOVA)

    problem(wish(person, "new@example.com", "wrong"), 401, "wrong-credentials")
    problem(wish(person, "no address"), 422, "invalid-email")


def test_sessions_are_listed_and_ended_together(service: Service) -> None:
    person = join(service, NOVA)
    second = ok(sign_in(service), 201)["token"]

    [first, last] = ok(person.get("/v1/me/sessions"))["items"]
    gone = person.http.delete("/v1/me/sessions")

    assert (first["current"], last["current"]) == (True, False)
    assert first.keys() == {"id", "created_at", "expires_at", "current"}
    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    for token in (second, person.http.headers["authorization"].split()[1]):
        with service.caller(token=token) as caller:
            problem(caller.get("/v1/me"), 401, "session-expired")


def test_a_session_in_use_lives_on_and_its_cookie_with_it(tmp_path: Path) -> None:
    clock = ManualClock()
    with served(f"sqlite:///{tmp_path / 'market.db'}", tmp_path, clock=clock) as market:
        join(market, NOVA)
        browser = market.caller()
        ok(browser.post("/v1/sessions", json={"email": NOVA, "password": PASSWORD}), 201)
        clock.advance(days=14)
        young = browser.get("/v1/me")
        clock.advance(days=2)
        old = browser.get("/v1/me")
        again = browser.get("/v1/me")
        clock.advance(days=29)
        ok(browser.get("/v1/me"))
        clock.advance(days=31)
        problem(browser.get("/v1/me"), 401, "session-expired")

    assert "set-cookie" not in young.headers
    assert "set-cookie" not in again.headers
    assert re.search("(?i)^reviewcore_session=.*max-age=2592000", old.headers["set-cookie"])


def test_many_requests_at_once_extend_a_session_once(tmp_path: Path) -> None:
    clock = ManualClock()
    with served(f"sqlite:///{tmp_path / 'market.db'}", tmp_path, clock=clock) as market:
        person = join(market, NOVA)
        clock.advance(days=20)
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            told = list(threads.map(lambda _: person.get("/v1/me").status_code, range(16)))
        sessions = ok(person.get("/v1/me/sessions"))["items"]

    assert told == [200] * 16
    expected = (clock() + SESSION_LIFE).isoformat()[:19]
    assert [one["expires_at"][:19] for one in sessions] == [expected]


def test_no_secret_is_logged_or_kept(
    light: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person = join(light, NOVA)
    ok(wish(person, "new@example.com"), 202)
    change = light.mailed_token("new@example.com")
    token = leave(light)
    with light.caller() as browser:
        browser.get("/reset-password", params={"token": token})
    ok(reset(light, token), 204)
    reset(light, token)
    person.post("/v1/password-resets", {"email": NOVA}, key="reset-key")

    ours = [one for one in caplog.records if one.name.startswith("reviewcore")]
    logged = "\n".join(one.getMessage() for one in ours)
    with closing(sqlite3.connect(tmp_path / "market.db")) as database:
        kept = "".join(
            repr(database.execute(f"SELECT * FROM {table}").fetchall())
            for table in (
                "idempotency_records", "events", "rate_limits", "password_reset_tokens",
            )
        )  # fmt: skip

    assert "PUT /v1/password-resets/{token} 204" in logged
    assert "PasswordResetRequested" in kept
    secrets = (token, change, PASSWORD, OTHER, NOVA, "new@example.com", "reset-key")
    assert [secret for secret in secrets if secret in logged + kept] == []
