"""Laws of people: what profiles count, who may review what, what is used once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import attrgetter

import attrs

from reviewcore.domain.laws.law import Breach, Scope, breach, compare, law
from reviewcore.domain.laws.view import BLANK, Record, View
from reviewcore.domain.tracks import TrackStatus

COUNTS = tuple(field.name for field in attrs.fields(Record))
"""What is counted of a reviewer, by the names that record and profile have for it."""

_counts_of = attrgetter(*COUNTS)


@law(4, 9)
def artists_count_right(view: View, scope: Scope) -> Iterator[Breach]:
    """Tracks ever queued are counted, and credits are not below 0."""
    for artist in scope.of(view.artist):
        queued = sum(track.paid_at is not None for track in view.tracks_of.get(artist.id, ()))
        yield from compare(artist.id, total_tracks=(artist.total_tracks, queued))
        if artist.free_review_credits < 0:
            yield breach(artist.id, told="credits are below 0")


@law(4)
def reviewers_count_right(view: View, scope: Scope) -> Iterator[Breach]:
    """A reviewer's counts equal what they count."""
    for reviewer in scope.of(view.reviewer):
        record = view.record_of.get(reviewer.id, BLANK)
        pairs = zip(_counts_of(reviewer), _counts_of(record), strict=True)
        yield from compare(reviewer.id, **dict(zip(COUNTS, pairs, strict=True)))


@law(7)
def reviewers_are_fit(view: View, scope: Scope) -> Iterator[Breach]:
    """Nobody reviews his own track; the restricted have no active review."""
    for review in scope.of(view.review):
        artist = view.artist.get(review.artist_id)
        reviewer = view.reviewer.get(review.reviewer_id)
        if artist is not None and reviewer is not None and artist.user_id == reviewer.user_id:
            yield breach(review.id, told="is a review of the reviewer's own track")
    for reviewer in scope.of(view.reviewer):
        if reviewer.is_restricted:
            for review in view.active_of.get(reviewer.id, ()):
                yield breach(review.id, told="is active though its reviewer is restricted")


@law(9)
def promos_are_used_once(view: View, scope: Scope) -> Iterator[Breach]:
    """No artist has two tracks on one promo code, cancelled ones aside."""
    for artist in scope.of(view.artist):
        used = Counter(
            track.promo_code
            for track in view.tracks_of.get(artist.id, ())
            if track.promo_code in view.rules.promo_codes
            and track.status is not TrackStatus.CANCELLED
        )
        for code, times in used.items():
            if times > 1:
                yield breach(artist.id, told=f"{code} {times} times")


LAWS = (
    artists_count_right,
    reviewers_count_right,
    reviewers_are_fit,
    promos_are_used_once,
)
