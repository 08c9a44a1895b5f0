"""The server itself: what a test starts, plays with and counts on."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Self

from reviewcore.sources import Clock, system_clock
from reviewcore.testing.stripe.accounts import platform_account
from reviewcore.testing.stripe.answers import Answer, Incoming
from reviewcore.testing.stripe.api import Api
from reviewcore.testing.stripe.control import Control, Verb
from reviewcore.testing.stripe.faults import Fault, Plan
from reviewcore.testing.stripe.http import Listener
from reviewcore.testing.stripe.ledger import Ledger
from reviewcore.testing.stripe.pages import Pages
from reviewcore.testing.stripe.payees import Payees
from reviewcore.testing.stripe.payers import Payers
from reviewcore.testing.stripe.webhooks import ACCOUNT, CONNECT, Endpoint, Webhooks
from reviewcore.testing.stripe.world import API_VERSION, DAY_SECONDS, World, standard_fee

SETTLE_SECONDS = 2 * DAY_SECONDS
ACCOUNT_SECRET = "whsec_account_of_the_test_server"
CONNECT_SECRET = "whsec_connect_of_the_test_server"
HEARD_AFTER = 0.5
"""Seconds from the order to go down until it is done: its answer has long been sent."""
VERBS = (
    "advance",
    "balance",
    "change_external_account",
    "check",
    "clear_faults",
    "deauthorize",
    "decline",
    "disable",
    "effects",
    "executed",
    "fail_payment",
    "fail_payout",
    "fail_refund",
    "go_down",
    "keys_in_use",
    "lose_dispute",
    "objects",
    "onboard",
    "open_dispute",
    "pay",
    "pay_later",
    "pay_out",
    "plan",
    "reverse_transfer",
    "set_balance",
    "settle_payment",
    "settle_refund",
    "submit_details",
    "win_dispute",
)
"""The methods that can be called from another process."""


class StripeBroke(AssertionError):
    """The server itself failed while it served; the tracebacks say where."""


class StripeServer(Payers, Payees, Ledger):
    """Stripe on loopback, in memory: a context manager that listens inside its block.

    Times come from *clock*; *port* 0 takes a free one. Payments are available after
    *settle_seconds*, less what *fee* takes of an amount in minor units. Events go to
    *webhook_url* and, those of connected accounts, to *connect_webhook_url*; without one they can
    still be signed by hand (`webhooks.signed`). Ids are drawn from *chance*, the system's unless a
    test wants the same ones again.
    """

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str = ACCOUNT_SECRET,
        connect_webhook_url: str | None = None,
        connect_webhook_secret: str = CONNECT_SECRET,
        settle_seconds: int = SETTLE_SECONDS,
        fee: Callable[[int], int] = standard_fee,
        api_version: str = API_VERSION,
        chance: Random | None = None,
    ) -> None:
        self._world = World(
            clock=clock,
            settle_seconds=settle_seconds,
            fee=fee,
            api_version=api_version,
            chance=chance,
        )
        self._world.keep(platform_account(self._world), account=self._world.platform)
        self._api = Api(self._world)
        endpoints = (
            Endpoint(name=ACCOUNT, url=webhook_url, secrets=(webhook_secret,)),
            Endpoint(name=CONNECT, url=connect_webhook_url, secrets=(connect_webhook_secret,)),
        )
        self.webhooks = Webhooks(self._world, endpoints)
        self._pages = Pages(self._world, self)
        self._control = Control(self._verbs())
        self._listener = Listener(self._answer, port=port)
        self._outages: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """The base address of the API, known once it is started."""
        return self._listener.url

    @property
    def platform(self) -> str:
        """The id of the platform's own account."""
        return self._world.platform

    def start(self) -> None:
        """Listen, and deliver webhooks."""
        self._listener.start()
        self._world.url = self.url
        self.webhooks.start()

    def close(self) -> None:
        """Stop listening, and cut what is connected. Raises StripeBroke."""
        self._api.stopping.set()
        for outage in self._outages:
            outage.join()
        self._listener.stop()
        self.webhooks.stop()
        if self._api.failures:
            raise StripeBroke("\n".join(self._api.failures))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def advance(self, seconds: int) -> None:
        """Move this server's time on, and let happen what was due; the clock itself stays."""
        with self._world.lock:
            self._world.ahead_seconds += seconds
            self._world.pass_time()

    def plan(
        self,
        fault: Fault | str,
        path: str = ".*",
        *,
        method: str = "POST",
        nth: int = 1,
        times: int = 1,
        seconds: float = 0.0,
        should_retry: bool | None = None,
    ) -> None:
        """Do *fault* to requests of *method* whose whole path matches the expression *path*.

        It hits the *nth* of them from now (1 is the next) and *times* - 1 more; *seconds* is how
        long SLOW and STALL last. *should_retry* adds the header Stripe-Should-Retry. Raises
        ValueError for a fault that does not exist.
        """
        plan = Plan(
            fault=Fault(fault),
            method=method,
            path=path,
            nth=nth,
            times=times,
            seconds=seconds,
            should_retry=should_retry,
        )
        with self._world.lock:
            self._api.faults.add(plan)

    def clear_faults(self) -> None:
        """Forget the faults that were planned."""
        with self._world.lock:
            self._api.faults.clear()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuse connections within this block, and cut those that exist."""
        self._listener.stop()
        try:
            yield
        finally:
            self._listener.start()

    def go_down(self, seconds: float) -> None:
        """Refuse connections for so many real seconds, from half a second on; returns at once."""
        outage = threading.Thread(target=self._down, args=(seconds,), name="stripe-outage")
        self._outages.append(outage)
        outage.start()

    def _down(self, seconds: float) -> None:
        # Whoever asked for it over HTTP is to hear that it was heard.
        if self._api.stopping.wait(HEARD_AFTER):
            return
        with self.unreachable():
            self._api.stopping.wait(seconds)

    def _answer(self, incoming: Incoming) -> Answer:
        try:
            played = self._control.answer(incoming) or self._pages.answer(incoming)
        except Exception as error:  # noqa: BLE001 - a mistake of this server, told when it closes
            self._api.failures.append("".join(traceback.format_exception(error)))
            return Answer(status=500, body=b"{}")
        return played or self._api.answer(incoming)

    def _verbs(self) -> dict[str, Verb]:
        """Name what can be done from another process."""
        verbs: dict[str, Verb] = {name: getattr(self, name) for name in VERBS}
        return {
            **verbs,
            # Arguments come by name, and these have none.
            "begin_refunds_as": lambda statuses: self.begin_refunds_as(*statuses),
            "calls": lambda: self.calls,
            **self.webhooks.verbs(),
        }
