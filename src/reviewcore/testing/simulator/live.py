"""The view that laws look at, kept up by what each block changed instead of being read anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import Any

import attrs

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import Dispute
from reviewcore.domain.flags import Flag
from reviewcore.domain.ids import (
    ArtistId,
    DisputeId,
    EntryId,
    PaymentId,
    PayoutId,
    RefundId,
    ReversalId,
    ReviewerId,
    ReviewId,
    TrackId,
)
from reviewcore.domain.laws import (
    BLANK,
    Record,
    Scope,
    record_of_flag,
    record_of_review,
    touched,
)
from reviewcore.domain.ledger import EARNED, SPENT, Entry, EntryKind
from reviewcore.domain.payments import Payment
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track

Follow = Callable[[Any, Any, Any], object]
"""Is called with the key of a row and what it was and is, None where it was not or is not.

Returns UNSEEN when no law can tell the difference.
"""

UNSEEN = object()

HEARD = frozenset({"listen_duration", "listen_carry_ms", "last_heartbeat"})
"""What a heartbeat changes of an active review. No law reads it, so none has to judge anew."""

_said = attrgetter(*(field.name for field in attrs.fields(Review) if field.name not in HEARD))


class LiveView:
    """Implements `domain.laws.View` over plain dicts; `follow` is given every change.

    Sums are changed by what a row adds, so following costs the same in a market of any size. What
    they come to is recomputed from reviews, flags and postings all the same, a row at a time, and
    never read from the counters that the laws judge.
    """

    def __init__(self, rules: MarketRules) -> None:
        self.rules = rules
        self.artist: dict[ArtistId, ArtistProfile] = {}
        self.reviewer: dict[ReviewerId, ReviewerProfile] = {}
        self.track: dict[TrackId, Track] = {}
        self.review: dict[ReviewId, Review] = {}
        self.row: dict[ReviewId, ReviewQueue] = {}
        self.payment: dict[PaymentId, Payment] = {}
        self.refund: dict[RefundId, Refund] = {}
        self.dispute: dict[DisputeId, Dispute] = {}
        self.payout: dict[PayoutId, Payout] = {}
        self.reversal: dict[ReversalId, PayoutReversal] = {}
        self.entry: dict[EntryId, Entry] = {}
        self.tracks_of: dict[ArtistId, list[Track]] = {}
        self.slots_of: dict[TrackId, list[Slot]] = {}
        self.reviews_of: dict[TrackId, list[Review]] = {}
        self.active_of: dict[ReviewerId, list[Review]] = {}
        self.record_of: dict[ReviewerId, Record] = {}
        self.flag_of: dict[ReviewId, Flag] = {}
        self.payment_of: dict[TrackId, Payment] = {}
        self.refunds_of: dict[PaymentId, list[Refund]] = {}
        self.disputes_of: dict[TrackId, list[Dispute]] = {}
        self.reversals_of: dict[PayoutId, list[PayoutReversal]] = {}
        self.balances: dict[str, int] = {}
        self.earned: dict[str, int] = {}
        self.spent: dict[str, int] = {}
        self.booked: dict[tuple[EntryKind, str], int] = {}
        self._follow: dict[type, Follow] = {
            ArtistProfile: _keep(self.artist),
            ReviewerProfile: _keep(self.reviewer),
            Track: _both(_keep(self.track), _group(self.tracks_of, "artist_id")),
            Slot: _group(self.slots_of, "track_id"),
            Review: self._follow_review,
            ReviewQueue: _keep(self.row),
            Flag: self._follow_flag,
            Payment: _both(_keep(self.payment), _name(self.payment_of, "track_id")),
            Refund: _both(_keep(self.refund), _group(self.refunds_of, "payment_id")),
            Dispute: _both(_keep(self.dispute), _group(self.disputes_of, "track_id")),
            Payout: _keep(self.payout),
            PayoutReversal: _both(_keep(self.reversal), _group(self.reversals_of, "payout_id")),
            Entry: self._follow_entry,
        }
        self._keep_review = _both(_keep(self.review), _group(self.reviews_of, "track_id"))
        self._keep_active = _group(self.active_of, "reviewer_id")
        self._keep_flag = _name(self.flag_of, "review_id")
        self._keep_entry = _keep(self.entry)

    def follow(self, changes: Iterable[Change]) -> Scope | None:
        """Take up what a block changed; return what laws have to judge now, None for nothing."""
        written: list[object] = []
        for kind, key, before, after in changes:
            follow = self._follow.get(kind)
            if follow is None or follow(key, before, after) is UNSEEN:
                continue
            if before is not None:
                written.append(before)
            if after is not None:
                written.append(after)
        return touched(written) if written else None

    def _follow_review(self, key: ReviewId, before: Review | None, after: Review | None) -> object:
        self._keep_review(key, before, after)
        if before is not None and after is not None and _said(before) == _said(after):
            self._keep_active(key, before, after)
            return UNSEEN
        was_active = before if before is not None and before.is_active else None
        is_active = after if after is not None and after.is_active else None
        self._keep_active(key, was_active, is_active)
        for review, times in ((before, -1), (after, 1)):
            if review is not None:
                self._record(review.reviewer_id, record_of_review(review), times)
        return None

    def _follow_flag(self, key: object, before: Flag | None, after: Flag | None) -> None:
        self._keep_flag(key, before, after)
        for flag, times in ((before, -1), (after, 1)):
            if flag is not None:
                self._record(flag.reviewer_id, record_of_flag(flag), times)

    def _record(self, reviewer_id: ReviewerId, added: Record, times: int) -> None:
        so_far = self.record_of.get(reviewer_id, BLANK)
        self.record_of[reviewer_id] = so_far if added == BLANK else so_far.plus(added, times)

    def _follow_entry(self, key: EntryId, before: Entry | None, after: Entry | None) -> None:
        self._keep_entry(key, before, after)
        for entry, times in ((before, -1), (after, 1)):
            if entry is not None:
                self._book(entry, times)

    def _book(self, entry: Entry, times: int) -> None:
        name = (entry.kind, entry.cause)
        _add(self.booked, name, times)
        for posting in entry.postings:
            amount = times * posting.amount
            _add(self.balances, posting.account, amount)
            if entry.kind in EARNED:
                _add(self.earned, posting.account, amount)
            if entry.kind in SPENT:
                _add(self.spent, posting.account, amount)


def _add(sums: dict[Any, int], name: Hashable, amount: int) -> None:
    sums[name] = sums.get(name, 0) + amount


def _keep(rows: dict[Any, Any]) -> Follow:
    """Keep rows by their key."""

    def follow(key: object, before: object, after: object) -> None:
        del before
        if after is None:
            del rows[key]
        else:
            rows[key] = after

    return follow


def _name(rows: dict[Any, Any], field: str) -> Follow:
    """Keep rows by *field*, which no two share."""

    def follow(key: object, before: object, after: object) -> None:
        del key
        if before is not None:
            del rows[getattr(before, field)]
        if after is not None:
            rows[getattr(after, field)] = after

    return follow


def _group(groups: dict[Any, list[Any]], field: str) -> Follow:
    """Group rows by *field*; a group that loses its last row is gone."""

    def follow(key: object, before: object, after: object) -> None:
        del key
        old = None if before is None else getattr(before, field)
        new = None if after is None else getattr(after, field)
        if old is not None:
            members = groups[old]
            place = _place_of(before, members)
            if old == new:
                members[place] = after
                return
            del members[place]
            if not members:
                del groups[old]
        if new is not None:
            groups.setdefault(new, []).append(after)

    return follow


def _place_of(row: object, members: list[Any]) -> int:
    # By identity: to compare entities field by field costs more than all the rest.
    for place, one in enumerate(members):
        if one is row:
            return place
    raise AssertionError("a change begins with the row as it was")


def _both(first: Follow, second: Follow) -> Follow:
    def follow(key: object, before: object, after: object) -> None:
        first(key, before, after)
        second(key, before, after)

    return follow
