"""Whatever nonsense arrives, on whatever route, the answer is a problem document."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.integration.http.description import Operation, operations
from tests.integration.http.people import Person, join_as_artist, join_as_reviewer
from tests.integration.http.service import ADMIN, Service, ok, problem

BROKEN = {
    "no JSON": b"{",
    "an array": b"[]",
    "text": b'"text"',
    "a number": b"1",
    "null": b"null",
    "not UTF-8": b'{"a": "\xff"}',
    "NaN": b'{"a": NaN}',
    "a repeated name": b'{"a": 1, "a": 2}',
    "deep nesting": b"[" * 100_000,
    "a number without end": b'{"a": ' + b"9" * 5_000 + b"}",
    "half a surrogate pair": rb'{"a": "\ud800"}',
    "NUL": rb'{"a": "\u0000"}',
    "an unknown field": b'{"admin": true}',
}
ODD: dict[type, tuple[Any, ...]] = {
    int: (10**30, -(10**30), 2**63, -1),
    str: ("x" * 100_000, "", " ", "\u202e", "\n"),
}
WRONG: dict[str, Any] = {"integer": "1", "string": 1, "boolean": "true", "array": "a", "object": 1}


@pytest.fixture
def everybody(service: Service) -> Person:
    """Somebody who may call every route: artist, reviewer and administrator."""
    person = join_as_reviewer(service, ADMIN)
    ok(person.put("/v1/me/artist", {"artist_name": "Nova", "genres": ["techno"]}))
    return person


def send(person: Person, operation: Operation, body: bytes, path: str = "") -> httpx.Response:
    return person.http.request(
        operation.method,
        path or operation.at(),
        content=body,
        headers={"Content-Type": "application/json"},
    )


def changing(person: Person) -> list[Operation]:
    found = [one for one in operations(person.http) if one.method != "get"]
    assert len(found) > 30
    # Signing out would end the test.
    return [one for one in found if one.path != "/v1/sessions/current"]


def test_a_body_that_is_not_what_the_route_takes_is_refused(everybody: Person) -> None:
    for operation in changing(everybody):
        # Of what the processor says the signature is judged first, over the bytes as they came.
        name = "invalid-webhook" if "/webhooks/" in operation.path else "malformed-body"
        for body in BROKEN.values():
            problem(send(everybody, operation, body), 400, name)


def test_a_body_over_1_mib_is_refused(everybody: Person) -> None:
    for operation in changing(everybody):
        told = problem(send(everybody, operation, b" " * (1024 * 1024 + 1)), 413, "too-large")
        assert told["maximum_bytes"] == 1024 * 1024


def test_a_large_body_sent_in_pieces_is_refused_too(everybody: Person) -> None:
    pieces = (b" " * 65_536 for _ in range(64))

    answer = everybody.http.post("/v1/tracks", content=pieces)

    problem(answer, 413, "too-large")


def test_each_field_must_be_there_and_have_its_type(everybody: Person) -> None:
    tried = 0
    for operation in changing(everybody):
        good = operation.good_body()
        if good is None:
            continue
        for body in _spoilt(operation, good):
            told = problem(send(everybody, operation, json.dumps(body).encode()), 400)
            assert told["type"].endswith("/malformed-body"), (str(operation), body)
            tried += 1
    assert tried > 100


def _spoilt(operation: Operation, good: dict[str, Any]) -> list[dict[str, Any]]:
    schema = operation.body
    assert schema is not None
    spoilt = [{**good, "unknown": 1}]
    spoilt += [{k: v for k, v in good.items() if k != name} for name in schema.get("required", ())]
    for name, told in schema["properties"].items():
        found = operation.resolve(told.get("oneOf", [told])[0])
        spoilt.append({**good, name: WRONG[found["type"]]})
        spoilt.append({**good, name: {"a": 1} if found["type"] != "object" else []})
        if "oneOf" not in told:
            spoilt.append({**good, name: None})
        if "enum" in found:
            spoilt += [{**good, name: "IMPOSSIBLE"}, {**good, name: found["enum"][0].swapcase()}]
    return spoilt


def test_values_without_measure_are_refused_and_never_break_anything(everybody: Person) -> None:
    for operation in changing(everybody):
        good = operation.good_body() or {}
        for name, value in good.items():
            for odd in ODD.get(type(value), ()):
                body = json.dumps({**good, name: odd}).encode()
                answer = send(everybody, operation, body)
                assert answer.status_code < 500, (str(operation), name, answer.text)
                if answer.is_error or type(odd) is int or len(odd) > 10_000:
                    problem(answer, answer.status_code)
                    assert answer.is_client_error


def test_words_that_no_id_can_be_are_not_found(everybody: Person) -> None:
    for operation in operations(everybody.http):
        if "{" not in operation.path:
            continue
        body = json.dumps(operation.good_body() or {}).encode()
        for word in ("%00", "%0A", "a%20b", "%F0%9F%8E%B5", "a" * 1000, "'; --", "nothing"):
            answer = send(everybody, operation, body, operation.at(word))
            # What is wrong with the body may be told first.
            problem(answer, 404 if answer.status_code != 422 else 422)


def test_pages_have_limits_and_their_own_cursors(everybody: Person) -> None:
    lists = [one for one in operations(everybody.http) if one.is_list]
    assert len(lists) > 8
    track = ok(
        everybody.post(
            "/v1/tracks",
            {"source_url": "https://soundcloud.com/a/b", "title": "T", "genres": ["techno"],
             "package_type": "STARTER"},
        ),
        201,
    )  # fmt: skip
    for operation in lists:
        path = operation.at(track["id"])
        for limit in ("0", "101", "-1", "x", "1.5", "9" * 30, ""):
            problem(everybody.get(path, limit=limit), 400, "malformed-parameter")
        for cursor in ("x", "a b", "%%%", "é", "AAAA", "a" * 500):
            assert everybody.get(path, cursor=cursor).status_code == 400, (path, cursor)
        ok(everybody.get(path, limit=100))


def test_unknown_routes_and_methods_are_problems_too(standing: Service) -> None:
    with standing.caller() as anybody:
        problem(anybody.get("/v1/nothing"), 404, "not-found")
        problem(anybody.get("/-/openapi.json"), 404, "not-found")
        told = anybody.put("/v1/genres")
        problem(told, 405, "method-not-allowed")
        assert "GET" in told.headers["allow"]


@pytest.mark.parametrize(
    "path",
    ["/checkout/return?session_id=%00", "/verify-email?token=%00%FF", "/s/%00", "/v1/shared/%FF"],
)
def test_nonsense_at_the_open_doors_breaks_nothing(service: Service, path: str) -> None:
    with service.caller() as anybody:
        assert anybody.get(path).status_code in {200, 404}


def test_what_the_rules_refuse_is_told_with_its_numbers(light: Service) -> None:
    artist = join_as_artist(light, "nova@example.com")
    told = problem(
        artist.post(
            "/v1/tracks",
            {"source_url": "https://soundcloud.com.evil.example/a/b", "title": "T",
             "genres": ["techno"], "package_type": "STARTER"},
        ),
        422,
        "invalid-source-url",
    )  # fmt: skip
    assert told["reason"]
    told = problem(artist.put("/v1/me/reviewer", {"genres": ["techno"], "country": "DE"}), 422)
    assert (told["field"], told["minimum"], told["maximum"]) == ("genres", 3, 5)
