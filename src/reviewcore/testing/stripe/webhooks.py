"""Webhooks: every event to the endpoint that wants it, again until it answers 2xx, or by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import attrs

from reviewcore.testing.stripe.errors import missing
from reviewcore.testing.stripe.signing import signature
from reviewcore.testing.stripe.world import DAY_SECONDS, Json, World, encode

POLL_SECONDS = 0.02
POST_SECONDS = 10.0
JOIN_SECONDS = 15.0
RETRY_MAX_SECONDS = 3_600
GIVE_UP_SECONDS = 3 * DAY_SECONDS
ACCOUNT = "account"
CONNECT = "connect"


@attrs.define(kw_only=True)
class Endpoint:
    """Where events go: the platform's own to `account`, connected accounts' to `connect`."""

    name: str
    secrets: tuple[str, ...] = attrs.field(repr=False)
    url: str | None = None


class Post(StrEnum):
    """How the delivery of an event stands."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    DROPPED = "DROPPED"


@attrs.define(kw_only=True)
class Delivery:
    """One event on its way; *statuses* are the answers so far, 0 where none came."""

    event_id: str
    type: str
    endpoint: str
    due_at: int
    post: Post = Post.WAITING
    statuses: list[int] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Signed:
    """A webhook as it would arrive at an endpoint: raw body, and the header Stripe-Signature."""

    endpoint: str
    body: bytes
    header: str


