"""A platform on loopback that answers as it is told: with any bytes, at any pace."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reviewcore.adapters.oembed import OEmbedLinks
from reviewcore.domain.links import SourceType

NAME = "platform.test"
LINK = "https://soundcloud.com/the-samples/first-light?si=a&b=ä"


def an_answer(told: object, **changes: str) -> bytes:
    """Tell *told* as JSON, with headers that may be changed."""
    return raw(json.dumps(told).encode(), **changes)


def raw(
    body: bytes, *, status: str = "200 OK", kind: str = "application/json", **more: str
) -> bytes:
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


class Platform:
    """Answers each connection with *answer*, in pieces of *piece* bytes *pause* seconds apart."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer = b""
        self.piece = 1 << 20
        self.pause = 0.0
        self.asked: list[str] = []
        self._tls = tls
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(60)
        threading.Thread(target=self._admit, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._door.getsockname()[1]
        return port

    def close(self) -> None:
        self._door.close()

    def _admit(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.settimeout(30)
            if self._tls is None:
                self._say(line)
                return
            with self._tls.wrap_socket(line, server_side=True) as secured:
                self._say(secured)

    def _say(self, line: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            block = line.recv(1 << 16)
            if not block:
                return
            request += block
        self.asked.append(request.decode())
        for at in range(0, len(self.answer), self.piece):
            line.sendall(self.answer[at : at + self.piece])
            time.sleep(self.pause)


@contextmanager
def a_platform(*, tls: ssl.SSLContext | None = None) -> Iterator[Platform]:
    platform = Platform(tls=tls)
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def asking(
    platform: Platform, *addresses: str, scheme: str = "http", seconds: float = 20.0, **more: Any
) -> Iterator[OEmbedLinks]:
    """Ask *platform*; its name has *addresses*, or is on loopback, which may be reached then."""

    def resolve(host: str) -> Sequence[str]:
        assert host == NAME
        return addresses or ["127.0.0.1"]

    if not addresses:
        more.setdefault("may_reach", lambda _: True)
    endpoint = f"{scheme}://{NAME}:{platform.port}/oembed"
    links = OEmbedLinks({SourceType.SOUNDCLOUD: endpoint}, resolve=resolve, seconds=seconds, **more)
    try:
        yield links
    finally:
        links.close()
