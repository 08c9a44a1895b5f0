"""An endpoint for webhooks on loopback that answers as it is told."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import attrs
import stripe


@attrs.frozen
class Arrived:
    """One request as it came in."""

    body: bytes
    signature: str

    def event(self, secret: str) -> Any:
        """Verify and read it as the official library does, at any age."""
        return stripe.Webhook.construct_event(self.body, self.signature, secret, tolerance=10**10)


class Receiver:
    """Takes every request down; *statuses* are its answers, then 200."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.statuses: list[int] = []
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks"

    def take(self, arrived: Arrived) -> int:
        self.arrived.append(arrived)
        return self.statuses.pop(0) if self.statuses else 200

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived = Arrived(body, self.headers["Stripe-Signature"])
        self.send_response(self.server.receiver.take(arrived))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass
