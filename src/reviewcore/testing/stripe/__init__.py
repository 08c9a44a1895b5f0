"""A Stripe of our own on loopback: what the real one promises, and everything that goes wrong."""

from reviewcore.testing.stripe.calls import Call, Fate
from reviewcore.testing.stripe.errors import Refusal
from reviewcore.testing.stripe.faults import Fault
from reviewcore.testing.stripe.server import StripeBroke, StripeServer

__all__ = ["Call", "Fate", "Fault", "Refusal", "StripeBroke", "StripeServer"]
