"""How Stripe was when it was last asked: what operators and readiness checks want to know."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import attrs

from reviewcore.adapters.stripe.outcomes import Failure, Kind
from reviewcore.sources import Clock, system_clock


@attrs.frozen(kw_only=True)
class HealthReport:
    """When Stripe last answered, last failed to, and last refused our key; reasons are short."""

    answered_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    misconfigured_at: datetime | None = None
    misconfiguration: str | None = None
    is_reachable: bool = True
    is_accepted: bool = True


class StripeHealth:
    """Remembers how calls went; threads may share it."""

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._report = HealthReport()

    @property
    def report(self) -> HealthReport:
        """What is known now."""
        with self._lock:
            return self._report

    @property
    def is_reachable(self) -> bool:
        """Whether the last call was answered, also with a refusal; true before the first."""
        return self.report.is_reachable

    @property
    def is_degraded(self) -> bool:
        """Whether Stripe is out of reach, or refused our key when it last answered."""
        report = self.report
        return not (report.is_reachable and report.is_accepted)

    def answered(self) -> None:
        """Note that Stripe did, or told, or refused what was asked."""
        self._note(answered_at=self._clock(), is_reachable=True, is_accepted=True)

    def failed(self, failure: Failure) -> None:
        """Note what kept a call from an answer."""
        match failure.kind:
            case Kind.UNREACHABLE | Kind.AMBIGUOUS | Kind.STRANGER:
                self._note(failed_at=self._clock(), failure=failure.reason, is_reachable=False)
            case Kind.MISCONFIGURED:
                self._note(
                    misconfigured_at=self._clock(),
                    misconfiguration=failure.reason,
                    is_reachable=True,
                    is_accepted=False,
                )
            case _:
                self.answered()

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._report = attrs.evolve(self._report, **changes)
