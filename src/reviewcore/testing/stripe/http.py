"""HTTP on loopback: requests in, answers out, and what a bad connection does to them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from reviewcore.testing.stripe.answers import Answer, Incoming
from reviewcore.testing.stripe.faults import Fault

HOST = "127.0.0.1"
BODY_MAX = 1 << 20
POLL_SECONDS = 0.02
JOIN_SECONDS = 10.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time at all: closing drops what is unsent and sends RST instead of FIN."""

SILENT = frozenset({Fault.CLOSED, Fault.HANG_UP})

Answering = Callable[[Incoming], Answer]


class Listener:
    """Listens on one port from `start` to `stop`, and can start again on the same one."""

    def __init__(self, answering: Answering, *, port: int) -> None:
        self._answering = answering
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Accept connections."""
        server = _Server((HOST, self._port), self._answering)
        self._port = server.server_address[1]
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(POLL_SECONDS,), name="stripe-http"
        )
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and refuse new ones; harmless when repeated."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(JOIN_SECONDS)
        self._server.cut()
        self._server.server_close()
        self._server = self._thread = None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answering: Answering) -> None:
        self.answering = answering
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        # The standard library sends FIN before it closes, after which RST could not be sent.
        with self._lock:
            self._open.discard(request)
        request.close()

    def cut(self) -> None:
        """Wake every thread that waits for a client or stalls one, so that it ends."""
        self.stopping.set()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # The client was quicker.

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep silent: a client that is killed in the middle is what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Without this an answer of two packets waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Log nothing: paths and headers carry secrets."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            self.send_error(413)
            self.close_connection = True
            return
        body = self.rfile.read(length).decode("utf-8", errors="replace")
        url = urlsplit(self.path)
        incoming = Incoming(
            method=self.command,
            path=url.path,
            form=body or url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        self._send(self.server.answering(incoming))

    def _send(self, answer: Answer) -> None:
        if answer.fault is Fault.STALL:
            self.server.stopping.wait(answer.seconds)
        if answer.fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        if answer.fault is Fault.RESET or answer.fault in SILENT:
            self.close_connection = True
            return
        cut = answer.fault is Fault.TRUNCATED
        self.close_connection = self.close_connection or cut
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
