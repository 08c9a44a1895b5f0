from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain import laws, ledger
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import (
    AttemptId,
    EntryId,
    PayoutId,
    ReversalId,
    ReviewerId,
    ReviewId,
    TrackId,
    UserId,
)
from reviewcore.domain.laws import LAWS, Law, MarketView, Scope, touched, violations
from reviewcore.domain.ledger import Draft, Entry, EntryKind, Posting
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import EndReason, ReviewStatus, queue_row
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.tracks import TrackStatus
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

T, R = TrackId("t"), ReviewerId("r")
FAILED_PAYOUT: Payout = make.a_payout(id="pf", reviewer_id=R, status=PayoutStatus.FAILED)
RULES = MarketRules(promo_codes={"LAUNCH": 1})


def booked(*drafts: Draft) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            id=EntryId(f"e{number}"),
            kind=one.kind,
            cause=one.cause,
            at=START,
            rules_version=RULES.version,
            postings=one.postings,
        )
        for number, one in enumerate(drafts)
    )


def market() -> MarketView:
    """A track of three slots, one counted, one flagged and open, one active; a sent payout."""
    attempt = make.an_attempt(id="co", payment_id="pay", track_id=T)
    payment = make.a_payment(
        id="pay",
        track_id=T,
        amount=297,
        status=PaymentStatus.COMPLETED,
        applied_attempt_id="co",
    )
    counted = make.a_review(
        id="v1",
        track_id=T,
        artist_id="a",
        reviewer_id=R,
        status=ReviewStatus.COMPLETED,
        artist_rating=5,
        is_gem=True,
    )
    flagged = make.a_flagged_review(
        id="v2", track_id=T, artist_id="a", reviewer_id="q", slot_number=2
    )
    active = make.a_review(id="v3", track_id=T, artist_id="a", reviewer_id="s", slot_number=3)
    payout = make.a_payout(id="po", reviewer_id=R, amount=50, status=PayoutStatus.COMPLETED)
    return MarketView(
        rules=RULES,
        artists=(make.an_artist(id="a", user_id="u", total_tracks=1, total_spent=297),),
        reviewers=(
            make.a_reviewer(
                id=R,
                total_reviews=1,
                rating_sum=5,
                rating_count=1,
                gem_count=1,
                total_earnings=50,
            ),
            make.a_reviewer(
                id="q", total_reviews=1, flag_count=1, total_earnings=50, pending_balance=50
            ),
            make.a_reviewer(id="s", active_count=1),
        ),
        tracks=(
            make.a_track(
                id=T,
                artist_id="a",
                status=TrackStatus.IN_PROGRESS,
                price=297,
                reviews_requested=3,
                reviews_completed=1,
            ),
            make.a_track(id="t0", artist_id="a", status=TrackStatus.PENDING_PAYMENT),
        ),
        slots=tuple(make.a_slot(track_id=T, number=number) for number in (1, 2, 3)),
        reviews=(counted, flagged, active),
        queue=(queue_row(active, priority=0),),
        flags=(make.a_flag(id="f", review_id="v2", track_id=T, reviewer_id="q"),),
        payments=(payment,),
        refunds=(),
        disputes=(),
        reversals=(),
        payouts=(payout,),
        entries=booked(
            ledger.payment_applied(payment, attempt),
            ledger.fee_known(AttemptId("co"), Cents(39)),
            ledger.review_completed(counted, is_free=False),
            ledger.review_completed(flagged, is_free=False),
            ledger.flag_opened(flagged, is_free=False),
            ledger.payout_requested(payout),
            ledger.payout_completed(payout),
        ),
    )


def with_part(view: MarketView, part: str, things: Iterable[object]) -> MarketView:
    replaced: dict[str, Any] = {part: tuple(things)}
    return attrs.evolve(view, **replaced)


def changed(part: str, number: int, **changes: Any) -> MarketView:
    view = market()
    things = list(getattr(view, part))
    things[number] = attrs.evolve(things[number], **changes)
    return with_part(view, part, things)


