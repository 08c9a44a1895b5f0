"""A market served on loopback by the real server, and people who know only its interface."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import attrs
import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from reviewcore.adapters.audio import DecodedAudio
from reviewcore.adapters.files import MemoryFiles
from reviewcore.adapters.mail import FileMail
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.rules import MarketRules, rules_from
from reviewcore.entrypoints.http import create_app
from reviewcore.ports.files import Files
from reviewcore.ports.identities import Identities
from reviewcore.ports.links import Links
from reviewcore.sources import Clock, TimeIds, system_clock
from tests.integration.markets import migrate

ADMIN = "admin@example.com"
PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 20

QUICK = """
reviewer_account_age_hours = 0
minimum_listen_seconds = 1
words_min = 4
words_unique_min = 3
minimum_payout_cents = 10
payout_delay_days = 0
flags_per_track_max_percent = 100

[packages.STARTER]
reviews = 2

[throttles]
sign_up = 1_000
sign_in = 1_000
provider_departure = 1_000
provider_sign_in = 1_000
reset_request = 1_000
password_reset = 1_000
verification = 1_000
lead = 1_000
"""
"""A rules file under which nobody has to wait, and all may come from one address."""


def quick_rules() -> MarketRules:
    return rules_from(tomllib.loads(QUICK))


@attrs.frozen(kw_only=True)
class Service:
    """A running market."""

    url: str
    app: App
    bank: SandboxBank
    mails: Path
    closing: ExitStack

    def caller(self, *, token: str | None = None) -> httpx.Client:
        """Make a client, closed at the latest when the service stops."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Loopback has no certificates, and loading the authorities' takes longer than most tests.
        client = httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)
        self.closing.callback(client.close)
        return client

    def mailed_token(self, email: str) -> str:
        """Wait for the newest verification mail to *email*, and read its token."""
        given_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < given_up_at:
            for file in sorted(self.mails.glob("*.eml"), reverse=True):
                text = file.read_text()
                found = re.search(r"^Token: (\S+)\s*$", text, re.MULTILINE)
                if f"To: {email}" in text and found is not None:
                    return found[1]
            self.app.run_pending()
        raise AssertionError(f"no mail for {email} has come")


@contextmanager
def served(
    database_url: str,
    folder: Path,
    *,
    rules: MarketRules | None = None,
    clock: Clock = system_clock,
    dice: Random | None = None,
    books: Path | str = ":memory:",
    files: Callable[[str], Files] | None = None,
    identities: Identities | None = None,
    links: Links | None = None,
    trusted_proxies: int = 0,
    keep: type[SqlStore] = SqlStore,
) -> Iterator[Service]:
    """Serve a fresh market until the block ends; the worker is `app.run_pending`.

    With *dice* its ids are the same in every run. The sandbox bank's books are kept in *books*.
    *files* makes the store of uploads for the market's address, *keep* that of all else.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    ids = TimeIds(clock, random=dice)
    migrate(database_url)
    store = keep(database_url, rules=rules or quick_rules(), clock=clock, ids=ids)
    with store.begin() as tx:
        tx.genres.add(*CATALOGUE)
    bank = SandboxBank(books, base_url=url, clock=clock)
    app = App(
        store=store,
        payments=bank,
        payouts=bank,
        files=files(url) if files is not None else MemoryFiles(base_url=url, clock=clock),
        audio=DecodedAudio(),
        mail=FileMail(folder / "mails", sender="Market <market@example.com>"),
        passwords=ScryptPasswords(n=2**8),
        identities=identities,
        links=links,
        base_url=url,
    )
    try:
        with _listening(app, bank, url, port, trusted_proxies), ExitStack() as closing:
            yield Service(url=url, app=app, bank=bank, mails=folder / "mails", closing=closing)
    finally:
        store.close()
        bank.close()


@contextmanager
def _listening(
    app: App, bank: SandboxBank | None, url: str, port: int, trusted_proxies: int = 0
) -> Iterator[None]:
    litestar = create_app(
        app,
        admin_emails=frozenset({ADMIN}),
        base_url=url,
        bank=bank,
        trusted_proxies=trusted_proxies,
    )
    server = Server(
        litestar,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.critical,
    )
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="http", daemon=True)
    thread.start()
    try:
        _wait_until_ours(url)
        yield
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(PATIENCE_SECONDS)


def _wait_until_ours(url: str) -> None:
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = httpx.get(f"{url}/readyz", verify=False)
        except httpx.TransportError:
            if time.monotonic() > given_up_at:
                raise
            time.sleep(0.02)
            continue
        assert answer.json() == {"status": "ok"}, answer.text
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Json = Any


def ok(answer: httpx.Response, status: int = 200) -> Json:
    """Return what a good answer says."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.text}"
    return answer.json() if answer.content else None


def problem(answer: httpx.Response, status: int, name: str | None = None) -> Json:
    """Return the problem document of a refusal, and check its form."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert name is None or told["type"].endswith(f"/{name}"), told
    assert "Traceback" not in answer.text
    return told
