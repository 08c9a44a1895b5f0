"""What is true of every track, slot, review and flag by itself."""

from __future__ import annotations

from reviewcore.domain.feedback import MOMENT_MAX_SECONDS, NOTE_MAX, SCORE_MAX, Feedback
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.reviews import (
    ENDS_AS,
    RATING_MAX,
    RATING_NEEDS_REASON,
    EndReason,
    Review,
    ReviewQueue,
    ReviewStatus,
    ReviewTimestamp,
)
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import LIVE, Track, TrackStatus, status_of
from reviewcore.testing.builders.fits.fitting import all_or_none, in_order, none_of, sentences

BLAMED = frozenset({FlagStatus.OPEN, FlagStatus.UPHELD})


def _status_follows(track: Track) -> bool:
    if track.paid_at is None:
        return track.status in {TrackStatus.PENDING_PAYMENT, TrackStatus.CANCELLED}
    return track.status is status_of(
        requested=track.reviews_requested,
        counted=track.reviews_completed,
        refunded=track.slots_refunded,
    )


def _is_halfway(track: Track) -> bool:
    return track.reviews_completed > 0 and track.reviews_requested <= 2 * track.reviews_completed


TRACK = sentences(
    a_track_asks_for_a_review=lambda it: it.reviews_requested > 0,
    no_more_slots_end_than_there_are=lambda it: (
        0 <= it.reviews_completed + it.slots_refunded <= it.reviews_requested
        and min(it.reviews_completed, it.slots_refunded) >= 0
    ),
    the_status_of_a_track_follows_from_payment_and_slots=_status_follows,
    nothing_happens_to_a_track_before_it_is_paid=lambda it: (
        it.paid_at is not None
        or none_of(
            it.reviews_completed,
            it.slots_refunded,
            it.closed_at,
            it.half_notified_at,
            it.completion_notified_at,
            it.assign_at,
            it.dispute_status,
            it.unplayable_reports,
        )
    ),
    a_track_has_an_end_exactly_when_COMPLETED=lambda it: (
        (it.completed_at is not None) is (it.status is TrackStatus.COMPLETED)
    ),
    a_COMPLETED_track_was_announced=lambda it: (
        it.completed_at is None or it.completion_notified_at is not None
    ),
    who_has_half_of_his_reviews_was_told=lambda it: (
        not _is_halfway(it) or it.half_notified_at is not None
    ),
    reviewers_are_sought_only_while_a_track_takes_them=lambda it: (
        it.assign_at is None
        or (it.status in LIVE and it.closed_at is None and it.dispute_status is None)
    ),
    a_credit_or_code_makes_a_track_free=lambda it: it.promo_code is None or it.price == 0,
    an_artist_is_told_of_a_broken_link=lambda it: (
        it.unplayable_reports >= 0
        and (it.unplayable_reports > 0) is (it.link_issue_notified_at is not None)
    ),
    the_times_of_a_track_are_in_order=lambda it: (
        in_order(it.created_at, it.paid_at, it.completed_at)
        and in_order(it.paid_at, it.closed_at)
        and in_order(it.paid_at, it.half_notified_at)
        and in_order(it.created_at, it.source_updated_at)
    ),
)

SLOT = sentences(
    slots_are_counted_from_1=lambda it: it.number >= 1,
    a_slot_pays_something=lambda it: it.rate > 0,
    a_slot_is_free_or_costs_its_pay=lambda it: it.price == 0 or it.price >= it.rate,
    a_lost_slot_was_given_up=lambda it: it.refunded_at is not None or not it.is_lost,
)

# Scores and moments alone: whether its words suffice is for the rules of a market to say.
FEEDBACK = sentences(
    scores_run_from_1_to_5=lambda it: all(
        score is None or 1 <= score <= SCORE_MAX
        for score in (it.production_score, it.originality_score, it.vocal_score)
    ),
    moments_lie_within_a_day=lambda it: all(
        moment is None or 0 <= moment <= MOMENT_MAX_SECONDS
        for moment in (it.best_part_timestamp, it.weakest_timestamp)
    ),
)


def _bears_flag(review: Review) -> bool:
    blamed = review.flag_status in BLAMED
    return (
        review.was_flagged is blamed
        and (review.flag_reason is not None) is blamed
        and not (blamed and review.counts_toward_completion)
        and not (review.flag_status is FlagStatus.UPHELD and review.is_gem)
    )