def with_more(part: str, *things: object) -> MarketView:
    view = market()
    return with_part(view, part, [*getattr(view, part), *things])


def without(part: str, number: int) -> MarketView:
    view = market()
    things = list(getattr(view, part))
    del things[number]
    return with_part(view, part, things)


def test_a_market_in_order_breaks_no_law() -> None:
    assert violations(market()) == ()


def test_a_market_that_lost_a_dispute_breaks_no_law() -> None:
    assert violations(lost_market()) == ()


def test_a_market_with_settled_refunds_breaks_no_law() -> None:
    assert violations(settled_market()) == ()


def test_a_market_whose_money_came_back_breaks_no_law() -> None:
    assert violations(returned_market()) == ()


def test_money_of_another_currency_is_recorded_and_not_posted() -> None:
    """A dropped refund of money that has no place in the books."""
    foreign: Refund = make.a_refund(
        attempt_id="co2", payment_id="pay", currency="eur", status=RefundStatus.DROPPED
    )
    view = lost_market()

    assert violations(with_part(view, "refunds", [*view.refunds, foreign])) == ()


@pytest.mark.parametrize(
    "given",
    [
        {"number": 2, "failure_reason": "for now"},
        {"attempt_id": "co2"},
        {"status": RefundStatus.PROCESSING},
        {"status": RefundStatus.DROPPED},
    ],
    ids=["sent before and refused for now", "of another attempt", "under way", "dropped"],
)
def test_a_lost_track_may_have_refunds_that_are_not_of_its_slots_or_not_to_be_sent(
    given: dict[str, Any],
) -> None:
    assert not list(laws.the_lost_are_not_refunded(lost_with_a_refund(**given)))


def test_an_empty_market_breaks_no_law() -> None:
    parts = {field.name for field in attrs.fields(MarketView) if field.init} - {"rules"}
    nothing: dict[str, Any] = dict.fromkeys(parts, ())
    empty = attrs.evolve(market(), **nothing)

    assert violations(empty) == ()


def _with_an_open_slot(**shut: Any) -> MarketView:
    view = changed("tracks", 0, **shut)
    slot = make.a_slot(track_id=T, number=4)
    return with_part(view, "slots", [*view.slots, slot])


def lost_market() -> MarketView:
    """The same track after its payer won a dispute: the flagged slot was upheld and is lost.

    A refund had been intended of another attempt, whose money no track could use.
    """
    view = market()
    attempt = make.an_attempt(id="co2", payment_id="pay", track_id=T)
    lost = make.a_dispute(
        id="d1", attempt_id="co", payment_id="pay", track_id=T, status=DisputeStatus.LOST
    )
    other = make.a_dispute(
        id="d2", attempt_id="co2", payment_id="pay", track_id=T, status=DisputeStatus.LOST
    )
    foreign = make.a_dispute(
        id="d3", attempt_id="co2", payment_id="pay", track_id=T, currency="eur"
    )
    dropped = make.a_refund(
        id="rf", attempt_id="co2", payment_id="pay", status=RefundStatus.DROPPED
    )
    returned = make.a_refund(
        id="rg", attempt_id="co2", payment_id="pay", status=RefundStatus.RETURNED
    )
    flagged = attrs.evolve(view.reviews[1], flag_status=FlagStatus.UPHELD)
    slots = [view.slots[0], view.slots[1].lose(START), view.slots[2]]
    drafts = booked(
        ledger.dispute_opened(lost),
        ledger.flag_upheld(flagged),
        ledger.slot_lost(slots[1]),
        ledger.payment_not_applied(attempt, Cents(198)),
        ledger.refund_intended(dropped, applied=False),
        ledger.refund_intended(returned, applied=False),
        ledger.dispute_opened(other),
        ledger.refund_dropped(dropped),
        ledger.refund_completed(returned),
        ledger.refund_returned(returned),
    )
    track = attrs.evolve(
        view.tracks[0].lose_dispute(), slots_refunded=1, status=TrackStatus.IN_PROGRESS
    )
    return attrs.evolve(
        view,
        tracks=(track, view.tracks[1]),
        slots=tuple(slots),
        reviews=(view.reviews[0], flagged, view.reviews[2]),
        reviewers=(
            view.reviewers[0],
            attrs.evolve(
                view.reviewers[1], total_reviews=0, total_earnings=ZERO, pending_balance=ZERO
            ),
            view.reviewers[2],
        ),
        flags=(attrs.evolve(view.flags[0], status=FlagStatus.UPHELD),),
        refunds=(dropped, returned),
        disputes=(lost, other, foreign),
        entries=(
            *view.entries,
            *(attrs.evolve(one, id=EntryId(f"l{one.id}")) for one in drafts),
        ),
    )


