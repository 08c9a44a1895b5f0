"""What all contracts share: a version, promises that all keep, and promises that are claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Capability(StrEnum):
    """What an adapter may do and need not; its promises are tested where it is claimed.

    The contract that knows a capability says what it means; see `Contract.known`.
    """

    # Stores.
    DURABLE = "durable"
    SHARED = "shared"
    PARALLEL = "parallel"
    # Payments, payouts and webhooks.
    PARTIAL_REFUNDS = "partial refunds"
    LATE_FAILURES = "late failures"
    DISPUTES = "disputes"
    DASHBOARDS = "dashboards"
    REVERSALS = "reversals"
    SIGNATURES = "signatures"
    # Mail, files, passwords and identities.
    REFUSALS = "refusals"
    OUTAGES = "outages"
    RANGES = "ranges"
    PARAMETERS = "parameters"
    # Audio, besides WAV.
    MP3 = "MP3"
    FLAC = "FLAC"
    OGG = "OGG"
    M4A = "M4A"
    AAC = "AAC"


def optional(capability: Capability) -> Callable[[F], F]:
    """Mark a test as one of a promise that only those keep who claim *capability*."""

    def mark(test: F) -> F:
        test.__dict__["capability"] = capability
        return test

    return mark


class Contract:
    """The promises of a port, as tests; subclass one, name it `Test…`, and supply its fixtures.

    `CONTRACT_VERSION` is ``major.minor``: a new minor number adds promises, which an adapter that
    kept the former may turn out to break; a new major number changes what is promised.
    `capabilities` are those that the adapter claims. Tests of others are not collected.
    """

    CONTRACT_VERSION: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known, claimed = cls.known(), frozenset(cls.capabilities)
        if unknown := claimed - known:
            told = ", ".join(sorted(unknown))
            raise TypeError(f"{cls.__name__} claims what its contract does not know: {told}")
        for name, test, capability in cls._optional():
            if name not in vars(cls):
                setattr(cls, name, test if capability in claimed else None)

    @classmethod
    def known(cls) -> frozenset[Capability]:
        """Tell the capabilities that an adapter may claim here."""
        return frozenset(capability for _, _, capability in cls._optional())

    @classmethod
    def contract(cls) -> type[Contract]:
        """Tell the contract that this adapter is put through."""
        return next(one for one in cls.__mro__ if "CONTRACT_VERSION" in vars(one))

    @classmethod
    def capability(cls, name: str) -> Capability | None:
        """Tell the capability to which a test belongs; None for what all must keep."""
        return next((told for known, _, told in cls._optional() if known == name), None)

    @classmethod
    def _optional(cls) -> Iterator[tuple[str, Any, Capability]]:
        """Iterate over the tests of optional promises, however they were hidden or overridden."""
        for name in dict.fromkeys(name for one in cls.__mro__ for name in vars(one)):
            if not name.startswith("test_"):
                continue
            told = [vars(one)[name] for one in cls.__mro__ if vars(one).get(name) is not None]
            for test in told:
                capability = getattr(test, "capability", None)
                if capability is not None:
                    yield name, told[0], capability
                    break
