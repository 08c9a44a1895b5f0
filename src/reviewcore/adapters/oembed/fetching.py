"""One GET with bounds on everything, to an address on the internet that was looked at before."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import SplitResult

BODY_MAX_BYTES: Final = 64 * 1024
OK: Final = 200
HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "reviewcore",
}
PORTS: Final = {"https": 443, "http": 80}

Resolve = Callable[[str], Sequence[str]]
"""Names the IP addresses of a host; raises OSError when there are none."""

Judge = Callable[[str], bool]
"""Tells whether an IP address may be connected to."""


class Refused(Exception):
    """An answer is not one that is read."""


def resolve(host: str) -> Sequence[str]:
    """Ask the system for the addresses of *host*. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


def is_public(address: str) -> bool:
    """Tell whether an address is on the internet, and not of this machine or its networks."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    # What stands for an address of the older kind is judged as that.
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour is not None:
            return False
        if ip.packed[:12] in _HOLDING_IPV4:
            ip = ipaddress.IPv4Address(ip.packed[12:])
    return ip.is_global and not ip.is_multicast


_HOLDING_IPV4: Final = frozenset(
    {
        bytes(12),
        bytes(10) + b"\xff\xff",
        # NAT64 (RFC 6052): its gateway may stand inside our network.
        b"\x00\x64\xff\x9b" + bytes(8),
    }
)


def fetch(
    url: SplitResult, *, seconds: float, resolve: Resolve, may_reach: Judge, tls: ssl.SSLContext
) -> bytes:
    """Return the body of a JSON answer of at most 64 KiB, within *seconds* after the name is known.

    The host is resolved once and the connection made to what was found: a name that points
    elsewhere a moment later leads nobody there. If one of its addresses may not be reached none
    is. Nothing is followed elsewhere and nothing unpacked. Raises Refused, OSError, HTTPException.
    """
    assert url.hostname is not None, "the endpoints are ours"
    found = resolve(url.hostname)
    if not found or not all(map(may_reach, found)):
        raise Refused
    port = url.port or PORTS[url.scheme]
    with (
        socket.create_connection((found[0], port), timeout=seconds) as raw,
        _secured(raw, url, tls) as line,
        _shut_after(seconds, line),
        contextlib.closing(http.client.HTTPConnection(url.hostname, port)) as connection,
    ):
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        # Given its socket, it asks no resolver and opens none of its own.
        connection.sock = line
        connection.request(
            "GET", f"{url.path}?{url.query}", headers={"Host": url.netloc, **HEADERS}
        )
        return _body(connection.getresponse())


def _body(answer: http.client.HTTPResponse) -> bytes:
    kind = answer.headers.get_content_type()
    packed = answer.headers.get("Content-Encoding", "identity")
    if answer.status != OK or kind != "application/json" or packed != "identity":
        raise Refused
    body = answer.read(BODY_MAX_BYTES + 1)
    if len(body) > BODY_MAX_BYTES:
        raise Refused
    return body


@contextlib.contextmanager
def _shut_after(seconds: float, line: socket.socket) -> Iterator[None]:
    """End all waiting on *line* after a time, however steadily it drips."""

    def shut() -> None:
        with contextlib.suppress(OSError):
            # Past what TLS makes of it, which is in use by another thread.
            socket.socket.shutdown(line, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _secured(line: socket.socket, url: SplitResult, tls: ssl.SSLContext) -> socket.socket:
    if url.scheme != "https":
        return line
    # Hands are shaken once somebody watches the time.
    return tls.wrap_socket(line, server_hostname=url.hostname, do_handshake_on_connect=False)
