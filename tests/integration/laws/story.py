"""A market's life in chapters, by use cases alone: all that laws judge happens in one of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.errors import PromoCodeUsed
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import RefundOrder
from reviewcore.testing.faults import Fault, FaultyPayments
from reviewcore.usecases import (
    GemReview,
    RateReview,
    RestrictReviewer,
    SendRefund,
    SettlePayout,
    SettleRefund,
    UngemReview,
    UpdateSource,
    gem_review,
    rate_review,
    restrict_reviewer,
    send_refund,
    settle_payout,
    settle_refund,
    ungem_review,
    update_source,
)
from tests.unit.usecases import disputing
from tests.unit.usecases.market import ADMIN, World

Chapter = Callable[[World], object]


class QuietWorld(World):
    """Lets the market go on without judging every step."""

    def check(self) -> None:
        pass


RULES = {"promo_codes": {"LAUNCH": 3, "MINI": 1}, "minimum_payout_cents": 50}


def delivering(world: World) -> None:
    """A track from its payment to its end, rated and gemmed on the way; a PRO at work, too."""
    world.a_reviewer(tier=Tier.PRO)
    track = _given(world, 4)
    first, second, *others = _active(world, track)
    for review in (first, second, *others):
        world.deliver(review)
    for rating, review in ((5, first), (1, second), (4, second)):
        command = RateReview(
            review_id=review.id, artist_id=track.artist_id, rating=rating, reason="so it is"
        )
        world.do(rate_review, command)
    for review in (first, second):
        world.do(gem_review, GemReview(review_id=review.id, artist_id=track.artist_id))
    world.do(ungem_review, UngemReview(review_id=second.id, artist_id=track.artist_id))
    world.work()


def starting(world: World) -> None:
    """A track at work: one review is flagged, others are heard or to be heard; and a lonely one."""
    track = _given(world, 4)
    delivered, heard, *_ = _active(world, track)
    world.flag(world.deliver(delivered))
    world.beat(heard)
    world.a_queued_track(genres=("ambient",))
    both = world.a_user()
    for user in (both, world.a_user()):
        world.a_reviewer(user)
        world.assign(track)
    world.a_queued_track(world.an_artist(both))
    world.work()


def flagging(world: World) -> None:
    """Flags that are dismissed, upheld and open, one a track; and slots that are filled again."""
    world.reviewers(3)
    flags = []
    for _ in range(3):
        track = world.a_queued_track()
        first, second, *_ = [world.deliver(one) for one in world.assign(track)]
        for review in (first, second):
            command = RateReview(review_id=review.id, artist_id=track.artist_id, rating=4)
            world.do(rate_review, command)
        world.do(gem_review, GemReview(review_id=first.id, artist_id=track.artist_id))
        flags.append(world.flag(first))
    dismissed, upheld, _ = flags
    world.dismiss(dismissed)
    world.uphold(upheld)
    world.work()


def cancelling(world: World) -> None:
    """Tracks that are cancelled: paid ones, whose refund arrives or comes back, and a free one."""
    world.reviewers(3)
    for returns in (False, True):
        track = world.a_queued_track()
        world.assign(track)
        world.cancel(track)
        world.work()
        (refund,) = world.refunds(track)
        if returns:
            assert refund.external_id is not None
            world.hear_bank()
            world.bank.fail_refund(refund.external_id)
            world.work()
    world.cancel(world.a_promo_track("MINI"))


def closing(world: World) -> None:
    """A track that is closed half way, with one flag open, which is then upheld; and a free one."""
    track = _given(world, 4)
    first, second, *_ = _active(world, track)
    world.deliver(first)
    flag = world.flag(world.deliver(second))
    world.close(track)
    world.uphold(flag)
    world.work()
    free = world.a_free_track()
    world.assign(free)
    world.close(free)
    world.work()


def giving(world: World) -> None:
    """Tracks that credits and codes pay for, one review of which is flagged."""
    world.reviewers(3)
    artist = world.an_artist()
    free = world.a_free_track(artist)
    coded = world.a_promo_track("LAUNCH", artist)
    world.cancel(world.a_promo_track("MINI", artist))
    world.a_promo_track("MINI", artist)
    with suppress(PromoCodeUsed):
        world.a_promo_track("LAUNCH", artist)
    for track in (free, coded):
        world.deliver(world.assign(track)[0])
    world.flag(world.reviews(free)[0])


def ending(world: World) -> None:
    """Assignments that are skipped, reported, or run out of time."""
    track = _given(world, 5)
    skipped, reported, *_ = _active(world, track)
    world.skip(skipped)
    world.wait(seconds=1)
    world.report(reported)
    world.wait(days=8)
    world.work()
    mended = _given(world, 0)
    world.wait(seconds=1)
    world.report(_active(world, mended)[0])
    world.wait(seconds=1)
    command = UpdateSource(
        track_id=mended.id,
        artist_id=mended.artist_id,
        source_url="https://soundcloud.com/the-band/second-light",
    )
    world.do(update_source, command)


def restricting(world: World) -> None:
    """A reviewer who is barred with reviews before him."""
    track = _given(world, 3)
    delivered, active, *_ = _active(world, track)
    world.deliver(delivered)
    command = RestrictReviewer(
        reviewer_id=active.reviewer_id, admin_id=ADMIN, reason="sells his reviews"
    )
    world.do(restrict_reviewer, command)
    world.work()


def paying_out(world: World) -> None:
    """Payouts that arrive, come back, are refused, wait, and are paid by hand."""
    track = _given(world, 5)
    reviewers = [world.reviewer_of(world.deliver(one)) for one in _active(world, track)]
    *automatic, by_hand, waiting = reviewers
    connected = [world.connect(reviewer) for reviewer in automatic]
    world.wait(days=8)
    for reviewer in connected[:2]:
        world.withdraw(reviewer)
    world.work()
    world.bank.reverse_transfer(world.bank.transferred()[-1].external_id)
    world.hear_bank()
    world.work()
    account_id = connected[-1].stripe_account_id
    assert account_id is not None
    world.withdraw(connected[-1])
    world.bank.play_payee(account_id, PayeeOutcome.REFUSE)
    world.work()
    manual = PayoutMethod.MANUAL
    payout = world.withdraw(by_hand, method=manual, destination="by post")
    command = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="a letter")
    world.do(settle_payout, command)
    world.withdraw(waiting, method=manual, destination="by post")


def disputing_payments(world: World) -> None:
    """Disputes that are open, won, and lost of a track at work."""
    _given(world, 3)
    opened, won, lost = (world.a_queued_track() for _ in range(3))
    disputing.dispute(world, disputing.applied(world, opened))
    disputing.win(world, disputing.dispute(world, disputing.applied(world, won)))
    first, *_ = world.assign(lost)
    world.deliver(first)
    disputing.lose(world, disputing.dispute(world, disputing.applied(world, lost)))
    world.wait(days=8)
    world.work()


def skipping(world: World) -> None:
    """An assignment that has just been given back, of which nobody knows yet."""
    track = _given(world, 5)
    world.skip(_active(world, track)[0])


def losing(world: World) -> None:
    """A dispute that has just been lost of a track with open slots."""
    track = world.a_queued_track()
    disputing.lose(world, disputing.dispute(world, disputing.applied(world, track)))


def settling(world: World) -> None:
    """Refunds that the processor refused, paid by hand: one of them is made all the same."""
    for is_made in (False, True):
        track = world.a_queued_track()
        world.cancel(track)
        (refund,) = world.refunds(track)
        world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
        world.drive(send_refund, SendRefund(refund_id=refund.id))
        world.reach_bank_through()
        paid = SettleRefund(
            refund_id=refund.id, admin_id=ADMIN, reference="transfer 7", reason="it was refused"
        )
        world.do(settle_refund, paid)
        if is_made:
            attempt = world.attempts(track)[-1]
            assert attempt.external_payment_id is not None
            order = RefundOrder(
                refund_id=refund.id,
                payment_id=attempt.external_payment_id,
                amount=refund.amount,
                currency=refund.currency,
                key=refund.key,
            )
            world.bank.refund(order)
            world.hear_bank()
            world.work()


CHAPTERS: tuple[Chapter, ...] = (
    delivering,
    flagging,
    cancelling,
    closing,
    giving,
    ending,
    restricting,
    paying_out,
    disputing_payments,
    skipping,
    losing,
    settling,
    # Last: what is at work would run out of time while others wait.
    starting,
)


def _given(world: World, reviewers: int) -> Track:
    """A paid track that was offered to so many newcomers, and to whom there is besides."""
    world.reviewers(reviewers)
    track = world.a_queued_track(package=PackageType.STARTER)
    world.assign(track)
    return world.track(track)


def _active(world: World, track: Track) -> list[Review]:
    return [review for review in world.reviews(track) if review.is_active]
