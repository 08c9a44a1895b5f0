"""The composition root: picks adapters for the ports, and is the only place that knows both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs

from reviewcore.adapters.mail import ConsoleMail, FileMail, MemoryMail
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.app import App, Subscriber
from reviewcore.domain.errors import StoreNotMigrated
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.mail import Mail
from reviewcore.settings import Settings
from reviewcore.sources import Clock, Ids, Tokens, secret_token, system_clock

THREADS = 16
"""How many requests one process works on at once, and how many more may wait on the processor."""

SCRYPT_P = 5
"""With n = 2^14 and r = 8 the least that OWASP's password storage cheat sheet asks of scrypt."""


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


@attrs.frozen(kw_only=True)
class Deployment:
    """An app with what was made for it; leaving the block gives connections back.

    *bank* is the sandbox bank, None when real money is handled.
    """

    app: App
    bank: SandboxBank | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.app.store.close()
        if self.bank is not None:
            self.bank.close()


def require_database(settings: Settings) -> None:
    """Refuse a SQLite file that is not there, before opening it would make it.

    Its name may be a typing error. Raises StoreNotMigrated.
    """
    file = settings.database_file
    if file is not None and not file.exists():
        raise StoreNotMigrated(found="none", wanted="the newest")


def deploy(
    settings: Settings, *, clock: Clock = system_clock, mail: Mail | None = None
) -> Deployment:
    """Make the app that *settings* describe; *mail* replaces the mail service they name."""
    # Imported here because the base install does without SQLAlchemy.
    from reviewcore.adapters.sql import SqlStore

    # A connection for each thread that may want one, and for the worker.
    store = SqlStore(
        settings.database_url, rules=settings.rules, clock=clock, pool_size=2 * THREADS + 2
    )
    bank = SandboxBank(settings.sandbox_file, clock=clock, base_url=settings.base_url)
    app = App(
        store=store,
        payments=bank,
        payouts=bank,
        mail=mail if mail is not None else _mail(settings),
        passwords=ScryptPasswords(p=SCRYPT_P),
        base_url=settings.base_url,
        secret=settings.secret,
    )
    return Deployment(app=app, bank=bank)


def _mail(settings: Settings) -> Mail:
    kind, _, rest = settings.mail_url.partition(":")
    if kind == "file":
        return FileMail(rest, sender=settings.mail_from)
    return ConsoleMail(sender=settings.mail_from)
