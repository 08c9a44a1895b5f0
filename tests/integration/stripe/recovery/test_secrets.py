"""No secret, and nothing of what is said to Stripe or by it, leaves by a side door."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.ids import ReviewerId, TrackId
from reviewcore.testing.stripe import Fault
from reviewcore.usecases import (
    ConfirmPayment,
    ConnectPayoutAccount,
    OpenCheckout,
    confirm_payment,
    connect_payout_account,
    open_checkout,
)
from tests.integration.http.people import Person, join_as_artist, join_as_reviewer, review, submit
from tests.integration.http.service import Json, ok
from tests.integration.stripe.adapter.peers import LEAKED
from tests.integration.stripe.recovery.leaks import client_secrets, found_in, kept, lines, words
from tests.integration.stripe.recovery.site import Site, site_at

BODIES = ('"object"', "livemode", "client_secret", "_secret_", "unit_amount", "line_items", "<html")
"""What stands in requests to Stripe or in its answers, and is no word of ours."""

FAULTS = (
    Fault.SERVER_ERROR,
    Fault.BAD_GATEWAY,
    Fault.RESET,
    Fault.HANG_UP,
    Fault.TRUNCATED,
    Fault.RATE_LIMITED,
    Fault.LOCK_TIMEOUT,
    Fault.FORBIDDEN,
    Fault.UNAVAILABLE,
)


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site_at(request.getfixturevalue("market_url"), tmp_path) as made:
        yield made


def test_nothing_confidential_is_told_logged_or_kept(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    artist = join_as_artist(site.service, "nova@example.com")
    reviewer = join_as_reviewer(site.service, "rea@example.com")

    links = _live(site, artist, reviewer)
    errors = _err(site, artist, reviewer)
    said = [_forged(site), repr(site.deployment), repr(site.settings), repr(site.deployment.stripe)]

    logged = "\n".join(lines(caplog)) + "".join(capfd.readouterr())
    # Controls: what was looked through is what it should be.
    assert "POST /v1/webhooks/stripe 200" in logged
    assert '"POST /v1/checkout/sessions HTTP/1.1" 200' in logged
    assert len(errors) >= 2 * len(FAULTS)
    places = {"log": logged, "errors": "\n".join(errors), "said": "\n".join(said), **kept(site)}
    assert "ProcessorUnavailable" in places["errors"]
    assert "checkout.session.completed" in places["stripe_webhook_events"]
    bearers = [one.http.headers["authorization"].split()[1] for one in (artist, reviewer)]
    links_made = [one for one in links if "http" in one]
    secrets = [LEAKED, *bearers, *client_secrets(site), *links_made, *BODIES]
    assert found_in(places, secrets) == []


def _live(site: Site, artist: Person, reviewer: Person) -> list[str]:
    """Have paid, reviewed, withdrawn and refunded; return the one-time links that were made."""
    paid = site.checkout(artist)
    site.server.pay(paid["session_id"])
    site.server.webhooks.wait()
    site.deployment.app.run_pending()
    assert ok(artist.get(f"/v1/checkouts/{paid['session_id']}"))["status"] == "PAID"
    review(reviewer)
    account = ok(reviewer.post("/v1/me/reviewer/payout-account"))
    (opened,) = (one for one in site.server.objects("account") if one["id"] != site.server.platform)
    site.server.onboard(opened["id"])
    site.server.webhooks.wait()
    site.deployment.app.run_pending()
    assert ok(reviewer.post("/v1/payouts", {}, key="withdraw"), 201)["status"] == "COMPLETED"
    _change_one_s_mind(site, artist)
    return [account["url"]]


def _change_one_s_mind(site: Site, artist: Person) -> None:
    checkout = site.checkout(artist)
    site.server.pay(checkout["session_id"])
    ok(artist.get(f"/v1/checkouts/{checkout['session_id']}"))
    ok(artist.post(f"/v1/tracks/{checkout['track']['id']}/cancel", key="cancel"))
    site.deployment.app.run_pending()
    site.server.webhooks.wait()
    site.deployment.app.run_pending()
    assert site.server.effects().refunds == 1


def _err(site: Site, artist: Person, reviewer: Person) -> list[str]:
    """Meet every fault, over HTTP and as a host does; return all that the errors say."""
    told = []
    for fault in FAULTS:
        track = submit(artist)
        with site.deployment.app.store.read() as tx:
            artist_id = tx.tracks.get(TrackId(track["id"])).artist_id
        site.server.plan(fault, "/v1/checkout/sessions")
        told.append(artist.post(f"/v1/tracks/{track['id']}/checkout", {}).text)
        site.server.plan(fault, "/v1/checkout/sessions")
        try:
            site.deployment.app.drive(
                open_checkout, OpenCheckout(track_id=TrackId(track["id"]), artist_id=artist_id)
            )
        except ReviewcoreError as error:
            told += words(error)
        told += _reading(site, fault, track)
        site.server.plan(fault, "/v1/accounts/.*", method="GET")
        told.append(reviewer.post("/v1/me/reviewer/payout-account").text)
    told += _unknown_account(site)
    return told


def _reading(site: Site, fault: Fault, track: Json) -> list[str]:
    """Ask how a session stands, and get no good answer."""
    with site.deployment.app.store.read() as tx:
        payment = tx.payments.of_track(TrackId(track["id"]))
        assert payment is not None
        sessions = [one.session_id for one in tx.attempts.of_payment(payment.id)]
    site.server.plan(fault, "/v1/checkout/sessions/.*", method="GET")
    for session in filter(None, sessions):
        try:
            site.deployment.app.drive(confirm_payment, ConfirmPayment(session_id=session))
        except ReviewcoreError as error:
            return words(error)
    site.server.clear_faults()
    return []


def _unknown_account(site: Site) -> list[str]:
    with site.deployment.app.store.read() as tx:
        (reviewer,) = tx.reviewers.all()
    command = ConnectPayoutAccount(reviewer_id=ReviewerId(reviewer.id), account_id="acct_nobody")
    with pytest.raises(ReviewcoreError) as refused:
        site.deployment.app.drive(connect_payout_account, command)
    return words(refused.value)


def _forged(site: Site) -> str:
    with site.service.caller() as anybody:
        answer = anybody.post(
            "/v1/webhooks/stripe", content=b'{"id":"evt_1"}', headers={"Stripe-Signature": "t=1"}
        )
    assert answer.status_code == 400
    return answer.text
