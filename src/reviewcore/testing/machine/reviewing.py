"""Reviewers are assigned, listen, deliver, skip and report."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import NotYourReview
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.ids import ReviewerId, ReviewId, TrackId
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import PackageType
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.buying import LINK, PACKAGES, Buying
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import GOOD, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    AssignReviewers,
    CompleteReview,
    ExpireAssignments,
    PlanAssignment,
    RecordHeartbeat,
    Remark,
    ReportUnplayable,
    SkipReview,
    UpdateSource,
    assign_reviewers,
    complete_review,
    expire_assignments,
    plan_assignment,
    record_heartbeat,
    report_unplayable,
    skip_review,
    update_source,
)

BEAT_SECONDS = 10


class Reviewing(Buying):
    """Assignments and what becomes of them."""

    def assign(self, track_id: TrackId) -> None:
        """Ask who would get the open slots, assign them, and demand that it was the same."""
        plan = self.ask(plan_assignment, PlanAssignment(track_id=track_id))
        before = {review.id for review in self.now.view.reviews}
        answer = self.perform(assign_reviewers, AssignReviewers(track_id=track_id))
        if isinstance(plan, Refusal):
            assert answer == plan, "what cannot be planned cannot be done"
            return
        planned = {(one.slot_number, one.reviewer_id) for one in plan.verdicts if one.accepted}
        done = {
            (review.slot_number, review.reviewer_id)
            for review in self.now.view.reviews
            if review.id not in before
        }
        assert done == planned, f"planned {planned}, done {done}"
        assert answer.still_open == plan.open_slots - len(planned)

    def listen(self, review: Review) -> None:
        """Listen for as long as a delivery needs."""
        for _ in range(review.minimum_listen_seconds // BEAT_SECONDS + 2):
            command = RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)
            self.perform(record_heartbeat, command)
            self.clock.advance(seconds=BEAT_SECONDS)

    def deliver(self, review: Review) -> bool:
        """Listen and hand the form in; tell whether it was taken."""
        self.listen(review)
        command = CompleteReview(review_id=review.id, reviewer_id=review.reviewer_id, feedback=GOOD)
        return not isinstance(self.perform(complete_review, command), Refusal)

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(which=WHICH, slip=SLIPS)
    def a_track_is_assigned(self, *, which: int, slip: Slip) -> None:
        self.assign(named(slip, pick(which, self.now.live or self.now.view.tracks).id))

    @precondition(when.is_plain)
    @rule()
    def deadlines_are_looked_at(self) -> None:
        self.perform(expire_assignments, ExpireAssignments())

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_listens(self, *, which: int, slip: Slip) -> None:
        review_id, reviewer_id = self._work(which, slip)
        command = RecordHeartbeat(review_id=review_id, reviewer_id=reviewer_id)
        require_slip(slip, self.perform(record_heartbeat, command), foreign=NotYourReview)

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS, feedback=sayings.FEEDBACKS, timestamps=sayings.REMARKS)
    def a_reviewer_delivers(
        self, *, which: int, slip: Slip, feedback: Feedback, timestamps: tuple[Remark, ...]
    ) -> None:
        review_id, reviewer_id = self._work(which, slip)
        command = CompleteReview(
            review_id=review_id,
            reviewer_id=reviewer_id,
            feedback=feedback,
            timestamps=timestamps,
        )
        require_slip(slip, self.perform(complete_review, command), foreign=NotYourReview)

    @precondition(when.there_is_work)
    @rule(which=WHICH, feedback=sayings.FEEDBACKS, timestamps=sayings.REMARKS, late=st.booleans())
    def a_reviewer_listens_and_delivers(
        self,
        *,
        which: int,
        feedback: Feedback,
        timestamps: tuple[Remark, ...],
        late: bool,
    ) -> None:
        review = pick(which, self.now.active)
        self.listen(review)
        if late:
            self.clock.advance(minutes=11)
        command = CompleteReview(
            review_id=review.id,
            reviewer_id=review.reviewer_id,
            feedback=feedback,
            timestamps=timestamps,
        )
        self.perform(complete_review, command)

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_skips(self, *, which: int, slip: Slip) -> None:
        review_id, reviewer_id = self._work(which, slip)
        command = SkipReview(review_id=review_id, reviewer_id=reviewer_id)
        require_slip(slip, self.perform(skip_review, command), foreign=NotYourReview)

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS)
    def a_reviewer_reports_the_link(self, *, which: int, slip: Slip) -> None:
        review_id, reviewer_id = self._work(which, slip)
        command = ReportUnplayable(review_id=review_id, reviewer_id=reviewer_id)
        require_slip(slip, self.perform(report_unplayable, command), foreign=NotYourReview)

    # ── in one go ────────────────────────────────────────────────────────────────────────────

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, package=PACKAGES)
    def a_track_is_bought_and_assigned(self, *, which: int, package: PackageType) -> None:
        self.assign(self.buy(which, package))

    @precondition(when.there_are_live_tracks)
    @rule(which=WHICH)
    def a_track_is_assigned_and_reviewed(self, *, which: int) -> None:
        track = pick(which, self.now.live)
        self.assign(track.id)
        for review in [one for one in self.now.active if one.track_id == track.id]:
            self.deliver(review)

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, early=st.booleans())
    def a_link_is_broken_and_mended(self, *, which: int, early: bool) -> None:
        """One reports it, the others skip or wait, and the artist gives it another link."""
        track_id = self.buy(which, PackageType.STARTER)
        self.assign(track_id)
        given = [one for one in self.now.active if one.track_id == track_id]
        for first in given[:1]:
            who: dict[str, Any] = {"review_id": first.id, "reviewer_id": first.reviewer_id}
            thin = attrs.evolve(GOOD, best_part="Nice.")
            if early:
                self.perform(complete_review, CompleteReview(feedback=GOOD, **who))
            else:
                self.listen(first)
                self.perform(complete_review, CompleteReview(feedback=thin, **who))
            self.perform(report_unplayable, ReportUnplayable(**who))
        for one in given[1:]:
            skip = SkipReview(review_id=one.id, reviewer_id=one.reviewer_id)
            self.perform(skip_review, skip)
        mend = UpdateSource(
            track_id=track_id, artist_id=self.now.track[track_id].artist_id, source_url=LINK
        )
        self.perform(update_source, mend)

    @precondition(when.there_is_work)
    @rule(which=WHICH, skips=st.booleans())
    def a_reviewer_gives_his_queue_back(self, *, which: int, skips: bool) -> None:
        reviewer_id = pick(which, self.now.active).reviewer_id
        for review in [one for one in self.now.active if one.reviewer_id == reviewer_id]:
            if skips:
                skip = SkipReview(review_id=review.id, reviewer_id=reviewer_id)
                self.perform(skip_review, skip)
            else:
                report = ReportUnplayable(review_id=review.id, reviewer_id=reviewer_id)
                self.perform(report_unplayable, report)

    @precondition(when.there_is_work)
    @rule(which=WHICH)
    def a_reviewer_finishes_his_queue(self, *, which: int) -> None:
        reviewer_id = pick(which, self.now.active).reviewer_id
        for review in [one for one in self.now.active if one.reviewer_id == reviewer_id]:
            self.deliver(review)

    def _work(self, which: int, slip: Slip) -> tuple[ReviewId, ReviewerId]:
        everything = self.now.view.reviews
        review = pick(which, everything if slip is Slip.STALE else self.now.active or everything)
        return named(slip, review.id), actor(slip, review.reviewer_id, self.reviewer_ids)
