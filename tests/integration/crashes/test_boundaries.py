"""A process that dies at each moment between its steps, one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import attrs
import pytest

from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.app import App
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.ports.mail import Mail
from reviewcore.ports.processor import Payments, Payouts
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    ConfirmPayment,
    ConnectPayoutAccount,
    ExpireCheckout,
    OpenCheckout,
    SendPayout,
    SendRefund,
    cancel_track,
    check_out,
    confirm_payment,
    connect_payout_account,
    expire_checkout,
    open_checkout,
    send_payout,
    send_refund,
    withdraw,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import ROUNDS, World

pytestmark = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)

WORKER_STEP = {"memory": 5, "sqlite": 30, "postgresql": 60}
"""How many boundaries of a worker's round lie between two deaths, on average, in a quick run."""

Act = Callable[[App], object]
Check = Callable[[], None]


class Stop(BaseException):
    """The process dies here."""


class Path:
    """The way of a process through its boundaries; it dies at number *ends_at*."""

    def __init__(self, ends_at: int) -> None:
        self._left = ends_at

    def cross(self) -> None:
        """Pass a boundary, or die at it."""
        self._left -= 1
        if self._left == 0:
            raise Stop


class Line:
    """Something outside, reached over a line that has two boundaries: before and after a call."""

    def __init__(self, inner: object, path: Path) -> None:
        self._inner = inner
        self._path = path

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._inner, name)

        def call(*args: object, **kwargs: object) -> object:
            self._path.cross()
            answer = method(*args, **kwargs)
            self._path.cross()
            return answer

        return call


@attrs.frozen
class PathStore:
    """A store with boundaries: before a block, before its commit and after it."""

    inner: Store
    path: Path

    @property
    def rules(self) -> MarketRules:
        return self.inner.rules

    def now(self) -> datetime:
        return self.inner.now()

    @contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Transaction]:
        self.path.cross()
        with self.inner.begin(actor=actor) as tx:
            yield tx
            tx.flush()
            self.path.cross()
        self.path.cross()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.inner.read() as tx:
            yield tx

    @contextmanager
    def glance(self) -> Iterator[Transaction]:
        with self.inner.glance() as tx:
            yield tx

    def migrate(self) -> None:
        self.inner.migrate()

    def check_ready(self) -> None:
        self.inner.check_ready()

    def close(self) -> None:
        self.inner.close()


def mortal(world: World, path: Path) -> App:
    """Make an app of the same market that dies where *path* ends."""
    return App(
        store=PathStore(world.store, path),
        payments=cast("Payments", Line(world.bank, path)),
        payouts=cast("Payouts", Line(world.bank, path)),
        mail=cast("Mail", Line(world.app.mail, path)),
        passwords=ScryptPasswords(),
    )


# ── what is interrupted: a new subject each time, an act, and the one effect it must have ────────


def opening(world: World) -> tuple[Act, Check]:
    track = world.unpaid(world.artist())
    command = OpenCheckout(track_id=track.id, artist_id=track.artist_id)

    def check() -> None:
        (state,) = _states_at_bank(world, "track_id", track.id)
        assert state == "OPEN"
        with world.store.read() as tx:
            payment = tx.payments.of_track(track.id)
            assert payment is not None
            (attempt,) = tx.attempts.of_payment(payment.id)
        assert attempt.status is AttemptStatus.OPEN
        assert _told(world, "CheckoutOpened", payment.id) == 1

    return lambda app: app.drive(open_checkout, command), check


def confirming(world: World) -> tuple[Act, Check]:
    track = world.unpaid(world.artist())
    attempt = world.session(track)
    assert attempt.session_id is not None
    command = ConfirmPayment(session_id=attempt.session_id)

    def check() -> None:
        assert world.get_track(track.id).status is TrackStatus.QUEUED
        with world.store.read() as tx:
            artist = tx.artists.get(track.artist_id)
        assert (artist.total_spent, artist.total_tracks) == (495, 1)
        assert _told(world, "PaymentCompleted", attempt.payment_id) == 1

    return lambda app: app.drive(confirm_payment, command), check


def expiring(world: World) -> tuple[Act, Check]:
    track = world.unpaid(world.artist())
    attempt = world.app.drive(
        open_checkout, OpenCheckout(track_id=track.id, artist_id=track.artist_id)
    )
    world.app.perform(check_out, CheckOut(track_id=track.id, artist_id=track.artist_id))
    command = ExpireCheckout(attempt_id=attempt.id)

    def check() -> None:
        assert _states_at_bank(world, "track_id", track.id) == ["EXPIRED"]
        with world.store.read() as tx:
            assert tx.attempts.get(attempt.id).status is AttemptStatus.EXPIRED
        assert _told(world, "CheckoutEnded", attempt.payment_id) == 1

    return lambda app: app.drive(expire_checkout, command), check


