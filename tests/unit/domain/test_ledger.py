from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain import ledger
from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.ids import DisputeId, ReversalId, ReviewerId
from reviewcore.domain.ledger import Draft, EntryKind, Move, draft
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod, PayoutReversal
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

PAYMENT = make.a_payment(id="pay", track_id="t")
ATTEMPT = make.an_attempt(id="co", payment_id="pay", track_id="t")
REFUND = make.a_refund(id="rf", attempt_id="co", track_id="t", amount=99)
REVIEW = make.a_review(id="rv", track_id="t", reviewer_id="r", offered_amount=50, slot_price=99)
FREE = make.a_review(id="rv", track_id="t", reviewer_id="r", offered_amount=50, slot_price=0)
PAYOUT = make.a_payout(id="po", reviewer_id="r", amount=1000)
REVERSAL = PayoutReversal(
    id=ReversalId("rv"),
    payout_id=PAYOUT.id,
    reviewer_id=PAYOUT.reviewer_id,
    external_id="trr_1",
    amount=Cents(400),
    at=START,
)
DISPUTE = Dispute(
    id=DisputeId("dp"),
    external_id="dp_1",
    attempt_id=ATTEMPT.id,
    payment_id=ATTEMPT.payment_id,
    track_id=ATTEMPT.track_id,
    amount=Cents(495),
    fee=Cents(1500),
    currency="usd",
    status=DisputeStatus.OPEN,
    opened_at=START,
)

# One line a row of the money table: what makes the entry, its kind, its cause, its postings.
ROWS: dict[str, tuple[Callable[[], Draft], str, str, dict[str, int]]] = {
    "payment applied": (
        lambda: ledger.payment_applied(PAYMENT, ATTEMPT),
        "PAYMENT_APPLIED",
        "co",
        {"processor": -495, "deferred:t": 495},
    ),
    "money that cannot be applied": (
        lambda: ledger.payment_not_applied(ATTEMPT, Cents(600)),
        "PAYMENT_NOT_APPLIED",
        "co",
        {"processor": -600, "unapplied:co": 600},
    ),
    "fee known": (
        lambda: ledger.fee_known(ATTEMPT.id, Cents(44)),
        "FEE_KNOWN",
        "co",
        {"fees": -44, "processor": 44},
    ),
    "review completed": (
        lambda: ledger.review_completed(REVIEW, is_free=False),
        "REVIEW_COMPLETED",
        "rv",
        {"deferred:t": -99, "payable:r": 50, "revenue": 49},
    ),
    "free review completed": (
        lambda: ledger.review_completed(FREE, is_free=True),
        "REVIEW_COMPLETED",
        "rv",
        {"promotion": -50, "payable:r": 50},
    ),
    "flag opens the slot": (
        lambda: ledger.flag_opened(REVIEW, is_free=False),
        "FLAG_OPENED",
        "rv",
        {"revenue": -49, "losses": -50, "deferred:t": 99},
    ),
    "flag opens a free slot": (
        lambda: ledger.flag_opened(FREE, is_free=True),
        "FLAG_OPENED",
        "rv",
        {"losses": -50, "promotion": 50},
    ),
    "flag upheld": (
        lambda: ledger.flag_upheld(REVIEW),
        "FLAG_UPHELD",
        "rv",
        {"payable:r": -50, "losses": 50},
    ),
    "flag dismissed": (
        lambda: ledger.flag_dismissed(REVIEW, is_free=False),
        "FLAG_DISMISSED",
        "rv",
        {"deferred:t": -99, "revenue": 49, "losses": 50},
    ),
    "flag of a free review dismissed": (
        lambda: ledger.flag_dismissed(FREE, is_free=True),
        "FLAG_DISMISSED",
        "rv",
        {"losses": 50, "promotion": -50},
    ),
    "refund intended": (
        lambda: ledger.refund_intended(REFUND, applied=True),
        "REFUND_INTENDED",
        "rf",
        {"deferred:t": -99, "refunding:rf": 99},
    ),
    "refund of what was not applied intended": (
        lambda: ledger.refund_intended(REFUND, applied=False),
        "REFUND_INTENDED",
        "rf",
        {"unapplied:co": -99, "refunding:rf": 99},
    ),
    "refund done": (
        lambda: ledger.refund_completed(REFUND),
        "REFUND_COMPLETED",
        "rf",
        {"refunding:rf": -99, "processor": 99},
    ),
    "refund failed after done": (
        lambda: ledger.refund_returned(REFUND),
        "REFUND_RETURNED",
        "rf",
        {"processor": -99, "refunding:rf": 99},
    ),
    "refund dropped by a lost dispute": (
        lambda: ledger.refund_dropped(REFUND),
        "REFUND_DROPPED",
        "rf",
        {"refunding:rf": -99, "losses": 99},
    ),
    "refund settled by hand": (
        lambda: ledger.refund_settled(REFUND),
        "REFUND_SETTLED",
        "rf",
        {"refunding:rf": -99, "bank": 99},
    ),
    "settled refund made by the processor as well": (
        lambda: ledger.refund_doubled(REFUND),
        "REFUND_DOUBLED",
        "rf",
        {"losses": -99, "processor": 99},
    ),
    "what was made besides came back": (
        lambda: ledger.refund_undoubled(REFUND),
        "REFUND_UNDOUBLED",
        "rf",
        {"processor": -99, "losses": 99},
    ),
    "dispute opened": (
        lambda: ledger.dispute_opened(DISPUTE),
        "DISPUTE_OPENED",
        "dp",
        {"losses": -495, "fees": -1500, "processor": 1995},
    ),
    "dispute won": (
        lambda: ledger.dispute_won(DISPUTE.win(Cents(495), START)),
        "DISPUTE_WON",
        "dp",
        {"processor": -495, "losses": 495},
    ),
    "dispute won with its fee": (
        lambda: ledger.dispute_won(DISPUTE.win(Cents(1995), START)),
        "DISPUTE_WON",
        "dp",
        {"processor": -1995, "losses": 495, "fees": 1500},
    ),
    "slot open once a dispute is lost": (
        lambda: ledger.slot_lost(make.a_slot(track_id="t", number=2, price=99)),
        "SLOT_LOST",
        "t/2",
        {"deferred:t": -99, "losses": 99},
    ),
    "withdraw": (
        lambda: ledger.payout_requested(PAYOUT),
        "PAYOUT_REQUESTED",
        "po",
        {"payable:r": -1000, "in_transit:po": 1000},
    ),
    "withdrawal done": (
        lambda: ledger.payout_completed(PAYOUT),
        "PAYOUT_COMPLETED",
        "po",
        {"in_transit:po": -1000, "processor": 1000},
    ),
    "withdrawal done by hand": (
        lambda: ledger.payout_completed(make.a_payout(id="po", method=PayoutMethod.PAYPAL)),
        "PAYOUT_COMPLETED",
        "po",
        {"in_transit:po": -1000, "bank": 1000},
    ),
    "withdrawal refused": (
        lambda: ledger.payout_failed(PAYOUT),
        "PAYOUT_FAILED",
        "po",
        {"in_transit:po": -1000, "payable:r": 1000},
    ),
    "reversed later": (
        lambda: ledger.payout_reversed(REVERSAL),
        "PAYOUT_REVERSED",
        "rv",
        {"processor": -400, "payable:r": 400},
    ),
    "balance forfeited": (
        lambda: ledger.balance_forfeited(ReviewerId("r"), Cents(70)),
        "BALANCE_FORFEITED",
        "r",
        {"payable:r": -70, "forfeited": 70},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_money_table_posts_so(row: str) -> None:
    entry, kind, cause, postings = ROWS[row]

    told = entry()

    assert (told.kind, told.cause) == (EntryKind(kind), cause)
    assert {posting.account: posting.amount for posting in told.postings} == postings
    assert sum(postings.values()) == 0


def test_every_kind_of_entry_has_its_row() -> None:
    assert {kind for _, kind, _, _ in ROWS.values()} == set(EntryKind)


def test_an_amount_of_nothing_is_not_posted() -> None:
    told = ledger.review_completed(
        make.a_review(offered_amount=99, slot_price=99, reviewer_id="r", track_id="t"),
        is_free=False,
    )

    assert {posting.account for posting in told.postings} == {"deferred:t", "payable:r"}


accounts = st.sampled_from(["a", "b", "c", "d"])
moves = st.builds(Move, accounts, accounts, st.integers(-(10**9), 10**9).map(Cents))


@given(st.lists(moves, max_size=12))
def test_every_entry_balances_with_one_posting_an_account(told: list[Move]) -> None:
    entry = draft(EntryKind.FEE_KNOWN, "cause", *told)

    names = [posting.account for posting in entry.postings]
    assert sum(posting.amount for posting in entry.postings) == 0
    assert len(names) == len(set(names))
    assert all(posting.amount for posting in entry.postings)
