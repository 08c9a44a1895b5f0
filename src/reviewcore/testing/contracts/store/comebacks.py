"""Disputes and reversals: money that goes the other way."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import AlreadyExists
from reviewcore.ports.store import Store
from reviewcore.testing.builders import a_reversal, an_id
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures, interrupt


class ComebacksContract(StoreFixtures):
    """Looking up what was disputed and what came back."""

    def test_disputes_of_a_payment_come_by_id(self, store: Store, scene: Scene) -> None:
        attempt = scene.attempt()
        disputes = [scene.dispute(attempt), scene.dispute(attempt, status=DisputeStatus.LOST)]
        scene.dispute()

        with store.read() as tx:
            assert list(tx.disputes.of_payment(attempt.payment_id)) == disputes
            assert list(tx.disputes.of_payment(an_id("payment"))) == []

    def test_a_dispute_is_found_by_the_id_of_the_processor(
        self, store: Store, scene: Scene
    ) -> None:
        dispute = scene.dispute(external_id="dp_1")
        scene.dispute(external_id="dp_2")

        with store.read() as tx:
            assert tx.disputes.by_external_id("dp_1") == dispute
            assert tx.disputes.by_external_id("dp_3") is None

    def test_a_dispute_is_found_as_the_block_has_written_it(
        self, store: Store, scene: Scene
    ) -> None:
        dispute = scene.dispute()

        with store.begin() as tx:
            lost = tx.disputes.lock(dispute.id).lose(START)
            tx.disputes.update(lost)

            assert tx.disputes.by_external_id(dispute.external_id) == lost
            assert list(tx.disputes.of_payment(dispute.payment_id)) == [lost]

    def test_reversals_of_a_payout_come_by_id_with_every_field(
        self, store: Store, scene: Scene
    ) -> None:
        payout = scene.payout()
        reversals = [scene.reversal(payout), scene.reversal(payout, amount=2**40)]
        other = scene.reversal()

        with store.read() as tx:
            assert list(tx.reversals.of_payout(payout.id)) == reversals
            assert list(tx.reversals.of_payout(other.payout_id)) == [other]
            assert list(tx.reversals.of_payout(an_id("payout"))) == []
            assert list(tx.reversals.all()) == [*reversals, other]

    def test_a_reversal_that_is_rolled_back_never_was(self, store: Store, scene: Scene) -> None:
        payout = scene.payout()
        reversal = a_reversal(payout_id=payout.id, reviewer_id=payout.reviewer_id)

        interrupt(store, lambda tx: tx.reversals.add(reversal))

        with store.read() as tx:
            assert list(tx.reversals.all()) == []

    def test_a_reversal_is_added_once(self, store: Store, scene: Scene) -> None:
        reversal = scene.reversal()

        with pytest.raises(AlreadyExists), store.begin() as tx:
            tx.reversals.add(attrs.evolve(reversal, external_id="trr_other"))

        with store.read() as tx:
            assert list(tx.reversals.all()) == [reversal]