REVIEW = sentences(
    a_slot_is_free_or_costs_its_pay=lambda it: (
        it.offered_amount > 0 and (it.slot_price == 0 or it.slot_price >= it.offered_amount)
    ),
    an_ASSIGNED_review_has_not_begun=lambda it: (
        it.status is not ReviewStatus.ASSIGNED
        or none_of(it.started_at, it.last_heartbeat, it.listen_duration, it.listen_carry_ms)
    ),
    a_review_that_goes_on_or_is_delivered_was_begun=lambda it: (
        it.status not in {ReviewStatus.IN_PROGRESS, ReviewStatus.COMPLETED}
        or (it.started_at is not None and it.last_heartbeat is not None)
    ),
    what_was_heard_was_begun=lambda it: (
        all_or_none(it.started_at, it.last_heartbeat)
        and (it.started_at is not None or none_of(it.listen_duration, it.listen_carry_ms))
        and it.listen_duration >= 0
        and 0 <= it.listen_carry_ms < 1000
    ),
    a_review_has_an_end_exactly_when_it_is_over=lambda it: it.is_active is (it.ended_at is None),
    a_review_ends_for_a_reason_of_its_status=lambda it: (
        it.end_reason is None
        if it.is_active or it.status is ReviewStatus.COMPLETED
        else it.end_reason is not None and ENDS_AS[it.end_reason] is it.status
    ),
    a_COMPLETED_review_is_paid_and_told=lambda it: (
        it.status is not ReviewStatus.COMPLETED
        or (
            it.paid_amount == it.offered_amount
            and it.share_id is not None
            and it.feedback is not None
            and it.heard_enough
        )
    ),
    a_review_that_is_not_COMPLETED_has_nothing_to_judge=lambda it: (
        it.status is ReviewStatus.COMPLETED
        or none_of(
            it.paid_amount is not None,
            it.counts_toward_completion,
            it.share_id,
            it.feedback,
            it.artist_rating,
            it.rating_reason,
            it.is_gem,
            it.flag_status,
        )
    ),
    only_a_flag_keeps_a_COMPLETED_review_from_counting=lambda it: (
        it.status is not ReviewStatus.COMPLETED
        or it.counts_toward_completion
        or it.flag_status is not None
    ),
    a_review_bears_the_traces_of_its_flag=_bears_flag,
    a_poor_rating_has_its_reason=lambda it: (
        it.rating_reason is None
        if it.artist_rating is None
        else 1 <= it.artist_rating <= RATING_MAX
        and (it.artist_rating > RATING_NEEDS_REASON or it.rating_reason is not None)
    ),
    the_times_of_a_review_are_in_order=lambda it: (
        in_order(it.assigned_at, it.started_at, it.last_heartbeat)
        and in_order(it.assigned_at, it.ended_at)
        and it.assigned_at < it.expires_at
        and (it.end_reason is not EndReason.TIMEOUT or it.ended_at >= it.expires_at)
    ),
)

TIMESTAMP = sentences(
    remarks_are_counted_from_1=lambda it: it.number >= 1,
    a_remark_is_about_a_moment_within_a_day=lambda it: 0 <= it.seconds <= MOMENT_MAX_SECONDS,
    a_remark_says_something_short=lambda it: 1 <= len(it.note) <= NOTE_MAX,
)

QUEUE_ROW = sentences(
    an_assignment_has_a_deadline_ahead=lambda it: it.assigned_at < it.expires_at,
)

FLAG = sentences(
    a_flag_is_judged_exactly_when_it_is_not_OPEN=lambda it: (
        (it.status is FlagStatus.OPEN) is (it.judged_at is None)
        and all_or_none(it.judged_at, it.judged_by, it.judge_reason)
    ),
    a_flag_is_judged_after_it_was_raised=lambda it: in_order(it.created_at, it.judged_at),
)

SENTENCES = {
    Track: TRACK,
    Slot: SLOT,
    Feedback: FEEDBACK,
    Review: REVIEW,
    ReviewTimestamp: TIMESTAMP,
    ReviewQueue: QUEUE_ROW,
    Flag: FLAG,
}
