"""People who use a market over HTTP and repeat, under the same key, what nobody answered."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs
import httpx

from reviewcore.domain.genres import CATALOGUE
from reviewcore.testing.builders import GENRES
from tests.integration.http.people import FORM, TRACK

PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.2
TRACKS_MAX = 4
REASON = {"reason": "a crash"}
SLUG = next(genre.slug for genre in CATALOGUE if genre.id == GENRES[1])

Json = Any


@attrs.frozen(kw_only=True)
class Answered:
    """A POST under a key, and the answer that came in the end."""

    name: str
    path: str
    body: Json
    key: str
    status: int
    told: Json

    @property
    def is_done(self) -> bool:
        """Whether it was carried out, not refused."""
        return self.status < 300


class Client:
    """One person, signed in. What he asks is repeated until it is answered."""

    def __init__(self, base_url: str, *, token: str, name: str, serving: threading.Event) -> None:
        self._http = httpx.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        self._name = name
        self._serving = serving
        self.answers: list[Answered] = []
        self.repeats: Counter[str] = Counter()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, **query: Any) -> list[Json]:
        """Return the items of a list; none for a refusal."""
        answer = self._send("GET", path, params={"limit": 100, **query})
        return list(answer.json()["items"]) if answer.status_code == 200 else []

    def post(self, name: str, path: str, body: Json = None) -> Json:
        """Ask for something under a key of its own; return the answer, or None for a refusal."""
        key = f"{self._name}:{len(self.answers)}"
        answered = self._post(name, path, body, key=key)
        self.answers.append(answered)
        return answered.told if answered.is_done else None

    def again(self, answered: Answered) -> Answered:
        """Ask once more for what was answered, under the same key."""
        return self._post(answered.name, answered.path, answered.body, key=answered.key)

    def pay(self, url: str) -> None:
        """Pay at the bank's page."""
        answer = self._send("POST", urlsplit(url).path, data={"outcome": "pay"})
        assert answer.status_code == 303, answer.text

    def _post(self, name: str, path: str, body: Json, *, key: str) -> Answered:
        answer = self._send("POST", path, json=body, headers={"Idempotency-Key": key})
        return Answered(
            name=name,
            path=path,
            body=body,
            key=key,
            status=answer.status_code,
            told=answer.json(),
        )

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        given_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._http.request(method, path, **request)
            except httpx.ConnectError:
                why = "nobody there"
                self._serving.wait(PATIENCE_SECONDS)
            except httpx.TransportError:
                why = "cut off"
            else:
                assert answer.status_code != 500, f"{method} {path}: {answer.text}"
                if answer.status_code != 503:
                    return answer
                why = "unavailable"
            assert time.monotonic() < given_up_at, f"{method} {path}: {why}"
            self.repeats[why] += 1
            time.sleep(PAUSE_SECONDS)


# ── what they do, over and over ──────────────────────────────────────────────────────────────


def review(client: Client) -> None:
    """Listen to something and deliver; now and then withdraw."""
    rows = client.get("/v1/queue")
    if rows:
        path = f"/v1/reviews/{random.choice(rows)['review_id']}"
        if client.post("heartbeat", f"{path}/heartbeat") is not None:
            client.post("complete", f"{path}/complete", FORM)
    if random.random() < 0.5:
        client.post("withdraw", "/v1/payouts", random.choice(({}, {"amount_cents": 20})))


def deal(client: Client) -> None:
    """Buy reviews, change one's mind, or complain of one."""
    tracks = client.get("/v1/tracks")
    live = [one for one in tracks if one["status"] in {"QUEUED", "IN_PROGRESS"}]
    if len(live) < TRACKS_MAX:
        buy(client)
    chance = random.random()
    if live and chance < 0.2:
        client.post("cancel", f"/v1/tracks/{random.choice(live)['id']}/cancel")
    elif tracks and chance < 0.7:
        done = client.get(f"/v1/tracks/{random.choice(tracks)['id']}/reviews")
        unflagged = [one["id"] for one in done if not one["was_flagged"]]
        if unflagged:
            path = f"/v1/reviews/{random.choice(unflagged)}/flag"
            client.post("flag", path, {"reason": "low_effort"})


def buy(client: Client) -> None:
    """Submit a track, check it out and pay."""
    package = random.choice(("STARTER", "PRO"))
    track = client.post(
        "submit", "/v1/tracks", {**TRACK, "genres": [SLUG], "package_type": package}
    )
    page = client.post("checkout", f"/v1/tracks/{track['id']}/checkout", {})
    if page is not None and page["url"] is not None:
        client.pay(page["url"])


def rule(client: Client) -> None:
    """Judge flags, bar reviewers and let them review again, and close tracks."""
    for flag in client.get("/v1/admin/flags", status="OPEN"):
        verdict = random.choice(("uphold", "dismiss"))
        client.post(verdict, f"/v1/admin/flags/{flag['id']}/{verdict}", REASON)
    for reviewer in client.get("/v1/admin/reviewers", is_restricted="true"):
        client.post("unrestrict", f"/v1/admin/reviewers/{reviewer['id']}/unrestrict", REASON)
    if random.random() < 0.3:
        reviewer = random.choice(client.get("/v1/admin/reviewers"))
        client.post("restrict", f"/v1/admin/reviewers/{reviewer['id']}/restrict", REASON)
    live = client.get("/v1/admin/tracks", status="IN_PROGRESS")
    if live and random.random() < 0.3:
        client.post("close", f"/v1/admin/tracks/{random.choice(live)['id']}/refund", REASON)


class Crowd:
    """People who act at once, each in a thread, until they are told to stop."""

    def __init__(self, parts: list[tuple[Client, Callable[[Client], None]]]) -> None:
        self.clients = [client for client, _ in parts]
        self.failed: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=part) for part in parts]

    def start(self) -> None:
        """Let them act."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have all finish what they have begun."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def close(self) -> None:
        """Close all connections."""
        for client in self.clients:
            client.close()

    def _live(self, client: Client, act: Callable[[Client], None]) -> None:
        while not self._stop.is_set() and not self.failed:
            try:
                act(client)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
                self.failed.append(error)
            time.sleep(0.005)
