"""Load over HTTP from a process of its own: plain sockets in one event loop, keep-alive.

Written by hand, because a client library costs more per request than the server.
"""

from __future__ import annotations

import json
import select
import socket
import time
from urllib.parse import urlsplit

import attrs

from bench import market
from bench.load import Measured, Numbers

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "


@attrs.frozen(kw_only=True)
class Calls:
    """*operation* on the cells *first* to *last* by so many connections, for so long.

    *warm_up* requests of each connection come before the clock runs.
    """

    base_url: str
    operation: str
    concurrency: int
    seconds: float
    first: int
    last: int
    warm_up: int = 20


FORM = json.dumps(
    attrs.asdict(market.FEEDBACK, filter=lambda _, value: value is not None, recurse=False)
).encode()

LINES = {
    "complete_review": "POST /v1/reviews/{review}/complete",
    "record_heartbeat": "POST /v1/reviews/{review}/heartbeat",
    "read_session": "GET /v1/me",
    "read_health": "GET /healthz",
}


def request_of(calls: Calls, number: int) -> bytes:
    """Make the bytes of one request, signed in as the cell's reviewer."""
    line = LINES[calls.operation].format(review=market.an_id("rv", number))
    body = FORM if calls.operation == "complete_review" else b""
    head = (
        f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {market.token_of(number)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection:
    """A socket and the answer that is arriving on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.begun = 0.0

    def send(self, request: bytes) -> None:
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read what has come; returns the whole answer once it is there."""
        told = self.socket.recv(65536)
        if not told:
            raise ConnectionError("the server hung up")
        self.received += told
        end = self.received.find(END_OF_HEAD)
        if end < 0:
            return None
        head = self.received[:end].lower()
        start = head.index(LENGTH) + len(LENGTH)
        length = int(head[start:].split(b"\r\n", 1)[0])
        if len(self.received) < end + len(END_OF_HEAD) + length:
            return None
        answer, self.received = self.received, b""
        return answer


def run(calls: Calls) -> Measured:
    """Send requests on every connection, the next as soon as one is answered."""
    place = urlsplit(calls.base_url)
    assert place.hostname is not None
    assert place.port is not None
    address = (place.hostname, place.port)
    numbers = Numbers(calls.first, calls.last, again=calls.operation != "complete_review")
    connections = [_Connection(address) for _ in range(calls.concurrency)]
    warm = _round(calls, connections, numbers, count=calls.warm_up * calls.concurrency, seconds=60)
    if warm.errors:
        return warm
    told = _round(calls, connections, numbers, count=None, seconds=calls.seconds)
    for connection in connections:
        connection.socket.close()
    return attrs.evolve(told, before=warm.operations)


def _round(
    calls: Calls,
    connections: list[_Connection],
    numbers: Numbers,
    *,
    count: int | None,
    seconds: float,
) -> Measured:
    poll = select.epoll()
    waiting = {connection.socket.fileno(): connection for connection in connections}
    for handle in waiting:
        poll.register(handle, select.EPOLLIN)
    latencies: list[float] = []
    errors: list[str] = []
    left = count if count is not None else -1
    cpu, begun = time.process_time(), time.perf_counter()
    deadline = begun + seconds
    open_calls = 0

    def send_next(connection: _Connection) -> int:
        nonlocal left
        if left == 0 or errors or time.perf_counter() >= deadline:
            return 0
        number = numbers.take()
        if number is None:
            return 0
        left -= 1
        connection.send(request_of(calls, number))
        return 1

    for connection in connections:
        open_calls += send_next(connection)
    while open_calls:
        for handle, _ in poll.poll():
            connection = waiting[handle]
            answer = connection.receive()
            if answer is None:
                continue
            latencies.append((time.perf_counter() - connection.begun) * 1000)
            if not answer.startswith(b"HTTP/1.1 200"):
                errors.append(answer.decode(errors="replace")[:600])
            open_calls += send_next(connection) - 1
    poll.close()
    return Measured(
        operations=len(latencies),
        seconds=time.perf_counter() - begun,
        cpu=time.process_time() - cpu,
        latencies=sorted(latencies),
        errors=tuple(errors),
    )
