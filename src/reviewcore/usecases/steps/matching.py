"""Which reviewers a track would get now; asked by assignment and by its dry run alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from reviewcore.domain.ids import GenreId, ReviewerId, UserId
from reviewcore.domain.matching import (
    Candidate,
    Pairing,
    Rejection,
    Search,
    explores,
    judge,
    pair_up,
)
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import slot_states
from reviewcore.domain.rules import Tier
from reviewcore.domain.slots import Slot, SlotState
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction

OVERFETCH = 4
SPARE = 16
ROUNDS_MAX = 8


@attrs.frozen(kw_only=True)
class Market:
    """A track as its reviewers see it: what matches it and who may not."""

    track: Track
    genres: frozenset[GenreId]
    kin: frozenset[UserId]


def market_of(tx: Transaction, track: Track) -> Market:
    """Read what every judgement about *track* needs."""
    return Market(
        track=track,
        genres=tx.genres.tree().reach(track.genres),
        kin=tx.identities.kin_of_artist(track.artist_id),
    )


def open_slots(tx: Transaction, track: Track) -> list[Slot]:
    """Return the slots that want a reviewer; none while the track takes none.

    Guarded by the lock of the track.
    """
    if not track.takes_reviewers(tx.rules):
        return []
    slots = tx.slots.of_track(track.id)
    states = slot_states(slots, tx.reviews.of_track(track.id), is_closed=False)
    return [slot for slot in slots if states[slot.number] is SlotState.OPEN]


def choose(tx: Transaction, market: Market, slots: Sequence[Slot]) -> tuple[Pairing, ...]:
    """Pair open slots with eligible reviewers, best first.

    In a write transaction the reviewers are locked and fresh. Reads a number of them that depends
    on the slots, not on how many are eligible.
    """
    found: dict[ReviewerId, ReviewerProfile] = {}
    for search, wanted in _searches(tx, market, slots):
        for reviewer in _gather(tx, market, search, wanted):
            found[reviewer.id] = reviewer
    return pair_up(slots, list(found.values()), rules=tx.rules)


def verdicts(
    tx: Transaction, market: Market, reviewers: Iterable[ReviewerProfile]
) -> dict[ReviewerId, Rejection | None]:
    """Judge *reviewers* for the track: why not, or None for an eligible one."""
    seen = list(reviewers)
    since = tx.now - timedelta(days=tx.rules.pair_window_days)
    histories = tx.reviewers.histories([one.id for one in seen], track=market.track, since=since)
    return {
        one.id: judge(
            Candidate(reviewer=one, history=histories[one.id], is_kin=one.user_id in market.kin),
            matching=market.genres,
            rules=tx.rules,
            at=tx.now,
        )
        for one in seen
    }


def _searches(
    tx: Transaction, market: Market, slots: Sequence[Slot]
) -> Iterable[tuple[Search, int]]:
    # Judged again below, but a crowd of newcomers must not hide whoever may review today.
    of_age = tx.now - timedelta(hours=tx.rules.reviewer_account_age_hours)
    base = Search(track_id=market.track.id, genres=market.genres, account_before=of_age)
    pro = sum(slot.tier is Tier.PRO for slot in slots)
    exploring = sum(
        slot.tier is Tier.NORMAL and explores(slot.track_id, slot.number, rules=tx.rules)
        for slot in slots
    )
    if pro:
        yield attrs.evolve(base, tier=Tier.PRO), pro
    if exploring:
        newest = tx.rules.exploration_ratings_max
        yield attrs.evolve(base, ratings_below=newest), pro + exploring
    if pro < len(slots):
        yield base, len(slots)


def _gather(
    tx: Transaction, market: Market, search: Search, wanted: int
) -> Iterable[ReviewerProfile]:
    """Fetch in widening rounds until enough are eligible or nobody is left."""
    limit = wanted * OVERFETCH + SPARE
    eligible: list[ReviewerProfile] = []
    for _ in range(ROUNDS_MAX):  # pragma: no branch - it takes 9,000 of them to end it so
        batch = tx.reviewers.candidates(search, limit=limit)
        judged = verdicts(tx, market, batch)
        eligible += [one for one in batch if judged[one.id] is None]
        if len(eligible) >= wanted or len(batch) < limit:
            break
        search = attrs.evolve(search, exclude=search.exclude | {one.id for one in batch})
        limit *= 2
    return eligible
