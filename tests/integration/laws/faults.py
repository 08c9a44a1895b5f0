"""Faults that might be in the code, as edits of its text, and the laws that then cry out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import attrs

REPOSITORY = Path(__file__).parents[3]


@attrs.frozen(kw_only=True)
class Fault:
    """*was* becomes *is_now* in *file*; *laws* are those that *chapter* of the story then breaks.

    *refused* is the error by which the market stops besides, if it does.
    """

    name: str
    file: str
    was: str
    is_now: str
    chapter: str
    laws: frozenset[str]
    refused: str | None = None


@attrs.frozen(kw_only=True)
class Told:
    """What came of a chapter."""

    laws: frozenset[str]
    refused: str | None


def tell(fault: Fault, folder: Path) -> Told:
    """Play the fault's chapter in a process of its own, on a copy of the source that has it."""
    copy = folder / "src"
    # With what Python has compiled: only the file that is edited is compiled anew. What other
    # processes are compiling just now may be gone before it is copied.
    shutil.copytree(REPOSITORY / "src", copy, ignore=shutil.ignore_patterns("*.pyc.*"))
    path = copy / "reviewcore" / fault.file
    text = path.read_text(encoding="utf-8")
    assert text.count(fault.was) == 1, f"{fault.name}: {fault.file} has it not just once"
    path.write_text(text.replace(fault.was, fault.is_now), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.laws.telling", fault.chapter],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    return Told(laws=frozenset(told["laws"]), refused=told["refused"])


def _fault(
    name: str, file: str, was: str, is_now: str, *, chapter: str, laws: str, refused: str = ""
) -> Fault:
    return Fault(
        name=name,
        file=file,
        was=was,
        is_now=is_now,
        chapter=chapter,
        laws=frozenset(laws.split()),
        refused=refused or None,
    )


FAULTS: tuple[Fault, ...] = (
    _fault(
        "A review is paid by its reviewer's tier, not by its slot",
        "usecases/complete_review.py",
        "reviewer.earn(done.offered_amount,",
        "reviewer.earn(tx.rules.rate(reviewer.tier),",
        chapter="delivering",
        laws="totals_equal_ledger",
    ),
    _fault(
        "A completed review is booked twice",
        "usecases/complete_review.py",
        "tx.ledger.add(ledger.review_completed(done, is_free=track.is_free))",
        "tx.ledger.add(*[ledger.review_completed(done, is_free=track.is_free)] * 2)",
        chapter="delivering",
        laws=(
            "deferred_equals_slots market_accounts_follow_reviews "
            "money_moves_once totals_equal_ledger"
        ),
    ),
    _fault(
        "A completed review stays in the queue",
        "usecases/complete_review.py",
        "    tx.queue.remove(done.id)\n",
        "",
        chapter="delivering",
        laws="queue_mirrors_active",
    ),
    _fault(
        "The market's margin stays deferred",
        "domain/ledger.py",
        "        Move(source, REVENUE, Cents(price - rate)),\n",
        "",
        chapter="delivering",
        laws="deferred_equals_slots market_accounts_follow_reviews",
    ),
    _fault(
        "A delivered review is not counted on its track",
        "domain/tracks.py",
        "reviews = self.reviews_completed + counted",
        "reviews = self.reviews_completed",
        chapter="delivering",
        laws="tracks_count_right",
    ),
    _fault(
        "A rating that changes is added to the old one",
        "domain/reviewers.py",
        "self.rating_sum - (before or 0) + after",
        "self.rating_sum + after",
        chapter="delivering",
        laws="reviewers_count_right",
    ),
    _fault(
        "A gem that is taken back stays counted",
        "usecases/ungem_review.py",
        "reviewer.regem(-1",
        "reviewer.regem(0",
        chapter="delivering",
        laws="reviewers_count_right",
    ),
    _fault(
        "A queued track is not counted on its artist",
        "domain/artists.py",
        "total_tracks=self.total_tracks + 1",
        "total_tracks=self.total_tracks",
        chapter="delivering",
        laws="artists_count_right",
    ),
    _fault(
        "A slot that is taken is given to somebody else",
        "usecases/steps/matching.py",
        "if states[slot.number] is SlotState.OPEN]",
        "if states[slot.number] is not SlotState.REFUNDED]",
        chapter="starting",
        laws="",
        refused="Busy",
    ),
    _fault(
        "An artist is given his own track",
        "domain/matching.py",
        "(candidate.is_kin, Rejection.OWN_TRACK)",
        "(False, Rejection.OWN_TRACK)",
        chapter="starting",
        laws="reviewers_are_fit",
    ),
    _fault(
        "A flag that is dismissed leaves its traces on the review",
        "usecases/dismiss_flag.py",
        "    tx.reviews.update(review.clear(counts=counts))\n",
        "",
        chapter="flagging",
        laws=(
            "deferred_equals_slots flags_are_mirrored "
            "market_accounts_follow_reviews tracks_count_right"
        ),
    ),
    _fault(
        "A flag that is dismissed is not booked back",
        "usecases/dismiss_flag.py",
        "    tx.ledger.add(ledger.flag_dismissed(review, is_free=track.is_free))\n",
        "",
        chapter="flagging",
        laws="deferred_equals_slots market_accounts_follow_reviews",
    ),
    _fault(
        "A flag that is upheld leaves the gem counted",
        "domain/reviewers.py",
        "gem_count=self.gem_count - gem",
        "gem_count=self.gem_count",
        chapter="flagging",
        laws="reviewers_count_right",
    ),
    _fault(
        "A flag that is upheld leaves the pay with the reviewer",
        "domain/reviewers.py",
        "            total_earnings=Cents(self.total_earnings - pay),\n"
        "            pending_balance=Cents(self.pending_balance - pay),\n",
        "",
        chapter="flagging",
        laws="totals_equal_ledger",
    ),
    _fault(
        "A flag stays without its entry",
        "usecases/flag_review.py",
        "    tx.ledger.add(ledger.flag_opened(review, is_free=track.is_free))\n",
        "",
        chapter="flagging",
        laws="deferred_equals_slots market_accounts_follow_reviews",
    ),
    _fault(
        "A refund is not booked, and stays deferred",
        "usecases/steps/slots.py",
        "    tx.ledger.add(ledger.refund_intended(refund, applied=True))\n",
        "",
        chapter="cancelling",
        laws="deferred_equals_slots money_moves_once totals_equal_ledger",
    ),
    _fault(
        "What goes back stays counted as spent",
        "domain/artists.py",
        "self.total_spent - amount",
        "self.total_spent",
        chapter="cancelling",
        laws="totals_equal_ledger",
    ),
    _fault(
        "A completed refund is not counted on its payment",
        "usecases/steps/refunds.py",
        "        payment = payment.refund(done.amount)\n",
        "",
        chapter="cancelling",
        laws="payments_count_right",
    ),
    _fault(
        "A cancelled track's slots stay open",
        "usecases/steps/slots.py",
        "    tx.slots.update(*(slot.refund(tx.now) for slot in slots))\n",
        "",
        chapter="cancelling",
        laws="deferred_equals_slots tracks_count_right",
    ),
    _fault(
        "A slot that is freed on a closed track waits for a reviewer for ever",
        "usecases/steps/slots.py",
        "    if not track.is_shut:\n",
        "    if track.is_live:\n",
        chapter="closing",
        laws="closed_tracks_have_no_open_slot",
    ),
    _fault(
        "A code is used twice by one artist",
        "usecases/check_out.py",
        "if tx.tracks.used_promo(artist.id, code):",
        "if False:",
        chapter="giving",
        laws="promos_are_used_once",
    ),
    _fault(
        "A free review is booked like a paid one",
        "usecases/complete_review.py",
        "ledger.review_completed(done, is_free=track.is_free)",
        "ledger.review_completed(done, is_free=False)",
        chapter="giving",
        laws="market_accounts_follow_reviews",
    ),
    _fault(
        "An assignment that ends stays in the queue",
        "usecases/steps/reviews.py",
        "    tx.queue.remove(review.id)\n",
        "",
        chapter="ending",
        laws="queue_mirrors_active",
    ),
    _fault(
        "An assignment that ends stays counted on its reviewer",
        "usecases/steps/reviews.py",
        "reviewer.release()",
        "reviewer",
        chapter="ending",
        laws="reviewers_count_right",
    ),
    _fault(
        "Nobody looks for reviewers of a slot that is free again",
        "usecases/steps/slots.py",
        "        waiting = track.seek(tx.now, rules=tx.rules)\n",
        "        waiting = track\n",
        chapter="ending",
        laws="open_slots_are_sought_for",
    ),
    _fault(
        "A skipped review goes on",
        "usecases/skip_review.py",
        "    ended, _ = end_review(tx, review, reviewer, EndReason.SKIP)\n",
        "    ended = review\n",
        chapter="skipping",
        laws="open_slots_are_sought_for",
    ),
    _fault(
        "A restricted reviewer keeps his assignments",
        "usecases/steps/restriction.py",
        "reviewer = end_work(tx, attrs.evolve(docket, reviewer=barred), EndReason.RESTRICTED)",
        "tx.reviewers.update(barred)\n    reviewer = barred",
        chapter="restricting",
        laws="reviewers_are_fit",
    ),
    _fault(
        "A payout is not booked when it is asked for",
        "usecases/withdraw.py",
        "    tx.ledger.add(ledger.payout_requested(payout))\n",
        "",
        chapter="paying_out",
        laws="money_moves_once totals_equal_ledger",
    ),
    _fault(
        "A payout that failed is not the reviewer's again",
        "usecases/steps/payouts.py",
        "    tx.reviewers.update(reviewer.restore(failed.amount))\n",
        "",
        chapter="paying_out",
        laws="totals_equal_ledger",
    ),
    _fault(
        "A payout that came back is not booked",
        "usecases/steps/payouts.py",
        "        tx.ledger.add(ledger.payout_reversed(reversal))\n",
        "",
        chapter="paying_out",
        laws="money_moves_once totals_equal_ledger",
    ),
    _fault(
        "A dispute that was won is not booked",
        "usecases/steps/disputes.py",
        "    _post(tx, bill, won, ledger.dispute_won(won))\n",
        "",
        chapter="disputing_payments",
        laws="market_accounts_follow_reviews money_moves_once",
    ),
    _fault(
        "A track does not know that its payment is disputed",
        "usecases/steps/disputes.py",
        "    mirror_disputes(tx, bill.track, bill.artist, bill.payment)\n    return dispute\n",
        "    return dispute\n",
        chapter="disputing_payments",
        laws="disputes_are_mirrored",
    ),
    _fault(
        "A slot that a dispute ended is not booked",
        "usecases/steps/slots.py",
        "    tx.ledger.add(*(ledger.slot_lost(slot) for slot in slots))\n",
        "",
        chapter="disputing_payments",
        laws="deferred_equals_slots market_accounts_follow_reviews money_moves_once",
    ),
    _fault(
        "A slot's price is given back to him who won a dispute",
        "usecases/steps/slots.py",
        "    if track.dispute_status is DisputeStatus.LOST:\n",
        "    if track.dispute_status is DisputeStatus.OPEN:\n",
        chapter="losing",
        laws="the_lost_are_not_refunded",
    ),
    _fault(
        "A refund that was paid by hand is not booked",
        "usecases/settle_refund.py",
        "        tx.ledger.add(ledger.refund_settled(settled))\n",
        "        pass\n",
        chapter="settling",
        laws="money_moves_once",
    ),
    _fault(
        "A refund that was paid by hand is not counted on its payment",
        "usecases/settle_refund.py",
        "        tx.payments.update(owed.payment.refund(settled.amount))\n",
        "        pass\n",
        chapter="settling",
        laws="payments_count_right",
    ),
    _fault(
        "A refund that was paid twice is not booked as lost",
        "usecases/steps/refunds.py",
        "        tx.ledger.add(ledger.refund_doubled(doubled))\n",
        "        pass\n",
        chapter="settling",
        laws="market_accounts_follow_reviews money_moves_once",
    ),
)
