"""What is not yours is not there: every route that names something of somebody's."""

from __future__ import annotations

import json

import pytest

from tests.integration.http.description import Operation, operations
from tests.integration.http.people import (
    FORM,
    TRACK,
    Person,
    assignment,
    join,
    join_as_artist,
    join_as_reviewer,
    pay,
    review,
    submit,
    submit_and_pay,
)
from tests.integration.http.service import ADMIN, Json, Service, ok, problem

BODIES: dict[str, Json] = {
    "/v1/tracks/{track_id}": {"source_url": "https://soundcloud.com/nova/other"},
    "/v1/reviews/{review_id}/complete": FORM,
    "/v1/reviews/{review_id}/rating": {"rating": 5},
    "/v1/reviews/{review_id}/flag": {"reason": "spam"},
}
ROLES = {"/v1/tracks/{track_id}/plan"}
"""Routes whose role and not whose ownership protects them."""


def owned(anybody: Person) -> list[Operation]:
    return [
        one
        for one in operations(anybody.http)
        if "{" in one.path
        and not one.is_open
        and one.path not in ROLES
        and not one.path.startswith("/v1/admin/")
    ]


def attempt(intruder: Person, operation: Operation, identifier: str) -> None:
    body = BODIES.get(operation.path)
    answer = intruder.http.request(
        operation.method,
        operation.at(identifier),
        content=json.dumps(body).encode() if body is not None else b"",
    )
    told = problem(answer, 404, "not-found")
    assert set(told) == {"type", "title", "status", "detail"}, "nothing tells why it is not there"


def test_foreign_ids_are_not_found(service: Service) -> None:
    artist = join_as_artist(service, "nova@example.com")
    reviewer = join_as_reviewer(service, "rea@example.com")
    intruder = join_as_reviewer(service, "eve@example.com")
    ok(intruder.put("/v1/me/artist", {"artist_name": "Eve", "genres": ["salsa"]}))
    ok(intruder.put("/v1/me/reviewer", {"genres": ["salsa", "tango", "samba"], "country": "DE"}))
    track = submit(artist)
    session = pay(artist, track)
    ok(artist.get(f"/v1/checkouts/{session}"))
    done = review(reviewer)
    service.app.run_pending()
    payout = ok(reviewer.post("/v1/payouts", {"method": "MANUAL", "destination": "cash"}), 201)
    ids = {
        "track_id": track["id"],
        "session_id": session,
        "review_id": done["id"],
        "payout_id": payout["id"],
    }

    tried = set()
    for operation in owned(intruder):
        name = operation.path[operation.path.index("{") + 1 : operation.path.index("}")]
        attempt(intruder, operation, ids[name])
        attempt(intruder, operation, "01m81hj1xe5z4bby0f3ywyt5p0")
        tried.add(name)

    assert tried == set(ids)


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
