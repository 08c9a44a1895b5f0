"""Signatures of webhooks: HMAC-SHA256 over time and raw body, one for each secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

JUNK = hashlib.sha256(b"v0 is not a signature").hexdigest()


def signature(body: bytes, *, secrets: Iterable[str], at: int) -> str:
    """Write the header Stripe-Signature for *body* sent *at* (seconds).

    While a secret is rotated there are two, and each signs; v0 is junk that a receiver must ignore.
    """
    signed = f"{at}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks), f"v0={JUNK}"])
