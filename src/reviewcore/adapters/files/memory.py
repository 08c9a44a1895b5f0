"""Files in this process's memory: for a quick start and for tests."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

import attrs

from reviewcore.adapters.files.served import Receiving, Refusal, ServedFiles, Slip
from reviewcore.domain.errors import UploadMissing
from reviewcore.domain.uploads import INCOMING
from reviewcore.ports.files import require_key
from reviewcore.sources import Clock, system_clock


@attrs.frozen(kw_only=True)
class _Held:
    content: bytes
    put_at: datetime


class MemoryFiles(ServedFiles):
    """Files that are gone when the process ends."""

    def __init__(
        self,
        *,
        base_url: str = "http://127.0.0.1:8000",
        secret: str | None = None,
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(base_url=base_url, secret=secret or secrets.token_urlsafe(32), clock=clock)
        self._held: dict[str, _Held] = {}

    def open(self, key: str) -> BinaryIO:
        held = self._held.get(require_key(key))
        if held is None:
            raise UploadMissing
        return io.BytesIO(held.content)

    def write(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        self._hold(require_key(key), file.read())

    def remove(self, key: str) -> None:
        self._held.pop(require_key(key), None)

    def sweep(self, before: datetime) -> int:
        old = [
            key
            for key, held in list(self._held.items())
            if key.startswith(f"{INCOMING}/") and held.put_at < before
        ]
        for key in old:
            self.remove(key)
        return len(old)

    def held(self) -> tuple[str, ...]:
        """Tell all keys."""
        return tuple(self._held)

    def receive(self, slip: Slip) -> Receiving:
        return _Incoming(slip, self._hold)

    def _hold(self, key: str, content: bytes) -> None:
        self._held[key] = _Held(content=content, put_at=self._clock())


class _Incoming:
    def __init__(self, slip: Slip, hold: Callable[[str, bytes], None]) -> None:
        self._slip = slip
        self._hold = hold
        self._content = bytearray()

    def write(self, block: bytes) -> None:
        self._content += block
        if len(self._content) > (self._slip.length or 0):
            raise Refusal

    def finish(self) -> None:
        if len(self._content) != self._slip.length:
            raise Refusal
        self._hold(self._slip.key, bytes(self._content))

    def abandon(self) -> None:
        self._content.clear()
