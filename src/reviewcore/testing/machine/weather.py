"""The world around a market that is being tested: processor, mailbox, files, providers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from reviewcore.adapters.files.memory import MemoryFiles
from reviewcore.adapters.mail import MemoryMail
from reviewcore.domain.errors import (
    DecoderUnavailable,
    FilesUnavailable,
    IdentityNotProven,
    ProcessorUnavailable,
    ProviderUnavailable,
    UnknownProvider,
)
from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable
from reviewcore.ports.identities import Departure, Identity
from reviewcore.ports.mail import Letter, Mail
from reviewcore.testing.faults import Call, Fault

REFUSALS = frozenset({Fault.DECLINED, Fault.SHORT})

MUSIC, NOISE, RIDDLE = b"music", b"noise", b"riddl"
"""Files of one length: what plays, what does not, and what nobody can tell of."""

SECONDS = 62
"""How long music plays."""


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
    """A mailbox that refuses the next letters when told to, and hands the others on to *inner*."""

    def __init__(self, inner: Mail) -> None:
        super().__init__()
        self.refusals = 0
        self._inner = inner

    def send(self, letter: Letter, /) -> None:
        """Keep the letter. Raises ProcessorUnavailable while there are refusals left."""
        if self.refusals:
            self.refusals -= 1
            raise ProcessorUnavailable
        self._inner.send(letter)
        super().send(letter)


class MoodyFiles(MemoryFiles):
    """A store of files that cannot be reached for the next calls when told so."""

    refusals = 0

    def put(self, key: str, content: bytes) -> None:
        """Have whoever has the address put a file to it, also while we cannot reach the store."""
        self._hold(key, content)

    def open(self, key: str) -> BinaryIO:
        """Open a file. Raises FilesUnavailable while there are refusals left, as all others do."""
        self._meet()
        return super().open(key)

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        """Keep a file."""
        self._meet()
        super().write(key, file, content_type=content_type)

    def remove(self, key: str) -> None:
        """Forget a file."""
        self._meet()
        super().remove(key)

    def sweep(self, before: datetime) -> int:
        """Forget what came to nothing."""
        self._meet()
        return super().sweep(before)

    def _meet(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise FilesUnavailable


class TellingAudio:
    """A decoder that believes the file, which says what it is."""

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        """Read what it says. Raises DecoderUnavailable."""
        told = file.read()
        if told == RIDDLE:
            raise DecoderUnavailable
        return Playable(SECONDS) if told == MUSIC else Unplayable(f"is no {audio}")


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
