"""Signing in by an account at a provider: whose it is, and by nobody's trick."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import logging
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import attrs
import httpx
import pytest

from reviewcore.adapters.oidc import OidcIdentities, OidcSettings
from reviewcore.bootstrap import THREADS
from reviewcore.domain.throttling import MOST, Limit
from reviewcore.domain.users import MarkKind
from reviewcore.testing import ManualClock
from tests.integration.http.people import Person, join
from tests.integration.http.service import PASSWORD, Service, ok, problem, quick_rules, served
from tests.integration.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider

ADA = {"email": "Ada@Example.com", "email_verified": True, "name": "Ada\u202e L."}


def depart(browser: httpx.Client, provider: str = "peer", **query: str) -> str:
    """Begin, and tell where the browser is sent."""
    answer = browser.get(f"/v1/oauth/{provider}", params=query)
    assert answer.status_code == 302, answer.text
    assert answer.content in {b"", b"null"}
    return answer.headers["location"]


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    told = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(query=urlencode(told | query)))


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def sign_in(
    browser: httpx.Client, provider: Provider, subject: str, *, at: str = "peer"
) -> httpx.Response:
    return browser.get(provider.consent(depart(browser, at), subject))


def link(person: Person, provider: Provider, subject: str) -> httpx.Response:
    """Link an account as somebody signed in does: his token begins, his browser comes back."""
    back = provider.consent(depart(person.http, link="1"), subject)
    with person.service.caller() as browser:
        browser.cookies = person.http.cookies
        return browser.get(back)


# ── who comes ────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_with_a_verified_address_becomes_a_user_without_a_password(
    service: Service, provider: Provider
) -> None:
    provider.enrol("ada", **ADA)
    with service.caller() as browser:
        told = ok(sign_in(browser, provider, "ada"))
        me = ok(browser.get("/v1/me"))

    assert told["user"]["email"] == me["email"] == "ada@example.com"
    assert me["name"] == "Ada L."
    assert me["email_verified"]
    with service.caller(token=told["token"]) as caller:
        ok(caller.get("/v1/me"))
    with service.caller() as anybody:
        for password in ("", PASSWORD):
            body = {"email": "ada@example.com", "password": password}
            problem(anybody.post("/v1/sessions", json=body), 401, "wrong-credentials")


def test_whoever_came_before_is_the_same_user_whatever_his_address_has_become(
    service: Service, provider: Provider
) -> None:
    provider.enrol("bob", email="bob@example.com", email_verified=True)
    with service.caller() as browser:
        first = ok(sign_in(browser, provider, "bob"))
    provider.enrol("bob", email="else@example.com", email_verified=False)

    with service.caller() as browser:
        second = ok(sign_in(browser, provider, "bob"))

    assert first["user"] == second["user"]
    assert first["token"] != second["token"]


def test_a_session_of_an_attackers_choice_is_never_signed_in(
    light: Service, provider: Provider
) -> None:
    provider.enrol("carl", email="carl@example.com", email_verified=True)
    with light.caller() as browser:
        browser.cookies.set("reviewcore_session", "attacker-chosen")

        token = ok(sign_in(browser, provider, "carl"))["token"]

    assert token != "attacker-chosen"
    with light.caller(token="attacker-chosen") as attacker:
        problem(attacker.get("/v1/me"), 401, "session-expired")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "new@example.com", "email_verified": False},
        {"email": "new@example.com"},
        {"email": "nova@example.com", "email_verified": False},
        {"email": "nova@example.com", "email_verified": "yes"},
        {},
    ],
)
def test_an_address_that_the_provider_has_not_verified_is_nobodys(
    light: Service, provider: Provider, claims: dict[str, object]
) -> None:
    join(light, "nova@example.com")
    provider.enrol("eve", **claims)
    with light.caller() as browser:
        answer = sign_in(browser, provider, "eve")
        problem(browser.get("/v1/me"), 401, "not-signed-in")

    # The same, whether or not somebody has the address.
    problem(answer, 403, "provider-email-not-verified")


def test_an_address_that_a_user_has_is_his_to_link(service: Service, provider: Provider) -> None:
    person = join(service, "nova@example.com")
    provider.enrol("nova", email="nova@example.com", email_verified=True)
    with service.caller() as browser:
        problem(sign_in(browser, provider, "nova"), 409, "account-not-linked")

    linked = ok(link(person, provider, "nova"))
    again = ok(link(person, provider, "nova"))

    assert linked == again
    assert (linked["provider"], linked["email"]) == ("peer", "nova@example.com")
    with service.caller() as browser:
        assert ok(sign_in(browser, provider, "nova"))["user"]["id"] == person.user["id"]
    problem(person.http.put("/v1/me/artist", json={}), 400)
    with service.app.store.read() as tx:
        marks = tx.identities.kin(person.user["id"])
    assert marks == {person.user["id"]}


def test_what_is_linked_to_one_is_not_linked_to_another(
    service: Service, provider: Provider
) -> None:
    nova, vega = join(service, "nova@example.com"), join(service, "vega@example.com")
    provider.enrol("shared", email="shared@example.com", email_verified=True)
    provider.enrol("novas", email="nova@example.com", email_verified=True)
    provider.enrol("lazy", email="vega@example.com", email_verified=False)
    ok(link(nova, provider, "shared"))

    problem(link(vega, provider, "shared"), 409, "account-taken")
    problem(link(vega, provider, "novas"), 409, "email-taken")
    problem(link(vega, provider, "lazy"), 403, "provider-email-not-verified")

    with service.app.store.read() as tx:
        assert list(tx.accounts.of_user(vega.user["id"])) == []
        assert [one.provider_account_id for one in tx.accounts.of_user(nova.user["id"])] == [
            "shared"
        ]
    assert MarkKind.ACCOUNT == "ACCOUNT"


def test_linking_needs_a_session_and_our_own_page(light: Service, provider: Provider) -> None:
    person = join(light, "nova@example.com")
    provider.enrol("late", email="late@example.com", email_verified=True)
    with light.caller() as nobody:
        problem(nobody.get("/v1/oauth/peer", params={"link": "1"}), 401, "not-signed-in")
    with light.caller() as browser:
        body = {"email": "nova@example.com", "password": PASSWORD}
        ok(browser.post("/v1/sessions", json=body), 201)
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = browser.get("/v1/oauth/peer", params={"link": "1"}, headers=headers)
            problem(answer, 403, "cross-site-request")
        back = provider.consent(depart(browser, link="1"), "late")
        person.http.delete("/v1/me/sessions")

        problem(browser.get(back), 401, "session-expired")


# ── tricks ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["", "wrong", "\ud800", "x" * 500])
def test_another_state_is_refused(light: Service, provider: Provider, state: str) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        back = provider.consent(depart(browser), "dora")
        told = {**query_of(back), "state": state.encode("utf-8", "replace").decode()}

        answer = browser.get("/v1/oauth/peer/callback", params=told)

        problem(answer, 401, "identity-not-proven")
        # It has cost nothing: the true one still works.
        ok(browser.get(back))


def test_what_comes_back_to_another_browser_is_refused(light: Service, provider: Provider) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as attacker, light.caller() as victim, light.caller() as bystander:
        back = provider.consent(depart(attacker), "dora")
        depart(victim)

        problem(victim.get(back), 401, "identity-not-proven")
        problem(bystander.get(back), 401, "identity-not-proven")


def test_an_address_comes_back_in_vain_so_often_and_no_more(
    tmp_path: Path, identities: OidcIdentities, provider: Provider
) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    rules = attrs.evolve(quick_rules(), throttles=MOST)
    url = f"sqlite:///{tmp_path / 'market.db'}"
    with served(url, tmp_path, identities=identities, rules=rules) as service:
        # Whoever is right takes nothing from those who share his address.
        for _ in range(MOST[Limit.PROVIDER_DEPARTURE] + 1):
            with service.caller() as browser:
                ok(sign_in(browser, provider, "dora"))
        person = join(service, "nova@example.com")
        provider.enrol("nova", email="nova@example.com", email_verified=True)
        ok(link(person, provider, "nova"))

        with service.caller() as guesser:
            back = provider.consent(depart(guesser), "dora")
            wrong = changed(back, code="a-guess")
            told = [guesser.get(wrong).status_code for _ in range(MOST[Limit.PROVIDER_SIGN_IN] + 1)]
            assert told == [401] * MOST[Limit.PROVIDER_SIGN_IN] + [429]
            waiting = problem(guesser.get(back), 429, "too-many-requests")
            assert 800 <= waiting["retry_after_seconds"] <= 900


def test_an_address_departs_so_often_and_no_more(
    tmp_path: Path, identities: OidcIdentities
) -> None:
    rules = attrs.evolve(quick_rules(), throttles=MOST)
    url = f"sqlite:///{tmp_path / 'market.db'}"
    most = MOST[Limit.PROVIDER_DEPARTURE]
    with (
        served(url, tmp_path, identities=identities, rules=rules) as service,
        service.caller() as browser,
    ):
        told = [browser.get("/v1/oauth/peer").status_code for _ in range(most + 1)]

        assert told == [302] * most + [429]
        # What is no provider is said before anything is counted.
        problem(browser.get("/v1/oauth/nobody"), 404)


@pytest.mark.parametrize("part", ["nonce", "code_challenge"])
def test_a_code_that_was_asked_for_otherwise_is_refused(
    light: Service, provider: Provider, part: str
) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        asked = changed(depart(browser), **{part: "A" * 43})

        answer = browser.get(provider.consent(asked, "dora"))

    problem(answer, 401, "identity-not-proven")


def test_a_departure_and_a_code_serve_once(light: Service, provider: Provider) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        back = provider.consent(depart(browser), "dora")
        kept = browser.cookies["reviewcore_departure"]
        ok(browser.get(back))
        assert "reviewcore_departure" not in browser.cookies

        browser.cookies.set("reviewcore_departure", kept)
        problem(browser.get(back), 401, "identity-not-proven")
        browser.cookies.delete("reviewcore_departure")
        problem(browser.get(back), 401, "identity-not-proven")
        fresh = provider.consent(depart(browser), "dora")
        replayed = changed(fresh, code=query_of(back)["code"])
        problem(browser.get(replayed), 401, "identity-not-proven")


def test_two_callbacks_at_once_begin_one_session(service: Service, provider: Provider) -> None:
    provider.enrol("fay", email="fay@example.com", email_verified=True)
    with service.caller() as browser:
        back = provider.consent(depart(browser), "fay")
        cookies = dict(browser.cookies)

    def arrive(_: int) -> int:
        with service.caller() as tab:
            tab.cookies.update(cookies)
            return tab.get(back).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        told = sorted(threads.map(arrive, range(4)))

    assert told == [200, 401, 401, 401]


def test_a_stranger_who_comes_twice_at_once_is_one_user(
    service: Service, provider: Provider
) -> None:
    provider.enrol("gus", email="gus@example.com", email_verified=True)
    browsers = [service.caller() for _ in range(4)]
    backs = [provider.consent(depart(browser), "gus") for browser in browsers]

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda one: one[0].get(one[1]), zip(browsers, backs, strict=True)))

    assert {one.status_code for one in told} <= {200, 409}
    users = {one.json()["user"]["id"] for one in told if one.status_code == 200}
    assert len(users) == 1
    with service.caller() as browser:
        assert ok(sign_in(browser, provider, "gus"))["user"]["id"] in users


def test_a_cookie_that_we_did_not_make_is_refused(light: Service, provider: Provider) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        back = provider.consent(depart(browser), "dora")
        body, _, mark = browser.cookies["reviewcore_departure"].partition(".")
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        forged = base64.urlsafe_b64encode(json.dumps(told | {"provider": "twin"}).encode())
        for value in (
            "",
            ".",
            body,
            f"{body}.",
            f"{body}.{mark[::-1]}",
            f"{forged.decode()}.{mark}",
        ):
            with light.caller() as another:
                another.cookies.set("reviewcore_departure", value)
                problem(another.get(back), 401, "identity-not-proven")

        ok(browser.get(back))


def test_what_left_for_one_provider_does_not_come_back_from_another(
    light: Service, provider: Provider
) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        back = provider.consent(depart(browser), "dora")

        answer = browser.get(back.replace("/oauth/peer/", "/oauth/twin/"))

    problem(answer, 401, "identity-not-proven")


def test_whoever_says_no_there_is_not_signed_in(light: Service, provider: Provider) -> None:
    with light.caller() as browser:
        asked = depart(browser)
        state = query_of(asked)["state"]
        back = changed(provider.deny(asked), state=state)

        answer = browser.get(back)

    assert query_of(back)["error"] == "access_denied"
    problem(answer, 401, "identity-not-proven")


def test_a_departure_is_good_for_ten_minutes(
    tmp_path: Path, provider: Provider, identities: OidcIdentities
) -> None:
    clock = ManualClock()
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    url = f"sqlite:///{tmp_path / 'market.db'}"
    with (
        served(url, tmp_path, clock=clock, identities=identities) as market,
        market.caller() as browser,
    ):
        back = provider.consent(depart(browser), "dora")
        clock.advance(minutes=10)
        problem(browser.get(back), 401, "identity-not-proven")


# ── the provider ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/v1/oauth/nowhere", "/v1/oauth/nowhere/callback"])
def test_a_provider_that_nobody_set_is_not_there(light: Service, path: str) -> None:
    with light.caller() as browser:
        problem(browser.get(path), 404, "not-found")


def test_a_provider_that_is_away_is_said_to_be(light: Service) -> None:
    with light.caller() as browser:
        told = problem(browser.get("/v1/oauth/away"), 503, "provider-unavailable")
    assert told["provider"] == "away"


def test_a_secret_that_the_provider_does_not_know_is_our_trouble(
    light: Service, provider: Provider
) -> None:
    provider.enrol("dora", email="dora@example.com", email_verified=True)
    with light.caller() as browser:
        answer = sign_in(browser, provider, "dora", at="misled")
    problem(answer, 503, "provider-unavailable")


def test_the_cookie_is_kept_from_scripts_and_lives_as_long_as_the_trip(light: Service) -> None:
    with light.caller() as browser:
        told = browser.get("/v1/oauth/peer").headers["set-cookie"]

    assert "HttpOnly" in told
    assert "samesite=lax" in told.lower()
    assert "Max-Age=600" in told


def test_no_secret_is_logged_or_kept(
    light: Service, provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.enrol("ada", **ADA)
    with light.caller() as browser:
        asked = depart(browser)
        kept = browser.cookies["reviewcore_departure"]
        back = provider.consent(asked, "ada")
        token = ok(browser.get(back))["token"]
        browser.get(back)
    light.app.run_pending()
    told = json.loads(base64.urlsafe_b64decode(kept.partition(".")[0] + "=="))

    # What httpx logs here is the tests' own client's, too.
    ours = [one for one in caplog.records if one.name.startswith("reviewcore")]
    logged = "\n".join(one.getMessage() for one in ours)
    with closing(sqlite3.connect(tmp_path / "market.db")) as database:
        stored = "".join(database.iterdump())
    mails = "".join(file.read_text() for file in light.mails.glob("*.eml"))

    assert "GET /v1/oauth/{provider}/callback 200" in logged
    secrets = [
        kept, query_of(back)["code"], told["state"], told["nonce"], told["verifier"], token,
        CLIENT_SECRET,
    ]  # fmt: skip
    assert [one for one in secrets if one in logged + stored + mails] == []


# ── patience ─────────────────────────────────────────────────────────────────────────────────


def test_a_provider_that_says_nothing_keeps_nobody_from_signing_in_by_a_password(
    tmp_path: Path,
) -> None:
    with socket.socket() as silent:
        # It takes connections, and never answers.
        silent.bind(("127.0.0.1", 0))
        silent.listen(4 * THREADS)
        settings = OidcSettings(
            name="silent",
            issuer=f"http://127.0.0.1:{silent.getsockname()[1]}",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        with closing(OidcIdentities([settings])) as identities:
            database = f"sqlite:///{tmp_path / 'market.db'}"
            with served(database, tmp_path, identities=identities) as service:
                join(service, "nova@example.com")
                with concurrent.futures.ThreadPoolExecutor(2 * THREADS) as threads:
                    waiting = [
                        threads.submit(service.caller().get, "/v1/oauth/silent")
                        for _ in range(2 * THREADS)
                    ]
                    time.sleep(1)
                    began = time.monotonic()

                    with service.caller() as nova:
                        body = {"email": "nova@example.com", "password": PASSWORD}
                        ok(nova.post("/v1/sessions", json=body), 201)

                    took = time.monotonic() - began
                    assert not any(one.done() for one in waiting[:1])
                    assert took < 3
                    for one in waiting:
                        problem(one.result(), 503, "provider-unavailable")