def lost_but(part: str, number: int, **changes: Any) -> MarketView:
    view = lost_market()
    things = list(getattr(view, part))
    things[number] = attrs.evolve(things[number], **changes)
    return with_part(view, part, things)


def lost_with_a_refund(**given: Any) -> MarketView:
    """The same track with a refund of what was disputed that is to be sent."""
    view = lost_market()
    refund: Refund = make.a_refund(
        **{"id": "rf", "payment_id": "pay", "attempt_id": "co", "track_id": T, **given}
    )
    return with_part(view, "refunds", [refund, view.refunds[1]])


def lost_without(kind: EntryKind) -> MarketView:
    view = lost_market()
    return with_part(view, "entries", [one for one in view.entries if one.kind is not kind])


def settled_market() -> MarketView:
    """The same with refunds that were paid by hand: one, one twice, one that came back since.

    And one that a lost dispute paid, and then the processor as well.
    """
    view = lost_market()
    told: dict[str, Any] = {"attempt_id": "co3", "payment_id": "pay"}
    settled = make.a_refund(id="rs", status=RefundStatus.SETTLED, **told)
    doubled = make.a_refund(id="rt", status=RefundStatus.DOUBLED, external_id="re_1", **told)
    single = make.a_refund(id="ru", status=RefundStatus.SETTLED, duplicate_id="re_2", **told)
    dropped = make.a_refund(id="rv", status=RefundStatus.DOUBLED, reference=None, **told)
    refunds = (settled, doubled, single, dropped)
    drafts = booked(
        ledger.payment_not_applied(make.an_attempt(id="co3"), Cents(396)),
        *(ledger.refund_intended(one, applied=False) for one in refunds),
        ledger.refund_completed(doubled),
        ledger.refund_returned(doubled),
        *(ledger.refund_settled(one) for one in (settled, doubled, single)),
        ledger.refund_dropped(dropped),
        *(ledger.refund_doubled(one) for one in (doubled, single, dropped)),
        ledger.refund_undoubled(single),
    )
    return attrs.evolve(
        view,
        refunds=(*view.refunds, *refunds),
        entries=(
            *view.entries,
            *(attrs.evolve(one, id=EntryId(f"s{one.id}")) for one in drafts),
        ),
    )


