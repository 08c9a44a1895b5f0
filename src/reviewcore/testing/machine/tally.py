"""What a run of the machine has reached: successes by use case, refusals by error."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from reviewcore import usecases
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.events import EventRecord

SUCCESSES_MIN = 20

RARE = frozenset(
    {
        "BankPayoutFailed",
        "DisputeLost",
        "DisputeWon",
        "PayoutDestinationChanged",
        "PayoutFailed",
        "PayoutParked",
        "PayoutReversed",
        "RefundDoubled",
        "RefundDropped",
        "RefundFailed",
        "RefundParked",
        "RefundReturned",
        "RefundSettled",
        "RefundUndoubled",
    }
)
"""Events whose numbers tell how far into the affairs of the processor a run has come."""

# What commands on one thread and a store in memory cannot raise, each with the reason.
UNREACHABLE: Mapping[str, str] = MappingProxyType(
    {
        "AlreadyExists": "the backstop of unique keys; on one thread, who looks first sees all",
        "Busy": "needs another that is in the way; one thread is alone",
        "InvalidCursor": "raised where lists are paged, above the use cases",
        "InvalidRules": "raised when rules are made, before there is a market",
        "MailRefused": "raised by mail servers; the machine's mailbox takes everything",
        "NotAdmin": "raised where administrators are known, above the use cases",
        "NotShared": "raised where shared reviews are shown, above the use cases",
        "StoreNotMigrated": "memory has no schema",
        "StoreUnavailable": "memory is always there",
        "TooManyRequests": "raised where callers are counted, above the use cases",
        "UploadsNotTaken": "raised where no files are kept; the machine's market keeps some",
    }
)


def use_cases() -> tuple[str, ...]:
    """Tell the name of every use case there is, those that only the worker runs included."""
    return tuple(
        module.name
        for module in pkgutil.iter_modules(usecases.__path__)
        if not module.ispkg and hasattr(_module(module.name), module.name)
    )


def _module(name: str) -> object:
    return importlib.import_module(f"{usecases.__name__}.{name}")


def leaf_errors() -> tuple[str, ...]:
    """Tell the name of every error below the categories."""
    categories = ReviewcoreError.__subclasses__()
    return tuple(sorted(leaf.__name__ for kind in categories for leaf in kind.__subclasses__()))


class Tally:
    """Counts, to be added up over runs. *steps* are rules run, *runs* whole markets."""

    def __init__(self) -> None:
        self.successes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.moments: Counter[str] = Counter()
        self.steps = 0
        self.runs = 0

    def history(self, events: Iterable[EventRecord]) -> None:
        """Count the rare events of a market that has come to its end."""
        self.moments.update(one.type for one in events if one.type in RARE)

    def gaps(self, *, successes_min: int = SUCCESSES_MIN) -> tuple[str, ...]:
        """Tell which use cases and reachable errors were not seen often enough."""
        rare = (
            f"{name} succeeded {self.successes[name]} times, not {successes_min}"
            for name in use_cases()
            if self.successes[name] < successes_min
        )
        unseen = (
            f"{name} was never raised"
            for name in leaf_errors()
            if not self.refusals[name] and name not in UNREACHABLE
        )
        return (*rare, *unseen)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.runs} markets, {self.steps} steps",
                "successes by use case:",
                *_columns(use_cases(), self.successes),
                "refusals by error:",
                *_columns(leaf_errors(), self.refusals),
                "moments reached:",
                *_columns(sorted(self.moments), self.moments),
            )
        )


def _columns(names: Iterable[str], counts: Counter[str], *, wide: int = 3) -> Iterable[str]:
    cells = [f"{name:28}{counts[name]:7}" for name in names]
    for start in range(0, len(cells), wide):
        yield "  " + "  ".join(cells[start : start + wide])
