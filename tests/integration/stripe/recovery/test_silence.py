"""A whole life of a market, failures of ours among it, says nothing that opens anything."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, text

from tests.integration.http.people import Person, assignment, join, join_as_artist, join_as_reviewer
from tests.integration.http.people import review as write_review
from tests.integration.http.service import ADMIN, PASSWORD, ok, problem
from tests.integration.http.test_uploads import heard, uploaded
from tests.integration.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider, provided
from tests.integration.stripe.adapter.peers import API_KEY, CONNECT_SECRET, WEBHOOK_SECRET
from tests.integration.stripe.recovery.leaks import client_secrets, found_in, kept, lines
from tests.integration.stripe.recovery.site import Site, site_at

OTHER, WRONG = "another long password", "a wrong password"
ON_THE_WAY = "a password of a bad moment"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with provided() as running:
        yield running


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, provider: Provider) -> Iterator[Site]:
    more = {
        "REVIEWCORE_OIDC_PEER_ISSUER": provider.issuer,
        "REVIEWCORE_OIDC_PEER_CLIENT_ID": CLIENT_ID,
        "REVIEWCORE_OIDC_PEER_CLIENT_SECRET": CLIENT_SECRET,
        "REVIEWCORE_FILES_URL": f"file:{tmp_path / 'uploads'}",
    }
    with site_at(request.getfixturevalue("market_url"), tmp_path, more=more) as made:
        yield made


def test_a_whole_life_says_no_secret_anywhere(
    site: Site,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    admin = join(site.service, ADMIN)
    nova = join_as_artist(site.service, "nova@example.com")
    rea = join_as_reviewer(site.service, "rea@example.com")

    secrets = [
        *_change_credentials(site, nova),
        *_come_from_elsewhere(site, provider),
        *_be_heard_and_paid(site, nova, rea),
        *_fail(site, nova),
    ]

    said = "".join(capfd.readouterr())
    logged = "\n".join([*lines(caplog), *_to_the_provider(caplog, provider)])
    # Controls: what was looked through is what it should be.
    for line in (
        "GET /v1/oauth/{provider}/callback 200", "PUT /v1/uploads/", "POST /v1/payouts 201",
        "POST /v1/webhooks/stripe-connect 200", "POST /v1/sessions 500",
        f"{provider.issuer}/oauth2/token",
    ):  # fmt: skip
        assert line in logged
    people = (admin, nova, rea)
    secrets += [one.http.headers["authorization"].split()[1] for one in people]
    secrets += [
        PASSWORD, OTHER, WRONG, ON_THE_WAY, API_KEY, WEBHOOK_SECRET, CONNECT_SECRET, CLIENT_SECRET,
        site.settings.secret, *_mailed(site), *client_secrets(site),
    ]  # fmt: skip
    assert len(set(secrets)) > 25
    assert found_in({"mails": "".join(_mails(site))}, secrets)
    assert found_in({"output": said, "log": logged, **kept(site)}, secrets) == []


def _change_credentials(site: Site, nova: Person) -> list[str]:
    """Another address, another password, and a session by cookie; return what opened something."""
    ok(nova.put("/v1/me/email", {"email": "new@example.com", "password": PASSWORD}), 202)
    change = site.service.mailed_token("new@example.com")
    with site.service.caller() as browser:
        ok(browser.post("/v1/email-verifications", json={"token": change}), 204)
        ok(browser.post("/v1/password-resets", json={"email": "new@example.com"}), 202)
        site.service.app.run_pending()
        reset = site.service.mailed_token("new@example.com")
        assert reset != change
        browser.get("/reset-password", params={"token": reset})
        place = f"/v1/password-resets/{reset}"
        ok(browser.put(place, json={"password": OTHER}), 204)
        told = {"email": "new@example.com", "password": WRONG}
        problem(browser.post("/v1/sessions", json=told), 401)
        signed = browser.post("/v1/sessions", json={**told, "password": OTHER})
    token: str = ok(signed, 201)["token"]
    nova.http.headers["authorization"] = f"Bearer {token}"
    return [change, reset, token, signed.cookies["reviewcore_session"]]


def _come_from_elsewhere(site: Site, provider: Provider) -> list[str]:
    provider.enrol("ada", email="ada@example.com", email_verified=True)
    with site.service.caller() as browser:
        asked = browser.get("/v1/oauth/peer").headers["location"]
        kept_in_cookie = browser.cookies["reviewcore_departure"]
        back = provider.consent(asked, "ada")
        token: str = ok(browser.get(back))["token"]
        problem(browser.get(back), 401)
    told = json.loads(base64.urlsafe_b64decode(kept_in_cookie.partition(".")[0] + "=="))
    [code] = parse_qs(urlsplit(back).query)["code"]
    return [kept_in_cookie, code, token, told["state"], told["nonce"], told["verifier"]]


def _be_heard_and_paid(site: Site, nova: Person, rea: Person) -> list[str]:
    """An upload is paid, heard and reviewed, and its reviewer is paid; return what was signed."""
    app = site.deployment.app
    upload = uploaded(nova)
    told = {"source_url": upload["source_url"], "title": "Demo", "genres": ["techno"]}
    track = ok(nova.post("/v1/tracks", {**told, "package_type": "STARTER"}, key="submit"), 201)
    checkout = ok(nova.post(f"/v1/tracks/{track['id']}/checkout", {}))
    site.server.pay(checkout["session_id"])
    site.server.webhooks.wait()
    row = assignment(rea)
    address = row["track"]["source_url"]
    heard(site.service, address)
    done = write_review(rea)
    account = ok(rea.post("/v1/me/reviewer/payout-account"))
    (opened,) = (one for one in site.server.objects("account") if one["id"] != site.server.platform)
    site.server.onboard(opened["id"])
    site.server.webhooks.wait()
    app.run_pending()
    assert ok(rea.post("/v1/payouts", {}, key="withdraw"), 201)["status"] == "COMPLETED"
    app.run_pending()
    assert done["paid_amount"] > 0
    signed = [_signature(one) for one in (upload["upload_url"], address)]
    return [*signed, checkout["url"], account["url"]]


def _signature(address: str) -> str:
    """What makes an address of a file good: the longest of what it asks with."""
    return max((values[0] for values in parse_qs(urlsplit(address).query).values()), key=len)


def _fail(site: Site, nova: Person) -> list[str]:
    """Have the database fail in the middle of what holds secrets; return one that went there."""
    with site.service.caller() as anybody:
        with _without(site, "sessions"):
            told = {"email": "new@example.com", "password": OTHER}
            answers = [anybody.post("/v1/sessions", json=told), nova.get("/v1/me")]
        with _without(site, "password_reset_tokens"):
            place = "/v1/password-resets/aTokenThatMeetsABadMoment"
            answers.append(anybody.put(place, json={"password": ON_THE_WAY}))
        with _without(site, "users"):
            told = {"email": "zoe@example.com", "password": ON_THE_WAY}
            answers.append(anybody.post("/v1/users", json=told))
        for _ in range(5):
            # Whatever connection serves them has got over it.
            ok(nova.get("/v1/me"))
            problem(anybody.put(place, json={"password": ON_THE_WAY}), 422, "invalid-token")
    for answer in answers:
        assert found_in({"answer": answer.text}, [OTHER, ON_THE_WAY, "zoe@example.com"]) == []
        problem(answer, 500)
    return ["aTokenThatMeetsABadMoment"]


@contextmanager
def _without(site: Site, table: str) -> Iterator[None]:
    """Take a table away, as a bad migration would."""
    # Over a connection of its own: the driver forgets statements where a schema is changed.
    engine = create_engine(site.settings.database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO taken_away"))
        yield
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE taken_away RENAME TO {table}"))
    finally:
        engine.dispose()


def _mailed(site: Site) -> list[str]:
    """Every token that stands in a mail."""
    found = [
        token for mail in _mails(site) for token in re.findall(r"^Token: (\S+)", mail, re.MULTILINE)
    ]
    assert len(found) >= 5
    return found


def _mails(site: Site) -> list[str]:
    return [file.read_text() for file in site.service.mails.glob("*.eml")]


def _to_the_provider(caplog: pytest.LogCaptureFixture, provider: Provider) -> list[str]:
    """What our own client logs, whose logger the people's clients share."""
    own = [one.getMessage() for one in caplog.records if one.name.startswith("httpx")]
    return [one for one in own if provider.issuer in one and "authorize" not in one]
