"""A Stripe of our own for each test, judged by Stripe's own document in the end."""

# FIXME: this file was overwritten by mistake and written anew; compare it with what you had.

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe.merchant import client_of
from tests.integration.stripe.oracle import oracle


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[StripeServer]:
    with StripeServer(clock=clock) as server:
        yield server
    assert oracle().judge(server) == []


@pytest.fixture
def client(server: StripeServer) -> Iterator[stripe.StripeClient]:
    with client_of(server.url) as client:
        yield client
