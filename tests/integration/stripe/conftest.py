"""A Stripe server, judged by Stripe's own document when a test is over, and its official client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe.merchant import client_of
from tests.integration.stripe.oracle import oracle
from tests.integration.stripe.receiver import Receiver


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[StripeServer]:
    """A server whose every answer, event and accepted request fits the official document."""
    with StripeServer(clock=clock) as running:
        yield running
        running.check()
        assert oracle().judge(running) == []


@pytest.fixture
def client(server: StripeServer) -> Iterator[stripe.StripeClient]:
    with client_of(server.url) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening
