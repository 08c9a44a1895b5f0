"""The ledger, and the records of idempotency keys."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.ledger import EntryKind, Move, draft
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import IdempotencyRecord, Store
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.scene import StoreFixtures, interrupt

PAID = draft(EntryKind.PAYMENT_APPLIED, "attempt-1", Move("processor", "deferred:t1", Cents(495)))
EARNED = draft(
    EntryKind.REVIEW_COMPLETED,
    "review-1",
    Move("deferred:t1", "payable:r1", Cents(50)),
    Move("deferred:t1", "revenue", Cents(49)),
)
NOTHING = draft(EntryKind.REFUND_INTENDED, "refund-1", Move("deferred:t1", "refunding:1", Cents(0)))

RECORD = IdempotencyRecord(
    actor="artist-1", use_case="rate_review", key="key-1", digest="d1", created_at=START
)


class LedgerContract(StoreFixtures):
    """Entries are added and read; a key is used once."""

    def test_an_entry_gets_an_id_a_time_and_the_rules_version(
        self, store: Store, clock: ManualClock, rules: MarketRules
    ) -> None:
        with store.begin() as tx:
            tx.ledger.add(PAID)

        with store.read() as tx:
            (entry,) = tx.ledger.all()
        assert entry.id
        assert entry.at == clock()
        assert entry.rules_version == rules.version
        assert (entry.kind, entry.cause) == (PAID.kind, PAID.cause)
        assert set(entry.postings) == set(PAID.postings)

    def test_entries_come_in_the_order_of_making(self, store: Store, clock: ManualClock) -> None:
        with store.begin() as tx:
            tx.ledger.add(PAID, EARNED)
        clock.advance(hours=1)
        with store.begin() as tx:
            tx.ledger.add(attrs.evolve(EARNED, cause="review-2"))

        with store.read() as tx:
            entries = list(tx.ledger.all())
        assert [entry.cause for entry in entries] == ["attempt-1", "review-1", "review-2"]
        assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)

    def test_an_account_shows_every_posting_with_its_cause_oldest_first(
        self, store: Store, clock: ManualClock
    ) -> None:
        with store.begin() as tx:
            tx.ledger.add(PAID)
        clock.advance(hours=1)
        with store.begin() as tx:
            tx.ledger.add(EARNED)
            lines = tx.ledger.lines("deferred:t1")
            entries = list(tx.ledger.all())

        assert [line.amount for line in lines] == [495, -99]
        assert [line.entry_id for line in lines] == [entry.id for entry in entries]
        assert lines[1].kind is EntryKind.REVIEW_COMPLETED
        assert lines[1].cause == "review-1"
        assert lines[1].at == START + timedelta(hours=1)
        with store.read() as tx:
            assert list(tx.ledger.lines("deferred:t1")) == list(lines)
            assert list(tx.ledger.lines("deferred:unknown")) == []

    def test_an_entry_without_postings_is_dropped(self, store: Store) -> None:
        with store.begin() as tx:
            tx.ledger.add(NOTHING, PAID)

        with store.read() as tx:
            assert [entry.cause for entry in tx.ledger.all()] == ["attempt-1"]

    def test_an_entry_that_does_not_balance_is_our_bug(self, store: Store) -> None:
        lopsided = attrs.evolve(PAID, postings=PAID.postings[:1])

        with pytest.raises(AssertionError), store.begin() as tx:
            tx.ledger.add(lopsided)

        with store.read() as tx:
            assert list(tx.ledger.all()) == []

    def test_a_fresh_key_is_claimed_and_a_used_one_is_told(self, store: Store) -> None:
        with store.begin() as tx:
            assert tx.idempotency.claim(RECORD) is None
            assert tx.idempotency.claim(RECORD) == RECORD

        other = attrs.evolve(RECORD, digest="d2", created_at=START + timedelta(hours=1))
        with store.begin() as tx:
            assert tx.idempotency.claim(other) == RECORD

    def test_a_result_is_kept_with_its_key(self, store: Store) -> None:
        finished = attrs.evolve(RECORD, result='{"rating": 5}')

        with store.begin() as tx:
            tx.idempotency.claim(RECORD)
            tx.idempotency.finish(finished)

        with store.begin() as tx:
            assert tx.idempotency.claim(RECORD) == finished

    @pytest.mark.parametrize(
        "other",
        [
            attrs.evolve(RECORD, actor="other"),
            attrs.evolve(RECORD, use_case="other"),
            attrs.evolve(RECORD, key="other"),
        ],
        ids=["actor", "use_case", "key"],
    )
    def test_keys_of_others_and_of_other_uses_are_apart(
        self, store: Store, other: IdempotencyRecord
    ) -> None:
        with store.begin() as tx:
            tx.idempotency.claim(RECORD)

        with store.begin() as tx:
            assert tx.idempotency.claim(other) is None
            assert tx.idempotency.claim(other) == other

    def test_a_claim_that_is_rolled_back_leaves_the_key_free(self, store: Store) -> None:
        interrupt(store, lambda tx: tx.idempotency.claim(RECORD))

        with store.begin() as tx:
            assert tx.idempotency.claim(RECORD) is None

    def test_records_by_and_about_whoever_leaves_are_forgotten(self, store: Store) -> None:
        told = attrs.evolve(RECORD, result="null")
        others = attrs.evolve(told, actor="artist-2", about="reviewer-1")
        as_reviewer = attrs.evolve(told, actor="reviewer-1")
        with store.begin() as tx:
            for one in (told, others, as_reviewer):
                tx.idempotency.claim(attrs.evolve(one, result=None, about=None))
                tx.idempotency.finish(one)

        with store.begin() as tx:
            current = attrs.evolve(RECORD, use_case="erase_user")
            assert tx.idempotency.claim(current) is None
            assert tx.idempotency.forget({"user-1", "reviewer-1"}) == 2
            assert tx.idempotency.forget({"artist-1", "user-1"}) == 1
            # Even of whoever leaves: the block that says so has not finished.
            tx.idempotency.finish(attrs.evolve(current, result="null"))

        with store.begin() as tx:
            assert [tx.idempotency.claim(one) for one in (told, others, as_reviewer)] == [None] * 3
            assert tx.idempotency.claim(current) == attrs.evolve(current, result="null")

    def test_records_of_those_who_stay_are_kept(self, store: Store) -> None:
        told = attrs.evolve(RECORD, result="null", about="reviewer-1")
        with store.begin() as tx:
            tx.idempotency.claim(attrs.evolve(told, result=None, about=None))
            tx.idempotency.finish(told)

        with store.begin() as tx:
            assert tx.idempotency.forget({"artist-2", "reviewer-2"}) == 0
            assert tx.idempotency.forget(frozenset()) == 0
            assert tx.idempotency.claim(RECORD) == told

    def test_old_records_are_forgotten(self, store: Store) -> None:
        old = attrs.evolve(RECORD, key="old", created_at=START - timedelta(microseconds=1))
        with store.begin() as tx:
            tx.idempotency.claim(old)
            tx.idempotency.claim(RECORD)

        with store.begin() as tx:
            assert tx.idempotency.purge(START, limit=9) == 1
            assert tx.idempotency.purge(START, limit=9) == 0

        with store.begin() as tx:
            assert tx.idempotency.claim(old) is None
            assert tx.idempotency.claim(RECORD) == RECORD
