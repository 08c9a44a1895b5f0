"""Files that our own routes take and give, at addresses that carry a signature.

An address says what may be done with which file, as what, how long it is, and until when; the
signature says that we said so. Whoever changes a letter of it has an address that is none.
"""

from __future__ import annotations

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, Protocol
from urllib.parse import urlencode

import attrs

from reviewcore.ports.files import require_key
from reviewcore.sources import Clock

FIELDS = ("folder", "type", "length", "expires")


class Deed(StrEnum):
    """What an address is for: the HTTP method."""

    PUT = "PUT"
    GET = "GET"


class Refusal(Exception):
    """An address that we did not make, or that is no longer good; or another file than agreed."""


@attrs.frozen(kw_only=True)
class Slip:
    """What an address allows; *length* in bytes, exact, None for what is given out."""

    key: str
    content_type: str
    length: int | None


class Receiving(Protocol):
    """A file that is coming in; nobody sees it before it is whole."""

    def write(self, block: bytes) -> None:
        """Take the next bytes. Raises Refusal when they are more than agreed."""
        ...

    def finish(self) -> None:
        """Have the whole file, for good. Raises Refusal when it is shorter than agreed."""
        ...

    def abandon(self) -> None:
        """Forget what has come; harmless when it was finished."""
        ...


class ServedFiles(ABC):
    """What files behind our own routes have in common: the addresses, below *base_url*."""

    def __init__(self, *, base_url: str, secret: str, clock: Clock) -> None:
        self._base_url = base_url.rstrip("/")
        # A key of its own: what is signed here means nothing elsewhere.
        self._secret = hmac.new(secret.encode(), b"addresses of files", hashlib.sha256).digest()
        self._clock = clock

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """Open a file, as the port says."""

    @abstractmethod
    def receive(self, slip: Slip) -> Receiving:
        """Begin to take the file that *slip* allows."""

    def sign_upload(
        self, key: str, *, content_type: str, content_length: int, life: timedelta
    ) -> str:
        slip = Slip(key=require_key(key), content_type=content_type, length=content_length)
        return self._address(Deed.PUT, slip, life)

    def sign_download(self, key: str, *, content_type: str, life: timedelta) -> str:
        slip = Slip(key=require_key(key), content_type=content_type, length=None)
        return self._address(Deed.GET, slip, life)

    def admit(self, deed: Deed, name: str, query: Mapping[str, str]) -> Slip:
        """Read the address that was asked for. Raises Refusal."""
        told = {field: query.get(field, "") for field in FIELDS}
        signed = self._signature(deed, name, told)
        if not hmac.compare_digest(signed.encode(), query.get("signature", "").encode()):
            raise Refusal
        if self._clock().timestamp() >= int(told["expires"]):
            raise Refusal
        return Slip(
            key=f"{told['folder']}/{name}",
            content_type=told["type"],
            length=int(told["length"]) if told["length"] else None,
        )

    def _address(self, deed: Deed, slip: Slip, life: timedelta) -> str:
        folder, _, name = slip.key.partition("/")
        told = {
            "folder": folder,
            "type": slip.content_type,
            "length": "" if slip.length is None else str(slip.length),
            "expires": str(int((self._clock() + life).timestamp())),
        }
        query = urlencode(told | {"signature": self._signature(deed, name, told)})
        return f"{self._base_url}/v1/uploads/{name}/content?{query}"

    def _signature(self, deed: Deed, name: str, told: Mapping[str, str]) -> str:
        # No field holds a line feed, so that no two addresses are one text.
        text = "\n".join([deed, name, *(told[field] for field in FIELDS)])
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def age(timestamp: float) -> datetime:
    """Tell the time of a file system as the market tells it."""
    return datetime.fromtimestamp(timestamp, tz=UTC)
