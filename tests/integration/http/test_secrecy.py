"""No secret leaves by a side door: not in a line of log, an event, a record or an answer."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from reviewcore.bootstrap import in_memory
from reviewcore.entrypoints.http import create_app
from tests.integration.http.people import (
    join,
    join_as_artist,
    join_as_reviewer,
    review,
    submit,
)
from tests.integration.http.service import ADMIN, PASSWORD, Service, ok


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


def test_no_hash_token_or_address_is_kept_in_events_or_under_keys(
    light: Service, tmp_path: Path
) -> None:
    admin = join(light, ADMIN)
    person = join(light, "nova@example.com", verified=False)
    ok(person.post("/v1/email-verifications/resend", key="again"), 202)
    ok(admin.post(f"/v1/admin/users/{person.user['id']}/verify-email", key="vouch"))
    mailed = light.mailed_token("nova@example.com")

    with closing(sqlite3.connect(tmp_path / "market.db")) as database:
        kept = repr(database.execute("SELECT * FROM idempotency_records").fetchall())
        events = repr(database.execute("SELECT * FROM events").fetchall())
        [[hashed]] = database.execute(
            "SELECT password FROM users WHERE email = 'nova@example.com'"
        ).fetchall()

    assert "vouch" in kept
    assert "EmailVerificationRequested" in events
    bearer = person.http.headers["authorization"].split()[1]
    secrets = (hashed, mailed, bearer, PASSWORD, "nova@example.com")
    assert [secret for secret in secrets if secret in kept + events] == []


def test_a_failure_of_ours_tells_and_logs_no_words(caplog: pytest.LogCaptureFixture) -> None:
    app = in_memory()
    row = ("nova@example.com", "scrypt$secret")

    class Broken:
        """A store that fails as a driver does: with the row in its words."""

        rules = app.store.rules

        def read(self) -> None:
            raise RuntimeError(f"the row was {row}")

    app.store = Broken()  # type: ignore[assignment]  # broken on purpose
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
def test_every_answer_carries_security_headers(standing: Service, path: str) -> None:
    with standing.caller() as anybody:
        headers = anybody.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
