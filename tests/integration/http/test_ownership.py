"""What is not yours is not there: every route that names something of somebody's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.http.description import Operation, operations
from tests.integration.http.lively import IDS, Lively, lively
from tests.integration.http.people import (
    FORM,
    TRACK,
    Person,
    assignment,
    join,
    join_as_artist,
    join_as_reviewer,
    review,
    submit_and_pay,
)
from tests.integration.http.realistic import bodies
from tests.integration.http.service import ADMIN, Json, Service, ok, problem
from tests.integration.markets import Markets

OPEN = {
    "GET /v1/shared/{share_id}",
    "PUT /v1/password-resets/{token}",
    "GET /v1/oauth/{provider}",
    "GET /v1/oauth/{provider}/callback",
}
"""What names something and asks for no session: the id itself is the secret, or there is none."""

UNKNOWN = "01m81hj1xe5z4bby0f3ywyt5p0"
BY_CHANCE = {"date", "connection"}
"""Headers of the moment: a connection may close when a refusal overtakes the body."""

PROBLEM = {"type", "title", "status", "detail"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def market(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lively]:
    """A lively market that nothing here may change."""
    folder = tmp_path_factory.mktemp("ownership")
    if request.param == "sqlite":
        with lively(f"sqlite:///{folder / 'market.db'}", folder) as found:
            yield found
        return
    markets: Markets = request.getfixturevalue("markets")
    with markets.lend() as url, lively(url, folder) as found:
        yield found


@pytest.fixture(scope="module")
def eve(market: Lively) -> Person:
    """Somebody with every profile, to whom nothing here belongs."""
    person = join_as_reviewer(market.service, "eve@example.com", "Eve")
    ok(person.put("/v1/me/artist", {"artist_name": "Eve", "genres": ["salsa"]}))
    return person


def naming(http: httpx.Client) -> list[Operation]:
    """Every operation that names something, those apart whose ids are secrets themselves."""
    found = [one for one in operations(http) if one.named]
    assert {str(one) for one in found if one.is_open} == OPEN, "this asks for no session"
    assert len(found) > 25
    return [one for one in found if not one.is_open]


def is_administration(operation: Operation) -> bool:
    return operation.path.startswith("/v1/admin/") or operation.path.endswith("/plan")


def answer(
    http: httpx.Client, operation: Operation, market: Lively, place: dict[str, str]
) -> tuple[int, Json, dict[str, str]]:
    """Tell all that somebody learns who asks for what is at *place*."""
    said = bodies(operation, market)
    body = json.dumps(said[0]).encode() if said else b""
    path = operation.path.format_map(place)
    told = http.request(operation.method, path, content=body)
    headers = {name: value for name, value in told.headers.items() if name not in BY_CHANCE}
    return told.status_code, told.json(), headers


def foreign(market: Lively, operation: Operation, user_id: str | None) -> list[dict[str, str]]:
    """Tell what may stand in the path that is not the user's."""
    pools = []
    for name in operation.named:
        rows = market.ids(name)
        mine = {one for one, owner in rows if owner == user_id}
        pools.append([(name, one) for one in sorted({one for one, _ in rows} - mine)])
    assert all(pools), f"nothing foreign is known for {operation}"
    return [dict(place) for place in itertools.product(*pools)]


def refuse_alike(
    market: Lively, http: httpx.Client, user_id: str | None, *, every: int = 1
) -> Iterator[tuple[Operation, int, Json]]:
    """Ask for what is foreign and for what is not there, and tell the one answer to both."""
    for operation in naming(http):
        before = market.rows()
        unknown = answer(http, operation, market, dict.fromkeys(operation.named, UNKNOWN))
        for place in foreign(market, operation, user_id)[::every]:
            assert answer(http, operation, market, place) == unknown, f"{operation} at {place}"
        assert market.rows() == before, f"{operation} has changed something"
        yield operation, unknown[0], unknown[1]


def require_refused(operation: Operation, status: int, told: Json) -> None:
    assert set(told) == PROBLEM, "nothing tells why it is not there"
    expected = (403, "not-admin") if is_administration(operation) else (404, "not-found")
    assert (status, told["type"].rpartition("/")[2]) == expected, str(operation)