def returned_market() -> MarketView:
    """The first market, where money came back: of a payout, and of a dispute that was won.

    A review of a free track was completed besides.
    """
    view = market()
    reversal = PayoutReversal(
        id=ReversalId("rv"),
        payout_id=PayoutId("po"),
        reviewer_id=R,
        amount=Cents(20),
        external_id="trr_1",
        at=START,
    )
    won = make.a_dispute(
        id="d1",
        attempt_id="co",
        payment_id="pay",
        track_id=T,
        status=DisputeStatus.WON,
        amount=297,
        reinstated_amount=200,
    )
    free = make.a_track(
        id="tf",
        artist_id="a",
        promo_code="LAUNCH",
        price=0,
        reviews_requested=1,
        reviews_completed=1,
        status=TrackStatus.COMPLETED,
    )
    review = make.a_review(
        id="vf",
        track_id="tf",
        artist_id="a",
        reviewer_id=R,
        slot_price=0,
        status=ReviewStatus.COMPLETED,
    )
    drafts = booked(
        ledger.payout_reversed(reversal),
        ledger.dispute_opened(won),
        ledger.dispute_won(won),
        ledger.review_completed(review, is_free=True),
    )
    reviewer = attrs.evolve(
        view.reviewers[0],
        total_reviews=2,
        total_earnings=Cents(100),
        pending_balance=Cents(70),
    )
    return attrs.evolve(
        view,
        artists=(attrs.evolve(view.artists[0], total_tracks=2),),
        tracks=(*view.tracks, free),
        slots=(*view.slots, make.a_slot(track_id="tf", number=1, price=0)),
        reviews=(*view.reviews, review),
        reviewers=(reviewer, *view.reviewers[1:]),
        payouts=(attrs.evolve(view.payouts[0], reversed_amount=Cents(20)),),
        reversals=(reversal,),
        disputes=(won,),
        entries=(
            *view.entries,
            *(attrs.evolve(one, id=EntryId(f"r{one.id}")) for one in drafts),
        ),
    )


def returned_without(kind: EntryKind) -> MarketView:
    view = returned_market()
    return with_part(view, "entries", [one for one in view.entries if one.kind is not kind])


def settled_but(number: int, **changes: Any) -> MarketView:
    """The same with another refund, the *number*-th of those."""
    view = settled_market()
    refunds = list(view.refunds)
    refunds[2 + number] = attrs.evolve(refunds[2 + number], **changes)
    return with_part(view, "refunds", refunds)


def settled_without(kind: EntryKind, cause: str) -> MarketView:
    view = settled_market()
    kept = [one for one in view.entries if (one.kind, one.cause) != (kind, cause)]
    return with_part(view, "entries", kept)


