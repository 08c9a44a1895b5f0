from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import CannotLeave
from reviewcore.domain.ids import AttemptId, DisputeId, PayoutId, RefundId, ReviewId, TrackId
from reviewcore.domain.leaving import Ties
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import MarketRules
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

TIES: dict[str, Any] = {
    "balance_cents": Cents(-1),
    "tracks": (TrackId("t"),),
    "attempts": (AttemptId("co"),),
    "refunds": (RefundId("rf"),),
    "disputes": (DisputeId("dp"),),
    "payouts": (PayoutId("po"),),
    "flaggable_reviews": (ReviewId("v"),),
    "flagged_reviews": (ReviewId("w"),),
}


def test_who_has_no_ties_may_leave() -> None:
    Ties().require_none()


@pytest.mark.parametrize("field", TIES)
def test_each_tie_is_in_the_way_by_itself(field: str) -> None:
    with pytest.raises(CannotLeave) as refusal:
        Ties(**{field: TIES[field]}).require_none()

    assert refusal.value.extras == {**attrs.asdict(Ties()), field: TIES[field]}


def test_all_that_is_in_the_way_is_told_at_once() -> None:
    with pytest.raises(CannotLeave) as refusal:
        Ties(**TIES).require_none()

    assert refusal.value.extras == TIES


@pytest.mark.parametrize(("balance", "left"), [(1200, 0), (1, 0), (0, 0), (-1, -1), (-50, -50)])
def test_what_is_owed_to_him_can_be_given_up_and_what_he_owes_cannot(
    balance: int, left: int
) -> None:
    ties = Ties(**{**TIES, "balance_cents": Cents(balance)})

    assert ties.forfeit() == attrs.evolve(ties, balance_cents=Cents(left))


def test_a_reviewer_is_bound_by_his_balance_and_by_reviews_that_are_or_may_be_flagged() -> None:
    tracks = Ties(tracks=(TrackId("t"),))
    late = START + timedelta(days=8)
    reviews = [
        make.a_review(id="active"),
        make.a_review(id="old", status=ReviewStatus.COMPLETED, ended_at=START),
        make.a_review(id="new", status=ReviewStatus.COMPLETED, ended_at=late),
        make.a_flagged_review(id="flagged"),
    ]

    ties = tracks.work(
        make.a_reviewer(pending_balance=70), iter(reviews), rules=MarketRules(), at=late
    )

    assert ties == attrs.evolve(
        tracks,
        balance_cents=Cents(70),
        flaggable_reviews=(ReviewId("new"),),
        flagged_reviews=(ReviewId("flagged"),),
    )
