"""What people do in a market in memory, and markets in which they did some of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.laws import MarketView
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.testing.builders import some_feedback
from reviewcore.testing.strategies.market import ADMIN, Market
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    CompleteReview,
    ConfirmPayment,
    DismissFlag,
    FlagReview,
    GemReview,
    OpenCheckout,
    RateReview,
    RecordHeartbeat,
    ReportUnplayable,
    SkipReview,
    SubmitTrack,
    UpholdFlag,
    Withdraw,
    cancel_track,
    check_out,
    close_track,
    complete_review,
    confirm_payment,
    dismiss_flag,
    flag_review,
    gem_review,
    open_checkout,
    rate_review,
    record_heartbeat,
    report_unplayable,
    skip_review,
    submit_track,
    uphold_flag,
    withdraw,
)

DEEDS_MAX = 24
PEOPLE_MAX = 3


Deed = Callable[[Market, int], object]
"""Something that somebody does, to the *which*-th thing that it can be done to."""

LIVE = (TrackStatus.QUEUED, TrackStatus.IN_PROGRESS)
ACTIVE = (ReviewStatus.ASSIGNED, ReviewStatus.IN_PROGRESS)


def _submit(market: Market, which: int) -> object:
    artist = _pick(market.artists, which)
    told = SubmitTrack(
        artist_id=artist.id,
        title="First Light",
        source_url="https://soundcloud.com/the-band/first-light",
        genres=("house",),
        package_type=list(PackageType)[which % len(PackageType)],
    )
    return market.app.perform(submit_track, told)


def _buy(market: Market, which: int) -> object:
    track = _pick(market.tracks(TrackStatus.PENDING_PAYMENT), which)
    app, who = market.app, {"track_id": track.id, "artist_id": track.artist_id}
    app.perform(check_out, CheckOut(**who))
    attempt = app.drive(open_checkout, OpenCheckout(**who))
    assert attempt.session_id is not None
    market.bank.play_payer(attempt.session_id, PayerOutcome.PAY)
    return app.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))


def _use_credit(market: Market, which: int) -> object:
    track = _pick(market.tracks(TrackStatus.PENDING_PAYMENT), which)
    told = CheckOut(track_id=track.id, artist_id=track.artist_id, use_free_credit=True)
    return market.app.perform(check_out, told)


def _work(market: Market, _which: int) -> object:
    return market.app.run_pending()


def _listen(market: Market, which: int) -> object:
    review = _pick(market.reviews(*ACTIVE), which)
    told = RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)
    market.app.perform(record_heartbeat, told)
    market.clock.advance(seconds=10)
    return market.app.perform(record_heartbeat, told)


def _complete(market: Market, which: int) -> object:
    review = _pick(market.reviews(ReviewStatus.IN_PROGRESS), which)
    told = CompleteReview(
        review_id=review.id, reviewer_id=review.reviewer_id, feedback=some_feedback()
    )
    return market.app.perform(complete_review, told)


def _skip(market: Market, which: int) -> object:
    review = _pick(market.reviews(*ACTIVE), which)
    told = {"review_id": review.id, "reviewer_id": review.reviewer_id}
    if which % 2:
        return market.app.perform(report_unplayable, ReportUnplayable(**told))
    return market.app.perform(skip_review, SkipReview(**told))


def _praise(market: Market, which: int) -> object:
    review = _pick(market.reviews(ReviewStatus.COMPLETED), which)
    who = {"review_id": review.id, "artist_id": review.artist_id}
    market.app.perform(rate_review, RateReview(**who, rating=1 + which % 5, reason="heard it"))
    return market.app.perform(gem_review, GemReview(**who))


def _flag(market: Market, which: int) -> object:
    review = _pick(market.reviews(ReviewStatus.COMPLETED), which)
    told = FlagReview(review_id=review.id, artist_id=review.artist_id, reason=FlagReason.SPAM)
    return market.app.perform(flag_review, told)


def _judge(market: Market, which: int) -> object:
    flags = market.look(lambda tx: [one for one in tx.flags.all() if one.status is FlagStatus.OPEN])
    told = {"flag_id": _pick(flags, which).id, "admin_id": ADMIN, "reason": "looked at it"}
    if which % 2:
        return market.app.perform(dismiss_flag, DismissFlag(**told))
    return market.app.perform(uphold_flag, UpholdFlag(**told))


def _cancel(market: Market, which: int) -> object:
    track = _pick(market.tracks(TrackStatus.PENDING_PAYMENT, TrackStatus.QUEUED), which)
    told = CancelTrack(track_id=track.id, artist_id=track.artist_id)
    return market.app.perform(cancel_track, told)


def _close(market: Market, which: int) -> object:
    track = _pick(market.tracks(*LIVE), which)
    told = CloseTrack(track_id=track.id, admin_id=ADMIN, reason="nobody hears it")
    return market.app.perform(close_track, told)


def _withdraw(market: Market, which: int) -> object:
    reviewer = _pick(market.reviewers, which)
    told = Withdraw(
        reviewer_id=reviewer.id, method=PayoutMethod.PAYPAL, destination=f"{reviewer.id}@b.example"
    )
    return market.app.perform(withdraw, told)


def _wait(market: Market, which: int) -> object:
    return market.clock.advance(days=1 + which)


DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "submit": _submit,
        "buy": _buy,
        "work": _work,
        "listen": _listen,
        "complete": _complete,
        "use a credit": _use_credit,
        "praise": _praise,
        "flag": _flag,
        "judge": _judge,
        "skip": _skip,
        "cancel": _cancel,
        "close": _close,
        "withdraw": _withdraw,
        "wait": _wait,
    }
)
"""By what one calls them; the first are what the others need."""


class NobodyThere(LookupError):
    """There is nothing that this can be done to."""


def _pick(things: list[Any], which: int) -> Any:
    if not things:
        raise NobodyThere
    return things[which % len(things)]


def do(market: Market, deed: str, which: int = 0) -> None:
    """Do *deed*, if there is what it can be done to and the market allows it."""
    try:
        DEEDS[deed](market, which)
    except (NobodyThere, ReviewcoreError):
        # A refusal leaves no trace, so the market is as good as before.
        return


@st.composite
def markets(draw: st.DrawFn, rules: MarketRules | None = None) -> Market:
    """Draw markets in which up to 3 artists and 6 reviewers did some of `DEEDS`.

    Under *rules*, or those of `small_rules`. Every law holds in each of them.
    """
    market = Market(rules)
    numbers = iter(range(1, 4 * PEOPLE_MAX))
    for _ in range(draw(st.integers(0, PEOPLE_MAX))):
        market.an_artist(next(numbers))
    for _ in range(draw(st.integers(0, 2 * PEOPLE_MAX))):
        market.a_reviewer(next(numbers))
    deeds = st.tuples(st.sampled_from(tuple(DEEDS)), st.integers(0, 9))
    for deed, which in draw(st.lists(deeds, max_size=DEEDS_MAX)):
        do(market, deed, which)
    return market


def market_views(rules: MarketRules | None = None) -> st.SearchStrategy[MarketView]:
    """Draw such markets as the laws see them."""
    return markets(rules).map(Market.view)
