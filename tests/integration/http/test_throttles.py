"""Too often is 429, with the seconds to wait, for each address and each account apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from reviewcore.domain.throttling import BY_ADDRESS, MOST, Limit
from reviewcore.entrypoints.http.edge import neighbourhood
from reviewcore.settings import for_demo, settings_from
from reviewcore.testing import ManualClock
from tests.integration.http.people import Person, join
from tests.integration.http.service import (
    PASSWORD,
    Service,
    ok,
    problem,
    quick_rules,
    served,
)

NOVA = "nova@example.com"
TICKET = {"subject": "Help", "message": "Please."}


@attrs.frozen(kw_only=True)
class Crowd:
    """A market behind one proxy, with the limits that it has by itself, whose time stands still."""

    service: Service
    clock: ManualClock

    def at(self, address: str) -> httpx.Client:
        """Somebody at an address, as the proxy tells it."""
        caller = self.service.caller()
        caller.headers["X-Forwarded-For"] = address
        return caller

    def sign_in(self, address: str, *, email: str = NOVA, password: str = "a guess") -> int:
        answer = self.at(address).post("/v1/sessions", json={"email": email, "password": password})
        return answer.status_code


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'market.db'}"
    else:
        url = request.getfixturevalue("market_url")
    rules = attrs.evolve(quick_rules(), throttles=MOST)
    clock = ManualClock()
    with served(url, tmp_path, rules=rules, clock=clock, trusted_proxies=1) as service:
        yield Crowd(service=service, clock=clock)


def refused(answer: httpx.Response, seconds: int) -> None:
    told = problem(answer, 429, "too-many-requests")
    assert told["retry_after_seconds"] == seconds
    assert answer.headers["retry-after"] == str(seconds)


def new_user(number: int) -> dict[str, str]:
    return {"email": f"user{number}@example.com", "password": PASSWORD}


def test_an_address_signs_up_so_many_and_no_more(crowd: Crowd) -> None:
    here, there = crowd.at("203.0.113.1"), crowd.at("203.0.113.2")
    for number in range(15):
        ok(here.post("/v1/users", json=new_user(number)), 201)
    crowd.clock.advance(seconds=100)

    refused(here.post("/v1/users", json=new_user(15)), 800)
    ok(there.post("/v1/users", json=new_user(15)), 201)
    crowd.clock.advance(seconds=800)

    ok(here.post("/v1/users", json=new_user(16)), 201)


def test_neither_one_address_nor_many_guess_a_password(crowd: Crowd) -> None:
    join(crowd.service, NOVA)

    one = [crowd.sign_in("203.0.113.1", email=f"user{n}@example.com") for n in range(12)]
    many = [crowd.sign_in(f"198.51.100.{number}") for number in range(12)]

    assert one == [401] * 10 + [429] * 2
    assert many == [401] * 10 + [429] * 2
    assert crowd.sign_in("198.51.100.99", password=PASSWORD) == 429
    crowd.clock.advance(minutes=15)
    assert crowd.sign_in("198.51.100.99", password=PASSWORD) == 201


def test_nobody_is_shut_out_of_his_account_from_where_he_was(crowd: Crowd) -> None:
    join(crowd.service, NOVA)
    home = "203.0.113.1"
    assert crowd.sign_in(home, password=PASSWORD) == 201

    assert 429 in [crowd.sign_in(f"198.51.100.{number}") for number in range(12)]

    assert crowd.sign_in(home, password=PASSWORD) == 201


def test_an_account_that_is_not_there_is_counted_alike(crowd: Crowd) -> None:
    join(crowd.service, NOVA)

    known = [crowd.sign_in(f"198.51.100.{n}", email="NOVA@example.com") for n in range(12)]
    unknown = [crowd.sign_in(f"198.51.101.{n}", email="nobody@example.com") for n in range(12)]

    assert known == unknown


def test_the_proxys_word_counts_and_not_the_clients(crowd: Crowd) -> None:
    told = [crowd.sign_in(f"10.0.0.{number}, 203.0.113.1") for number in range(12)]

    assert told == [401] * 10 + [429] * 2


def test_resets_and_verifications_are_asked_for_three_times(crowd: Crowd) -> None:
    nova = join(crowd.service, NOVA, verified=False)
    for number in range(3):
        ask = crowd.at(f"203.0.113.{number}")
        ok(ask.post("/v1/password-resets", json={"email": NOVA}), 202)
        ok(nova.post("/v1/email-verifications/resend"), 202)

    elsewhere = crowd.at("203.0.113.9")
    refused(elsewhere.post("/v1/password-resets", json={"email": NOVA}), 900)
    refused(nova.post("/v1/email-verifications/resend"), 900)
    ok(elsewhere.post("/v1/password-resets", json={"email": "other@example.com"}), 202)


def test_another_address_is_asked_for_five_times(crowd: Crowd) -> None:
    nova, vega = join(crowd.service, NOVA), join(crowd.service, "vega@example.com")
    wanted = {"email": "new@example.com", "password": PASSWORD}
    told = [
        nova.put("/v1/me/email", {**wanted, "password": password}).status_code
        for password in ("a guess", PASSWORD, "a guess", PASSWORD, "a guess")
    ]

    assert told == [401, 202, 401, 202, 401]
    refused(nova.put("/v1/me/email", wanted), 900)
    ok(vega.put("/v1/me/email", wanted), 202)
    crowd.clock.advance(minutes=15)
    ok(nova.put("/v1/me/email", wanted), 202)


def test_tokens_are_not_guessed_for_long(crowd: Crowd) -> None:
    guess = crowd.at("203.0.113.1")
    told = [
        guess.put(f"/v1/password-resets/guess{number}", json={"password": PASSWORD}).status_code
        for number in range(6)
    ]

    assert told == [422] * 5 + [429]


def test_verifications_are_not_guessed_for_long(crowd: Crowd) -> None:
    guess, elsewhere = crowd.at("203.0.113.1"), crowd.at("203.0.113.2")
    told = [
        guess.post("/v1/email-verifications", json={"token": f"guess{number}"}).status_code
        for number in range(11)
    ]

    assert told == [422] * 10 + [429]
    refused(guess.post("/v1/email-verifications", json={"token": "guess"}), 900)
    problem(elsewhere.post("/v1/email-verifications", json={"token": "guess"}), 422)


def test_whoever_verifies_takes_nothing_from_his_neighbours(crowd: Crowd) -> None:
    # `join` verifies each from one address.
    for number in range(MOST[Limit.VERIFICATION] + 2):
        join(crowd.service, f"user{number}@example.com")


def test_three_tickets_a_minute(crowd: Crowd) -> None:
    nova, vega = join(crowd.service, NOVA), join(crowd.service, "vega@example.com")
    for _ in range(3):
        ok(nova.post("/v1/support/tickets", TICKET), 201)

    refused(nova.post("/v1/support/tickets", TICKET), 60)
    ok(vega.post("/v1/support/tickets", TICKET), 201)
    crowd.clock.advance(minutes=1)
    ok(nova.post("/v1/support/tickets", TICKET), 201)


def test_what_is_refused_for_another_reason_counts(crowd: Crowd) -> None:
    here = crowd.at("203.0.113.1")
    taken: dict[str, Any] = {"email": NOVA, "password": PASSWORD}
    ok(here.post("/v1/users", json=taken), 201)
    for _ in range(14):
        problem(here.post("/v1/users", json=taken), 409)

    refused(here.post("/v1/users", json=taken), 900)


def test_the_document_tells_what_is_throttled(standing: Service) -> None:
    with standing.caller() as anybody:
        paths = ok(anybody.get("/openapi.json"))["paths"]
    told = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "429" in operation["responses"]
    }
    assert told >= {
        "POST /v1/users",
        "POST /v1/sessions",
        "POST /v1/password-resets",
        "PUT /v1/password-resets/{token}",
        "POST /v1/email-verifications",
        "POST /v1/email-verifications/resend",
        "PUT /v1/me/email",
        "GET /v1/oauth/{provider}",
        "GET /v1/oauth/{provider}/callback",
        "POST /v1/leads",
        "POST /v1/get-feedback",
        "POST /v1/uploads",
        "POST /v1/support/tickets",
        "POST /v1/support/tickets/{ticket_id}/messages",
    }


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("203.0.113.1:4711", "203.0.113.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("[2001:db8:0:1::1]", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("unknown", "-"),
        ("-", "-"),
        ("203.0.113.1.4", "-"),
    ],
)
def test_who_has_many_addresses_is_one(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


def test_a_demo_counts_by_account_alone(tmp_path: Path) -> None:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path / 'market.db'}",
        "REVIEWCORE_SECRET": "x",
    }
    settings = settings_from(environ, default_base_url="http://127.0.0.1:8000")

    throttles = for_demo(settings).rules.throttles

    assert settings.rules.throttles == MOST
    assert all(throttles[limit] > 1_000 for limit in BY_ADDRESS)
    assert all(throttles[limit] == MOST[limit] for limit in set(Limit) - BY_ADDRESS)


def test_a_service_that_trusts_nobody_counts_the_peer(light: Service) -> None:
    person: Person = join(light, NOVA)
    told = []
    for number in range(12):
        person.http.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        body = {"email": NOVA, "password": "a guess"}
        told.append(person.post("/v1/sessions", body).status_code)

    assert told == [401] * 10 + [429] * 2
