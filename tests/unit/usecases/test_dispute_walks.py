"""A payer, his bank, an artist and a market that do what they like, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewcore.adapters.sandbox import MoreThanIsLeft
from reviewcore.domain.errors import InvalidTransition, ReviewcoreError
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.money import Cents
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import DisputeView
from tests.unit.usecases.disputing import applied, follow
from tests.unit.usecases.market import World


@attrs.define
class Walk:
    """A market with one track, and all that its bank has ever told of disputes."""

    world: World
    track: Track
    told: list[DisputeView] = attrs.field(factory=list)

    def act_on(self, act: Callable[[Review], object], reviews: Iterable[Review]) -> None:
        for review in list(reviews)[:1]:
            act(review)

    def reviews(self, status: FlagStatus | None, *states: ReviewStatus) -> list[Review]:
        reviews = self.world.reviews(self.track)
        return [one for one in reviews if one.status in states and one.flag_status is status]

    def views(self) -> tuple[DisputeView, ...]:
        return self.world.bank.disputed()

    def open(self, amount: int | None) -> None:
        """The payer goes to his bank; nobody here has heard of it."""
        paid = applied(self.world, self.track).external_payment_id
        assert paid is not None
        try:
            self.world.bank.open_dispute(paid, None if amount is None else Cents(amount))
        except MoreThanIsLeft:
            return

    def decide(self, act: Callable[[str], None]) -> None:
        for view in self.views()[-1:]:
            try:
                act(view.external_id)
            except InvalidTransition:
                return

    def hear(self) -> None:
        for view in self.views():
            self.told.append(view)
            follow(self.world, view)

    def hear_again(self, views: list[DisputeView]) -> None:
        for view in views:
            follow(self.world, view)


ACTIVE = (ReviewStatus.ASSIGNED, ReviewStatus.IN_PROGRESS)
STEPS: dict[str, Callable[[Walk], object]] = {
    "dispute": lambda walk: walk.open(None),
    "dispute a part": lambda walk: walk.open(100),
    "win": lambda walk: walk.decide(walk.world.bank.win_dispute),
    "lose": lambda walk: walk.decide(walk.world.bank.lose_dispute),
    "hear": lambda walk: walk.hear(),
    "hear the first again": lambda walk: walk.hear_again(walk.told[:1]),
    "hear the last again": lambda walk: walk.hear_again(walk.told[-1:]),
    "assign": lambda walk: walk.world.assign(walk.track),
    "deliver": lambda walk: walk.act_on(walk.world.deliver, walk.reviews(None, *ACTIVE)),
    "skip": lambda walk: walk.act_on(walk.world.skip, walk.reviews(None, *ACTIVE)),
    "flag": lambda walk: walk.act_on(walk.world.flag, walk.reviews(None, ReviewStatus.COMPLETED)),
    "uphold": lambda walk: walk.act_on(
        lambda review: walk.world.uphold(walk.world.flag_of(review)),
        walk.reviews(FlagStatus.OPEN, ReviewStatus.COMPLETED),
    ),
    "dismiss": lambda walk: walk.act_on(
        lambda review: walk.world.dismiss(walk.world.flag_of(review)),
        walk.reviews(FlagStatus.OPEN, ReviewStatus.COMPLETED),
    ),
    "cancel": lambda walk: walk.world.cancel(walk.track),
    "close": lambda walk: walk.world.close(walk.track),
    "work": lambda walk: walk.world.work(),
    "an hour later": lambda walk: walk.world.wait(hours=1),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=14))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_in_whatever_order_the_laws_hold_and_all_ends(steps: list[str]) -> None:
    world = World(flags_per_track_max_percent=100)
    world.reviewers(3)
    walk = Walk(world=world, track=world.a_queued_track())

    for step in steps:
        try:
            STEPS[step](walk)
        except ReviewcoreError:
            continue

    walk.decide(world.bank.lose_dispute)
    walk.hear()
    for _ in range(3):
        # The longest that a refused refund waits.
        world.wait(hours=1)
        world.settle()
    ended = {refund.status for refund in world.refunds(walk.track)}
    assert ended.isdisjoint({RefundStatus.PENDING, RefundStatus.PROCESSING})
