"""What is held about one, and leaving for good, over the routes."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from reviewcore.domain.rules import rules_from
from tests.integration.http.people import (
    TRACK,
    join,
    join_as_artist,
    join_as_reviewer,
    review,
    submit_and_pay,
)
from tests.integration.http.service import (
    ADMIN,
    PASSWORD,
    QUICK,
    Json,
    Service,
    ok,
    problem,
    served,
)

# One review is all of a track, and nothing can be flagged a moment after it came.
BRIEF = "flag_window_days = 0\n" + QUICK.replace("reviews = 2", "reviews = 1")


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[Service]:
    """A market in which everything is soon over."""
    url = f"sqlite:///{tmp_path / 'market.db'}"
    with served(url, tmp_path, rules=rules_from(tomllib.loads(BRIEF))) as running:
        yield running


def leave(http: httpx.Client, **body: Json) -> httpx.Response:
    return http.request("DELETE", "/v1/me", json=body) if body else http.delete("/v1/me")


def test_all_that_is_held_is_told_as_a_file_and_no_secret(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    track = submit_and_pay(artist)
    done = review(reviewer)

    answer = artist.get("/v1/me/export")
    told = ok(answer)
    seen = ok(reviewer.get("/v1/me/export"))

    assert answer.headers["content-disposition"].startswith("attachment")
    assert told["user"]["email"] == "nova@example.com"
    [shown] = told["artist"]["tracks"]
    assert (shown["id"], shown["payment"]["status"]) == (track["id"], "COMPLETED")
    assert [one["id"] for one in shown["reviews"]] == [done["id"]]
    assert seen["reviewer"]["balance_lines"][0]["amount"] == done["paid_amount"]
    assert "nova@example.com" not in repr(seen)
    assert "rea@example.com" not in repr(told)
    bearer = artist.http.headers["authorization"].split()[1]
    assert [word for word in (bearer, PASSWORD, "scrypt", "token_hash") if word in repr(told)] == []


def test_who_leaves_is_signed_out_and_his_address_is_free(service: Service) -> None:
    person = join_as_artist(service, "nova@example.com")
    browser = service.caller()
    credentials = {"email": "nova@example.com", "password": PASSWORD}
    ok(browser.post("/v1/sessions", json=credentials), 201)

    gone = browser.delete("/v1/me", headers={"X-Requested-With": "fetch"})

    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    problem(person.get("/v1/me"), 401, "session-expired")
    problem(person.post("/v1/sessions", credentials), 401, "wrong-credentials")
    again = join(service, "nova@example.com", verified=False)
    assert again.user["id"] != person.user["id"]
    assert ok(again.get("/v1/me"))["artist"] is None


def test_no_answer_kept_for_a_key_outlasts_whom_it_tells_of(light: Service, tmp_path: Path) -> None:
    person = join_as_artist(light, "nova@example.com")
    other = join_as_artist(light, "vega@example.com", "Vega")
    for one in (person, other):
        track = ok(one.post("/v1/tracks", TRACK, key="submit"), 201)
        assert ok(one.post("/v1/tracks", TRACK, key="submit"), 201) == track
    asked = ok(person.post("/v1/support/tickets", {"subject": "Me", "message": "x"}, key="k"), 201)
    admin = join(light, ADMIN)
    place = f"/v1/admin/tickets/{asked['id']}"
    ok(admin.post(f"{place}/status", {"status": "RESOLVED"}, key="resolve"))

    def kept() -> set[str]:
        with closing(sqlite3.connect(tmp_path / "market.db")) as database:
            rows = database.execute("SELECT actor, key FROM idempotency_records").fetchall()
        return {f"{key} {'his' if actor in his else ''}".strip() for actor, key in rows}

    his = {person.user["id"], ok(person.get("/v1/me"))["artist"]["id"]}
    assert kept() == {"submit his", "k his", "submit", "resolve"}

    assert leave(person.http).status_code == 204

    assert kept() == {"submit"}


def test_another_site_erases_nobody(light: Service) -> None:
    person = join(light, "nova@example.com")
    browser = light.caller()
    ok(
        browser.post("/v1/sessions", json={"email": "nova@example.com", "password": PASSWORD}),
        201,
    )

    problem(browser.delete("/v1/me"), 403, "cross-site-request")

    ok(person.get("/v1/me"))


def test_all_that_is_in_the_way_is_named_at_once(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    track = submit_and_pay(artist)
    done = review(reviewer)

    refused = problem(leave(artist.http), 422, "cannot-leave")
    kept = problem(leave(reviewer.http, forfeit_balance=True), 422, "cannot-leave")

    assert (refused["tracks"], refused["balance_cents"]) == ([track["id"]], 0)
    assert (kept["flaggable_reviews"], kept["balance_cents"]) == ([done["id"]], 0)
    assert ok(artist.get("/v1/me"))["name"] == "Nova"


def test_shared_pages_show_no_name_of_whoever_left(brief: Service) -> None:
    artist = join_as_artist(brief, "nova@example.com", "Nova Starr")
    reviewer = join_as_reviewer(brief, "rea@example.com", "Rea Moon")
    submit_and_pay(artist)
    done = review(reviewer)
    place = f"/s/{done['share_id']}"
    anybody = brief.caller()
    assert "Nova Starr" in anybody.get(place).text
    assert "Rea Moon" in anybody.get(place).text
    told = problem(leave(reviewer.http), 422, "cannot-leave")
    assert told["balance_cents"] == done["paid_amount"]

    assert leave(reviewer.http, forfeit_balance=True).status_code == 204
    assert leave(artist.http).status_code == 204

    shown = anybody.get(place).text
    assert "by An artist" in shown
    assert "Reviewed by A reviewer" in shown
    assert [word for word in ("Nova", "Rea", "soundcloud", "listen</a>") if word in shown] == []
    seen = ok(anybody.get(f"/v1/shared/{done['share_id']}"))
    assert (seen["track"]["artist_name"], seen["track"]["source_url"]) == ("An artist", "")
    assert seen["best_part"] == done["best_part"]
