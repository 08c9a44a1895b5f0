"""No secret leaves by a side door: not in a line of log, an event, a record or an answer."""

from __future__ import annotations

import logging

import httpx
import pytest
from litestar.testing import TestClient

from reviewcore.bootstrap import in_memory
from reviewcore.entrypoints.http import create_app
from tests.integration.http.people import (
    join_as_artist,
    join_as_reviewer,
    review,
    submit,
)
from tests.integration.http.service import PASSWORD, Service, ok


def test_no_secret_is_logged(light: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    artist = join_as_artist(light, "nova@example.com")
    reviewer = join_as_reviewer(light, "rea@example.com")
    mailed = light.mailed_token("nova@example.com")
    artist.post("/v1/email-verifications", {"token": mailed})
    with light.caller() as browser:
        browser.get("/verify-email", params={"token": mailed})
        browser.post("/v1/sessions", json={"email": "x", "password": "a wrong password"})
        cookie = browser.post(
            "/v1/sessions", json={"email": "nova@example.com", "password": PASSWORD}
        ).cookies["reviewcore_session"]
    track = submit(artist)
    checkout = ok(artist.post(f"/v1/tracks/{track['id']}/checkout", key="secret-key"))
    httpx.post(checkout["url"], data={"outcome": "pay"})
    ok(artist.get(f"/v1/checkouts/{checkout['session_id']}"))
    done = review(reviewer)
    ok(artist.get(f"/v1/shared/{done['share_id']}"))

    ours = [one for one in caplog.records if one.name.startswith("reviewcore")]
    told = "\n".join(one.getMessage() for one in ours)
    # A control: what should be there is there.
    assert "127.0.0.1 GET /v1/checkouts/{session_id} 200" in told
    bearers = [one.http.headers["authorization"].split()[1] for one in (artist, reviewer)]
    secrets = [
        *bearers, cookie, mailed, PASSWORD, "a wrong password", checkout["session_id"],
        done["share_id"], "secret-key", "nova@example.com",
    ]  # fmt: skip
    assert [secret for secret in secrets if secret in told] == []


def test_no_password_hash_or_token_is_kept_in_events_or_under_keys(light: Service) -> None:
    person = join_as_artist(light, "nova@example.com")
    ok(person.post("/v1/tracks", {
        "source_url": "https://soundcloud.com/a/b", "title": "T", "genres": ["techno"],
        "package_type": "STARTER",
    }, key="k"), 201)  # fmt: skip
    with light.app.store.read() as tx:
        events = repr(list(tx.events.all()))
        user = tx.users.by_email("nova@example.com")
    assert user is not None
    assert user.password is not None
    assert user.password not in events
    assert "nova@example.com" not in events


def test_a_failure_of_ours_tells_and_logs_no_words(caplog: pytest.LogCaptureFixture) -> None:
    app = in_memory()
    row = ("nova@example.com", "scrypt$secret")

    class Broken:
        """A store that fails as a driver does: with the row in its words."""

        rules = app.store.rules

        def read(self) -> None:
            raise RuntimeError(f"the row was {row}")

    app.store = Broken()  # type: ignore[assignment]
    litestar = create_app(
        app, admin_emails=frozenset(), base_url="http://testserver.local", bank=None
    )
    with TestClient(litestar, raise_server_exceptions=False) as client:
        answer = client.get("/v1/genres")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/internal-error")
    assert "secret" not in answer.text
    assert "RuntimeError" in caplog.text
    assert "list_genres" in caplog.text
    assert "secret" not in caplog.text
    assert "nova@example.com" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/genres", "/v1/me", "/nothing", "/healthz"])
def test_every_answer_carries_security_headers(light: Service, path: str) -> None:
    with light.caller() as anybody:
        headers = anybody.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
