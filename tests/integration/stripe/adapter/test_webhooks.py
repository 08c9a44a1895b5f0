from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import attrs
import pytest
import stripe

from reviewcore.adapters.stripe import StripeProcessor, StripeSettings, StripeWebhooks
from reviewcore.adapters.stripe.events import CONNECTED, OUR_OWN
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import Unknown
from reviewcore.testing import ManualClock
from reviewcore.testing.contracts.processor.orders import account_order, checkout_order, done
from reviewcore.testing.stripe import Fault, StripeServer
from tests.integration.stripe.adapter.peers import (
    CONNECT_SECRET,
    LEAKED,
    SETTINGS,
    WEBHOOK_SECRET,
)

TYPES_MAX = 20
"""By how many types Stripe filters a list of events."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def webhooks(clock: ManualClock) -> Iterator[StripeWebhooks]:
    webhooks = StripeWebhooks(SETTINGS, clock=clock)
    yield webhooks
    webhooks.close()


def event(kind: str = "checkout.session.completed", **changes: object) -> dict[str, object]:
    told = {
        "id": "evt_1",
        "object": "event",
        "created": 1_700_000_000,
        "livemode": False,
        "type": kind,
        "data": {"object": {"id": "obj_1"}},
    }
    return told | changes


def signed(told: object, at: datetime, *, secret: str = WEBHOOK_SECRET) -> tuple[bytes, str]:
    """Sign as the library does, which nobody here wrote."""
    body = json.dumps(told)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(at.timestamp()))
    return body.encode(), str(header)


def refusal(webhooks: StripeWebhooks, body: bytes, header: str | None) -> str:
    with pytest.raises(InvalidWebhook) as refused:
        webhooks.authenticate(Endpoint.ACCOUNT, body, header)
    assert LEAKED not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    assert refused.value.__cause__ is None
    return refused.value.reason


def test_what_stripe_signed_is_told(webhooks: StripeWebhooks, clock: ManualClock) -> None:
    body, header = signed(event(), clock())

    told = webhooks.authenticate(Endpoint.ACCOUNT, body, header)

    assert told == ProcessorEvent(
        id="evt_1",
        type="checkout.session.completed",
        subject=Subject.CHECKOUT,
        object_id="obj_1",
        created_at=datetime.fromisoformat("2023-11-14T22:13:20Z"),
    )


def test_each_endpoint_has_its_own_secret(webhooks: StripeWebhooks, clock: ManualClock) -> None:
    body, header = signed(event(), clock(), secret=CONNECT_SECRET)

    assert webhooks.authenticate(Endpoint.CONNECT, body, header).id == "evt_1"
    assert refusal(webhooks, body, header) == "no signature fits"


def test_an_endpoint_without_a_secret_accepts_nothing(clock: ManualClock) -> None:
    webhooks = StripeWebhooks(attrs.evolve(SETTINGS, webhook_secrets=()), clock=clock)
    body, header = signed(event(), clock(), secret="")

    assert refusal(webhooks, body, header) == "this endpoint has no secret"
    webhooks.close()


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_secrets_are_rotated_without_losing_an_event(clock: ManualClock, secret: str) -> None:
    ours = attrs.evolve(SETTINGS, webhook_secrets=("whsec_new", "whsec_old"))
    webhooks = StripeWebhooks(ours, clock=clock)

    body, header = signed(event(), clock(), secret=secret)

    assert webhooks.authenticate(Endpoint.ACCOUNT, body, header).id == "evt_1"
    webhooks.close()


def test_one_signature_of_several_is_enough(webhooks: StripeWebhooks, clock: ManualClock) -> None:
    body, header = signed(event(), clock())
    _, other = signed(event(), clock(), secret="whsec_next")
    both = f"{other}, v1={header.partition('v1=')[2]},v0=00"

    assert webhooks.authenticate(Endpoint.ACCOUNT, body, both).id == "evt_1"


@pytest.mark.parametrize(("seconds", "fits"), [(-301, False), (-300, True), (300, True), (301, 0)])
def test_a_signature_is_fresh_for_five_minutes_either_way(
    webhooks: StripeWebhooks, clock: ManualClock, seconds: int, fits: bool
) -> None:
    body, header = signed(event(), clock() + timedelta(seconds=seconds))

    if fits:
        webhooks.authenticate(Endpoint.ACCOUNT, body, header)
    else:
        assert refusal(webhooks, body, header) == "it was signed too long ago, or in the future"


def test_a_body_written_anew_is_refused(webhooks: StripeWebhooks, clock: ManualClock) -> None:
    body, header = signed(event(), clock())

    assert refusal(webhooks, json.dumps(json.loads(body), indent=1).encode(), header)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "it is not signed"),
        ("", "it is not signed"),
        ("Leaked", "its signature cannot be read"),
        ("t=1", "its signature cannot be read"),
        ("v1=00", "its signature cannot be read"),
        ("t=1,v0=00", "its signature cannot be read"),
        ("t=,v1=00", "its signature cannot be read"),
        ("t=-1,v1=00", "its signature cannot be read"),
        ("t=\u0661,v1=00", "its signature cannot be read"),
        ("t=1,t=2,v1=00", "its signature cannot be read"),
        (f"t={'9' * 5_000},v1=00", "its signature cannot be read"),
        ("t=1,v1=é", "no signature fits"),
        ("t=1,v1=\udcff", "no signature fits"),
        ("t=1" + ",v1=00" * 10_000, "no signature fits"),
    ],
)
def test_what_is_no_signature_is_refused(
    webhooks: StripeWebhooks, header: str | None, reason: str
) -> None:
    assert refusal(webhooks, b"Leaked", header) == reason


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "Leaked",
        {"Leaked": 1},
        {name: value for name, value in event().items() if name != "data"},
        event(created="yesterday"),
        event(created=10**30),
        event(id=""),
        event(id=7),
        event(type=None),
        event(account=7),
        event(data={"object": {}}),
        event(data={"object": "obj_1"}),
        event(data={"object": {"id": 7}}),
    ],
    ids=str,
)
def test_what_is_no_event_is_refused_even_if_it_is_signed(
    webhooks: StripeWebhooks, clock: ManualClock, told: object
) -> None:
    body, header = signed(told, clock())

    assert refusal(webhooks, body, header) == "it is no event"


@pytest.mark.parametrize("livemode", [True, None, "false"])
def test_an_event_of_the_other_mode_is_refused(
    webhooks: StripeWebhooks, clock: ManualClock, livemode: object
) -> None:
    body, header = signed(event(livemode=livemode), clock())

    assert refusal(webhooks, body, header) == "it is of the other mode"


def subject(webhooks: StripeWebhooks, clock: ManualClock, told: object) -> Subject:
    return webhooks.authenticate(Endpoint.ACCOUNT, *signed(told, clock())).subject


@pytest.mark.parametrize("kind", OUR_OWN)
def test_what_happens_on_our_account_is_told_only_of_ours(
    webhooks: StripeWebhooks, clock: ManualClock, kind: str
) -> None:
    assert subject(webhooks, clock, event(kind)) is OUR_OWN[kind]
    assert subject(webhooks, clock, event(kind, account="acct_1")) is Subject.OTHER


@pytest.mark.parametrize("kind", CONNECTED)
def test_what_happens_on_connected_accounts_is_told_only_of_them(
    webhooks: StripeWebhooks, clock: ManualClock, kind: str
) -> None:
    assert subject(webhooks, clock, event(kind, account="acct_1")) is CONNECTED[kind]
    assert subject(webhooks, clock, event(kind)) is Subject.OTHER


def test_what_nobody_acts_upon_needs_no_object(
    webhooks: StripeWebhooks, clock: ManualClock
) -> None:
    told = event("balance.available", data={"object": {"object": "balance"}})

    assert subject(webhooks, clock, told) is Subject.OTHER


def test_stripe_can_filter_by_all_types_at_once() -> None:
    assert len(OUR_OWN) <= TYPES_MAX
    assert len(CONNECTED) <= TYPES_MAX


def test_the_events_of_the_server_are_told_alike_by_post_and_by_list(
    server: StripeServer, settings: StripeSettings, processor: StripeProcessor
) -> None:
    opened = done(processor.payments.open_checkout(checkout_order()))
    server.pay(opened.session_id)

    listed = done(processor.webhooks.since(datetime.fromisoformat("2020-01-01T00:00:00Z"))).events

    server.webhooks.rotate(WEBHOOK_SECRET)
    posts = [server.webhooks.signed(one.id) for one in listed]
    assert listed
    assert list(listed) == [
        processor.webhooks.authenticate(Endpoint.ACCOUNT, post.body, post.header) for post in posts
    ]


def everything(webhooks: StripeWebhooks) -> list[ProcessorEvent]:
    told: list[ProcessorEvent] = []
    cursor: str | None = None
    while True:
        page = done(webhooks.since(datetime.fromisoformat("2020-01-01T00:00:00Z"), cursor=cursor))
        told.extend(page.events)
        if (cursor := page.cursor) is None:
            return told


def test_every_connected_account_is_asked_and_a_lost_one_hinders_nobody(
    server: StripeServer, processor: StripeProcessor
) -> None:
    accounts = [done(processor.payouts.open_account(account_order())).account_id for _ in range(23)]
    for account_id in accounts:
        server.onboard(account_id)
    server.deauthorize(accounts[0])

    told = [one.account_id for one in everything(processor.webhooks)]

    assert set(told) == set(accounts[1:])


def test_a_page_that_was_lost_is_unknown_and_can_be_asked_for_again(
    server: StripeServer, processor: StripeProcessor
) -> None:
    done(processor.payouts.open_account(account_order()))
    server.plan(Fault.TRUNCATED, "/v1/events", method="GET")

    lost = processor.webhooks.since(datetime.fromisoformat("2020-01-01T00:00:00Z"))

    assert isinstance(lost, Unknown)
    assert everything(processor.webhooks) == []
