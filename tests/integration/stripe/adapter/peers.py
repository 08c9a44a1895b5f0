"""What the tests of the Stripe adapter share: secrets to look for, and how short they wait."""

from __future__ import annotations

from reviewcore.adapters.stripe import StripeSettings

BALANCE = 1_000_000

API_KEY = "sk_test_51LeakedKey"
WEBHOOK_SECRET = "whsec_LeakedAccount"
CONNECT_SECRET = "whsec_LeakedConnect"
SECRETS = (API_KEY, WEBHOOK_SECRET, CONNECT_SECRET)
LEAKED = "Leaked"
"""Stands in every secret, so that half of one is found, too."""

READ_SECONDS = 0.5
SETTINGS = StripeSettings(
    api_key=API_KEY,
    webhook_secrets=(WEBHOOK_SECRET,),
    connect_webhook_secrets=(CONNECT_SECRET,),
    base_url="http://127.0.0.1:1",
    connect_seconds=2.0,
    read_seconds=10.0,
)
