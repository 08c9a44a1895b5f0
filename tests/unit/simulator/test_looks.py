"""The courier need not ask for news after a call that only looks."""

from __future__ import annotations

from reviewcore.testing.faults import FaultyPayments, FaultyPayouts, FaultyWebhooks
from reviewcore.testing.simulator.world import LOOKS

MOVES = {
    "account_link",
    "dashboard_link",
    "expire_session",
    "open_account",
    "open_checkout",
    "refund",
    "reverse",
    "transfer",
}


def test_every_call_either_looks_or_moves() -> None:
    lines = (FaultyPayments, FaultyPayouts, FaultyWebhooks)
    calls = {name for line in lines for name in vars(line) if not name.startswith("_")}

    assert calls - MOVES - {"authenticate"} == LOOKS
