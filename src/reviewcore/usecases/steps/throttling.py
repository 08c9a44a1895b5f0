"""Counting tries.

No use case: one that refused would take its own count back with the rest of its transaction. A
try is counted in a transaction of its own, and judged once that is committed (`App.throttle`).
"""

from __future__ import annotations

import attrs

from reviewcore.domain.throttling import FAMILIAR_FOR, WINDOWS, Limit, RateLimit
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class Try:
    """Somebody tries something: *by* is a digest of who he is.

    *familiar* is a digest of account and address together. From an address that is familiar to
    the account tries are counted apart, so that strangers who try an account's password cannot
    shut out whose it is.
    """

    limit: Limit
    by: str
    familiar: str | None = None


@attrs.frozen(kw_only=True)
class Welcome:
    """Whoever tried was right, from an address that is *familiar* to the account from now on."""

    tries: tuple[Try, ...]
    familiar: str


def count_try(tx: Transaction, command: Try) -> RateLimit:
    """Count one more try, and return the counter."""
    return tx.rate_limits.hit(_key(tx, command), window=WINDOWS[command.limit])


def take_back(tx: Transaction, command: Try) -> None:
    """Take a try back: whoever tried was right."""
    tx.rate_limits.forgive(_key(tx, command))


def welcome(tx: Transaction, command: Welcome) -> None:
    """Take the tries back, and remember for 30 days where the account was signed in from.

    People behind one address who know their passwords so do not shut each other out.
    """
    for tried in command.tries:
        take_back(tx, tried)
    tx.rate_limits.hit(_marker(command.familiar), window=FAMILIAR_FOR)


def _key(tx: Transaction, tried: Try) -> str:
    apart = tried.familiar is not None and tx.rate_limits.find(_marker(tried.familiar)) is not None
    return f"{tried.limit}:{tried.familiar if apart else tried.by}"


def _marker(familiar: str) -> str:
    return f"familiar:{familiar}"
