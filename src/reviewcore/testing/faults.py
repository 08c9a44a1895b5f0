"""A processor whose requests and answers get lost on the way, by script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

import attrs

from reviewcore.domain.money import Cents
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent
from reviewcore.ports.processor import (
    AccountOrder,
    AccountView,
    CheckoutOrder,
    Declined,
    DisputeView,
    EventPage,
    Outcome,
    Payments,
    Payouts,
    RefundOrder,
    RefundView,
    ReversalOrder,
    ReversalView,
    SessionView,
    TransferOrder,
    TransferView,
    Unknown,
    Webhooks,
)

V = TypeVar("V")


class Fault(StrEnum):
    """What becomes of one call."""

    NONE = "NONE"
    LOST_BEFORE = "LOST_BEFORE"
    LOST_AFTER = "LOST_AFTER"
    DECLINED = "DECLINED"
    SHORT = "SHORT"


# NONE         the processor acts and answers.
# LOST_BEFORE  Unknown, and it never heard of the call.
# LOST_AFTER   Unknown, though it acted: the case that pays twice where a key is not kept.
# DECLINED     Declined("injected"), and it never heard of the call.
# SHORT        refused for now: too little balance. The same is accepted later under a new key.


@attrs.frozen(kw_only=True)
class Call:
    """One call of a port: its name there, and what it was called with."""

    method: str
    arguments: tuple[object, ...]


Script = Iterable[Fault] | Callable[[Call], Fault]
"""The faults of one call after the other, then none; or a function that is asked each time.

A function may raise instead, as a process that dies before its call does.
"""


class Line(Protocol):
    """Has a fault befall one call: makes the call, or does not, and returns what came of it."""

    def __call__(self, fault: Fault, act: Callable[[], Outcome[V]], /) -> Outcome[V]:
        """Make the call as *fault* has it."""
        ...


def befall(fault: Fault, act: Callable[[], Outcome[V]], /) -> Outcome[V]:
    """Lose, refuse or let through a call on this side of the port."""
    match fault:
        case Fault.NONE:
            return act()
        case Fault.LOST_BEFORE:
            return Unknown("the request was lost")
        case Fault.LOST_AFTER:
            act()
            return Unknown("the answer was lost")
        case Fault.DECLINED:
            return Declined("injected")
        case Fault.SHORT:
            return Declined("balance_insufficient", is_passing=True)


class _Line:
    """The line to a processor: writes down every call, then lets *script* decide."""

    def __init__(self, script: Script, line: Line) -> None:
        self.calls: list[Call] = []
        self._befall = line
        # Taken again where a script has others act, and call, before it decides.
        self._lock = threading.RLock()
        if callable(script):
            self._choose = script
        else:
            faults = iter(script)
            self._choose = lambda _: next(faults, Fault.NONE)

    def _say(self, call: Call, act: Callable[[], Outcome[V]]) -> Outcome[V]:
        with self._lock:
            self.calls.append(call)
            fault = self._choose(call)
        return self._befall(fault, act)


class FaultyPayments(_Line):
    """*inner* at the end of a bad line; `calls` lists what was said, in order."""

    def __init__(self, inner: Payments, script: Script = (), *, line: Line = befall) -> None:
        super().__init__(script, line)
        self._inner = inner

    def open_checkout(self, order: CheckoutOrder, /) -> Outcome[SessionView]:
        call = Call(method="open_checkout", arguments=(order,))
        return self._say(call, lambda: self._inner.open_checkout(order))

    def session(self, session_id: str, /) -> Outcome[SessionView]:
        call = Call(method="session", arguments=(session_id,))
        return self._say(call, lambda: self._inner.session(session_id))

    def find_session(self, attempt_id: str, /) -> Outcome[SessionView | None]:
        call = Call(method="find_session", arguments=(attempt_id,))
        return self._say(call, lambda: self._inner.find_session(attempt_id))

    def expire_session(self, session_id: str, /) -> Outcome[SessionView]:
        call = Call(method="expire_session", arguments=(session_id,))
        return self._say(call, lambda: self._inner.expire_session(session_id))

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        call = Call(method="refund", arguments=(order,))
        return self._say(call, lambda: self._inner.refund(order))

    def find_refund(self, refund_id: str, payment_id: str, /) -> Outcome[RefundView | None]:
        call = Call(method="find_refund", arguments=(refund_id, payment_id))
        return self._say(call, lambda: self._inner.find_refund(refund_id, payment_id))

    def refund_view(self, external_id: str, /) -> Outcome[RefundView]:
        call = Call(method="refund_view", arguments=(external_id,))
        return self._say(call, lambda: self._inner.refund_view(external_id))

    def fee(self, payment_id: str, /) -> Outcome[Cents | None]:
        call = Call(method="fee", arguments=(payment_id,))
        return self._say(call, lambda: self._inner.fee(payment_id))

    def dispute(self, external_id: str, /) -> Outcome[DisputeView]:
        call = Call(method="dispute", arguments=(external_id,))
        return self._say(call, lambda: self._inner.dispute(external_id))


class FaultyPayouts(_Line):
    """*inner* at the end of a bad line; `calls` lists what was said, in order."""

    def __init__(self, inner: Payouts, script: Script = (), *, line: Line = befall) -> None:
        super().__init__(script, line)
        self._inner = inner

    def open_account(self, order: AccountOrder, /) -> Outcome[AccountView]:
        call = Call(method="open_account", arguments=(order,))
        return self._say(call, lambda: self._inner.open_account(order))

    def account(self, account_id: str, /) -> Outcome[AccountView]:
        call = Call(method="account", arguments=(account_id,))
        return self._say(call, lambda: self._inner.account(account_id))

    def account_link(self, account_id: str, /, *, return_url: str) -> Outcome[str]:
        call = Call(method="account_link", arguments=(account_id, return_url))
        return self._say(call, lambda: self._inner.account_link(account_id, return_url=return_url))

    def dashboard_link(self, account_id: str, /) -> Outcome[str]:
        call = Call(method="dashboard_link", arguments=(account_id,))
        return self._say(call, lambda: self._inner.dashboard_link(account_id))

    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        call = Call(method="transfer", arguments=(order,))
        return self._say(call, lambda: self._inner.transfer(order))

    def find_transfer(self, payout_id: str, /) -> Outcome[TransferView | None]:
        call = Call(method="find_transfer", arguments=(payout_id,))
        return self._say(call, lambda: self._inner.find_transfer(payout_id))

    def transfer_view(self, external_id: str, /) -> Outcome[TransferView]:
        call = Call(method="transfer_view", arguments=(external_id,))
        return self._say(call, lambda: self._inner.transfer_view(external_id))

    def reverse(self, order: ReversalOrder, /) -> Outcome[ReversalView]:
        call = Call(method="reverse", arguments=(order,))
        return self._say(call, lambda: self._inner.reverse(order))

    def available(self, currency: str, /) -> Outcome[Cents]:
        call = Call(method="available", arguments=(currency,))
        return self._say(call, lambda: self._inner.available(currency))


class FaultyWebhooks(_Line):
    """*inner* at the end of a bad line; `calls` lists what was asked, in order."""

    def __init__(self, inner: Webhooks, script: Script = (), *, line: Line = befall) -> None:
        super().__init__(script, line)
        self._inner = inner

    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        # What has come is looked at here: no line is needed, so none can fail.
        return self._inner.authenticate(endpoint, body, signature)

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        call = Call(method="since", arguments=(at, cursor))
        return self._say(call, lambda: self._inner.since(at, cursor=cursor))