PLANTED: list[tuple[str, str, Callable[[], MarketView]]] = [
    (
        "entries_balance",
        "e0",
        lambda: changed("entries", 0, postings=(Posting("processor", Cents(-1)),)),
    ),
    ("totals_equal_ledger", "a", lambda: changed("artists", 0, total_spent=296)),
    ("totals_equal_ledger", "r", lambda: changed("reviewers", 0, pending_balance=1)),
    ("totals_equal_ledger", "r", lambda: changed("reviewers", 0, total_earnings=51)),
    ("deferred_equals_slots", "t", lambda: changed("slots", 1, price=98)),
    (
        "deferred_equals_slots",
        "t0",
        lambda: with_more(
            "entries",
            attrs.evolve(
                market().entries[0],
                id=EntryId("e9"),
                cause="other",
                postings=(Posting("processor", Cents(-1)), Posting("deferred:t0", Cents(1))),
            ),
        ),
    ),
    ("queue_mirrors_active", "v3", lambda: without("queue", 0)),
    ("queue_mirrors_active", "v9", lambda: with_more("queue", make.a_queue_row(id="v9"))),
    ("queue_mirrors_active", "v3", lambda: changed("queue", 0, expires_at=START)),
    ("queue_mirrors_active", "v3", lambda: changed("queue", 0, reviewer_id=R)),
    ("one_holder_a_slot", "v3", lambda: changed("reviews", 2, slot_number=1)),
    ("one_holder_a_slot", "v3", lambda: changed("reviews", 2, slot_number=9)),
    ("one_holder_a_slot", "v3", lambda: changed("slots", 2, refunded_at=START)),
    ("one_holder_a_slot", "t", lambda: without("slots", 1)),
    ("tracks_count_right", "t", lambda: changed("tracks", 0, reviews_completed=2)),
    ("tracks_count_right", "t", lambda: changed("tracks", 0, slots_refunded=1)),
    ("tracks_count_right", "t", lambda: changed("tracks", 0, unplayable_reports=1)),
    ("tracks_count_right", "t", lambda: changed("tracks", 0, completed_at=START)),
    ("tracks_count_right", "t", lambda: changed("tracks", 0, status=TrackStatus.QUEUED)),
    ("artists_count_right", "a", lambda: changed("artists", 0, total_tracks=2)),
    ("artists_count_right", "a", lambda: changed("artists", 0, free_review_credits=-1)),
    *[
        ("reviewers_count_right", "r", lambda field=field: changed("reviewers", 0, **{field: 7}))
        for field in (
            "total_reviews",
            "rating_sum",
            "rating_count",
            "gem_count",
            "flag_count",
            "active_count",
        )
    ],
    ("payments_count_right", "pay", lambda: changed("payments", 0, refunded_amount=1)),
    ("payments_count_right", "pay", lambda: changed("payments", 0, completed_at=None)),
    (
        "payments_count_right",
        "pay",
        lambda: with_more(
            "refunds",
            make.a_refund(
                id="rf", attempt_id="co", payment_id="pay", status=RefundStatus.COMPLETED
            ),
        ),
    ),
    (
        "money_moves_once",
        "v1",
        lambda: with_more("entries", attrs.evolve(market().entries[2], id=EntryId("e9"))),
    ),
    ("money_moves_once", "v1", lambda: changed("reviews", 0, paid_amount=49)),
    ("money_moves_once", "v3", lambda: changed("reviews", 2, paid_amount=50)),
    ("money_moves_once", "v1", lambda: without("entries", 2)),
    ("money_moves_once", "po", lambda: changed("payouts", 0, status=PayoutStatus.PENDING)),
    ("money_moves_once", "po", lambda: changed("payouts", 0, status=PayoutStatus.FAILED)),
    ("money_moves_once", "po", lambda: without("entries", 5)),
    ("money_moves_once", "po", lambda: changed("payouts", 0, reversed_amount=Cents(1))),
    (
        "money_moves_once",
        "rv",
        lambda: with_more(
            "reversals",
            PayoutReversal(
                id=ReversalId("rv"),
                payout_id=PayoutId("po"),
                reviewer_id=R,
                amount=Cents(1),
                external_id="trr_1",
                at=START,
            ),
        ),
    ),
    (
        "money_moves_once",
        "rf",
        lambda: with_more(
            "refunds", make.a_refund(id="rf", payment_id="pay", status=RefundStatus.COMPLETED)
        ),
    ),
    (
        "money_moves_once",
        "rf",
        lambda: with_more("refunds", make.a_refund(id="rf", payment_id="pay")),
    ),
    ("reviewers_are_fit", "v1", lambda: changed("reviewers", 0, user_id=UserId("u"))),
    ("tracks_are_reviewed_once", "t", lambda: changed("reviews", 2, reviewer_id=R)),
    (
        "reviewers_are_fit",
        "v3",
        lambda: changed(
            "reviewers", 2, is_restricted=True, restriction_cause=RestrictionCause.ADMIN
        ),
    ),
    ("flags_are_mirrored", "v2", lambda: without("flags", 0)),
    ("flags_are_mirrored", "v2", lambda: changed("reviews", 1, was_flagged=False)),
    ("flags_are_mirrored", "v2", lambda: changed("reviews", 1, counts_toward_completion=True)),
    (
        "promos_are_used_once",
        "a",
        lambda: with_more(
            "tracks",
            *(make.a_track(artist_id="a", promo_code="LAUNCH") for _ in range(2)),
        ),
    ),
    (
        "closed_tracks_have_no_open_slot",
        "t",
        lambda: _with_an_open_slot(closed_at=START),
    ),
    (
        "closed_tracks_have_no_open_slot",
        "t",
        lambda: _with_an_open_slot(dispute_status=DisputeStatus.LOST),
    ),
    ("market_accounts_follow_reviews", "revenue", lambda: changed("reviews", 0, slot_price=98)),
    ("market_accounts_follow_reviews", "losses", lambda: changed("reviews", 1, offered_amount=49)),
    (
        "market_accounts_follow_reviews",
        "promotion",
        lambda: changed("tracks", 0, promo_code="LAUNCH"),
    ),
    ("open_slots_are_sought_for", "t", lambda: changed("tracks", 0, assign_at=None)),
    (
        "open_slots_are_sought_for",
        "t",
        lambda: changed("tracks", 0, dispute_status=DisputeStatus.OPEN),
    ),
    ("open_slots_are_sought_for", "t", lambda: changed("slots", 1, refunded_at=START)),
    ("open_slots_are_sought_for", "t", lambda: changed("tracks", 0, closed_at=START)),
    ("the_lost_are_not_refunded", "rf", lambda: lost_with_a_refund(number=1)),
    ("market_accounts_follow_reviews", "losses", lambda: lost_but("disputes", 0, amount=494)),
    ("market_accounts_follow_reviews", "losses", lambda: lost_but("disputes", 2, currency="usd")),
    ("market_accounts_follow_reviews", "losses", lambda: lost_but("slots", 1, price=98)),
    ("market_accounts_follow_reviews", "losses", lambda: lost_but("refunds", 0, amount=98)),
    ("money_moves_once", "d1", lambda: lost_without(EntryKind.DISPUTE_OPENED)),
    ("money_moves_once", "d3", lambda: lost_but("disputes", 2, currency="usd")),
    ("money_moves_once", "d1", lambda: lost_but("disputes", 0, currency="eur")),
    (
        "money_moves_once",
        "d1",
        lambda: lost_but("disputes", 0, status=DisputeStatus.WON, reinstated_amount=1),
    ),
    ("money_moves_once", "t/2", lambda: lost_without(EntryKind.SLOT_LOST)),
    ("money_moves_once", "t/2", lambda: lost_but("slots", 1, is_lost=False)),
    ("money_moves_once", "rf", lambda: lost_without(EntryKind.REFUND_DROPPED)),
    ("money_moves_once", "rf", lambda: lost_but("refunds", 0, status=RefundStatus.FAILED)),
    ("money_moves_once", "rg", lambda: lost_without(EntryKind.REFUND_RETURNED)),
    ("money_moves_once", "rg", lambda: lost_without(EntryKind.REFUND_COMPLETED)),
    ("money_moves_once", "rg", lambda: lost_but("refunds", 1, status=RefundStatus.COMPLETED)),
    (
        "payments_count_right",
        "pay",
        lambda: with_more(
            "refunds",
            make.a_refund(id="rf", attempt_id="co", payment_id="pay", status=RefundStatus.SETTLED),
        ),
    ),
    ("market_accounts_follow_reviews", "losses", lambda: settled_but(1, amount=98)),
    ("market_accounts_follow_reviews", "losses", lambda: settled_but(3, reference="transfer 2")),
    ("money_moves_once", "rs", lambda: settled_but(0, reference=None)),
    ("money_moves_once", "rs", lambda: settled_but(0, external_id="re_3")),
    ("money_moves_once", "rs", lambda: settled_but(0, duplicate_id="re_3")),
    ("money_moves_once", "rt", lambda: settled_but(1, status=RefundStatus.SETTLED)),
    ("money_moves_once", "ru", lambda: settled_but(2, status=RefundStatus.DOUBLED)),
    ("money_moves_once", "rv", lambda: settled_but(3, status=RefundStatus.DROPPED)),
    *[
        ("money_moves_once", cause, lambda kind=kind, cause=cause: settled_without(kind, cause))
        for kind, cause in (
            (EntryKind.REFUND_SETTLED, "rs"),
            (EntryKind.REFUND_RETURNED, "rt"),
            (EntryKind.REFUND_DOUBLED, "rt"),
            (EntryKind.REFUND_UNDOUBLED, "ru"),
            (EntryKind.REFUND_DROPPED, "rv"),
        )
    ],
    ("disputes_are_mirrored", "t", lambda: changed("tracks", 0, dispute_status="OPEN")),
    ("disputes_are_mirrored", "t", lambda: lost_but("tracks", 0, dispute_status=None)),
    ("disputes_are_mirrored", "t", lambda: lost_but("disputes", 0, status=DisputeStatus.OPEN)),
    ("disputes_are_mirrored", "t", lambda: lost_but("disputes", 0, attempt_id=AttemptId("x"))),
    ("disputes_are_mirrored", "t", lambda: changed("slots", 1, refunded_at=START, is_lost=True)),
    ("disputes_are_mirrored", "d1", lambda: lost_but("disputes", 0, closed_at=None)),
    ("disputes_are_mirrored", "d3", lambda: lost_but("disputes", 2, closed_at=START)),
]