class Webhooks:
    """The deliveries of a server; a thread of their own makes them unless they are on hold."""

    def __init__(self, world: World, endpoints: tuple[Endpoint, ...]) -> None:
        self._world = world
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._deliveries: dict[str, Delivery] = {}
        self._waiting: dict[str, Delivery] = {}
        self._events: list[str] = []
        self._held = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        world.listeners.append(self._enqueue)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread = threading.Thread(target=self._run, name="stripe-webhooks")
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering; what is under way ends first."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def send_to(self, url: str | None, *, endpoint: str = ACCOUNT) -> None:
        """Point an endpoint at *url* (plain http), for events from now on."""
        with self._world.lock:
            self._endpoints[endpoint].url = url

    def hold(self) -> None:
        """Deliver nothing by itself from now on: events wait for `deliver`."""
        with self._world.lock:
            self._held = True

    def release(self) -> None:
        """Deliver by itself again, also what waited."""
        with self._world.lock:
            self._held = False

    def undelivered(self) -> tuple[Delivery, ...]:
        """List what waits, oldest first."""
        with self._world.lock:
            return tuple(
                attrs.evolve(delivery, statuses=list(delivery.statuses))
                for delivery in self._waiting.values()
            )

    def deliver(self, event_id: str, *, times: int = 1) -> list[int]:
        """Send an event now, *times* in a row, also one that was delivered or dropped.

        Any order of calls is an order of arrival. Returns the answers, 0 where none came. Raises
        Refusal for an event that no endpoint wanted.
        """
        return [self._attempt(self._get(event_id)) for _ in range(times)]

    def corrupt(self, event_id: str) -> int:
        """Send an event with a byte added after it was signed; it goes on waiting."""
        signed = self.signed(event_id)
        return self._send(self._get(event_id), signed.body + b"\n", signed.header)

    def drop(self, event_id: str) -> None:
        """Let an event be lost: it is never sent by itself, and counts as undelivered."""
        with self._world.lock:
            self._end(self._get(event_id), Post.DROPPED)

    def delay(self, event_id: str, *, seconds: int) -> None:
        """Let an event wait for so many seconds of the server's clock."""
        with self._world.lock:
            self._get(event_id).due_at = self._world.now() + seconds

    def rotate(self, secret: str, *, endpoint: str = ACCOUNT) -> None:
        """Sign with *secret* and, until `retire`, with the older ones too."""
        with self._world.lock:
            known = self._endpoints[endpoint]
            known.secrets = (secret, *known.secrets)

    def retire(self, *, endpoint: str = ACCOUNT) -> None:
        """Sign with the newest secret alone."""
        with self._world.lock:
            known = self._endpoints[endpoint]
            known.secrets = known.secrets[:1]

    def signed(self, event_id: str, *, at: int | None = None) -> Signed:
        """Write an event as it would arrive, sent *at* (seconds; now). Raises Refusal."""
        with self._world.lock:
            event = self._world.get("event", event_id)
            sent_at = self._world.now() if at is None else at
            body = encode(event)
            endpoint = self._endpoint(event)
            header = signature(body, secrets=endpoint.secrets, at=sent_at)
        return Signed(endpoint=endpoint.name, body=body, header=header)

    def events(self, *, after: int = 0) -> tuple[str, ...]:
        """List the ids of all events so far, in order, but the first *after*."""
        with self._world.lock:
            self._world.pass_time()
            return tuple(self._events[after:])

    def wait(self, *, seconds: float = 10.0) -> None:
        """Wait until everything that is due was tried. Raises TimeoutError."""
        pause = threading.Event()
        for _ in range(int(seconds / POLL_SECONDS)):
            with self._world.lock:
                if self._due() is None:
                    return
            pause.wait(POLL_SECONDS)
        raise TimeoutError("webhooks are still due")

    def verbs(self) -> dict[str, Callable[..., object]]:
        """Name what can be done from another process."""
        methods: tuple[Callable[..., object], ...] = (
            self.corrupt,
            self.delay,
            self.deliver,
            self.drop,
            self.hold,
            self.release,
            self.retire,
            self.rotate,
            self.send_to,
            self.signed,
            self.undelivered,
            self.wait,
        )
        return {f"webhooks/{method.__name__}": method for method in methods}

    def _enqueue(self, event: Json) -> None:
        self._events.append(event["id"])
        endpoint = self._endpoint(event)
        if endpoint.url is None:
            return
        event["pending_webhooks"] = 1
        delivery = Delivery(
            event_id=event["id"],
            type=event["type"],
            endpoint=endpoint.name,
            due_at=event["created"],
        )
        self._deliveries[event["id"]] = self._waiting[event["id"]] = delivery

    def _endpoint(self, event: Json) -> Endpoint:
        return self._endpoints[CONNECT if "account" in event else ACCOUNT]

    def _get(self, event_id: str) -> Delivery:
        with self._world.lock:
            if event_id not in self._deliveries:
                raise missing("delivery", event_id)
            return self._deliveries[event_id]

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._world.lock:
                self._world.pass_time()
                due = None if self._held else self._due()
            if due is None:
                self._stopping.wait(POLL_SECONDS)
            else:
                self._attempt(due)

    def _due(self) -> Delivery | None:
        now = self._world.now()
        due = (delivery for delivery in self._waiting.values() if delivery.due_at <= now)
        return next(due, None)

    def _end(self, delivery: Delivery, post: Post) -> None:
        delivery.post = post
        self._waiting.pop(delivery.event_id, None)

    def _attempt(self, delivery: Delivery) -> int:
        signed = self.signed(delivery.event_id)
        status = self._send(delivery, signed.body, signed.header)
        with self._world.lock:
            delivery.statuses.append(status)
            if 200 <= status < 300:
                self._end(delivery, Post.DELIVERED)
                self._world.get("event", delivery.event_id)["pending_webhooks"] = 0
            else:
                self._put_off(delivery)
        return status

    def _put_off(self, delivery: Delivery) -> None:
        now = self._world.now()
        created = self._world.get("event", delivery.event_id)["created"]
        if delivery.post is Post.WAITING and now - created > GIVE_UP_SECONDS:
            self._end(delivery, Post.DROPPED)
        delivery.due_at = now + min(2 ** len(delivery.statuses), RETRY_MAX_SECONDS)

    def _send(self, delivery: Delivery, body: bytes, header: str) -> int:
        url = urlsplit(self._endpoints[delivery.endpoint].url or "")
        if url.scheme != "http" or url.hostname is None:
            return 0
        connection = HTTPConnection(url.hostname, url.port, timeout=POST_SECONDS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": header,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            connection.request("POST", url.path or "/", body, headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()
