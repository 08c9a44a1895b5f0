"""What is posted to the market as Stripe's: fifty times at once, or forged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.testing.stripe.signing import signature
from reviewcore.usecases import CheckLaws, check_laws
from tests.integration.http.people import Person, join_as_artist
from tests.integration.http.service import Json, ok
from tests.integration.races.world import race
from tests.integration.stripe.adapter.peers import CONNECT_SECRET, WEBHOOK_SECRET
from tests.integration.stripe.recovery.site import Site, site_at

DUPLICATES = 50
COMPLETED = "checkout.session.completed"


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site_at(request.getfixturevalue("market_url"), tmp_path) as made:
        yield made


def a_paid_session(site: Site) -> tuple[Person, Json, str]:
    """Have a session paid of which nobody was told; return its event, too."""
    artist = join_as_artist(site.service, "nova@example.com")
    checkout = site.checkout(artist)
    site.server.webhooks.hold()
    site.server.pay(checkout["session_id"])
    (event,) = site.events(COMPLETED)
    return artist, checkout, event


def events_told(site: Site, kind: str) -> int:
    with site.deployment.app.store.read() as tx:
        return sum(one.type == kind for one in tx.events.all())


def test_fifty_duplicates_at_once_act_once(site: Site) -> None:
    artist, checkout, event = a_paid_session(site)
    signed = site.server.webhooks.signed(event)

    answers = race([lambda: site.post_event(signed.body, signed.header)] * DUPLICATES)
    race([site.deployment.app.run_pending] * 2)

    assert answers == [200] * DUPLICATES
    with site.deployment.app.store.read() as tx:
        kept = [one for one in tx.inbox.all() if one.type == COMPLETED]
    assert [(one.id, one.is_handled) for one in kept] == [(event, True)]
    assert events_told(site, "PaymentCompleted") == 1
    with site.deployment.app.store.read() as tx:
        assert [one.total_spent for one in tx.artists.all()] == [495]
    assert ok(artist.get(f"/v1/tracks/{checkout['track']['id']}"))["status"] == "QUEUED"
    assert site.deployment.app.ask(check_laws, CheckLaws()) == ()


def test_what_stripe_did_not_sign_now_is_refused_and_changes_nothing(site: Site) -> None:
    _, _, event = a_paid_session(site)
    webhooks, now = site.server.webhooks, int(time.time())
    body, header = webhooks.signed(event).body, webhooks.signed(event).header
    live = json.dumps({**json.loads(body), "livemode": True}).encode()

    def signed(content: bytes, secret: str = WEBHOOK_SECRET, *, at: int = now) -> tuple[bytes, str]:
        return content, signature(content, secrets=(secret,), at=at)

    before = _rows(site)
    answers = {
        "corrupted": webhooks.corrupt(event),
        "replayed old": site.post_event(*signed(body, at=now - 3_600)),
        "future": site.post_event(*signed(body, at=now + 3_600)),
        "wrong secret": site.post_event(*signed(body, "whsec_of_somebody_else")),
        "other endpoint's secret": site.post_event(*signed(body, CONNECT_SECRET)),
        "other endpoint": site.post_event(body, header, path="stripe-connect"),
        "wrong mode": site.post_event(*signed(live)),
        "no event": site.post_event(*signed(b"[]")),
        "not signed": site.post_event(body, None),
        "unreadable signature": site.post_event(body, "t=now,v1=yes"),
    }

    assert answers == dict.fromkeys(answers, 400)
    assert _rows(site) == before
    # A control: as it was sent it is taken.
    assert site.post_event(*signed(body)) == 200
    assert _rows(site) != before


def _rows(site: Site) -> dict[str, int]:
    with site.deployment.app.store.read() as tx:
        return {
            "inbox": sum(1 for _ in tx.inbox.all()),
            "events": sum(1 for _ in tx.events.all()),
            "postings": sum(1 for _ in tx.ledger.all()),
        }
