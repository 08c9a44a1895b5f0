"""What every adapter of `Webhooks` keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

import pytest

from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import Payments, Payouts, SessionView, Webhooks
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.processor.orders import (
    checkout_order,
    done,
    fresh,
    refund_order,
    reversal_order,
    transfer_order,
)
from reviewcore.testing.contracts.processor.sides import (
    Cardholder,
    Payee,
    Payer,
    PayersBank,
    PaymentsSide,
    PayoutsSide,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAGES_MAX = 10_000
MANY = 120
"""More events than any processor tells at once."""

HOUR = timedelta(hours=1)


class Delivery(NamedTuple):
    """What arrives at an endpoint, and the event that it tells."""

    body: bytes
    signature: str
    event: ProcessorEvent


class Deliver(Protocol):
    """Makes a new delivery for an endpoint, signed by the processor so long ago."""

    def __call__(self, endpoint: Endpoint, age: timedelta = ..., /) -> Delivery:
        """Make it; a negative *age* lies in the future."""
        ...


def all_since(webhooks: Webhooks, at: datetime) -> Sequence[ProcessorEvent]:
    """Turn every page of what happened from *at* on."""
    told: list[ProcessorEvent] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        page = done(webhooks.since(at, cursor=cursor))
        told.extend(page.events)
        cursor = page.cursor
        if cursor is None:
            return told
    raise AssertionError("there is no last page")


def about(webhooks: Webhooks, subject: Subject, object_id: str) -> Sequence[ProcessorEvent]:
    """Tell what happened to one object, oldest first."""
    return [
        event
        for event in all_since(webhooks, LONG_AGO)
        if (event.subject, event.object_id) == (subject, object_id)
    ]


class WebhooksContract(PaymentsSide, PayoutsSide):
    """What every adapter of `Webhooks` keeps.

    Supply *webhooks*, and what `PaymentsSide` and `PayoutsSide` ask for at the same processor.
    To be claimed: LATE_FAILURES, DISPUTES and REVERSALS where payments and payouts claim them, and
    SIGNATURES by who takes deliveries and does not only ask; he supplies `deliver`. A processor in
    memory needs a clock that moves: what happens in one instant has no order.
    """

    CONTRACT_VERSION = "1.0"

    @pytest.fixture
    def webhooks(self) -> Webhooks:
        """The adapter."""
        raise NotImplementedError

    @pytest.fixture
    def deliver(self, webhooks: Webhooks) -> Deliver:
        """Make deliveries as the processor does; for SIGNATURES."""
        raise NotImplementedError

    @pytest.mark.parametrize("outcome", ["pay", "abandon"])
    def test_the_end_of_a_session_is_told(
        self,
        webhooks: Webhooks,
        payments: Payments,
        payer: Payer,
        outcome: Literal["pay", "abandon"],
    ) -> None:
        opened = done(payments.open_checkout(checkout_order()))

        payer(opened.session_id, outcome)

        assert about(webhooks, Subject.CHECKOUT, opened.session_id)

    def test_a_refund_is_told(
        self, webhooks: Webhooks, payments: Payments, payment_id: str
    ) -> None:
        made = done(payments.refund(refund_order(payment_id, amount=self.part)))

        assert about(webhooks, Subject.REFUND, made.external_id)

    @optional(Capability.LATE_FAILURES)
    def test_the_failure_of_a_refund_is_told(
        self, webhooks: Webhooks, payments: Payments, payers_bank: PayersBank, payment_id: str
    ) -> None:
        made = done(payments.refund(refund_order(payment_id, amount=self.part)))
        first = about(webhooks, Subject.REFUND, made.external_id)

        payers_bank(made.external_id)

        both = about(webhooks, Subject.REFUND, made.external_id)
        assert first
        assert len(both) > len(first)

    @optional(Capability.DISPUTES)
    @pytest.mark.parametrize("verdict", ["win", "lose"])
    def test_a_dispute_is_told_and_so_is_its_verdict(
        self,
        webhooks: Webhooks,
        cardholder: Cardholder,
        payment_id: str,
        verdict: Literal["win", "lose"],
    ) -> None:
        external_id = cardholder(payment_id, "dispute")
        first = about(webhooks, Subject.DISPUTE, external_id)

        cardholder(payment_id, verdict)

        both = about(webhooks, Subject.DISPUTE, external_id)
        assert first
        assert len(both) > len(first)

    def test_a_transfer_is_told(
        self, webhooks: Webhooks, payouts: Payouts, account_id: str
    ) -> None:
        made = done(payouts.transfer(transfer_order(account_id)))

        assert about(webhooks, Subject.TRANSFER, made.external_id)

    @optional(Capability.REVERSALS)
    def test_the_reversal_of_a_transfer_is_told(
        self, webhooks: Webhooks, payouts: Payouts, account_id: str
    ) -> None:
        made = done(payouts.transfer(transfer_order(account_id)))
        first = about(webhooks, Subject.TRANSFER, made.external_id)

        done(payouts.reverse(reversal_order(made.external_id)))

        both = about(webhooks, Subject.TRANSFER, made.external_id)
        assert first
        assert len(both) > len(first)

    def test_an_account_that_changed_is_told(
        self, webhooks: Webhooks, payee: Payee, account_id: str
    ) -> None:
        first = about(webhooks, Subject.ACCOUNT, account_id)

        payee(account_id, "refuse")

        both = about(webhooks, Subject.ACCOUNT, account_id)
        assert first
        assert len(both) > len(first)
        assert {event.account_id for event in both} == {account_id}

    def test_many_events_come_in_pages_oldest_first_and_each_once(
        self, webhooks: Webhooks, payments: Payments
    ) -> None:
        ended = [
            done(payments.expire_session(done(payments.open_checkout(checkout_order())).session_id))
            for _ in range(MANY)
        ]

        first = done(webhooks.since(LONG_AGO))
        told = all_since(webhooks, LONG_AGO)

        assert first.cursor is not None
        assert list(told[: len(first.events)]) == list(first.events)
        assert len({event.id for event in told}) == len(told)
        assert all(one.created_at <= next_.created_at for one, next_ in pairwise(told))
        assert {view.session_id for view in ended} <= {event.object_id for event in told}

    def test_events_are_told_from_a_time_on(self, webhooks: Webhooks, paid: SessionView) -> None:
        event = about(webhooks, Subject.CHECKOUT, paid.session_id)[-1]

        told = all_since(webhooks, event.created_at)

        assert event in told
        assert all(one.created_at >= event.created_at for one in told)
        assert event not in all_since(webhooks, event.created_at + SECOND)

    def test_an_event_is_told_the_same_every_time(
        self, webhooks: Webhooks, paid: SessionView
    ) -> None:
        first = about(webhooks, Subject.CHECKOUT, paid.session_id)

        assert about(webhooks, Subject.CHECKOUT, paid.session_id) == first
        assert all(event.id and event.type for event in first)
        assert all(event.created_at.utcoffset() == timedelta(0) for event in first)

    @pytest.mark.parametrize("endpoint", Endpoint)
    @pytest.mark.parametrize(
        "signature",
        [None, "", "t=1,v1=00", f"t=1767614400,v1={'0' * 64}", "\udcff", "v1=" * 10_000],
        ids=["none", "empty", "short", "zeros", "no text", "long"],
    )
    @pytest.mark.parametrize("wraps", [True, False])
    def test_a_forgery_is_refused_and_not_quoted(
        self, webhooks: Webhooks, endpoint: Endpoint, signature: str | None, *, wraps: bool
    ) -> None:
        secret = fresh("secret")
        event = f'{{"id": "{secret}", "type": "charge.refunded", "object": "event"}}'
        body = event.encode() if wraps else b"\xff" + secret.encode()

        with pytest.raises(InvalidWebhook) as refused:
            webhooks.authenticate(endpoint, body, signature)

        assert secret not in f"{refused.value!r} {refused.value} {refused.value.extras}"

    def require_refused(
        self, webhooks: Webhooks, endpoint: Endpoint, body: bytes, signature: str | None
    ) -> None:
        """See that nobody believes this."""
        with pytest.raises(InvalidWebhook):
            webhooks.authenticate(endpoint, body, signature)

    @optional(Capability.SIGNATURES)
    @pytest.mark.parametrize("endpoint", Endpoint)
    def test_what_the_processor_signed_is_told_and_again_when_it_comes_again(
        self, webhooks: Webhooks, deliver: Deliver, endpoint: Endpoint
    ) -> None:
        body, signature, event = deliver(endpoint)

        told = [webhooks.authenticate(endpoint, body, signature) for _ in range(2)]

        assert told == [event, event]

    @optional(Capability.SIGNATURES)
    @pytest.mark.parametrize("endpoint", Endpoint)
    def test_a_body_that_was_changed_is_refused(
        self, webhooks: Webhooks, deliver: Deliver, endpoint: Endpoint
    ) -> None:
        body, signature, _ = deliver(endpoint)

        for place in range(0, len(body), 7):
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            self.require_refused(webhooks, endpoint, changed, signature)
        for changed in (body + b"\n", body[:-1], b" " + body, b""):
            self.require_refused(webhooks, endpoint, changed, signature)

    @optional(Capability.SIGNATURES)
    @pytest.mark.parametrize("endpoint", Endpoint)
    def test_a_signature_serves_its_own_body_alone(
        self, webhooks: Webhooks, deliver: Deliver, endpoint: Endpoint
    ) -> None:
        first, second = deliver(endpoint), deliver(endpoint)

        self.require_refused(webhooks, endpoint, first.body, second.signature)
        self.require_refused(webhooks, endpoint, first.body, first.signature.upper() + "0")
        self.require_refused(webhooks, endpoint, first.body, None)

    @optional(Capability.SIGNATURES)
    def test_an_endpoint_does_not_take_what_is_signed_for_another(
        self, webhooks: Webhooks, deliver: Deliver
    ) -> None:
        for endpoint in Endpoint:
            body, signature, _ = deliver(endpoint)
            for other in set(Endpoint) - {endpoint}:
                self.require_refused(webhooks, other, body, signature)

    @optional(Capability.SIGNATURES)
    @pytest.mark.parametrize("age", [HOUR, -HOUR], ids=["long ago", "in the future"])
    def test_what_was_signed_at_another_time_is_refused(
        self, webhooks: Webhooks, deliver: Deliver, age: timedelta
    ) -> None:
        for endpoint in Endpoint:
            body, signature, _ = deliver(endpoint, age)
            self.require_refused(webhooks, endpoint, body, signature)
