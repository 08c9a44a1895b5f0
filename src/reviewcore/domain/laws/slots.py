"""Laws of tracks: each slot is in one state, and all that is stored of a track follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reviewcore.domain.disputes import DisputeStatus, standing_of
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.laws.law import Breach, Scope, breach, compare, law
from reviewcore.domain.laws.view import View
from reviewcore.domain.reviews import EndReason, slot_states
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus, status_of


def states_of(view: View, track: Track) -> dict[int, SlotState]:
    """Tell where each slot of a track stands."""
    return slot_states(
        view.slots_of.get(track.id, ()),
        view.reviews_of.get(track.id, ()),
        is_closed=track.is_shut,
    )


@law(3)
def queue_mirrors_active(view: View, scope: Scope) -> Iterator[Breach]:
    """A queue row exists exactly while its review is active, with the same deadline."""
    for row in scope.of(view.row):
        review = view.review.get(row.id)
        if review is None or not review.is_active:
            yield breach(row.id, told="is queued and no active review")
    for review in scope.of(view.review):
        queued = view.row.get(review.id)
        if review.is_active and queued is None:
            yield breach(review.id, told="is active and not queued")
        if review.is_active and queued is not None:
            yield from compare(
                review.id,
                reviewer_id=(queued.reviewer_id, review.reviewer_id),
                expires_at=(queued.expires_at, review.expires_at),
            )


@law(3, 6)
def one_holder_a_slot(view: View, scope: Scope) -> Iterator[Breach]:
    """A slot is refunded, or has one active or counted review, or none."""
    for track in scope.of(view.track):
        slots = view.slots_of.get(track.id, ())
        free = {slot.number for slot in slots if not slot.is_refunded}
        holders: dict[int, str] = {}
        for review in view.reviews_of.get(track.id, ()):
            if not review.holds_slot:
                continue
            if review.slot_number in holders:
                yield breach(holders[review.slot_number], review.id, told="two hold one slot")
            if review.slot_number not in free:
                yield breach(review.id, told="holds a slot that is refunded or does not exist")
            holders[review.slot_number] = review.id
        if track.paid_at is not None:
            yield from compare(track.id, slots=(len(slots), track.reviews_requested))


@law(4)
def tracks_count_right(view: View, scope: Scope) -> Iterator[Breach]:
    """A track's counts and status follow from its slots and reviews."""
    for track in scope.of(view.track):
        reviews = view.reviews_of.get(track.id, ())
        counted = sum(review.counts_toward_completion for review in reviews)
        refunded = sum(slot.is_refunded for slot in view.slots_of.get(track.id, ()))
        since = track.source_updated_at
        reports = sum(
            review.end_reason is EndReason.UNPLAYABLE
            and review.ended_at is not None
            and (since is None or review.ended_at > since)
            for review in reviews
        )
        yield from compare(
            track.id,
            reviews_completed=(track.reviews_completed, counted),
            slots_refunded=(track.slots_refunded, refunded),
            unplayable_reports=(track.unplayable_reports, reports),
            is_completed=(track.status is TrackStatus.COMPLETED, track.completed_at is not None),
        )
        if track.paid_at is not None:
            status = status_of(
                requested=track.reviews_requested, counted=counted, refunded=refunded
            )
            yield from compare(track.id, status=(track.status, status))


@law(8)
def flags_are_mirrored(view: View, scope: Scope) -> Iterator[Breach]:
    """A review bears the traces of its flag, and none of a dismissed one."""
    for review in scope.of(view.review):
        flag = view.flag_of.get(review.id)
        status = flag.status if flag is not None else None
        blamed = status in {FlagStatus.OPEN, FlagStatus.UPHELD}
        yield from compare(
            review.id,
            flag_status=(review.flag_status, status),
            was_flagged=(review.was_flagged, blamed),
        )
        if blamed and review.counts_toward_completion:
            yield breach(review.id, told="counts though its flag is open or upheld")


@law(6)
def closed_tracks_have_no_open_slot(view: View, scope: Scope) -> Iterator[Breach]:
    """An open slot that nobody will fill would keep its price for ever.

    So it is on a closed track, and on one that a lost dispute gave back to its payer.
    """
    for track in scope.of(view.track):
        if not track.is_shut:
            continue
        for number, state in states_of(view, track).items():
            if state is SlotState.OPEN:
                told = f"slot {number} is open though nobody will fill it"
                yield breach(track.id, told=told)


@law(10)
def open_slots_are_sought_for(view: View, scope: Scope) -> Iterator[Breach]:
    """A slot that may be filled waits for the worker, as far as a snapshot shows.

    Nobody looks where no slot is open, nor while the track's payment is disputed or once it is
    lost.
    """
    for track in scope.of(view.track):
        is_sought = track.assign_at is not None
        if is_sought and track.dispute_status is not None:
            yield breach(track.id, told="somebody looks for reviewers in a dispute")
        if not is_sought and not track.takes_reviewers(view.rules):
            continue
        is_open = SlotState.OPEN in states_of(view, track).values()
        if is_open and not is_sought:
            yield breach(track.id, told="nobody looks for reviewers")
        if is_sought and not is_open:
            yield breach(track.id, told="somebody looks for reviewers of no slot")


@law(5, 6)
def disputes_are_mirrored(view: View, scope: Scope) -> Iterator[Breach]:
    """A track stands as the disputes of its applied payment do.

    Only a dispute of what was applied moves it, and only a lost one may have ended a slot.
    """
    for track in scope.of(view.track):
        payment = view.payment_of.get(track.id)
        standing = standing_of(
            view.disputes_of.get(track.id, ()),
            attempt_id=payment.applied_attempt_id if payment is not None else None,
        )
        yield from compare(track.id, dispute_status=(track.dispute_status, standing))
        lost = any(slot.is_lost for slot in view.slots_of.get(track.id, ()))
        if lost and standing is not DisputeStatus.LOST:
            yield breach(track.id, told="lost a slot without a lost dispute")
    for dispute in scope.of(view.dispute):
        closed = dispute.closed_at is not None
        yield from compare(dispute.id, is_closed=(closed, not dispute.is_open))


@law(7)
def tracks_are_reviewed_once(view: View, scope: Scope) -> Iterator[Breach]:
    """Nobody reviews one track twice."""
    for track in scope.of(view.track):
        by = Counter(review.reviewer_id for review in view.reviews_of.get(track.id, ()))
        for reviewer_id, times in by.items():
            if times > 1:
                yield breach(track.id, reviewer_id, told=f"reviewed {times} times")


LAWS = (
    queue_mirrors_active,
    one_holder_a_slot,
    tracks_count_right,
    flags_are_mirrored,
    closed_tracks_have_no_open_slot,
    open_slots_are_sought_for,
    disputes_are_mirrored,
    tracks_are_reviewed_once,
)
