"""Stripe is slow or away: whoever needs it waits or is told so, and nobody else notices."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reviewcore.testing.stripe import Fault, StripeServer
from reviewcore.worker import Worker
from tests.integration.http.people import (
    FORM,
    Person,
    assignment,
    join_as_artist,
    join_as_reviewer,
    listen,
    submit,
)
from tests.integration.http.service import PASSWORD, Json, ok
from tests.integration.stripe.adapter.peers import API_KEY, LEAKED
from tests.integration.stripe.recovery.site import (
    Site,
    environment,
    free_port,
    prepare_database,
    site_at,
    wait_until_alive,
)
from tests.integration.warm import Program, Warm

WAITING = 24
"""How many artists wait for Stripe at once: more than there are threads that may wait for it."""

BEATS = 150
STALL_SECONDS = 60.0
PROMPT_SECONDS = 12.0
"""Less than the 20 s for which each artist waits."""

TRIES_MAX = 4
SLOWER_MAX = 5.0
"""Twice is what is promised of a machine of one's own, and what is printed; a machine that does
other things as well jumps, so that the test bounds it by more."""


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site_at(request.getfixturevalue("market_url"), tmp_path) as made:
        yield made


def a_listener(site: Site) -> tuple[Person, Person, str]:
    """Have an artist, and a reviewer who listens to something of his."""
    artist = join_as_artist(site.service, "nova@example.com")
    reviewer = join_as_reviewer(site.service, "rea@example.com")
    checkout = site.checkout(artist)
    site.server.pay(checkout["session_id"])
    site.server.webhooks.wait()
    review_id: str = assignment(reviewer)["review_id"]
    listen(reviewer, review_id)
    return artist, reviewer, review_id


def p99_of(act: Callable[[], object]) -> float:
    """Measure how long all but one in a hundred take at most, in seconds."""
    times = []
    for _ in range(BEATS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) * 99 // 100 - 1]


@contextmanager
def artists_who_wait(site: Site, artist: Person) -> Iterator[None]:
    """Have many at the door of a Stripe that executes and says nothing."""
    tracks = [submit(artist) for _ in range(WAITING)]
    sessions = len(site.server.objects("checkout.session"))
    site.server.plan(Fault.STALL, "/v1/checkout/sessions", times=WAITING, seconds=STALL_SECONDS)

    def ask(track: Json) -> int:
        with site.service.caller(token=artist.http.headers["authorization"].split()[1]) as own:
            return own.post(f"/v1/tracks/{track['id']}/checkout", json={}).status_code

    with ThreadPoolExecutor(WAITING) as pool:
        asked = [pool.submit(ask, track) for track in tracks]
        given_up_at = time.monotonic() + 20
        while len(site.server.objects("checkout.session")) < sessions + 16:
            assert time.monotonic() < given_up_at, "nobody waits"
            time.sleep(0.02)
        yield
        still_waiting = sum(not one.done() for one in asked)
        # Whoever waits is cut off, those behind him are told at once, and nobody needs a minute.
        with site.server.unreachable():
            answers = [one.result() for one in asked]
    assert still_waiting >= 16, "they waited all the time"
    assert set(answers) <= {200, 503}


def test_heartbeats_are_as_quick_while_artists_wait_for_a_slow_stripe(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    artist, reviewer, review_id = a_listener(site)

    def beat() -> None:
        ok(reviewer.post(f"/v1/reviews/{review_id}/heartbeat"))

    p99_of(beat)
    ratios: list[float] = []
    for _ in range(TRIES_MAX):
        normal = p99_of(beat)
        with artists_who_wait(site, artist):
            slow = p99_of(beat)
            # Nor does anybody else need Stripe.
            submit(artist)
        ratios.append(slow / normal)
        with capsys.disabled():
            print(
                f"\nheartbeat p99: {normal * 1000:.1f} ms, {slow * 1000:.1f} ms while {WAITING}"
                f" artists wait for Stripe: {slow / normal:.2f} times"
            )
        if ratios[-1] <= SLOWER_MAX / 2:
            break

    assert min(ratios) <= SLOWER_MAX


def test_whoever_needs_no_stripe_does_not_wait_for_a_slow_one(site: Site) -> None:
    artist, reviewer, review_id = a_listener(site)

    with artists_who_wait(site, artist), site.service.caller() as somebody:
        began = time.monotonic()
        submit(artist)
        credentials = {"email": artist.email, "password": PASSWORD}
        ok(somebody.post("/v1/sessions", json=credentials), 201)
        newcomer = {"email": "vega@example.com", "password": PASSWORD, "name": "Vega"}
        ok(somebody.post("/v1/users", json=newcomer), 201)
        ok(reviewer.post(f"/v1/reviews/{review_id}/complete", FORM))
        seconds = time.monotonic() - began

    assert seconds < PROMPT_SECONDS


def test_a_worker_who_waits_for_a_slow_stripe_still_sends_mails(site: Site) -> None:
    artist = join_as_artist(site.service, "nova@example.com")
    site.checkout(artist)
    site.server.plan(Fault.STALL, ".*", method="GET", nth=1, times=1_000, seconds=STALL_SECONDS)
    stop = threading.Event()
    worker = threading.Thread(target=Worker(site.deployment.app).run, args=(stop,))
    worker.start()
    try:
        given_up_at = time.monotonic() + PROMPT_SECONDS
        newcomer = {"email": "vega@example.com", "password": PASSWORD, "name": "Vega"}
        with site.service.caller() as somebody:
            ok(somebody.post("/v1/users", json=newcomer), 201)
        while not any("To: vega@" in one.read_text() for one in site.service.mails.glob("*.eml")):
            assert time.monotonic() < given_up_at, "no mail has come"
            time.sleep(0.05)
    finally:
        stop.set()
        site.server.clear_faults()
        with site.server.unreachable():
            worker.join()


def test_without_stripe_all_but_paying_goes_on_and_readiness_says_so(site: Site) -> None:
    artist, reviewer, review_id = a_listener(site)
    assert site.readiness() == "ok"

    with site.server.unreachable():
        track = submit(artist)
        refused = artist.post(f"/v1/tracks/{track['id']}/checkout", {})
        ok(reviewer.post(f"/v1/reviews/{review_id}/heartbeat"))
        delivered = ok(reviewer.post(f"/v1/reviews/{review_id}/complete", FORM))
        site.deployment.app.run_pending()
        away = site.readiness()
    paying = ok(artist.post(f"/v1/tracks/{track['id']}/checkout", {}))

    assert (refused.status_code, delivered["status"], away) == (503, "COMPLETED", "degraded")
    assert paying["session_id"] is not None
    assert site.readiness() == "ok"


# ── the command ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


@contextmanager
def serving(warm: Warm, folder: Path, port: int, settings: dict[str, str]) -> Iterator[Program]:
    """Run `reviewcore serve` without a worker, until the block ends."""
    kept = {name: told for name, told in os.environ.items() if "REVIEWCORE" not in name}
    process = warm.start(
        *("reviewcore", "serve", "--port", str(port), "--no-worker"),
        cwd=folder,
        env=kept | settings,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        finally:
            process.kill()


def told_to(folder: Path, stripe_url: str, port: int, **more: str) -> dict[str, str]:
    database = f"sqlite:///{folder / 'market.db'}"
    prepare_database(database)
    url = f"http://127.0.0.1:{port}"
    return environment(database, folder, stripe_url=stripe_url, url=url) | more


def test_it_is_served_degraded_while_stripe_is_out_of_reach(
    stripe: StripeServer, tmp_path: Path, warm: Warm
) -> None:
    port = free_port()
    settings = told_to(tmp_path, stripe.url, port)

    with stripe.unreachable(), serving(warm, tmp_path, port, settings):
        wait_until_alive(f"http://127.0.0.1:{port}")
        assert _ready(port) == "degraded"


def test_a_key_that_stripe_rejects_is_refused_in_one_line_that_names_the_setting(
    stripe: StripeServer, tmp_path: Path, warm: Warm
) -> None:
    port = free_port()
    rejected = API_KEY.replace("_test_", "_live_")
    settings = told_to(tmp_path, stripe.url, port, REVIEWCORE_STRIPE_API_KEY=rejected)

    with serving(warm, tmp_path, port, settings) as process:
        said, _ = process.communicate(timeout=60)

    assert process.returncode not in {0, None}
    (line,) = said.splitlines()
    assert "REVIEWCORE_STRIPE_API_KEY" in line
    assert LEAKED not in line


def _ready(port: int) -> str:
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", verify=False)
    return str(ok(answer)["status"])
