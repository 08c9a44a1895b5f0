"""The composition root: picks adapters for the ports, and is the only place that knows both."""

from __future__ import annotations

from collections.abc import Sequence

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.app import App, Subscriber
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.rules import MarketRules
from reviewcore.sources import Clock, Ids, Tokens, secret_token, system_clock


def in_memory(
    *,
    rules: MarketRules | None = None,
    clock: Clock = system_clock,
    ids: Ids | None = None,
    tokens: Tokens = secret_token,
    subscribers: Sequence[Subscriber] = (),
) -> App:
    """Make a market in this process's memory, with the genre catalogue and a sandbox bank.

    For a quick start, tests and simulations: nothing is kept when the process ends.
    """
    store = MemoryStore(
        rules=rules if rules is not None else MarketRules(), clock=clock, ids=ids, tokens=tokens
    )
    with store.begin() as tx:
        tx.genres.add(*CATALOGUE)
    bank = SandboxBank(clock=clock, tokens=tokens)
    return App(
        store=store,
        payments=bank,
        payouts=bank,
        mail=MemoryMail(),
        passwords=ScryptPasswords(),
        subscribers=subscribers,
    )
