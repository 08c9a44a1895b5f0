"""Artists judge reviews, administrators judge flags and reviewers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import NotYourTrack
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.ids import ArtistId, ReviewId, UserId
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.buying import LINK
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.reviewing import Reviewing
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.usecases import (
    CloseTrack,
    DismissFlag,
    EndGrants,
    FlagReview,
    GemReview,
    GrantTier,
    RateReview,
    RestrictReviewer,
    UngemReview,
    UnrestrictReviewer,
    UpdateSource,
    UpholdFlag,
    close_track,
    dismiss_flag,
    end_grants,
    flag_review,
    gem_review,
    grant_tier,
    rate_review,
    restrict_reviewer,
    ungem_review,
    unrestrict_reviewer,
    update_source,
    uphold_flag,
)

JUDGES = st.sampled_from(("admin", "admin", "admin", "artist", "reviewer"))


MEANWHILE = st.sampled_from(("replaced", "closed", "nothing"))
"""What becomes of a flagged review's slot before the verdict."""


class Judging(Reviewing):
    """Ratings, gems, flags, restrictions and tiers."""

    def judge(self, kind: str, review_id: ReviewId) -> UserId:
        """Name who judges a review's flag: an administrator, or one who has a stake in it."""
        review = next(one for one in self.now.view.reviews if one.id == review_id)
        return {
            "admin": self.admin,
            "artist": self.now.artist[review.artist_id].user_id,
            "reviewer": self.now.reviewer[review.reviewer_id].user_id,
        }[kind]

    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS, rating=sayings.RATINGS, reason=sayings.REASONS)
    def an_artist_rates(self, *, which: int, slip: Slip, rating: int, reason: str) -> None:
        review_id, artist_id = self._verdict(which, slip)
        command = RateReview(review_id=review_id, artist_id=artist_id, rating=rating, reason=reason)
        require_slip(slip, self.perform(rate_review, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS)
    def an_artist_gives_a_gem(self, *, which: int, slip: Slip) -> None:
        review_id, artist_id = self._verdict(which, slip)
        answer = self.perform(gem_review, GemReview(review_id=review_id, artist_id=artist_id))
        require_slip(slip, answer, foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS)
    def an_artist_takes_a_gem_back(self, *, which: int, slip: Slip) -> None:
        review_id, artist_id = self._verdict(which, slip)
        answer = self.perform(ungem_review, UngemReview(review_id=review_id, artist_id=artist_id))
        require_slip(slip, answer, foreign=NotYourTrack)

    @precondition(when.there_are_deliveries)
    @rule(which=WHICH)
    def an_artist_changes_his_mind(self, *, which: int) -> None:
        review = pick(which, self.now.delivered)
        who: dict[str, Any] = {"review_id": review.id, "artist_id": review.artist_id}
        for _ in range(2):
            self.perform(gem_review, GemReview(**who))
            self.perform(ungem_review, UngemReview(**who))
        mend = UpdateSource(track_id=review.track_id, artist_id=review.artist_id, source_url=LINK)
        answer = self.perform(update_source, mend)
        assert isinstance(answer, Refusal), "what was reviewed stays what it was"

    # ── flags ────────────────────────────────────────────────────────────────────────────────

    @precondition(when.is_plain)
    @precondition(when.there_are_reviews)
    @rule(which=WHICH, slip=SLIPS, reason=st.sampled_from(FlagReason))
    def an_artist_flags(self, *, which: int, slip: Slip, reason: FlagReason) -> None:
        review_id, artist_id = self._verdict(which, slip)
        command = FlagReview(review_id=review_id, artist_id=artist_id, reason=reason)
        require_slip(slip, self.perform(flag_review, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_flags)
    @rule(which=WHICH, slip=SLIPS, judge=JUDGES, reason=sayings.REASONS, upholds=st.booleans())
    def a_flag_is_judged(
        self,
        *,
        which: int,
        slip: Slip,
        judge: str,
        reason: str,
        upholds: bool,
    ) -> None:
        everything = self.now.view.flags
        flag = pick(which, everything if slip is Slip.STALE else self.now.open_flags or everything)
        by = self.judge(judge, flag.review_id)
        if upholds:
            uphold = UpholdFlag(flag_id=named(slip, flag.id), admin_id=by, reason=reason)
            self.perform(uphold_flag, uphold)
        else:
            dismiss = DismissFlag(flag_id=named(slip, flag.id), admin_id=by, reason=reason)
            self.perform(dismiss_flag, dismiss)

    @precondition(when.there_are_deliveries)
    @rule(which=WHICH, meanwhile=MEANWHILE, upheld=st.booleans())
    def a_flag_runs_its_course(self, *, which: int, meanwhile: str, upheld: bool) -> None:
        review = pick(which, self._flaggable() or self.now.delivered)
        command = FlagReview(
            review_id=review.id, artist_id=review.artist_id, reason=FlagReason.LOW_EFFORT
        )
        if isinstance(self.perform(flag_review, command), Refusal):
            return
        if self.now.reviewer[review.reviewer_id].is_restricted:
            self.reached("a flag restricts")
        flag = self.now.open_flags[-1]
        if meanwhile == "replaced":
            self._replace(review)
        elif meanwhile == "closed":
            close = CloseTrack(track_id=review.track_id, admin_id=self.admin, reason="enough")
            if not isinstance(self.perform(close_track, close), Refusal):
                self.reached("a track with an open flag is closed")
        for _ in range(2):
            if upheld:
                uphold = UpholdFlag(flag_id=flag.id, admin_id=self.admin, reason="seen")
                self.perform(uphold_flag, uphold)
            else:
                dismiss = DismissFlag(flag_id=flag.id, admin_id=self.admin, reason="seen")
                self.perform(dismiss_flag, dismiss)
        if self.now.reviewer[review.reviewer_id].pending_balance < 0:
            self.reached("a balance is below zero")

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, upheld=st.booleans())
    def an_artist_flags_all_that_he_got(self, *, which: int, upheld: bool) -> None:
        if not self._flaggable():
            self.a_track_is_bought_and_assigned(which=which, package=PackageType.STARTER)
            for review in self.now.active:
                self.deliver(review)
        flaggable = self._flaggable()
        if not flaggable:
            return
        track_id = pick(which, flaggable).track_id
        for review in [one for one in self.now.delivered if one.track_id == track_id]:
            command = FlagReview(
                review_id=review.id, artist_id=review.artist_id, reason=FlagReason.SPAM
            )
            self.perform(flag_review, command)
        for flag in [one for one in self.now.open_flags if one.track_id == track_id]:
            if upheld:
                uphold = UpholdFlag(flag_id=flag.id, admin_id=self.admin, reason="seen")
                self.perform(uphold_flag, uphold)
            else:
                dismiss = DismissFlag(flag_id=flag.id, admin_id=self.admin, reason="seen")
                self.perform(dismiss_flag, dismiss)

    @precondition(when.there_is_work)
    @rule(which=WHICH, upheld=st.booleans())
    def a_delivery_is_flagged_at_once(self, *, which: int, upheld: bool) -> None:
        if self.deliver(pick(which, self.now.active)):
            self.a_flag_runs_its_course(which=-1, meanwhile="nothing", upheld=upheld)

    def _flaggable(self) -> list[Review]:
        window = timedelta(days=self.rules_in_force.flag_window_days)
        since = self.clock() - window
        return [
            one
            for one in self.now.delivered
            if one.flag_status is None and one.ended_at is not None and one.ended_at >= since
        ]

    def _replace(self, review: Review) -> None:
        if when.newcomers_may_come(self):
            self.bring_reviewer()
        self.assign(review.track_id)
        for one in [one for one in self.now.active if one.track_id == review.track_id]:
            if self.deliver(one) and one.slot_number == review.slot_number:
                self.reached("a flagged review is replaced")

    # ── reviewers ────────────────────────────────────────────────────────────────────────────

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS, reason=sayings.REASONS, own=st.booleans())
    def an_administrator_restricts(self, *, which: int, slip: Slip, reason: str, own: bool) -> None:
        reviewer = pick(which, self.now.view.reviewers)
        command = RestrictReviewer(
            reviewer_id=named(slip, reviewer.id),
            admin_id=reviewer.user_id if own and slip is Slip.FOREIGN else self.admin,
            reason=reason,
        )
        self.perform(restrict_reviewer, command)

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS, reason=sayings.REASONS)
    def an_administrator_unrestricts(self, *, which: int, slip: Slip, reason: str) -> None:
        restricted = [one for one in self.now.view.reviewers if one.is_restricted]
        everybody = self.now.view.reviewers
        reviewer = pick(which, everybody if slip is Slip.STALE else restricted or everybody)
        command = UnrestrictReviewer(
            reviewer_id=named(slip, reviewer.id),
            admin_id=reviewer.user_id if slip is Slip.FOREIGN else self.admin,
            reason=reason,
        )
        self.perform(unrestrict_reviewer, command)

    @precondition(when.there_is_work)
    @rule(which=WHICH, lifted=sayings.mostly(True, False))  # noqa: FBT003 - drawn
    def a_reviewer_is_barred_in_the_middle_of_work(self, *, which: int, lifted: bool) -> None:
        review = pick(which, self.now.active)
        restrict = RestrictReviewer(
            reviewer_id=review.reviewer_id, admin_id=self.admin, reason="complaints"
        )
        self.perform(restrict_reviewer, restrict)
        self.deliver(review)
        if lifted:
            lift = UnrestrictReviewer(
                reviewer_id=review.reviewer_id, admin_id=self.admin, reason="cleared"
            )
            self.perform(unrestrict_reviewer, lift)

    @precondition(when.is_plain)
    @rule(
        which=WHICH,
        slip=SLIPS,
        tier=sayings.mostly(Tier.PRO, Tier.NORMAL),
        hours=sayings.mostly(72, 1, 0),
        reason=sayings.REASONS,
    )
    def an_administrator_grants_a_tier(
        self, *, which: int, slip: Slip, tier: Tier, hours: int, reason: str
    ) -> None:
        reviewer = pick(which, self.now.view.reviewers)
        command = GrantTier(
            reviewer_id=named(slip, reviewer.id),
            admin_id=reviewer.user_id if slip is Slip.FOREIGN else self.admin,
            tier=tier,
            until=self.clock() + timedelta(hours=hours),
            reason=reason,
        )
        self.perform(grant_tier, command)

    @precondition(when.is_quiet)
    @rule()
    def grants_are_looked_at(self) -> None:
        self.perform(end_grants, EndGrants())

    def _verdict(self, which: int, slip: Slip) -> tuple[ReviewId, ArtistId]:
        everything = self.now.view.reviews
        wanted = self.now.delivered or everything
        review = pick(which, everything if slip is Slip.STALE else wanted)
        return named(slip, review.id), actor(slip, review.artist_id, self.artist_ids)
