"""The Stripe adapter as the processor of a run, on a Stripe of our own on loopback.

Needs the extra `stripe`. The server draws its ids from the run's seed, so that they are the same
beside each store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random

from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
from reviewcore.domain.money import Cents
from reviewcore.ports import processor as ports
from reviewcore.sources import Clock, Tokens
from reviewcore.testing.machine.outside import Processor, ProcessorMaker
from reviewcore.testing.machine.stripe.books import StripeBooks
from reviewcore.testing.machine.stripe.line import StripeLine
from reviewcore.testing.machine.stripe.players import StripePlayers
from reviewcore.testing.machine.stripe.post import StripePost
from reviewcore.testing.stripe import StripeServer
from reviewcore.testing.stripe.server import ACCOUNT_SECRET, CONNECT_SECRET

__all__ = ["StripeBooks", "StripeLine", "StripePlayers", "StripePost", "stripe", "stripe_with"]

WITHOUT_LIMIT = Cents(1_000_000_00)
"""What is lent where nothing limits it: more than a market of some steps moves."""

SETTLE_SECONDS = 24 * 3600
"""How long payments are on their way to the balance; a run waits longer at its end."""

Adapter = Callable[[StripeSettings, Clock], AbstractContextManager[ports.Processor]]
"""Makes the ports of a market at Stripe, given back when the block is left."""


@contextmanager
def ours(settings: StripeSettings, clock: Clock) -> Iterator[ports.Processor]:
    """Make the adapter that reviewcore ships."""
    with StripeProcessor(settings, clock=clock) as adapter:
        yield adapter.ports


def stripe_with(adapter: Adapter) -> ProcessorMaker:
    """Make processors of an *adapter* and a Stripe server on which nothing has happened."""

    @contextmanager
    def make(*, clock: Clock, tokens: Tokens, overdraft: Cents | None) -> Iterator[Processor]:
        lent = WITHOUT_LIMIT if overdraft is None else overdraft
        with StripeServer(
            clock=clock, settle_seconds=SETTLE_SECONDS, chance=Random(tokens())
        ) as server:
            server.set_balance(lent)
            with adapter(_settings(server), clock) as mine:
                yield Processor(
                    payments=mine.payments,
                    payouts=mine.payouts,
                    webhooks=mine.webhooks,
                    players=StripePlayers(server),
                    books=StripeBooks(server, lent=lent),
                    post=StripePost(server),
                    line=StripeLine(server),
                )
            server.check()

    return make


stripe = stripe_with(ours)
"""Makes processors of the adapter that reviewcore ships."""


def _settings(server: StripeServer) -> StripeSettings:
    return StripeSettings(
        api_key="sk_test_of_the_machine",
        webhook_secrets=(ACCOUNT_SECRET,),
        connect_webhook_secrets=(CONNECT_SECRET,),
        base_url=server.url,
    )
