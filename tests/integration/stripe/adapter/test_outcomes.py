"""Every row of the table of outcomes, by a real fault of a server."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from urllib3.exceptions import NameResolutionError, NewConnectionError

from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done, Unknown
from reviewcore.testing.contracts.processor import Payee
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    checkout_order,
    done,
    fresh,
    refund_order,
    transfer_order,
)
from reviewcore.testing.stripe import Fate, Fault, StripeServer
from tests.integration.stripe.adapter.canned import Canned, Said, refusing, saying
from tests.integration.stripe.adapter.peers import LEAKED, READ_SECONDS, SETTINGS

TRANSFERS = "/v1/transfers"
BEFORE = (
    Fault.RATE_LIMITED,
    Fault.LOCK_TIMEOUT,
    Fault.UNAVAILABLE,
    Fault.FORBIDDEN,
    Fault.CLOSED,
)
AFTER = (
    Fault.BAD_GATEWAY,
    Fault.RESET,
    Fault.HANG_UP,
    Fault.TRUNCATED,
    Fault.STALL,
)


@pytest.fixture
def settings(server: StripeServer) -> StripeSettings:
    return attrs.evolve(SETTINGS, base_url=server.url, read_seconds=READ_SECONDS)


@pytest.fixture
def account_id(processor: StripeProcessor, payee: Payee) -> str:
    opened = done(processor.payouts.open_account(account_order()))
    payee(opened.account_id, "complete")
    return opened.account_id


@pytest.mark.parametrize("fault", BEFORE)
def test_what_was_lost_before_it_was_done_is_unknown_and_done_once_when_resent(
    server: StripeServer, processor: StripeProcessor, account_id: str, fault: Fault
) -> None:
    order = transfer_order(account_id)
    server.plan(fault, TRANSFERS)

    lost = processor.payouts.transfer(order)
    found = processor.payouts.find_transfer(order.payout_id)
    resent = done(processor.payouts.transfer(order))

    assert isinstance(lost, Unknown)
    assert found == Done(None)
    assert done(processor.payouts.find_transfer(order.payout_id)) == resent


@pytest.mark.parametrize("fault", AFTER)
def test_what_was_lost_after_it_was_done_is_unknown_and_found(
    server: StripeServer, processor: StripeProcessor, account_id: str, fault: Fault
) -> None:
    order = transfer_order(account_id)
    server.plan(fault, TRANSFERS, seconds=4 * READ_SECONDS)

    lost = processor.payouts.transfer(order)
    found = done(processor.payouts.find_transfer(order.payout_id))
    resent = done(processor.payouts.transfer(order))

    assert isinstance(lost, Unknown)
    assert found == resent


def test_an_error_that_a_key_repeats_stays_unknown_and_what_was_done_is_found(
    server: StripeServer, processor: StripeProcessor, account_id: str
) -> None:
    order = transfer_order(account_id)
    server.plan(Fault.SERVER_ERROR, TRANSFERS)

    first = processor.payouts.transfer(order)
    again = processor.payouts.transfer(order)

    assert isinstance(first, Unknown)
    assert again == first
    found = done(processor.payouts.find_transfer(order.payout_id))
    assert found is not None
    assert found.amount == order.amount


def test_nothing_is_repeated_by_the_library_even_if_stripe_proposes_it(
    server: StripeServer, processor: StripeProcessor, account_id: str
) -> None:
    server.plan(Fault.UNAVAILABLE, TRANSFERS, times=5, should_retry=True)

    processor.payouts.transfer(transfer_order(account_id))

    asked = [call for call in server.calls if (call.method, call.path) == ("POST", TRANSFERS)]
    assert len(asked) == 1


def test_a_slow_request_keeps_its_key_busy(
    server: StripeServer, processor: StripeProcessor, account_id: str
) -> None:
    order = transfer_order(account_id)
    server.plan(Fault.SLOW, TRANSFERS, seconds=3 * READ_SECONDS)

    first = processor.payouts.transfer(order)
    meanwhile = processor.payouts.transfer(order)

    assert first == Unknown("no clear answer from Stripe (ReadTimeout)")
    assert meanwhile == Unknown("Stripe is busy (409 idempotency_key_in_use)")


def test_too_little_balance_passes_and_a_new_key_pays_once(
    server: StripeServer, processor: StripeProcessor, account_id: str
) -> None:
    server.set_balance(100)
    order = transfer_order(account_id)

    refused = processor.payouts.transfer(order)
    server.set_balance(1_000_000)
    same_key = processor.payouts.transfer(order)
    new_key = done(processor.payouts.transfer(attrs.evolve(order, key=fresh("key"))))

    assert refused == same_key == Declined("balance_insufficient", is_passing=True)
    assert done(processor.payouts.find_transfer(order.payout_id)) == new_key


def test_a_key_of_another_order_is_named_as_such(
    processor: StripeProcessor, account_id: str
) -> None:
    order = transfer_order(account_id)
    done(processor.payouts.transfer(order))

    answer = processor.payouts.transfer(attrs.evolve(order, amount=Cents(1)))

    assert answer == Unknown("the idempotency key belongs to another order (400)")


def test_every_order_carries_its_key_and_every_other_post_has_one(
    server: StripeServer, processor: StripeProcessor, account_id: str
) -> None:
    checkout, transfer = checkout_order(), transfer_order(account_id)
    opened = done(processor.payments.open_checkout(checkout))
    done(processor.payments.expire_session(opened.session_id))
    done(processor.payouts.transfer(transfer))
    done(processor.payouts.account_link(account_id, return_url="http://a.test/back"))
    done(processor.payouts.dashboard_link(account_id))

    keys = {call.path: call.idempotency_key for call in server.calls if call.method == "POST"}

    assert keys["/v1/checkout/sessions"] == checkout.key
    assert keys[TRANSFERS] == transfer.key
    assert all(keys.values())


def test_nobody_there_is_out_of_reach(server: StripeServer, processor: StripeProcessor) -> None:
    with server.unreachable():
        answer = processor.payouts.available("usd")
        report = processor.health.report
    back = processor.payouts.available("usd")

    assert answer == Unknown("Stripe is out of reach (ConnectionError)")
    assert not report.is_reachable
    assert isinstance(back, Done)
    assert processor.health.is_reachable


def test_a_name_that_nobody_has_counts_as_nobody_there() -> None:
    # No test may ask a name server.
    assert issubclass(NameResolutionError, NewConnectionError)


def test_a_key_that_stripe_rejects_is_a_misconfiguration(
    server: StripeServer, settings: StripeSettings
) -> None:
    live = attrs.evolve(settings, api_key="sk_live_51LeakedKey")
    with StripeProcessor(live) as processor:
        answer = processor.payouts.available("usd")

    assert answer == Unknown("Stripe does not accept the key (401)")
    assert processor.health.is_degraded
    assert processor.health.is_reachable
    assert processor.health.report.misconfiguration == answer.reason
    assert [call.fate for call in server.calls] == [Fate.REFUSED]


@pytest.fixture
def canned() -> Iterator[Canned]:
    with Canned(Said()) as canned:
        yield canned


@pytest.fixture
def stranger(canned: Canned) -> Iterator[StripeProcessor]:
    with StripeProcessor(attrs.evolve(SETTINGS, base_url=canned.url)) as processor:
        yield processor


REFUSALS = [
    (refusing(402, code="card_declined", kind="card_error"), Declined("card_declined")),
    (refusing(400, code="transfers_not_allowed"), Declined("transfers_not_allowed")),
    (refusing(400), Declined("rejected")),
    (refusing(400, code="No. Code: Leaked"), Declined("rejected")),
    (refusing(400, code="x" * 65), Declined("rejected")),
    (refusing(404, code="resource_missing"), Declined("not_found")),
    (refusing(400, code="resource_missing"), Declined("not_found")),
    (refusing(403, code="account_invalid"), Declined("account_invalid")),
    (
        refusing(400, code="balance_insufficient"),
        Declined("balance_insufficient", is_passing=True),
    ),
    (refusing(400, code="charge_disputed"), Declined("charge_disputed", is_passing=True)),
    (
        refusing(400, code="refund_disputed_payment"),
        Declined("refund_disputed_payment", is_passing=True),
    ),
]

UNCLEAR = [
    (refusing(401), "Stripe does not accept the key (401)"),
    (refusing(401, code="api_key_expired"), "Stripe does not accept the key (401 api_key_expired)"),
    (refusing(403), "Stripe does not accept the key (403)"),
    (
        refusing(400, code="livemode_mismatch"),
        "Stripe does not accept the key (400 livemode_mismatch)",
    ),
    (refusing(429), "Stripe is busy (429)"),
    (refusing(400, code="rate_limit"), "Stripe is busy (400 rate_limit)"),
    (refusing(409), "Stripe is busy (409)"),
    (refusing(400, code="lock_timeout"), "Stripe is busy (400 lock_timeout)"),
    (refusing(400, kind="idempotency_error"), "the idempotency key belongs to another order (400)"),
    (refusing(404), "what answers is not Stripe (404)"),
    (refusing(424), "no clear answer from Stripe (424)"),
    (refusing(500), "no clear answer from Stripe (500)"),
    (
        refusing(500, code="resource_missing"),
        "no clear answer from Stripe (500 resource_missing)",
    ),
    (refusing(503), "no clear answer from Stripe (503)"),
    (Said(status=502, body=b"<html>Leaked</html>"), "no clear answer from Stripe (502)"),
    (Said(status=400, body=b"<html>Leaked</html>"), "no clear answer from Stripe (400)"),
    (Said(status=400, body=b'{"error": "Leaked"}'), "no clear answer from Stripe (AttributeError)"),
    (Said(body=b"<html>Leaked</html>"), "no clear answer from Stripe (200)"),
    (Said(body=b'{"object": "transfer", "id": "Leaked"'), "no clear answer from Stripe (200)"),
    (Said(body=b"\xff\xfe"), "no clear answer from Stripe (UnicodeDecodeError)"),
    (Said(body=b"[]"), "no clear answer from Stripe (AttributeError)"),
    (Said(body=b"null"), "no clear answer from Stripe (AttributeError)"),
    (saying({"object": "transfer"}), "no clear answer from Stripe (KeyError)"),
    (
        saying({"object": "transfer", "livemode": True}),
        "Stripe answered with an object of the other mode",
    ),
    (
        attrs.evolve(saying({"object": "transfer", "id": "tr_1"}), cut=5),
        "no clear answer from Stripe (ChunkedEncodingError)",
    ),
    (
        Said(status=307, headers={"Location": "/Leaked"}),
        "no clear answer from Stripe (TooManyRedirects)",
    ),
]


@pytest.mark.parametrize(("said", "answer"), REFUSALS)
def test_a_refusal_is_declined_with_its_code_alone(
    canned: Canned, stranger: StripeProcessor, said: Said, answer: Declined
) -> None:
    canned.said = said

    assert stranger.payouts.transfer(transfer_order("acct_1")) == answer

    assert stranger.health.is_reachable
    assert not stranger.health.is_degraded


@pytest.mark.parametrize(("said", "reason"), UNCLEAR)
def test_no_clear_answer_is_unknown_and_quotes_nothing(
    canned: Canned, stranger: StripeProcessor, said: Said, reason: str
) -> None:
    canned.said = said

    answer = stranger.payouts.transfer(transfer_order("acct_1"))

    assert answer == Unknown(reason)
    assert LEAKED not in f"{answer} {stranger.health.report}"


def test_a_number_that_cannot_be_read_is_no_refusal(
    canned: Canned, stranger: StripeProcessor
) -> None:
    # The library reads `…_decimal` as numbers, and raises what is no error of its own.
    line = {"object": "item", "price": {"object": "price", "unit_amount_decimal": "Leaked"}}
    canned.said = saying(
        {
            "object": "checkout.session",
            "id": "cs_1",
            "line_items": {"object": "list", "data": [line]},
        }
    )

    answer = stranger.payments.open_checkout(checkout_order())

    assert answer == Unknown("no clear answer from Stripe (InvalidOperation)")


def test_a_notice_of_stripe_disturbs_nothing(canned: Canned, stranger: StripeProcessor) -> None:
    canned.said = saying(
        {"object": "balance", "available": [], "livemode": False}, Stripe_Notice="Upgrade!"
    )

    assert stranger.payouts.available("usd") == Done(0)


def test_who_cannot_prove_to_be_stripe_is_not_believed(server: StripeServer) -> None:
    # Plain HTTP where TLS was expected is as good as a wrong certificate here.
    url = server.url.replace("http://", "https://")
    with StripeProcessor(attrs.evolve(SETTINGS, base_url=url)) as processor:
        answer = processor.payouts.available("usd")

    assert answer == Unknown("what answers is not Stripe (SSLError)")
    assert not processor.health.is_reachable


@pytest.mark.parametrize("is_there", [True, False])
def test_a_charge_that_was_refunded_is_looked_at_for_this_refund(
    server: StripeServer, processor: StripeProcessor, is_there: bool
) -> None:
    opened = done(processor.payments.open_checkout(checkout_order()))
    payment_id = server.pay(opened.session_id)["payment_intent"]
    order = refund_order(payment_id, amount=opened.amount)
    made = done(processor.payments.refund(order))
    other = order if is_there else refund_order(payment_id)

    answer = processor.payments.refund(attrs.evolve(other, key=fresh("key")))

    assert answer == (Done(made) if is_there else Declined("charge_already_refunded"))


def test_a_refund_that_cannot_be_looked_for_is_unknown(
    server: StripeServer, processor: StripeProcessor
) -> None:
    opened = done(processor.payments.open_checkout(checkout_order()))
    payment_id = server.pay(opened.session_id)["payment_intent"]
    order = refund_order(payment_id, amount=opened.amount)
    done(processor.payments.refund(order))
    server.plan(Fault.UNAVAILABLE, "/v1/refunds", method="GET")

    answer = processor.payments.refund(attrs.evolve(order, key=fresh("key")))

    assert answer == Unknown("no clear answer from Stripe (503)")
