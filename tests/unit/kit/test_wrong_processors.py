"""The contracts of processors catch adapters that are wrong, each by the promise that is named."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.domain.errors import InvalidWebhook
from reviewcore.domain.money import Cents
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import (
    Declined,
    Done,
    EventPage,
    Outcome,
    RefundState,
    SessionState,
    Unknown,
)
from reviewcore.testing.contracts import (
    Capability,
    PaymentsContract,
    PayoutsContract,
    WebhooksContract,
)
from reviewcore.testing.contracts.processor import Deliver, Delivery
from reviewcore.testing.contracts.processor.orders import fresh
from tests.unit.kit.judging import Verdicts, Wrong, judged, require_caught
from tests.unit.sandbox import PAID_OUT, TAKEN_IN, TOLD, MovingClock, SandboxSides

Calling = Callable[..., Any]


class Bent:
    """A bank of which some methods are replaced, each made of the bank's own."""

    def __init__(self, bank: Any, **bends: Callable[[Any, Calling], Calling]) -> None:
        self._bank = bank
        for name, bend in bends.items():
            setattr(self, name, bend(bank, getattr(bank, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bank, name)


Bend = Callable[[Any, Calling], Calling]


def payments(name: str, promise: str, **bends: Bend) -> Wrong:
    class OnIt(SandboxSides, PaymentsContract):
        capabilities = TAKEN_IN

        @pytest.fixture
        def bank(self) -> SandboxBank:
            return SandboxBank(clock=MovingClock())

        @pytest.fixture
        def payments(self, bank: SandboxBank) -> Any:
            return Bent(bank, **bends)

    return Wrong(name, promise, OnIt)


def payouts(name: str, promise: str, **bends: Bend) -> Wrong:
    class OnIt(SandboxSides, PayoutsContract):
        capabilities = PAID_OUT

        @pytest.fixture
        def bank(self) -> SandboxBank:
            return SandboxBank(clock=MovingClock())

        @pytest.fixture
        def payouts(self, bank: SandboxBank) -> Any:
            return Bent(bank, **bends)

    return Wrong(name, promise, OnIt)


# ── bends ────────────────────────────────────────────────────────────────────────────────────


def keyless(_: Any, told: Calling) -> Calling:
    """Ignore the key of an order."""
    return lambda order: told(attrs.evolve(order, key=fresh("key")))


def racing(_: Any, told: Calling) -> Calling:
    """Look whether a key was used, and only later write down that it was."""
    known: dict[str, Outcome[Any]] = {}

    def call(order: Any) -> Outcome[Any]:
        if order.key not in known:
            time.sleep(0.005)
            known[order.key] = told(attrs.evolve(order, key=fresh("key")))
        return known[order.key]

    return call


def careless(_: Any, told: Calling) -> Calling:
    """Repeat the first answer to a key whatever is ordered under it."""
    known: dict[str, Outcome[Any]] = {}
    lock = threading.Lock()

    def call(order: Any) -> Outcome[Any]:
        with lock:
            if order.key not in known:
                known[order.key] = told(order)
            return known[order.key]

    return call


def final(_: Any, told: Calling) -> Calling:
    """Call it a refusal when nobody knows."""

    def call(order: Any) -> Outcome[Any]:
        answer = told(order)
        return Declined("idempotency") if isinstance(answer, Unknown) else answer

    return call


def vague(_: Any, told: Calling) -> Calling:
    """Call a refusal unknown."""

    def call(*given: Any) -> Outcome[Any]:
        answer = told(*given)
        return Unknown("no idea") if isinstance(answer, Declined) else answer

    return call


def lasting(_: Any, told: Calling) -> Calling:
    """Call what may pass a refusal for good."""

    def call(*given: Any) -> Outcome[Any]:
        answer = told(*given)
        return Declined(answer.code) if isinstance(answer, Declined) else answer

    return call


def yes(view: Calling) -> Bend:
    """Say that it was done where it was refused."""

    def bend(_: Any, told: Calling) -> Calling:
        def call(order: Any) -> Outcome[Any]:
            answer = told(order)
            return Done(view(order)) if isinstance(answer, Declined) else answer

        return call

    return bend


def viewing(**changes: Any) -> Bend:
    """Change fields of what is told, by value or function."""

    def bend(_: Any, told: Calling) -> Calling:
        def call(*given: Any) -> Outcome[Any]:
            answer = told(*given)
            if not isinstance(answer, Done) or answer.view is None:
                answered: Outcome[Any] = answer
                return answered
            new = {
                name: change(getattr(answer.view, name)) if callable(change) else change
                for name, change in changes.items()
            }
            return Done(attrs.evolve(answer.view, **new))

        return call

    return bend


def always(answer: Outcome[Any]) -> Bend:
    return lambda _, __: lambda *___, **____: answer


def raising(_: Any, told: Calling) -> Calling:
    def call(*given: Any) -> Outcome[Any]:
        answer = told(*given)
        if not isinstance(answer, Done):
            raise LookupError(answer)  # noqa: TRY004 - what a vendor's library may raise
        return answer

    return call


def half(bank: Any, told: Calling) -> Calling:
    """Send half of what was ordered, and say that it was all."""

    def call(order: Any) -> Outcome[Any]:
        answer = told(attrs.evolve(order, amount=Cents(order.amount // 2)))
        answered: Outcome[Any] = viewing(amount=order.amount)(bank, lambda: answer)()
        return answered

    return call


def never_found(_: Any, told: Calling) -> Calling:
    return lambda *given: Done(None) if isinstance(told(*given), Done) else told(*given)


MONEY_IN = [
    payments("opens a session a call", "test_the_same_key_opens_one_session",
             open_checkout=keyless),
    payments("opens two sessions at once", "test_one_key_at_once_opens_one_session",
             open_checkout=racing),
    payments("repeats itself to another checkout", "test_a_key_is_not_for_another_checkout",
             open_checkout=careless),
    payments("refuses what it cannot know", "test_a_key_is_not_for_another_refund", refund=final),
    payments("does not close", "test_an_open_session_is_closed",
             expire_session=lambda bank, _: bank.session),
    payments("tells no session by our id", "test_a_session_is_found_by_our_id_as_it_stands",
             find_session=never_found),
    payments("does not know what it never heard of",
             "test_a_session_that_never_was_is_surely_none", find_session=always(Unknown("?"))),
    payments("raises for unknown ids", "test_an_unknown_session_is_not_found", session=raising),
    payments("tells of naive times", "test_a_session_ends_some_time",
             open_checkout=viewing(expires_at=lambda at: at.replace(tzinfo=None))),
    payments("calls what was declined paid", "test_an_unpaid_end_is_told_and_has_no_payment",
             session=viewing(state=SessionState.PAID)),
    payments("keeps more than was paid",
             "test_the_fee_of_a_payment_is_told_once_it_is_known", fee=always(Done(Cents(5000)))),
    payments("tells another amount than was paid", "test_a_paid_session_says_what_was_paid",
             session=viewing(amount=lambda amount: Cents(amount // 100 * 100))),
    payments("refunds twice under a key", "test_the_same_key_gives_money_back_once",
             refund=keyless),
    payments("refunds twice at once", "test_one_key_at_once_gives_money_back_once",
             refund=racing),
    payments("repeats itself to another refund", "test_a_key_is_not_for_another_refund",
             refund=careless),
    payments("refunds half", "test_the_same_key_gives_money_back_once", refund=half),
    payments("calls a refusal unknown", "test_more_than_was_paid_is_declined", refund=vague),
    payments("calls a refusal unknown", "test_no_more_goes_back_in_parts_than_was_paid",
             refund=vague),
    payments("tells no refund by our id", "test_a_refund_is_found_by_our_id",
             find_refund=never_found),
    payments("hides that a refund failed", "test_a_refund_that_failed_after_all_says_so",
             refund_view=viewing(state=RefundState.TAKEN)),
    payments("refuses for good what is disputed",
             "test_what_is_disputed_is_not_refunded_for_now", refund=lasting),
    payments("tells disputes without their amount",
             "test_an_open_dispute_says_what_left_the_balance",
             dispute=viewing(amount=Cents(0))),
    payments("gives back more than a dispute took",
             "test_a_dispute_that_was_lost_brings_nothing_back",
             dispute=viewing(reinstated=Cents(1))),
]  # fmt: skip

MONEY_OUT = [
    payouts("pays twice under a key", "test_the_same_key_pays_once", transfer=keyless),
    payouts("pays twice at once", "test_one_key_at_once_pays_once", transfer=racing),
    payouts("repeats itself to another transfer", "test_a_key_is_not_for_another_transfer",
            transfer=careless),
    payouts("refuses what it cannot know", "test_a_key_is_not_for_another_transfer",
            transfer=final),
    payouts("opens an account a call", "test_the_same_key_opens_one_account",
            open_account=keyless),
    payouts("opens two accounts at once", "test_one_key_at_once_opens_one_account",
            open_account=racing),
    payouts("calls every account ready", "test_a_new_account_cannot_be_paid_yet",
            account=viewing(ready=True)),
    payouts("calls refused accounts ready", "test_a_refused_account_is_not_ready",
            account=viewing(ready=True)),
    payouts("sends half", "test_a_transfer_leaves_less_to_pay_out", transfer=half),
    payouts("calls a refusal unknown", "test_an_account_that_is_not_ready_is_not_paid",
            transfer=vague),
    payouts("tells no transfer by our id", "test_a_transfer_is_found_by_our_id",
            find_transfer=never_found),
    payouts("raises for unknown ids", "test_an_unknown_transfer_is_not_found",
            transfer_view=raising),
    payouts("reverses twice under a key", "test_the_same_key_takes_money_back_once",
            reverse=keyless),
    payouts("reverses twice at once", "test_one_key_at_once_takes_money_back_once",
            reverse=racing),
    payouts("hides reversals", "test_a_transfer_tells_all_that_came_back",
            transfer_view=viewing(reversals=())),
    payouts("calls a refusal unknown", "test_no_more_comes_back_than_was_sent", reverse=vague),
]  # fmt: skip


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────

SECRETS = {Endpoint.ACCOUNT: b"account", Endpoint.CONNECT: b"connect"}
TOLERANCE_SECONDS = 300


class Signed:
    """A right adapter: it asks the sandbox, and takes deliveries that are signed with HMAC."""

    secrets = SECRETS
    tolerance_seconds = TOLERANCE_SECONDS

    def __init__(self, bank: SandboxBank) -> None:
        self._bank = bank

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return self._bank.since(at, cursor=cursor)

    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        stamp, _, seal = (signature or "").partition(":")
        if not stamp.isdecimal() or len(stamp) > 12 or not seal.isascii():
            raise InvalidWebhook(reason="no signature")
        if not self.fits(endpoint, stamp, body, seal):
            raise InvalidWebhook(reason="another signature")
        if abs(time.time() - int(stamp)) > self.tolerance_seconds:
            raise InvalidWebhook(reason="another time")
        return self.read(body)

    def fits(self, endpoint: Endpoint, stamp: str, body: bytes, seal: str) -> bool:
        return hmac.compare_digest(seal_of(self.secrets[endpoint], stamp, body), seal)

    def read(self, body: bytes) -> ProcessorEvent:
        told = json.loads(body)
        return ProcessorEvent(
            id=told["id"],
            type="transfer",
            subject=Subject.TRANSFER,
            object_id=told["object"],
            created_at=datetime.fromisoformat(told["at"]),
        )


def seal_of(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def delivered(endpoint: Endpoint, age: timedelta = timedelta(0)) -> Delivery:
    now = datetime.now(UTC)
    told = {"id": fresh("evt"), "object": fresh("tr"), "at": now.isoformat()}
    body, stamp = json.dumps(told).encode(), str(int((now - age).timestamp()))
    event = ProcessorEvent(
        id=told["id"],
        type="transfer",
        subject=Subject.TRANSFER,
        object_id=told["object"],
        created_at=now,
    )
    return Delivery(body, f"{stamp}:{seal_of(SECRETS[endpoint], stamp, body)}", event)


class OldTaken(Signed):
    tolerance_seconds = 10**9


class OneSecret(Signed):
    def fits(self, endpoint: Endpoint, stamp: str, body: bytes, seal: str) -> bool:
        return any(super(OneSecret, self).fits(one, stamp, body, seal) for one in Endpoint)


class HalfSealed(Signed):
    def fits(self, endpoint: Endpoint, stamp: str, body: bytes, seal: str) -> bool:
        # It seals what it makes of the body, and not the body.
        try:
            same = json.dumps(json.loads(body)).encode()
        except ValueError:
            return False
        return super().fits(endpoint, stamp, same, seal)


class Trusting(Signed):
    def fits(self, endpoint: Endpoint, stamp: str, body: bytes, seal: str) -> bool:
        return bool(seal)


class Unsealed(Signed):
    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        if signature is None:
            return self.read(body)
        return super().authenticate(endpoint, body, signature)


class Quoting(Signed):
    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        try:
            return super().authenticate(endpoint, body, signature)
        except InvalidWebhook:
            raise InvalidWebhook(reason=body.decode(errors="replace")) from None


class Once(Signed):
    """It thinks of a repeat as an attack, and so loses what its first answer lost."""

    def __init__(self, bank: SandboxBank) -> None:
        super().__init__(bank)
        self._seen: set[str] = set()

    def read(self, body: bytes) -> ProcessorEvent:
        told = super().read(body)
        if told.id in self._seen:
            raise InvalidWebhook(reason="seen")
        self._seen.add(told.id)
        return told


class OnePage(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        answer = super().since(at, cursor=cursor)
        return Done(attrs.evolve(answer.view, cursor=None)) if isinstance(answer, Done) else answer


class Backwards(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        answer = super().since(at, cursor=cursor)
        if not isinstance(answer, Done):
            return answer
        return Done(attrs.evolve(answer.view, events=answer.view.events[::-1]))


class Overlapping(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return super().since(at, cursor=None if cursor is None else str(int(cursor) - 1))


class Losing(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return super().since(at, cursor=None if cursor is None else str(int(cursor) + 1))


class Timeless(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return super().since(at - timedelta(days=9), cursor=cursor)


class Narrow(Signed):
    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        return super().since(at + timedelta(microseconds=1), cursor=cursor)


def webhooks(name: str, promise: str, make: Callable[[SandboxBank], Any]) -> Wrong:
    class OnIt(SandboxSides, WebhooksContract):
        capabilities = TOLD | {Capability.SIGNATURES}

        @pytest.fixture
        def bank(self) -> SandboxBank:
            return SandboxBank(clock=MovingClock())

        @pytest.fixture
        def payments(self, bank: SandboxBank) -> SandboxBank:
            return bank

        @pytest.fixture
        def payouts(self, bank: SandboxBank) -> SandboxBank:
            return bank

        @pytest.fixture
        def webhooks(self, bank: SandboxBank) -> Any:
            return make(bank)

        @pytest.fixture
        def deliver(self) -> Deliver:
            return delivered

    return Wrong(name, promise, OnIt)


MANY = "test_many_events_come_in_pages_oldest_first_and_each_once"
NEWS = [
    webhooks("takes old signatures", "test_what_was_signed_at_another_time_is_refused", OldTaken),
    webhooks("takes other endpoints' signatures",
             "test_an_endpoint_does_not_take_what_is_signed_for_another", OneSecret),
    webhooks("seals what it read", "test_a_body_that_was_changed_is_refused", HalfSealed),
    webhooks("takes any signature", "test_a_signature_serves_its_own_body_alone", Trusting),
    webhooks("takes none", "test_a_signature_serves_its_own_body_alone", Unsealed),
    webhooks("quotes forgeries", "test_a_forgery_is_refused_and_not_quoted", Quoting),
    webhooks("takes an event once",
             "test_what_the_processor_signed_is_told_and_again_when_it_comes_again", Once),
    webhooks("tells one page", MANY, OnePage),
    webhooks("tells pages backwards", MANY, Backwards),
    webhooks("tells the last again", MANY, Overlapping),
    webhooks("loses one between pages", MANY, Losing),
    webhooks("tells what was before", "test_events_are_told_from_a_time_on", Timeless),
    webhooks("leaves the first moment out", "test_events_are_told_from_a_time_on", Narrow),
]  # fmt: skip

WRONG = [*MONEY_IN, *MONEY_OUT, *NEWS]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judged(WRONG, tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.label)
def test_a_wrong_processor_is_caught(verdicts: Verdicts, wrong: Wrong) -> None:
    require_caught(verdicts, WRONG, wrong)


def test_a_right_one_keeps_all_that_the_wrong_ones_break(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    right = [
        *(payments("right", one.promise) for one in MONEY_IN),
        *(payouts("right", one.promise) for one in MONEY_OUT),
        *(webhooks("right", one.promise, Signed) for one in NEWS),
    ]

    told = judged(right, tmp_path_factory.mktemp("right"))

    assert (told.failed, told.broken) == ({}, {})
    assert len(told.passed) == len(right)
