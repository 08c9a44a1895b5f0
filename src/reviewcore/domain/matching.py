"""Who may review what, and who comes first.

One judgement serves assignment and its dry run, so that a plan cannot say anything else than what
the market does. It is deterministic: equal state, equal choice, on every machine.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from reviewcore.domain.ids import ArtistId, GenreId, ReviewerId, ReviewId, TrackId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.domain.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONG_AGO = float("-inf")


class Rejection(StrEnum):
    """Why a reviewer cannot have a slot."""

    NOT_ONBOARDED = "NOT_ONBOARDED"
    RESTRICTED = "RESTRICTED"
    EMAIL_NOT_VERIFIED = "EMAIL_NOT_VERIFIED"
    ACCOUNT_TOO_NEW = "ACCOUNT_TOO_NEW"
    NO_COMMON_GENRE = "NO_COMMON_GENRE"
    OWN_TRACK = "OWN_TRACK"
    REVIEWED_BEFORE = "REVIEWED_BEFORE"
    PAIR_LIMIT = "PAIR_LIMIT"
    FULLY_LOADED = "FULLY_LOADED"
    WRONG_TIER = "WRONG_TIER"
    OUTRANKED = "OUTRANKED"
    TRACK_DISPUTED = "TRACK_DISPUTED"


@attrs.frozen(kw_only=True)
class History:
    """What eligibility asks about one reviewer beyond his profile, for one track.

    *pair_reviews* counts his active and completed reviews for the track's artist that were
    assigned within the pair window.
    """

    email_verified: bool
    account_created_at: datetime
    reviewed_before: bool
    pair_reviews: int


@attrs.frozen(kw_only=True)
class Candidate:
    """A reviewer as seen from one track; *is_kin* when he may be the artist himself."""

    reviewer: ReviewerProfile
    history: History
    is_kin: bool


@attrs.frozen(kw_only=True)
class Search:
    """Which reviewers a store should look for.

    *genres* is everything that matches the track through the tree; *tier* None means any;
    *ratings_below* asks for newcomers, *account_before* for accounts made until then; *exclude*
    leaves out those seen already.
    """

    track_id: TrackId
    genres: frozenset[GenreId]
    tier: Tier | None = None
    ratings_below: int | None = None
    account_before: datetime | None = None
    exclude: frozenset[ReviewerId] = frozenset()


@attrs.frozen(kw_only=True)
class Verdict:
    """One line of a plan: a reviewer, the slot he would get or why not, and his score parts."""

    reviewer_id: ReviewerId
    accepted: bool
    slot_number: int | None
    reason: Rejection | None
    active_count: int
    average_rating: float | None
    gem_count: int
    last_assigned_at: datetime | None


@attrs.frozen(kw_only=True)
class Plan:
    """What assigning a track now would do; *open_slots* counts those that want a reviewer."""

    track_id: TrackId
    open_slots: int
    verdicts: tuple[Verdict, ...]


@attrs.frozen(kw_only=True)
class Pairing:
    """A slot and the reviewer chosen for it."""

    slot: Slot
    reviewer: ReviewerProfile


def standing(reviewer: ReviewerProfile) -> tuple[int, float, int, float, str]:
    """Tell where a reviewer comes, lowest first.

    Least loaded, then best rated, most gems, longest idle, and the id to settle ties.
    """
    idle_since = reviewer.last_assigned_at
    return (
        reviewer.active_count,
        -(reviewer.average_rating or 0.0),
        -reviewer.gem_count,
        idle_since.timestamp() if idle_since is not None else LONG_AGO,
        reviewer.id,
    )


def judge(
    candidate: Candidate,
    *,
    matching: frozenset[GenreId],
    rules: MarketRules,
    at: datetime,
) -> Rejection | None:
    """Tell why a reviewer cannot review a track, or None when he can.

    *matching* is the reach of the track's genres through the genre tree.
    """
    reviewer, history = candidate.reviewer, candidate.history
    of_age = history.account_created_at + timedelta(hours=rules.reviewer_account_age_hours)
    refusals = (
        (not reviewer.completed_onboarding, Rejection.NOT_ONBOARDED),
        (reviewer.is_restricted, Rejection.RESTRICTED),
        (not history.email_verified, Rejection.EMAIL_NOT_VERIFIED),
        (at < of_age, Rejection.ACCOUNT_TOO_NEW),
        (matching.isdisjoint(reviewer.genres), Rejection.NO_COMMON_GENRE),
        (candidate.is_kin, Rejection.OWN_TRACK),
        (history.reviewed_before, Rejection.REVIEWED_BEFORE),
        (history.pair_reviews >= rules.pair_reviews_max, Rejection.PAIR_LIMIT),
        (
            reviewer.active_count >= rules.active_assignments_max(reviewer.tier),
            Rejection.FULLY_LOADED,
        ),
    )
    return next((reason for refused, reason in refusals if refused), None)


def fits(reviewer: ReviewerProfile, slot: Slot) -> bool:
    """Whether the slot's tier is open to him: PRO slots to PRO, NORMAL slots to anyone."""
    return slot.tier is Tier.NORMAL or reviewer.tier is Tier.PRO


def explores(track_id: TrackId, slot_number: int, *, rules: MarketRules) -> bool:
    """Whether a NORMAL slot prefers newcomers: a fixed share, by a hash of track and slot."""
    told = hashlib.sha256(f"{track_id}:{slot_number}".encode()).digest()
    return int.from_bytes(told[:4]) % 100 < rules.exploration_share_percent


def is_newcomer(reviewer: ReviewerProfile, *, rules: MarketRules) -> bool:
    """Whether he has so few ratings that nobody knows yet how good he is."""
    return reviewer.rating_count < rules.exploration_ratings_max


def in_order_of_need(slots: Iterable[Slot]) -> list[Slot]:
    """Put PRO slots first, then by number: few can fill a PRO slot, so they choose first."""
    return sorted(slots, key=lambda slot: (slot.tier is not Tier.PRO, slot.number))


def pair_up(
    slots: Sequence[Slot], reviewers: Sequence[ReviewerProfile], *, rules: MarketRules
) -> tuple[Pairing, ...]:
    """Give each slot the best reviewer who fits and has none yet.

    *reviewers* are eligible; each gets one slot at most. A slot that explores takes the best
    newcomer if there is one.
    """
    waiting = sorted(reviewers, key=standing)
    pairs = []
    for slot in in_order_of_need(slots):
        fitting = [reviewer for reviewer in waiting if fits(reviewer, slot)]
        if slot.tier is Tier.NORMAL and explores(slot.track_id, slot.number, rules=rules):
            newcomers = [one for one in fitting if is_newcomer(one, rules=rules)]
            fitting = newcomers or fitting
        if fitting:
            waiting.remove(fitting[0])
            pairs.append(Pairing(slot=slot, reviewer=fitting[0]))
    return tuple(pairs)


@attrs.frozen(kw_only=True)
class Assignment:
    """The outcome of one look at a track: what was assigned, and how many slots stay open."""

    track_id: TrackId
    artist_id: ArtistId
    assigned: tuple[ReviewId, ...]
    still_open: int
