"""Payments, attempts, refunds and payouts, and the leases under which workers take them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.ports.store import Store
from reviewcore.testing.builders import an_id
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures, interrupt

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)

Maker = Callable[..., Any]
LEASED: dict[str, Maker] = {
    "attempts": Scene.attempt,
    "refunds": Scene.refund,
    "payouts": Scene.payout,
    "inbox": Scene.event,
}

each_leased = pytest.mark.parametrize("name", LEASED)


class PaymentsContract(StoreFixtures):
    """Looking money's rows up, and taking those that are due."""

    def test_a_payment_is_found_by_its_track(self, store: Store, scene: Scene) -> None:
        payment, other = scene.payment(), scene.track()

        with store.begin() as tx:
            assert tx.payments.of_track(payment.track_id) == payment
            assert tx.payments.lock_of_track(payment.track_id) == payment
            assert tx.payments.of_track(other.id) is None
            assert tx.payments.lock_of_track(other.id) is None

    def test_attempts_of_a_payment_come_by_number(self, store: Store, scene: Scene) -> None:
        payment = scene.payment()
        numbers = (2, 10, 1)
        made = {number: scene.attempt(payment, number=number) for number in numbers}
        scene.attempt()

        with store.read() as tx:
            assert list(tx.attempts.of_payment(payment.id)) == [made[1], made[2], made[10]]

    def test_an_attempt_is_found_by_its_session(self, store: Store, scene: Scene) -> None:
        attempt = scene.attempt(status=AttemptStatus.OPEN, session_id="cs_1")

        with store.read() as tx:
            assert tx.attempts.by_session("cs_1") == attempt
            assert tx.attempts.by_session("cs_2") is None

    def test_refunds_of_a_payment_come_by_id(self, store: Store, scene: Scene) -> None:
        attempt = scene.attempt()
        refunds = [scene.refund(attempt), scene.refund(attempt)]
        scene.refund()

        with store.read() as tx:
            assert list(tx.refunds.of_payment(attempt.payment_id)) == refunds

    @pytest.mark.parametrize("status", [None, RefundStatus.FAILED])
    def test_refunds_are_paged_in_order_of_id(
        self, store: Store, scene: Scene, status: RefundStatus | None
    ) -> None:
        states = RefundStatus.FAILED, RefundStatus.SETTLED, RefundStatus.FAILED
        refunds = [scene.refund(status=state) for state in states]
        expected = [refund for refund in refunds if status in (None, refund.status)]

        with store.read() as tx:
            first = tx.refunds.page(status=status, after=None, limit=1)
            rest = tx.refunds.page(status=status, after=first[-1].id, limit=10)

        assert [*first, *rest] == expected
        assert len(first) == 1

    @pytest.mark.parametrize("of", [None, 0])
    @pytest.mark.parametrize("status", [None, PayoutStatus.FAILED])
    def test_payouts_are_paged_in_order_of_id(
        self, store: Store, scene: Scene, of: int | None, status: PayoutStatus | None
    ) -> None:
        reviewers = [scene.reviewer(), scene.reviewer()]
        payouts = [
            scene.payout(reviewer, status=state)
            for state in (PayoutStatus.FAILED, PayoutStatus.COMPLETED, PayoutStatus.FAILED)
            for reviewer in reviewers
        ]
        reviewer_id = None if of is None else reviewers[of].id
        expected = [
            payout
            for payout in payouts
            if reviewer_id in (None, payout.reviewer_id) and status in (None, payout.status)
        ]

        with store.read() as tx:
            first = tx.payouts.page(reviewer_id=reviewer_id, status=status, after=None, limit=1)
            rest = tx.payouts.page(
                reviewer_id=reviewer_id, status=status, after=first[-1].id, limit=10
            )

        assert [*first, *rest] == expected
        assert len(first) == 1

    @each_leased
    def test_what_is_due_is_leased_until_a_time_and_not_again_before(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        row = LEASED[name](scene, next_attempt_at=START)
        until = START + MINUTE

        with store.begin() as tx:
            (leased,) = getattr(tx, name).lease(START, until=until, limit=10)
        with store.begin() as tx:
            early = getattr(tx, name).lease(until - INSTANT, until=until + MINUTE, limit=10)
            again = getattr(tx, name).lease(until, until=until + MINUTE, limit=10)
            stored = getattr(tx, name).get(row.id)

        assert leased.id == row.id
        assert leased.leased_until == until
        assert list(early) == []
        assert [one.id for one in again] == [row.id]
        assert stored.leased_until == until + MINUTE

    @each_leased
    def test_a_lease_that_is_rolled_back_was_never_taken(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        LEASED[name](scene)

        interrupt(store, lambda tx: getattr(tx, name).lease(START, until=START + MINUTE, limit=10))

        with store.begin() as tx:
            assert len(getattr(tx, name).lease(START, until=START + MINUTE, limit=10)) == 1

    @each_leased
    def test_what_is_not_due_is_not_leased(self, store: Store, scene: Scene, name: str) -> None:
        LEASED[name](scene, next_attempt_at=None)
        LEASED[name](scene, next_attempt_at=START + INSTANT)

        with store.begin() as tx:
            assert list(getattr(tx, name).lease(START, until=START + MINUTE, limit=10)) == []

    @each_leased
    def test_a_lease_takes_no_more_than_asked(self, store: Store, scene: Scene, name: str) -> None:
        # The last to be made is the longest due.
        rows = [LEASED[name](scene, next_attempt_at=START - n * INSTANT) for n in range(5)]

        with store.begin() as tx:
            first = getattr(tx, name).lease(START, until=START + MINUTE, limit=2)
        with store.begin() as tx:
            rest = getattr(tx, name).lease(START, until=START + MINUTE, limit=10)

        assert [one.id for one in first] == [one.id for one in rows[3:]]
        assert [one.id for one in rest] == [one.id for one in rows[:3]]

    @pytest.mark.parametrize(
        ("name", "changes"),
        [
            ("attempts", {"status": AttemptStatus.PAID}),
            ("refunds", {"status": RefundStatus.COMPLETED}),
            ("refunds", {"status": RefundStatus.FAILED}),
            ("refunds", {"status": RefundStatus.RETURNED}),
            ("refunds", {"status": RefundStatus.DROPPED}),
            ("refunds", {"status": RefundStatus.SETTLED}),
            ("refunds", {"status": RefundStatus.DOUBLED}),
            ("payouts", {"status": PayoutStatus.COMPLETED}),
            ("payouts", {"status": PayoutStatus.FAILED}),
            ("payouts", {"method": PayoutMethod.PAYPAL, "destination": "r@example.com"}),
            ("payouts", {"method": PayoutMethod.MANUAL, "destination": "by hand"}),
            ("inbox", {"handled_at": START}),
        ],
        ids=str,
    )
    def test_what_needs_no_more_driving_is_not_leased(
        self, store: Store, scene: Scene, name: str, changes: dict[str, Any]
    ) -> None:
        LEASED[name](scene, next_attempt_at=START, **changes)

        with store.begin() as tx:
            assert list(getattr(tx, name).lease(START, until=START + MINUTE, limit=10)) == []

    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("attempts", AttemptStatus.OPEN),
            # Unwanted ones are to be expired at the processor, whatever they are here.
            ("attempts", AttemptStatus.EXPIRED),
            ("attempts", AttemptStatus.FAILED),
            ("refunds", RefundStatus.PROCESSING),
            ("payouts", PayoutStatus.PROCESSING),
        ],
    )
    def test_what_is_on_its_way_is_leased(
        self, store: Store, scene: Scene, name: str, status: str
    ) -> None:
        row = LEASED[name](scene, status=status, next_attempt_at=START)

        with store.begin() as tx:
            leased = getattr(tx, name).lease(START, until=START + MINUTE, limit=10)

        assert [one.id for one in leased] == [row.id]

    def test_an_unknown_payment_has_no_attempts(self, store: Store) -> None:
        with store.read() as tx:
            assert list(tx.attempts.of_payment(an_id("payment"))) == []
            assert list(tx.refunds.of_payment(an_id("payment"))) == []
