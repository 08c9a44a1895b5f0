"""A market as it is deployed, served over HTTP, and a Stripe that tells it what happens."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

import attrs
import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.bootstrap import Deployment, deploy
from reviewcore.domain.genres import CATALOGUE
from reviewcore.entrypoints.http import create_app
from reviewcore.settings import Settings, settings_from
from reviewcore.testing.stripe import StripeServer
from tests.integration.http.people import Person, submit
from tests.integration.http.service import ADMIN, QUICK, Json, Service, ok
from tests.integration.markets import migrate
from tests.integration.stripe.adapter.peers import (
    API_KEY,
    BALANCE,
    CONNECT_SECRET,
    WEBHOOK_SECRET,
)

PATIENCE_SECONDS = 30


@attrs.frozen(kw_only=True)
class Site:
    """A running market with all that it is made of."""

    service: Service
    server: StripeServer
    deployment: Deployment
    settings: Settings

    def readiness(self) -> str:
        """Ask whether it can serve."""
        with self.service.caller() as anybody:
            status: str = ok(anybody.get("/readyz"))["status"]
        return status

    def post_event(self, body: bytes, header: str | None, *, path: str = "stripe") -> int:
        """Hand in an event as it is."""
        headers = {} if header is None else {"Stripe-Signature": header}
        with self.service.caller() as anybody:
            answer = anybody.post(f"/v1/webhooks/{path}", content=body, headers=headers)
        return answer.status_code

    def events(self, kind: str) -> list[str]:
        """Name Stripe's events of a type, oldest first."""
        return [one["id"] for one in self.server.objects("event") if one["type"] == kind]

    def checkout(self, artist: Person) -> Json:
        """Submit a track and open its checkout."""
        track = submit(artist)
        return ok(artist.post(f"/v1/tracks/{track['id']}/checkout", {}))


def environment(database_url: str, folder: Path, *, stripe_url: str, url: str) -> dict[str, str]:
    """Tell a deployment all that it must know."""
    rules = folder / "rules.toml"
    rules.write_text(QUICK)
    return {
        "REVIEWCORE_DATABASE_URL": database_url,
        "REVIEWCORE_PAYMENTS": "stripe",
        "REVIEWCORE_STRIPE_API_KEY": API_KEY,
        "REVIEWCORE_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "REVIEWCORE_STRIPE_CONNECT_WEBHOOK_SECRET": CONNECT_SECRET,
        "REVIEWCORE_STRIPE_BASE_URL": stripe_url,
        "REVIEWCORE_SECRET": "Leaked, would this be the deployment's",
        "REVIEWCORE_BASE_URL": url,
        "REVIEWCORE_MAIL_URL": f"file:{folder / 'mails'}",
        "REVIEWCORE_ADMIN_EMAILS": ADMIN,
        "REVIEWCORE_RULES_FILE": str(rules),
    }


def prepare_database(url: str) -> None:
    """Migrate a database and write the genres down."""
    migrate(url)
    store = SqlStore(url)
    with store.begin() as tx:
        tx.genres.add(*CATALOGUE)
    store.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def site_at(
    database_url: str, folder: Path, *, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Site]:
    """Serve a fresh market with *more* settings; its worker is `app.run_pending`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        # Entered first, so that it outlives whoever still waits for its answers.
        server = stack.enter_context(
            StripeServer(
                webhook_url=f"{url}/v1/webhooks/stripe",
                webhook_secret=WEBHOOK_SECRET,
                connect_webhook_url=f"{url}/v1/webhooks/stripe-connect",
                connect_webhook_secret=CONNECT_SECRET,
            )
        )
        server.set_balance(BALANCE)
        prepare_database(database_url)
        told: Mapping[str, str] = environment(database_url, folder, stripe_url=server.url, url=url)
        settings = settings_from({**told, **more}, default_base_url=url)
        deployment = stack.enter_context(deploy(settings))
        stack.enter_context(_listening(deployment, settings, port))
        unused = SandboxBank()
        stack.callback(unused.close)
        closing = stack.enter_context(ExitStack())
        service = Service(
            url=url,
            app=deployment.app,
            bank=unused,
            mails=folder / "mails",
            closing=closing,
        )
        yield Site(service=service, server=server, deployment=deployment, settings=settings)


@contextmanager
def _listening(deployment: Deployment, settings: Settings, port: int) -> Iterator[None]:
    litestar = create_app(
        deployment.app,
        admin_emails=settings.admin_emails,
        base_url=settings.base_url,
        bank=None,
        is_degraded=deployment.is_degraded,
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
        wait_until_alive(settings.base_url)
        yield
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(PATIENCE_SECONDS)


def wait_until_alive(url: str) -> None:
    """Return once somebody serves there."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            httpx.get(f"{url}/healthz", verify=False)
        except httpx.TransportError:
            if time.monotonic() > given_up_at:
                raise
            time.sleep(0.02)
        else:
            return
