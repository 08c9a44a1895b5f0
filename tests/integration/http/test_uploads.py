from __future__ import annotations

import io
import math
import struct
import wave

import httpx
import pytest

from tests.integration.http.people import FORM, Person, join, join_as_artist, join_as_reviewer, pay
from tests.integration.http.people import review as write_review
from tests.integration.http.service import ADMIN, Json, Service, ok, problem


def a_tone(seconds: int = 3) -> bytes:
    rate = 8_000
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        for number in range(rate * seconds):
            sound.writeframesraw(struct.pack("<h", int(9_000 * math.sin(number / 3))))
    return made.getvalue()


TONE = a_tone()


def announce(artist: Person, content: bytes = TONE, **changes: Json) -> httpx.Response:
    told = {"filename": "demo.wav", "content_type": "audio/wav", "content_length": len(content)}
    return artist.post("/v1/uploads", told | changes)


def put(service: Service, url: str, content: bytes = TONE) -> httpx.Response:
    # Whoever has the address needs no session.
    with service.caller() as anybody:
        return anybody.put(url, content=content, headers={"Content-Type": "audio/wav"})


def uploaded(artist: Person, content: bytes = TONE) -> Json:
    told = ok(announce(artist, content), 201)
    ok(put(artist.service, told["upload_url"], content), 204)
    return told


def submit(artist: Person, source_url: str, **changes: Json) -> httpx.Response:
    told = {"source_url": source_url, "title": "Demo", "genres": ["techno"]}
    return artist.post("/v1/tracks", {**told, "package_type": "STARTER", **changes})


def heard(service: Service, address: str) -> bytes:
    with service.caller() as player:
        answer = player.get(address, headers={"Range": "bytes=0-43"})
    assert (answer.status_code, answer.headers["content-type"]) == (206, "audio/wav")
    return answer.content


def test_an_upload_is_heard_by_its_artist_and_reviewers_and_who_judges_them(
    light: Service,
) -> None:
    nova, rea = join_as_artist(light, "nova@example.com"), join_as_reviewer(light, "r@example.com")
    admin, vega = join(light, ADMIN), join_as_artist(light, "vega@example.com")
    source = uploaded(nova)["source_url"]
    track = ok(submit(nova, source, duration=100, source_type="UPLOAD"), 201)
    assert (track["source_type"], track["duration"]) == ("UPLOAD", 3)
    pay(nova, track)
    light.app.run_pending()

    [row] = ok(rea.get("/v1/queue"))["items"]
    review = ok(rea.get(f"/v1/reviews/{row['review_id']}"))

    own = ok(nova.get(f"/v1/tracks/{track['id']}"))["listen_url"]
    for address in (row["track"]["source_url"], review["source_url"], own):
        assert address != source
        assert heard(light, address) == TONE[:44]
    with light.caller() as anybody:
        problem(anybody.get(source), 404)
    path = f"/v1/reviews/{row['review_id']}"
    for other in (nova, vega, admin):
        problem(other.get(path), 404)

    write_review(rea)

    assert ok(rea.get(path))["source_url"] is None
    assert heard(light, ok(nova.get(path))["source_url"]) == TONE[:44]
    for other in (vega, admin):
        problem(other.get(path), 404)

    ok(nova.post(f"{path}/flag", {"reason": "spam"}))
    [flag] = ok(admin.get("/v1/admin/flags"))["items"]
    case = ok(admin.get(f"/v1/admin/flags/{flag['id']}"))
    assert case["flag"] == flag
    assert case["track"]["id"] == track["id"]
    assert case["review"]["best_part"] == FORM["best_part"]
    assert heard(light, case["review"]["source_url"]) == TONE[:44]


def test_a_file_that_is_not_there_yet_can_still_come(light: Service) -> None:
    nova = join_as_artist(light, "nova@example.com")
    told = ok(announce(nova), 201)

    problem(submit(nova, told["source_url"]), 409, "upload-missing")
    ok(put(light, told["upload_url"]), 204)

    ok(submit(nova, told["source_url"]), 201)


def test_a_file_that_is_no_music_is_refused(light: Service) -> None:
    nova = join_as_artist(light, "nova@example.com")
    source = uploaded(nova, b"<html><script>alert(1)</script>")["source_url"]

    refusal = problem(submit(nova, source), 422, "upload-refused")

    assert refusal["reason"] == "cannot be decoded as WAV"


def test_a_track_is_mended_by_an_upload(light: Service) -> None:
    nova = join_as_artist(light, "nova@example.com")
    track = ok(submit(nova, "https://soundcloud.com/nova/demo"), 201)

    path, source = f"/v1/tracks/{track['id']}", uploaded(nova)["source_url"]
    mended = ok(nova.http.patch(path, json={"source_url": source}))

    assert (mended["source_type"], mended["duration"]) == ("UPLOAD", 3)


def test_uploads_of_others_and_of_nobody_are_not_there(light: Service) -> None:
    nova, vega = (join_as_artist(light, f"{name}@example.com") for name in ("nova", "vega"))
    source = uploaded(nova)["source_url"]

    problem(submit(vega, source), 404)
    problem(submit(vega, f"{source}x"), 404)
    problem(submit(vega, f"{source}/../x"), 422)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"content_type": "text/html"}, "unknown-audio-type"),
        ({"content_length": 0}, "out-of-range"),
        ({"content_length": 25 * 1024 * 1024 + 1}, "out-of-range"),
        ({"filename": "a\nb"}, "invalid-text"),
    ],
)
def test_what_can_be_no_track_is_not_taken(
    light: Service, changes: dict[str, Json], name: str
) -> None:
    nova = join_as_artist(light, "nova@example.com")

    problem(announce(nova, **changes), 422, name)