def test_what_is_foreign_looks_as_if_it_were_not_there(market: Lively, eve: Person) -> None:
    for operation, status, told in refuse_alike(market, eve.http, eve.user["id"]):
        require_refused(operation, status, told)


@pytest.mark.parametrize("role", ["vega", "leo", "newcomer"])
def test_a_profile_or_things_of_ones_own_open_nothing_of_other_peoples(
    market: Lively, role: str
) -> None:
    person: Person = getattr(market, role)
    for operation, status, told in refuse_alike(market, person.http, person.user["id"], every=5):
        require_refused(operation, status, told)


def test_without_a_session_nothing_tells_what_is_there(market: Lively) -> None:
    with market.service.caller() as nobody:
        for operation, status, told in refuse_alike(market, nobody, None, every=5):
            assert (status, told["type"].rpartition("/")[2]) == (401, "not-signed-in"), operation


def test_an_administrator_is_nobodys_artist_or_reviewer(market: Lively) -> None:
    admin = market.admin
    for operation in naming(admin.http):
        if not is_administration(operation):
            before = market.rows()
            for place in foreign(market, operation, admin.user["id"])[::5]:
                status, told, _ = answer(admin.http, operation, market, place)
                require_refused(operation, status, told)
            assert market.rows() == before, f"{operation} has changed something"


def test_no_list_shows_what_is_foreign(market: Lively, eve: Person) -> None:
    ids = {one for name in IDS for one, owner in market.ids(name) if owner != eve.user["id"]}
    looked = [
        one
        for one in operations(eve.http)
        if one.method == "get" and not one.named and not is_administration(one)
    ]
    assert len(looked) > 8
    for operation in looked:
        shown = eve.get(operation.path).text
        assert [one for one in ids if one in shown] == [], str(operation)


def test_a_review_is_the_artists_only_once_it_is_completed(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    track = submit_and_pay(artist)
    review_id = assignment(reviewer)["review_id"]

    problem(artist.get(f"/v1/reviews/{review_id}"), 404, "not-found")
    assert ok(artist.get(f"/v1/tracks/{track['id']}/reviews"))["items"] == []
    assert ok(reviewer.get(f"/v1/reviews/{review_id}"))["status"] == "ASSIGNED"
    review(reviewer)

    assert ok(artist.get(f"/v1/reviews/{review_id}"))["timestamps"] == FORM["timestamps"]


def test_everything_that_is_not_open_asks_for_a_session(standing: Service) -> None:
    with standing.caller() as nobody:
        closed = [one for one in operations(nobody) if not one.is_open]
        assert len(closed) > 45
        for operation in closed:
            answer = nobody.request(operation.method, operation.at())
            problem(answer, 401, "not-signed-in")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_administration_is_for_verified_administrators(light: Service) -> None:
    person = join(light, "eve@example.com")
    for operation in operations(person.http):
        if operation.path.startswith("/v1/admin/") or operation.path.endswith("/plan"):
            answer = person.http.request(operation.method, operation.at())
            problem(answer, 403, "not-admin")


def test_an_administrators_address_is_worth_nothing_until_it_is_proven(light: Service) -> None:
    claimed = join(light, ADMIN, verified=False)
    problem(claimed.get("/v1/admin/users"), 403, "not-admin")
    assert ok(claimed.get("/v1/me"))["is_admin"] is False

    token = light.mailed_token(ADMIN)
    ok(claimed.post("/v1/email-verifications", {"token": token}), 204)

    assert ok(claimed.get("/v1/me"))["is_admin"] is True
    ok(claimed.get("/v1/admin/users"))


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/tracks", "artist-profile-required"), ("/v1/queue", "reviewer-profile-required")],
)
def test_a_role_that_one_does_not_have_is_forbidden(light: Service, path: str, name: str) -> None:
    problem(join(light, "new@example.com").get(path), 403, name)


def test_nobody_submits_before_the_address_is_proven(light: Service) -> None:
    artist = join(light, "nova@example.com", verified=False)
    ok(artist.put("/v1/me/artist", {"artist_name": "Nova", "genres": []}))

    answer = artist.post("/v1/tracks", TRACK)

    problem(answer, 403, "email-not-verified")
