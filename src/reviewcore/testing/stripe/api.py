"""One request of the API from key to answer: who asks, what, again or for the first time."""

from __future__ import annotations

import secrets
import threading
import traceback
from typing import Any

import attrs

from reviewcore.testing.stripe.accounts import require_access
from reviewcore.testing.stripe.answers import HTML_TYPE, Answer, Incoming
from reviewcore.testing.stripe.calls import Call, Fate
from reviewcore.testing.stripe.errors import Refusal, unauthenticated, unknown_url
from reviewcore.testing.stripe.expansion import expanded
from reviewcore.testing.stripe.faults import (
    GATEWAY_PAGE,
    REFUSALS,
    SERVER_ERROR,
    WIRE,
    Fault,
    Faults,
    Plan,
)
from reviewcore.testing.stripe.forms import decode
from reviewcore.testing.stripe.idempotency import Kept, Keys
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.routes import Route, route_of
from reviewcore.testing.stripe.world import Cause, World, encode

KEY_PREFIXES = ("sk_test_", "rk_test_")


@attrs.define(kw_only=True)
class Visit:
    """One request on its way through; *fate* is decided as it goes."""

    incoming: Incoming
    id: str
    plan: Plan | None = None
    account: str | None = None
    params: dict[str, Any] = attrs.field(factory=dict)
    fate: Fate = Fate.REFUSED
    headers: dict[str, str] = attrs.field(factory=dict)

    @property
    def key(self) -> str | None:
        """The idempotency key; only POST has one."""
        given = self.incoming.headers.get("idempotency-key")
        return given if self.incoming.method == "POST" else None

    @property
    def fault(self) -> Fault | None:
        """What becomes of it."""
        return None if self.plan is None else self.plan.fault


class Api:
    """Answers requests, one at a time, and writes every one down in `calls`."""

    def __init__(self, world: World) -> None:
        self.faults = Faults()
        self.calls: list[Call] = []
        self.failures: list[str] = []
        self.stopping = threading.Event()
        self._world = world
        self.keys = Keys()

    def answer(self, incoming: Incoming) -> Answer:
        """Answer one request; never raises."""
        visit = Visit(incoming=incoming, id=f"req_{secrets.token_hex(7)}")
        try:
            status, body = self._serve(visit)
        except Refusal as refusal:
            status, body = refusal.status, encode(refusal.body(visit.id))
        except Exception:  # noqa: BLE001 - a mistake of this server must not look like a fault
            self.failures.append(traceback.format_exc())
            status, body = 500, encode(SERVER_ERROR.body(visit.id))
        self._write_down(visit, status, body)
        return self._answer(visit, status, body)

    def _serve(self, visit: Visit) -> tuple[int, bytes]:
        incoming = visit.incoming
        self._authenticate(visit)
        found = route_of(incoming.method, incoming.path)
        if found is None:
            raise unknown_url(incoming.method, incoming.path)
        visit.params = decode(incoming.form)
        with self._world.lock:
            visit.plan = self.faults.take(incoming.method, incoming.path)
        if visit.fault in REFUSALS:
            raise REFUSALS[visit.fault]
        if visit.fault is Fault.CLOSED:
            return 0, b""
        return self._once(visit, *found)

    def _authenticate(self, visit: Visit) -> None:
        given = visit.incoming.headers.get("authorization", "")
        scheme, _, key = given.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise unauthenticated("You did not provide an API key.")
        if not key.startswith(KEY_PREFIXES):
            raise unauthenticated("Invalid API Key provided.")
        visit.account = self._world.platform
        named = visit.incoming.headers.get("stripe-account")
        if named is not None:
            with self._world.lock:
                visit.account = require_access(self._world, named)["id"]

    def _once(self, visit: Visit, route: Route, ids: tuple[str, ...]) -> tuple[int, bytes]:
        """Execute, or repeat what the same key was answered before."""
        account = visit.account
        assert account is not None, "the caller was authenticated"
        if visit.key is None:
            return self._execute(visit, route, ids)
        with self._world.lock:
            kept = self.keys.begin(account, visit.key, self._first(visit))
        if kept is not None and kept.status is not None:
            visit.fate = Fate.REPLAYED
            visit.headers |= {
                "Idempotent-Replayed": "true",
                "Original-Request": kept.request_id,
            }
            return kept.status, kept.body
        try:
            status, body = self._execute(visit, route, ids)
        except BaseException:
            with self._world.lock:
                self.keys.release(account, visit.key)
            raise
        with self._world.lock:
            self.keys.finish(account, visit.key, status=status, body=body)
        return status, body

    def _execute(self, visit: Visit, route: Route, ids: tuple[str, ...]) -> tuple[int, bytes]:
        account, world = visit.account, self._world
        assert account is not None, "the caller was authenticated"
        params = route.shape(visit.params, "")
        if visit.plan is not None and visit.fault is Fault.SLOW:
            self.stopping.wait(visit.plan.seconds)
        request = Request(path=visit.incoming.path, ids=ids, params=params, account=account)
        with world.lock, world.caused_by(Cause(id=visit.id, idempotency_key=visit.key)):
            world.pass_time()
            status, body = self._act(visit, route, request)
        if visit.fault is Fault.SERVER_ERROR:
            return SERVER_ERROR.status, encode(SERVER_ERROR.body(visit.id))
        return status, body

    def _act(self, visit: Visit, route: Route, request: Request) -> tuple[int, bytes]:
        try:
            made = route.act(self._world, request)
            body = expanded(self._world, made, request.params.get("expand", ()))
        except Refusal as refusal:
            if not refusal.stored:
                raise
            visit.fate = Fate.EXECUTED
            return refusal.status, encode(refusal.body(visit.id))
        visit.fate = Fate.EXECUTED
        return 200, encode(body)

    def _first(self, visit: Visit) -> Kept:
        return Kept(
            method=visit.incoming.method,
            path=visit.incoming.path,
            params=visit.params,
            request_id=visit.id,
            began_at=self._world.now(),
        )

    def _write_down(self, visit: Visit, status: int, body: bytes) -> None:
        call = Call(
            method=visit.incoming.method,
            path=visit.incoming.path,
            params=visit.params,
            account=visit.account,
            idempotency_key=visit.key,
            request_id=visit.id,
            fate=visit.fate,
            status=status,
            fault=visit.fault,
            body=body,
        )
        with self._world.lock:
            self.calls.append(call)

    def _answer(self, visit: Visit, status: int, body: bytes) -> Answer:
        headers = {"Request-Id": visit.id, "Stripe-Version": self._version(visit), **visit.headers}
        if visit.key is not None:
            headers["Idempotency-Key"] = visit.key
        plan = visit.plan
        if plan is not None and plan.should_retry is not None:
            headers["Stripe-Should-Retry"] = str(plan.should_retry).lower()
        if visit.fault is Fault.BAD_GATEWAY:
            return Answer(status=502, body=GATEWAY_PAGE, content_type=HTML_TYPE)
        on_wire = visit.fault in WIRE or visit.fault is Fault.CLOSED
        return Answer(
            status=status,
            body=body,
            headers=headers,
            fault=visit.fault if on_wire else None,
            seconds=0.0 if plan is None else plan.seconds,
        )

    def _version(self, visit: Visit) -> str:
        given = visit.incoming.headers.get("stripe-version")
        return self._world.api_version if given is None else given
