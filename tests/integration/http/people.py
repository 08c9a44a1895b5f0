"""How strangers walk through the market: nothing here knows more than the routes."""

from __future__ import annotations

import time
from typing import Any

import attrs
import httpx

from tests.integration.http.service import PASSWORD, Json, Service, ok

GENRES = ["techno", "house", "deep-house"]
RIGHT = {"0": 1, "1": 0, "2": 2, "3": 1}

FORM: dict[str, Any] = {
    "first_impression": "STRONG_HOOK",
    "production_score": 4,
    "vocal_score": None,
    "originality_score": 5,
    "would_listen_again": True,
    "would_add_to_playlist": True,
    "would_share": False,
    "would_follow": True,
    "perceived_genre": "Techno",
    "similar_artists": "Nobody",
    "best_part": "The <b>bass</b> drops right after the quiet middle part",
    "best_part_timestamp": 62,
    "weakest_part": "The second breakdown runs too long for me",
    "weakest_timestamp": 148,
    "additional_notes": "Thank you",
    "next_actions": "Shorten it",
    "addressed_artist_note": "YES",
    "timestamps": [{"seconds": 61, "note": "Here it comes"}],
}

TRACK: dict[str, Any] = {
    "source_url": "https://soundcloud.com/nova/night-drive",
    "title": "Night Drive",
    "genres": ["techno"],
    "package_type": "STARTER",
    "source_type": "SOUNDCLOUD",
    "feedback_focus": "Is it too long?",
}


@attrs.frozen(kw_only=True)
class Person:
    """Somebody signed in."""

    service: Service
    email: str
    user: Json
    http: httpx.Client

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, body: Json = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self.http.post(path, json=body, headers=headers)

    def put(self, path: str, body: Json = None) -> httpx.Response:
        return self.http.put(path, json=body)


def join(service: Service, email: str, *, name: str = "", verified: bool = True) -> Person:
    """Sign up, prove the address by the mailed token, and sign in."""
    with service.caller() as nobody:
        user = ok(
            nobody.post("/v1/users", json={"email": email, "password": PASSWORD, "name": name}),
            201,
        )
        if verified:
            token = service.mailed_token(email)
            ok(nobody.post("/v1/email-verifications", json={"token": token}), 204)
        signed = ok(nobody.post("/v1/sessions", json={"email": email, "password": PASSWORD}), 201)
    return Person(
        service=service, email=email, user=user, http=service.caller(token=signed["token"])
    )


def join_as_artist(service: Service, email: str, name: str = "Nova") -> Person:
    artist = join(service, email, name=name)
    ok(artist.put("/v1/me/artist", {"artist_name": name, "genres": ["techno"]}))
    return artist


def join_as_reviewer(service: Service, email: str, name: str = "Rea") -> Person:
    reviewer = join(service, email, name=name)
    ok(reviewer.put("/v1/me/reviewer", {"genres": GENRES, "country": "DE"}))
    assert "answer" not in ok(reviewer.get("/v1/me/reviewer/quiz"))["questions"][0]
    told = ok(reviewer.post("/v1/me/reviewer/quiz", {"answers": RIGHT}))
    assert told == {"score": 4, "passed": True}
    assert ok(reviewer.post("/v1/me/reviewer/onboarding"))["completed_onboarding"] is True
    return reviewer


def submit(artist: Person, **changes: Any) -> Json:
    return ok(artist.post("/v1/tracks", {**TRACK, **changes}), 201)


def pay(artist: Person, track: Json) -> str:
    """Check out and pay at the bank's page; returns the session."""
    checkout = ok(artist.post(f"/v1/tracks/{track['id']}/checkout", {}))
    assert checkout["status"] == "PENDING_PAYMENT"
    with artist.service.caller() as browser:
        paid = browser.post(checkout["url"], data={"outcome": "pay"})
    assert paid.status_code == 303
    assert "/checkout/return" in paid.headers["location"]
    session: str = checkout["session_id"]
    return session


def submit_and_pay(artist: Person, **changes: Any) -> Json:
    track = submit(artist, **changes)
    session = pay(artist, track)
    assert ok(artist.get(f"/v1/checkouts/{session}"))["status"] == "PAID"
    return track


def assignment(reviewer: Person) -> Json:
    """Let the market assign, and return the only line of the queue."""
    reviewer.service.app.run_pending()
    [row] = ok(reviewer.get("/v1/queue"))["items"]
    return row


def listen(reviewer: Person, review_id: str) -> None:
    path = f"/v1/reviews/{review_id}/heartbeat"
    beat = ok(reviewer.post(path))
    while not beat["minimum_reached"]:
        time.sleep(0.3)
        beat = ok(reviewer.post(path))
    assert beat["listen_duration"] >= beat["minimum_listen_seconds"]
    assert beat["status"] == "IN_PROGRESS"


def review(reviewer: Person) -> Json:
    """Take the only assignment, listen, and deliver."""
    review_id = assignment(reviewer)["review_id"]
    listen(reviewer, review_id)
    return ok(reviewer.post(f"/v1/reviews/{review_id}/complete", FORM))
