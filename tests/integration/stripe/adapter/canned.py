"""A server on loopback that says one thing to everybody, however wrong, and notes who asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import attrs


@attrs.frozen(kw_only=True)
class Said:
    """What is answered; *cut* bytes of the body are kept back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    cut: int = 0


def saying(told: Any, *, status: int = 200, **headers: str) -> Said:
    """Say an object as JSON; underlines in names of headers become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, body=json.dumps(told).encode(), headers=named)


def refusing(status: int, *, code: str | None = None, kind: str = "invalid_request_error") -> Said:
    """Refuse as Stripe does."""
    error = {"type": kind, "message": "Leaked by Stripe", "request_log_url": "https://Leaked"}
    return saying({"error": error | ({} if code is None else {"code": code})}, status=status)


class Canned:
    """Answers every request with *said*, or what *paths* has for its path.

    *heads* are the headers of what was asked.
    """

    def __init__(self, said: Said) -> None:
        self.said = said
        self.paths: dict[str, Said] = {}
        self.heads: list[Mapping[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], canned: Canned) -> None:
        self.canned = canned
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._say()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._say()

    def log_message(self, *_: Any) -> None:
        pass

    def _say(self) -> None:
        canned = self.server.canned
        canned.heads.append(dict(self.headers))
        said = canned.paths.get(urlsplit(self.path).path, canned.said)
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body[: len(said.body) - said.cut])
