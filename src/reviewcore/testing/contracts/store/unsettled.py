"""What is not settled, page by page: what a market compares with its processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.refunds import OWED, RefundStatus
from reviewcore.ports.store import Store
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

Maker = Callable[..., Any]
Change = dict[str, Any]

KINDS: dict[str, tuple[Maker, Change]] = {
    "attempts": (Scene.attempt, {"status": AttemptStatus.EXPIRED}),
    "refunds": (Scene.refund, {"status": RefundStatus.COMPLETED}),
    "disputes": (Scene.dispute, {"status": DisputeStatus.WON}),
    "payouts": (Scene.payout, {"status": PayoutStatus.COMPLETED}),
}
"""By repository: how to add a row that is unsettled, and what settles it."""

UNSETTLED: tuple[tuple[str, Change], ...] = (
    *(
        ("attempts", {"status": status})
        # Of one that was paid, the fee is yet to be learned.
        for status in (AttemptStatus.INTENDED, AttemptStatus.OPEN, AttemptStatus.PAID)
    ),
    *(("refunds", {"status": status}) for status in sorted(OWED)),
    ("disputes", {"status": DisputeStatus.OPEN}),
    ("payouts", {"status": PayoutStatus.PENDING}),
    ("payouts", {"status": PayoutStatus.PROCESSING}),
    ("payouts", {"status": PayoutStatus.PENDING, "method": PayoutMethod.MANUAL}),
)

SETTLED: tuple[tuple[str, Change], ...] = (
    ("attempts", {"status": AttemptStatus.PAID, "fee": 45}),
    ("attempts", {"status": AttemptStatus.EXPIRED}),
    ("attempts", {"status": AttemptStatus.FAILED}),
    ("refunds", {"status": RefundStatus.COMPLETED}),
    ("refunds", {"status": RefundStatus.DROPPED}),
    ("refunds", {"status": RefundStatus.SETTLED}),
    ("refunds", {"status": RefundStatus.DOUBLED}),
    ("disputes", {"status": DisputeStatus.WON}),
    ("disputes", {"status": DisputeStatus.LOST}),
    ("payouts", {"status": PayoutStatus.COMPLETED}),
    ("payouts", {"status": PayoutStatus.FAILED}),
)

each_kind = pytest.mark.parametrize("name", KINDS)


class UnsettledContract(StoreFixtures):
    """All that is unsettled is listed, whenever it is due and whoever holds it."""

    @pytest.mark.parametrize(("name", "changes"), UNSETTLED, ids=str)
    def test_what_is_unsettled_is_listed(
        self, store: Store, scene: Scene, name: str, changes: Change
    ) -> None:
        row = KINDS[name][0](scene, **changes)

        with store.read() as tx:
            assert list(getattr(tx, name).unsettled(after=None, limit=9)) == [row]

    @pytest.mark.parametrize(("name", "changes"), SETTLED, ids=str)
    def test_what_is_settled_is_not_listed(
        self, store: Store, scene: Scene, name: str, changes: Change
    ) -> None:
        KINDS[name][0](scene, **changes)

        with store.read() as tx:
            assert list(getattr(tx, name).unsettled(after=None, limit=9)) == []

    @pytest.mark.parametrize("name", ["attempts", "refunds", "payouts"])
    def test_what_is_not_due_is_listed_as_well(self, store: Store, scene: Scene, name: str) -> None:
        row = KINDS[name][0](scene, next_attempt_at=None)

        with store.read() as tx:
            assert list(getattr(tx, name).unsettled(after=None, limit=9)) == [row]

    @each_kind
    def test_pages_of_what_is_unsettled_are_in_order_of_id(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        make, settling = KINDS[name]
        rows = []
        for _ in range(5):
            rows.append(make(scene))
            make(scene, **settling)

        with store.read() as tx:
            unsettled = getattr(tx, name).unsettled
            pages = [list(unsettled(after=None, limit=2))]
            for _ in range(3):
                pages.append(list(unsettled(after=pages[-1][-1].id, limit=2)))

        assert pages == [rows[:2], rows[2:4], rows[4:], []]

    @each_kind
    def test_what_was_settled_is_listed_no_longer(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        make, settling = KINDS[name]
        first, second = make(scene), make(scene)

        with store.begin() as tx:
            rows = getattr(tx, name)
            rows.update(attrs.evolve(rows.lock(first.id), **settling))
            seen = list(rows.unsettled(after=None, limit=9))

        assert seen == [second]
        with store.read() as tx:
            assert list(getattr(tx, name).unsettled(after=None, limit=9)) == [second]
