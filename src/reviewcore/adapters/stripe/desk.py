"""What the gateways share: one way to call Stripe, which always ends in an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe

from reviewcore.adapters.stripe.connection import connect
from reviewcore.adapters.stripe.health import StripeHealth
from reviewcore.adapters.stripe.outcomes import failure_of
from reviewcore.adapters.stripe.settings import StripeSettings
from reviewcore.ports.processor import Done, Outcome, Unknown

V = TypeVar("V")

Json = dict[str, Any]
"""An object of Stripe's as it travels; the library's own classes end at this module."""

PAGE = 100
OBJECTS_MAX = 20_000
"""How many objects of a list are looked at before a search is given up."""


class Unclear(Exception):
    """Stripe answered, but what it told cannot be relied upon; *reason* is free of secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Desk:
    """A client of one gateway, and how it fared."""

    def __init__(self, settings: StripeSettings, *, health: StripeHealth | None = None) -> None:
        self.health = health if health is not None else StripeHealth()
        self._settings = settings
        self._connection = connect(settings)
        self._stripe = self._connection.client.v1

    def close(self) -> None:
        """Give the connections back; harmless when repeated."""
        self._connection.close()

    def _run(self, call: Callable[[], V]) -> Outcome[V]:
        """Make a call, and read what it tells; whatever is raised becomes an outcome.

        All of `Exception`, for once something was sent even a mistake of ours must not be taken
        for a refusal. The exception goes no further: it may hold bodies and headers.
        """
        try:
            view = call()
        except Unclear as unclear:
            self.health.answered()
            return Unknown(unclear.reason)
        except Exception as error:  # noqa: BLE001 - see above
            failure = failure_of(error)
            self.health.failed(failure)
            return failure.outcome
        self.health.answered()
        return Done(view)

    def _told(self, made: stripe.StripeObject) -> Json:
        """Take an answer out of the library. Raises Unclear for one of the other mode."""
        told = made.to_dict()
        if told.get("livemode", self._settings.livemode) is not self._settings.livemode:
            raise Unclear("Stripe answered with an object of the other mode")
        return told

    def _each(self, listed: stripe.ListObject[Any]) -> Iterator[Json]:
        """Go through a list and the pages after it. Raises Unclear when there is no end."""
        for count, made in enumerate(listed.auto_paging_iter()):
            if count == OBJECTS_MAX:
                raise Unclear("Stripe has too many objects to look through")
            yield self._told(made)


def expanded(value: Any) -> Json | None:
    """Return an object that was asked for with its parent; None where only its id came, or none."""
    return value if isinstance(value, dict) else None


def at(seconds: int) -> datetime:
    """Read a time of Stripe's."""
    return datetime.fromtimestamp(seconds, UTC)
