"""The world around a market that is being tested: processor, mailbox, passwords, providers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from reviewcore.adapters.mail import MemoryMail
from reviewcore.domain.errors import (
    IdentityNotProven,
    ProcessorUnavailable,
    ProviderUnavailable,
    UnknownProvider,
)
from reviewcore.ports.identities import Departure, Identity
from reviewcore.ports.mail import Letter
from reviewcore.testing.faults import Call, Fault

REFUSALS = frozenset({Fault.DECLINED, Fault.SHORT})


class Weather:
    """Decides what becomes of the next calls to a processor: faults in the order brewed.

    A processor that has acted on a key cannot refuse that key afterwards, so such a refusal is
    left out: a refusal promises that nothing happened.
    """

    def __init__(self) -> None:
        self._coming: deque[Fault] = deque()
        self._acted: set[str] = set()
        self._steady: Fault | None = None

    def brew(self, fault: Fault) -> None:
        """Have one more call meet *fault*."""
        self._coming.append(fault)

    def clear(self) -> None:
        """Have no more faults."""
        self._coming.clear()

    def __call__(self, call: Call) -> Fault:
        """Tell what becomes of *call*."""
        fault = self._next()
        key = getattr(call.arguments[0], "key", None)
        if key is None:
            return fault
        if fault in REFUSALS and key in self._acted:
            fault = Fault.NONE
        if fault in {Fault.NONE, Fault.LOST_AFTER}:
            self._acted.add(key)
        return fault

    @contextmanager
    def steady(self, fault: Fault) -> Iterator[None]:
        """Have every call within the block meet *fault*; what was brewed comes afterwards."""
        self._steady = fault
        try:
            yield
        finally:
            self._steady = None

    def _next(self) -> Fault:
        if self._steady is not None:
            return self._steady
        return self._coming.popleft() if self._coming else Fault.NONE


class MoodyMail(MemoryMail):
    """A mailbox that refuses the next letters when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0

    def send(self, letter: Letter, /) -> None:
        """Keep the letter. Raises ProcessorUnavailable while there are refusals left."""
        if self.refusals:
            self.refusals -= 1
            raise ProcessorUnavailable
        super().send(letter)


class QuickPasswords:
    """Hashes at once and without salt, so that equal runs keep equal hashes. For tests alone."""

    def hash(self, password: str, /) -> str:
        """Hash a password."""
        return hashlib.sha256(password.encode()).hexdigest()

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Tell whether the password has this hash."""
        return hashed is not None and hmac.compare_digest(self.hash(password), hashed)

    def needs_rehash(self, hashed: str, /) -> bool:
        """Tell that no hash is better than another."""
        del hashed
        return False


class TellingIdentities:
    """A provider that believes the code, which is the identity itself: the same in all lanes."""

    def require(self, provider: str, /) -> None:
        """Know one provider, and one that is away."""
        if provider not in {"peer", "away"}:
            raise UnknownProvider(provider=provider)

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        """Tell where nobody goes."""
        self.require(departure.provider)
        return redirect_uri

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        """Read the code."""
        assert redirect_uri, "whoever comes has come somewhere"
        self.require(departure.provider)
        if departure.provider == "away":
            raise ProviderUnavailable(provider="away")
        if code == "wrong":
            raise IdentityNotProven
        return Identity(**json.loads(code))
