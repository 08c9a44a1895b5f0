"""The server itself: what a test starts, plays with and counts on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from reviewcore.sources import Clock, system_clock
from reviewcore.testing.stripe.accounts import platform_account
from reviewcore.testing.stripe.api import Answer, Api, Incoming
from reviewcore.testing.stripe.calls import Call
from reviewcore.testing.stripe.faults import Fault, Plan
from reviewcore.testing.stripe.http import Listener
from reviewcore.testing.stripe.payees import Payees
from reviewcore.testing.stripe.payers import Payers
from reviewcore.testing.stripe.world import API_VERSION, DAY_SECONDS, World, standard_fee

SETTLE_SECONDS = 2 * DAY_SECONDS


class StripeBroke(AssertionError):
    """The server itself failed while it served; the tracebacks say where."""


class StripeServer(Payers, Payees):
    """Stripe on loopback, in memory."""

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        port: int = 0,
        settle_seconds: int = SETTLE_SECONDS,
        fee: Callable[[int], int] = standard_fee,
        api_version: str = API_VERSION,
    ) -> None:
        self._world = World(
            clock=clock, settle_seconds=settle_seconds, fee=fee, api_version=api_version
        )
        self._world.keep(platform_account(self._world), account=self._world.platform)
        self._api = Api(self._world)
        self._listener = Listener(self._answer, port=port, stopping=self._api.stopping)

    @property
    def url(self) -> str:
        """The base address of the API, known once it is started."""
        return self._listener.url

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every request of the API so far, in order."""
        with self._world.lock:
            return tuple(self._api.calls)

    def start(self) -> None:
        """Listen."""
        self._listener.start()
        self._world.url = self.url

    def close(self) -> None:
        """Stop listening, and cut what is connected. Raises StripeBroke."""
        self._api.stopping.set()
        self._listener.stop()
        if self._api.failures:
            raise StripeBroke("\n".join(self._api.failures))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuse connections within this block."""
        self._listener.stop()
        try:
            yield
        finally:
            self._listener.start()

    def plan(
        self,
        fault: Fault,
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
        long SLOW and STALL last. *should_retry* adds the header Stripe-Should-Retry.
        """
        plan = Plan(
            fault=fault,
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

    def _answer(self, incoming: Incoming) -> Answer:
        return self._api.answer(incoming)
