"""Titles that an artist leaves to the platform of his link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.oembed import OEmbedLinks
from reviewcore.bootstrap import deploy
from reviewcore.ports.links import LinkFacts, NoLinks
from reviewcore.settings import settings_from
from tests.integration.http.people import TRACK, join_as_artist
from tests.integration.http.service import PASSWORD, Json, Service, ok, problem, served

FIRST_LIGHT = LinkFacts(title="First Light by The Samples", duration_seconds=185)


class Told:
    """Platforms that say the same of every link, and remember which they were asked of."""

    def __init__(self) -> None:
        self.facts: LinkFacts | None = FIRST_LIGHT
        self.asked: list[str] = []

    def describe(self, source_url: str, /) -> LinkFacts | None:
        self.asked.append(source_url)
        return self.facts


@pytest.fixture
def links() -> Told:
    return Told()


@pytest.fixture
def service(tmp_path: Path, links: Told) -> Iterator[Service]:
    with served(f"sqlite:///{tmp_path / 'market.db'}", tmp_path, links=links) as service:
        yield service


def untitled(**changes: Json) -> Json:
    track = {name: told for name, told in TRACK.items() if name != "source_type"}
    return {**track, "title": "", **changes}


def test_an_untitled_track_is_called_what_its_platform_says(service: Service, links: Told) -> None:
    nova = join_as_artist(service, "nova@example.com")

    track = ok(nova.post("/v1/tracks", untitled()), 201)
    other = ok(nova.post("/v1/tracks", untitled(title=" \t", duration=90)), 201)

    assert (track["title"], track["duration"]) == (FIRST_LIGHT.title, 185)
    assert (other["title"], other["duration"]) == (FIRST_LIGHT.title, 90)
    assert links.asked == [TRACK["source_url"]] * 2


def test_what_the_artist_says_is_asked_of_nobody(service: Service, links: Told) -> None:
    nova = join_as_artist(service, "nova@example.com")

    track = ok(nova.post("/v1/tracks", untitled(title="Mine")), 201)

    assert (track["title"], track["duration"]) == ("Mine", None)
    assert links.asked == []


def test_where_nobody_tells_the_title_is_missing_as_ever(service: Service, links: Told) -> None:
    links.facts = None
    nova = join_as_artist(service, "nova@example.com")

    told = problem(nova.post("/v1/tracks", untitled()), 422, "invalid-text")

    assert told["field"] == "title"
    assert ok(nova.get("/v1/tracks"))["items"] == []


def test_a_link_that_is_refused_is_asked_of_nobody(service: Service, links: Told) -> None:
    nova = join_as_artist(service, "nova@example.com")

    told = untitled(source_url="https://soundcloud.com.evil.io/a/b")

    problem(nova.post("/v1/tracks", told), 422, "invalid-source-url")
    assert links.asked == []


@pytest.mark.parametrize("later", [None, LinkFacts(title="Renamed")])
def test_a_repeat_is_told_the_first_title_whatever_the_platform_says_now(
    service: Service, links: Told, later: LinkFacts | None
) -> None:
    nova = join_as_artist(service, "nova@example.com")
    first = ok(nova.post("/v1/tracks", untitled(), key="once"), 201)
    links.facts = later

    again = ok(nova.post("/v1/tracks", untitled(), key="once"), 201)

    assert again == first
    assert len(ok(nova.get("/v1/tracks"))["items"]) == 1
    changed = untitled(genres=["house"])
    problem(nova.post("/v1/tracks", changed, key="once"), 409, "idempotency-key-reused")


def test_a_first_track_may_be_untitled(service: Service, links: Told) -> None:
    told = untitled(email="lyra@example.com", password=PASSWORD, artist_name="Lyra")
    with service.caller() as anybody:
        wanted = ok(anybody.post("/v1/get-feedback", json=told), 201)
        links.facts = None
        problem(
            anybody.post("/v1/get-feedback", json={**told, "email": "a@example.com"}),
            422,
            "invalid-text",
        )

    assert (wanted["track"]["title"], wanted["track"]["duration"]) == (FIRST_LIGHT.title, 185)


@pytest.mark.parametrize(("told", "kind"), [("on", OEmbedLinks), ("off", NoLinks), ("", NoLinks)])
def test_a_deployment_asks_if_it_is_told_to(tmp_path: Path, told: str, kind: type) -> None:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path / 'market.db'}",
        "REVIEWCORE_SANDBOX_FILE": str(tmp_path / "bank.db"),
        "REVIEWCORE_FILES_URL": f"file:{tmp_path / 'uploads'}",
        "REVIEWCORE_OEMBED": told,
    }
    settings = settings_from(environ, default_base_url="http://127.0.0.1:8000")

    with deploy(settings) as deployment:
        assert isinstance(deployment.app.links, kind)
        # Of this one nobody is asked.
        assert deployment.app.links.describe("https://sample.bandcamp.com/track/a") is None