@pytest.mark.parametrize(
    ("law", "culprit", "plant"), PLANTED, ids=[f"{n}-{p[0]}" for n, p in enumerate(PLANTED)]
)
def test_a_planted_violation_is_seen_and_its_culprit_named(
    law: str, culprit: str, plant: Callable[[], MarketView]
) -> None:
    found = [one for one in violations(plant()) if one.law == law]

    assert any(culprit in one.ids for one in found)
    assert all(one.told for one in found)


@pytest.mark.parametrize(
    ("law", "plant"),
    [(law, plant) for law, _, plant in PLANTED],
    ids=[f"{n}-{p[0]}" for n, p in enumerate(PLANTED)],
)
def test_parts_judged_one_by_one_make_the_whole(law: str, plant: Callable[[], MarketView]) -> None:
    view = plant()
    (judge,) = (one for one in LAWS if one.name == law)
    rows = (row for field in attrs.fields(MarketView)[1:] for row in getattr(view, field.name))
    every = touched(rows).ids
    assert every is not None

    parts = {one for name in every for one in judge(view, Scope(ids=frozenset({name})))}
    whole = set(judge(view))

    assert parts == (set() if judge is laws.market_accounts_follow_reviews else whole)


@pytest.mark.parametrize(
    ("plant", "culprit", "told"),
    [
        (lambda: settled_without(EntryKind.REFUND_INTENDED, "rs"), "rs", "intended"),
        (lambda: settled_without(EntryKind.REFUND_COMPLETED, "rt"), "rt", "completed"),
        (lambda: settled_without(EntryKind.REFUND_RETURNED, "rt"), "rt", "returned"),
        (lambda: settled_without(EntryKind.REFUND_SETTLED, "rs"), "rs", "settled"),
        (lambda: settled_without(EntryKind.REFUND_DROPPED, "rv"), "rv", "dropped"),
        (lambda: settled_without(EntryKind.REFUND_DOUBLED, "ru"), "ru", "doubled"),
        (lambda: settled_without(EntryKind.REFUND_UNDOUBLED, "ru"), "ru", "undoubled"),
        (lambda: without("entries", 5), "po", "requested"),
        (lambda: without("entries", 6), "po", "completed"),
        (lambda: with_more("payouts", FAILED_PAYOUT), "pf", "failed"),
        (lambda: lost_without(EntryKind.DISPUTE_OPENED), "d1", "opened"),
        (lambda: returned_without(EntryKind.DISPUTE_WON), "d1", "won"),
        (lambda: returned_without(EntryKind.PAYOUT_REVERSED), "rv", "booked"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_happened_and_is_not_booked_is_named(
    plant: Callable[[], MarketView], culprit: str, told: str
) -> None:
    found = {one.told for one in laws.money_moves_once(plant()) if one.ids == (culprit,)}

    assert f"{told} is True, recomputed False" in found
    assert all(one.endswith(" is True, recomputed False") for one in found)


def test_a_slot_that_is_lost_on_one_side_alone_is_named() -> None:
    (found,) = laws.money_moves_once(lost_without(EntryKind.SLOT_LOST))

    assert found.ids == ("t/2",)
    assert found.told == "slot and ledger do not agree on whether it was lost"


def test_a_dispute_that_was_won_and_brought_nothing_back_is_not_booked() -> None:
    view = returned_without(EntryKind.DISPUTE_WON)
    nothing = attrs.evolve(view.disputes[0], reinstated_amount=ZERO)

    assert not list(laws.money_moves_once(with_part(view, "disputes", [nothing])))


def test_what_was_reinstated_in_another_currency_is_not_booked() -> None:
    view = lost_but("disputes", 2, status=DisputeStatus.WON, reinstated_amount=Cents(1))

    assert not list(laws.money_moves_once(view))


def test_the_rating_of_a_review_whose_flag_was_upheld_counts_no_more() -> None:
    assert not list(laws.reviewers_count_right(lost_but("reviews", 1, artist_rating=1)))


def test_every_law_has_a_planted_violation() -> None:
    assert {law for law, _, _ in PLANTED} == {law.name for law in LAWS}


def test_every_law_of_the_package_is_evaluated() -> None:
    written = {name for name, thing in vars(laws).items() if isinstance(thing, Law)}

    assert written == {law.name for law in LAWS}
    assert written <= set(laws.__all__)


def test_every_law_of_the_specification_is_stood_for_and_told() -> None:
    assert {number for law in LAWS for number in law.numbers} == set(range(1, 11))
    assert all(law.promise.endswith(".") for law in LAWS)


def test_what_a_row_hangs_on_is_touched_with_it() -> None:
    entry = attrs.evolve(
        market().entries[0],
        cause="t1/2",
        postings=(Posting("payable:r1", Cents(1)), Posting("revenue", Cents(-1))),
    )

    assert touched([make.a_slot(track_id=T)]) == Scope(ids=frozenset({T}))
    assert touched([entry]) == Scope(ids=frozenset({entry.id, "t1", "r1", "revenue"}))
    assert touched([make.a_flag(id="f", review_id="v", track_id=T, reviewer_id=R)]) == Scope(
        ids=frozenset({"f", "v", T, R})
    )


def test_what_caused_an_entry_as_a_whole_is_touched_with_it() -> None:
    (entry,) = booked(ledger.fee_known(AttemptId("co"), Cents(39)))

    assert touched([entry]) == Scope(ids=frozenset({entry.id, "co", "fees", "processor"}))


def test_a_kind_of_row_that_was_never_met_before_is_touched_by_its_names() -> None:
    @attrs.frozen
    class Letter:
        id: str
        artist_id: str
        stamp_id: str

    assert touched([Letter("l", "a", "s")]) == Scope(ids=frozenset({"l", "a"}))
    assert touched([Letter("m", "b", "s")]) == Scope(ids=frozenset({"m", "b"}))


def test_what_is_out_of_scope_is_not_told() -> None:
    view = changed("artists", 0, total_spent=296)

    assert violations(view, Scope(ids=frozenset({R}))) == ()
    assert {one.law for one in violations(view, Scope(ids=frozenset({"a"})))} == {
        "totals_equal_ledger"
    }


def test_a_promo_code_is_free_again_once_its_track_was_cancelled() -> None:
    view = with_more(
        "tracks",
        make.a_track(artist_id="a", promo_code="LAUNCH", status=TrackStatus.CANCELLED),
        make.a_track(artist_id="a", promo_code="LAUNCH"),
    )

    assert not list(laws.promos_are_used_once(view))


def test_a_report_counts_from_the_last_change_of_the_link() -> None:
    reported = make.a_review(
        id=ReviewId("v4"),
        track_id=T,
        reviewer_id="x",
        status=ReviewStatus.SKIPPED,
        end_reason=EndReason.UNPLAYABLE,
        ended_at=START,
    )

    def broken(**changes: Any) -> bool:
        view = attrs.evolve(changed("tracks", 0, **changes), reviews=(*market().reviews, reported))
        return any(laws.tracks_count_right(view))

    assert not broken(unplayable_reports=1)
    assert not broken(unplayable_reports=0, source_updated_at=START)
    assert not broken(unplayable_reports=1, source_updated_at=START - timedelta(microseconds=1))
    assert broken(unplayable_reports=0)
