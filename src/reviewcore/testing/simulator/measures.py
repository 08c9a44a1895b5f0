"""What a simulated market came to, in numbers; amounts are cents, times are hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from reviewcore.domain import ledger
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.payouts import Payout
from reviewcore.domain.reviews import EndReason, Review, ReviewStatus
from reviewcore.domain.rules import Tier
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.testing.simulator.live import LiveView

HOUR = timedelta(hours=1)
SECONDS_AN_HOUR = 3600
DIGITS = 4


@attrs.frozen(kw_only=True)
class Spread:
    """How numbers are spread: how many, mean, quartiles, the worst tenth. 0 when there are none."""

    count: int = 0
    mean: float = 0.0
    quarter: float = 0.0
    median: float = 0.0
    three_quarters: float = 0.0
    nine_tenths: float = 0.0


@attrs.frozen(kw_only=True)
class PersonaMeasures:
    """What became of the people of one persona."""

    name: str
    kind: str
    people: int
    reviews: int
    counted: int
    money_cents: int
    mean_rating: float
    flags: int
    expired: int
    skipped: int


@attrs.frozen(kw_only=True)
class Measures:
    """What a market came to by its last day, before it was wound up.

    Attributes:
        fill_rate: share of the slots that were paid for that have a counted review.
        hours_to_fill: of completed tracks, from payment to the last counted review.
        hours_waiting: of reviews, from the payment of the track to the assignment.
        hours_reviewing: of completed reviews, from assignment to delivery.
        income_cents: earnings by reviewer who has delivered anything, in ascending order.
        gini: how unequal these are, 0 (all the same) to 1 (one has all).
        cents_an_hour: pay for each hour listened, by completed review.
        hours_to_payout: of completed payouts, from the request.
        paid_in_cents: payments applied, less refunds.
        margin: share of what was earned from artists that the market keeps, after pay, fees,
            losses and promotion.
    """

    tracks: int
    tracks_queued: int
    tracks_completed: int
    tracks_cancelled: int
    slots: int
    fill_rate: float
    hours_to_fill: Spread
    hours_waiting: Spread
    hours_reviewing: Spread
    reviews_completed: int
    reviews_expired: int
    reviews_skipped: int
    reviews_unplayable: int
    income_cents: tuple[int, ...]
    gini: float
    cents_an_hour: Spread
    hours_to_payout: Spread
    payouts: int
    paid_in_cents: int
    revenue_cents: int
    fees_cents: int
    losses_cents: int
    promotion_cents: int
    margin: float
    flags: int
    flags_upheld: int
    flags_dismissed: int
    restricted: int
    promoted: int
    demoted: int
    pro_reviewers: int
    disputes: int
    disputes_won: int
    disputes_lost: int
    fill_hours: tuple[float, ...]
    personas: tuple[PersonaMeasures, ...]


def measure(
    live: LiveView, *, moves: Mapping[str, int], persona_of: Callable[[str], str | None]
) -> Measures:
    """Measure a market as it stands.

    *moves* counts the changes of tier by the tier after them, *persona_of* names what kind of
    people somebody is of.
    """
    tracks = tuple(live.track.values())
    reviews = tuple(live.review.values())
    queued = [track for track in tracks if track.paid_at is not None]
    done = [review for review in reviews if review.status is ReviewStatus.COMPLETED]
    slots = sum(track.reviews_requested for track in queued)
    counted = sum(track.reviews_completed for track in queued)
    fill_hours = tuple(sorted(_fill_hours(queued)))
    earners = [one for one in live.reviewer.values() if one.total_reviews]
    income = tuple(sorted(one.total_earnings for one in earners))
    paid_in = sum(artist.total_spent for artist in live.artist.values())
    ends = Counter(review.end_reason for review in reviews)
    flags = Counter(flag.status for flag in live.flag_of.values())
    disputes = Counter(dispute.status for dispute in live.dispute.values())
    revenue, fees = _balance(live, ledger.REVENUE), _balance(live, ledger.FEES)
    losses, promotion = _balance(live, ledger.LOSSES), _balance(live, ledger.PROMOTION)
    earned = sum(review.slot_price for review in done if review.counts_toward_completion)
    return Measures(
        tracks=len(tracks),
        tracks_queued=len(queued),
        tracks_completed=sum(track.status is TrackStatus.COMPLETED for track in tracks),
        tracks_cancelled=sum(track.status is TrackStatus.CANCELLED for track in tracks),
        slots=slots,
        fill_rate=_share(counted, slots),
        hours_to_fill=spread(fill_hours),
        hours_waiting=spread(_waiting(reviews, live)),
        hours_reviewing=spread(_hours(one.assigned_at, one.ended_at) for one in done),
        reviews_completed=len(done),
        reviews_expired=ends[EndReason.TIMEOUT],
        reviews_skipped=ends[EndReason.SKIP],
        reviews_unplayable=ends[EndReason.UNPLAYABLE],
        income_cents=income,
        gini=gini(income),
        cents_an_hour=spread(_rates(done)),
        hours_to_payout=spread(_payout_hours(live.payout.values())),
        payouts=len(live.payout),
        paid_in_cents=paid_in,
        revenue_cents=revenue,
        fees_cents=-fees,
        losses_cents=-losses,
        promotion_cents=-promotion,
        margin=_share(revenue + fees + losses + promotion, earned),
        flags=sum(flags.values()),
        flags_upheld=flags[FlagStatus.UPHELD],
        flags_dismissed=flags[FlagStatus.DISMISSED],
        restricted=sum(one.is_restricted for one in live.reviewer.values()),
        promoted=moves.get(Tier.PRO, 0),
        demoted=moves.get(Tier.NORMAL, 0),
        pro_reviewers=sum(one.tier is Tier.PRO for one in live.reviewer.values()),
        disputes=sum(disputes.values()),
        disputes_won=disputes[DisputeStatus.WON],
        disputes_lost=disputes[DisputeStatus.LOST],
        fill_hours=fill_hours,
        personas=(*_reviewers(live, persona_of), *_artists(live, persona_of)),
    )


def spread(numbers: Iterable[float]) -> Spread:
    """Tell how numbers are spread; quartiles are numbers that occur."""
    ordered = sorted(numbers)
    if not ordered:
        return Spread()

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], DIGITS)

    return Spread(
        count=len(ordered),
        mean=round(sum(ordered) / len(ordered), DIGITS),
        quarter=at(0.25),
        median=at(0.5),
        three_quarters=at(0.75),
        nine_tenths=at(0.9),
    )


def gini(incomes: Sequence[int]) -> float:
    """Tell how unequal *incomes* in ascending order are: 0 all the same, 1 one has all."""
    total = sum(incomes)
    if total <= 0:
        return 0.0
    weighted = sum(rank * income for rank, income in enumerate(incomes, 1))
    count = len(incomes)
    return round(2 * weighted / (count * total) - (count + 1) / count, DIGITS)


def _share(part: int, whole: int) -> float:
    return round(part / whole, DIGITS) if whole else 0.0


def _balance(live: LiveView, account: str) -> int:
    return live.balances.get(account, 0)


def _hours(begin: datetime, end: datetime | None) -> float:
    assert end is not None, "it is over"
    return (end - begin) / HOUR


def _fill_hours(queued: Iterable[Track]) -> Iterable[float]:
    for track in queued:
        if track.completed_at is not None and track.paid_at is not None:
            yield round(_hours(track.paid_at, track.completed_at), DIGITS)


def _waiting(reviews: Iterable[Review], live: LiveView) -> Iterable[float]:
    for review in reviews:
        paid_at = live.track[review.track_id].paid_at
        if paid_at is not None:
            yield _hours(paid_at, review.assigned_at)


def _rates(done: Iterable[Review]) -> Iterable[float]:
    for review in done:
        if review.listen_duration:
            yield (review.paid_amount or 0) * SECONDS_AN_HOUR / review.listen_duration


def _payout_hours(payouts: Iterable[Payout]) -> Iterable[float]:
    for payout in payouts:
        if payout.processed_at is not None:
            yield _hours(payout.created_at, payout.processed_at)


def _reviewers(
    live: LiveView, persona_of: Callable[[str], str | None]
) -> Iterable[PersonaMeasures]:
    mine: dict[str, list[Review]] = {}
    people: Counter[str] = Counter()
    for reviewer in live.reviewer.values():
        name = persona_of(reviewer.id)
        if name is not None:
            people[name] += 1
            mine.setdefault(name, [])
    for review in live.review.values():
        name = persona_of(review.reviewer_id)
        if name is not None:
            mine[name].append(review)
    for name, reviews in mine.items():
        money = sum(
            one.total_earnings for one in live.reviewer.values() if persona_of(one.id) == name
        )
        yield _of(name, "reviewer", people=people[name], reviews=reviews, money=money)


def _artists(live: LiveView, persona_of: Callable[[str], str | None]) -> Iterable[PersonaMeasures]:
    mine: dict[str, list[Review]] = {}
    people: Counter[str] = Counter()
    money: Counter[str] = Counter()
    for artist in live.artist.values():
        name = persona_of(artist.id)
        if name is not None:
            people[name] += 1
            money[name] += artist.total_spent
            mine.setdefault(name, [])
    for review in live.review.values():
        name = persona_of(review.artist_id)
        if name is not None:
            mine[name].append(review)
    for name, reviews in mine.items():
        yield _of(name, "artist", people=people[name], reviews=reviews, money=money[name])


def _of(
    name: str, kind: str, *, people: int, reviews: Sequence[Review], money: int
) -> PersonaMeasures:
    ratings = [one.artist_rating for one in reviews if one.artist_rating is not None]
    ends = Counter(one.end_reason for one in reviews)
    return PersonaMeasures(
        name=name,
        kind=kind,
        people=people,
        reviews=sum(one.status is ReviewStatus.COMPLETED for one in reviews),
        counted=sum(one.counts_toward_completion for one in reviews),
        money_cents=money,
        mean_rating=round(sum(ratings) / len(ratings), 2) if ratings else 0.0,
        flags=sum(one.flag_status is not None for one in reviews),
        expired=ends[EndReason.TIMEOUT],
        skipped=ends[EndReason.SKIP],
    )
