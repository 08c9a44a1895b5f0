"""The three gateways of one Stripe account, and one record of how it fares."""

from __future__ import annotations

from typing import Self

from reviewcore.adapters.stripe.health import StripeHealth
from reviewcore.adapters.stripe.lookout import Lookout
from reviewcore.adapters.stripe.payments import StripePayments
from reviewcore.adapters.stripe.payouts import StripePayouts
from reviewcore.adapters.stripe.settings import StripeSettings
from reviewcore.adapters.stripe.webhooks import StripeWebhooks
from reviewcore.ports.processor import Processor
from reviewcore.sources import Clock, system_clock


class StripeProcessor:
    """All that a market has of Stripe; leaving the block gives the connections back.

    Nothing is sent before the first call. *clock* is asked when an event was signed and how far
    back a search goes.
    """

    def __init__(self, settings: StripeSettings, *, clock: Clock = system_clock) -> None:
        self.health = StripeHealth(clock=clock)
        self.payments = StripePayments(settings, health=self.health, clock=clock)
        self.payouts = StripePayouts(settings, health=self.health)
        self.webhooks = StripeWebhooks(settings, health=self.health, clock=clock)
        self.lookout = Lookout(lambda: self.payouts.available("usd"))

    @property
    def ports(self) -> Processor:
        """The gateways as the market knows them."""
        return Processor(payments=self.payments, payouts=self.payouts, webhooks=self.webhooks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; harmless when repeated."""
        for desk in (self.payments, self.payouts, self.webhooks):
            desk.close()