def refunding(world: World) -> tuple[Act, Check]:
    track = world.track()
    world.app.perform(cancel_track, CancelTrack(track_id=track.id, artist_id=track.artist_id))
    with world.store.read() as tx:
        payment = tx.payments.of_track(track.id)
        assert payment is not None
        (refund,) = tx.refunds.of_payment(payment.id)
    command = SendRefund(refund_id=refund.id)

    def check() -> None:
        assert [one.amount for one in world.bank.refunded() if one.refund_id == refund.id] == [495]
        with world.store.read() as tx:
            assert tx.refunds.get(refund.id).status is RefundStatus.COMPLETED
            paid = tx.payments.get(refund.payment_id)
        assert (paid.status, paid.refunded_amount) == (PaymentStatus.REFUNDED, 495)

    return lambda app: app.drive(send_refund, command), check


def paying_out(world: World) -> tuple[Act, Check]:
    reviewer = world.earner(1)
    payout = world.app.perform(withdraw, world.withdrawal(reviewer))
    command = SendPayout(payout_id=payout.id)

    def check() -> None:
        assert [one.amount for one in world.bank.transferred() if one.payout_id == payout.id] == [
            payout.amount
        ]
        with world.store.read() as tx:
            assert tx.payouts.get(payout.id).status is PayoutStatus.COMPLETED
            assert tx.reviewers.get(reviewer.id).pending_balance == 0

    return lambda app: app.drive(send_payout, command), check


def connecting(world: World) -> tuple[Act, Check]:
    (reviewer,) = world.reviewers(1)
    command = ConnectPayoutAccount(reviewer_id=reviewer.id)

    def check() -> None:
        with world.bank._books.reading() as sheet:
            rows = sheet.execute(
                "SELECT id FROM accounts WHERE reviewer_id = ?", (reviewer.id,)
            ).fetchall()
        with world.store.read() as tx:
            assert [tx.reviewers.get(reviewer.id).stripe_account_id] == [row["id"] for row in rows]
        assert _told(world, "PayoutAccountConnected", reviewer.id) == 1

    return lambda app: app.drive(connect_payout_account, command), check


CASES = (opening, confirming, expiring, refunding, paying_out, connecting)


@pytest.mark.parametrize("case", CASES)
def test_wherever_it_is_interrupted_a_second_run_ends_it_with_one_effect(
    world: World, case: Callable[[World], tuple[Act, Check]]
) -> None:
    deaths = 0
    for number in range(1, 100):
        act, check = case(world)
        died = _dies(world, act, number)
        world.require_lawful()
        if died:
            deaths += 1
            act(world.app)
        check()
        if not died:
            break

    assert deaths >= 3, "there are boundaries"
    print(f"{case.__name__} was interrupted at {deaths} boundaries")
    world.settle()


def test_wherever_a_worker_is_interrupted_another_ends_its_work_with_one_effect(
    make_world: MakeWorld,
) -> None:
    # A quick run visits some of the boundaries, another time others.
    step = max(1, round(WORKER_STEP[make_world().name] / ROUNDS))
    deaths, number = 0, random.randint(1, step)
    while _worker_dies(make_world(), number):
        deaths += 1
        number += random.randint(1, 2 * step - 1)

    assert deaths >= 2
    print(f"a worker was interrupted {deaths} times; boundary {number} was not reached")


def _worker_dies(world: World, number: int) -> bool:
    late = world.track(package=PackageType.PRO)
    (assigned,) = world.give(late, world.reviewers(1))
    world.clock.advance(hours=world.store.rules.assignment_ttl_hours)
    checks = [case(world)[1] for case in (confirming, refunding, paying_out, expiring)]

    died = _dies(world, App.run_pending, number)

    world.require_lawful()
    world.settle()
    for check in checks:
        check()
    with world.store.read() as tx:
        assert tx.reviews.get(assigned.id).end_reason is EndReason.TIMEOUT
    return died


def _dies(world: World, act: Act, ends_at: int) -> bool:
    try:
        act(mortal(world, Path(ends_at)))
    except Stop:
        return True
    return False


def _states_at_bank(world: World, column: str, value: str) -> list[Any]:
    with world.bank._books.reading() as sheet:
        rows = sheet.execute(f"SELECT state FROM sessions WHERE {column} = ?", (value,))
        return [row["state"] for row in rows]


def _told(world: World, kind: str, thing: str) -> int:
    with world.store.read() as tx:
        return sum(one.type == kind and thing in one.payload.values() for one in tx.events.all())
