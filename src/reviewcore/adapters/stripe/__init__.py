"""Stripe behind the ports of the processor: the only place that knows its library."""

from reviewcore.adapters.stripe.health import HealthReport, StripeHealth
from reviewcore.adapters.stripe.payments import StripePayments
from reviewcore.adapters.stripe.payouts import StripePayouts
from reviewcore.adapters.stripe.processor import StripeProcessor
from reviewcore.adapters.stripe.settings import API_VERSION, StripeSettings
from reviewcore.adapters.stripe.webhooks import StripeWebhooks

__all__ = [
    "API_VERSION",
    "HealthReport",
    "StripeHealth",
    "StripePayments",
    "StripePayouts",
    "StripeProcessor",
    "StripeSettings",
    "StripeWebhooks",
]
