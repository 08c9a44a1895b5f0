"""Strangers meddle with what is not theirs, and people name what does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import (
    EntityNotFound,
    NotYourReview,
    NotYourTrack,
    ReviewcoreError,
    SessionExpired,
)
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.rules import Tier
from reviewcore.testing.clock import START
from reviewcore.testing.machine import when
from reviewcore.testing.machine.buying import LINK
from reviewcore.testing.machine.choosing import pick
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.leaving import Leaving
from reviewcore.testing.machine.sayings import GOOD, NOBODY, WHICH
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    CompleteReview,
    ConnectPayoutAccount,
    DismissFlag,
    FlagReview,
    GemReview,
    GrantFreeCredit,
    GrantTier,
    OpenCheckout,
    PayoutTruth,
    RateReview,
    RecordHeartbeat,
    ReportUnplayable,
    ResolvePayout,
    RestrictReviewer,
    RetryEvent,
    SettlePayout,
    SettleRefund,
    SignOut,
    SkipReview,
    UngemReview,
    UnrestrictReviewer,
    UpdateSource,
    UpholdFlag,
    Withdraw,
    cancel_track,
    check_out,
    close_track,
    complete_review,
    connect_payout_account,
    dismiss_flag,
    flag_review,
    gem_review,
    grant_free_credit,
    grant_tier,
    open_checkout,
    rate_review,
    record_heartbeat,
    report_unplayable,
    resolve_payout,
    restrict_reviewer,
    retry_event,
    settle_payout,
    settle_refund,
    sign_in_with_account,
    sign_out,
    skip_review,
    ungem_review,
    unrestrict_reviewer,
    update_source,
    uphold_flag,
    withdraw,
)

DRIVEN = frozenset({open_checkout, sign_in_with_account})
"""Those of them that wait on the outside world."""

Attempt = tuple[Callable[..., Any], Any]
"""A use case and a command that must be refused."""


class Strangers(Leaving):
    """What must be refused is refused as unknown, and leaves no trace; all of it in one step."""

    @precondition(when.there_are_reviews)
    @rule(which=WHICH)
    def a_stranger_meddles_with_a_review(self, *, which: int) -> None:
        review = pick(which, self.now.active or self.now.view.reviews)
        reviewer = next(one for one in self.reviewer_ids if one != review.reviewer_id)
        artist = next(one for one in self.artist_ids if one != review.artist_id)
        self.refused(as_reviewer(review.id, reviewer), by=NotYourReview)
        self.refused(as_artist(review.id, artist), by=NotYourTrack)

    @precondition(when.there_are_deliveries)
    @rule(which=WHICH)
    def a_stranger_judges_a_review(self, *, which: int) -> None:
        review = pick(which, self.now.delivered)
        artist = next(one for one in self.artist_ids if one != review.artist_id)
        self.refused(as_artist(review.id, artist), by=NotYourTrack)

    @precondition(when.there_are_tracks)
    @rule(which=WHICH)
    def a_stranger_meddles_with_a_track(self, *, which: int) -> None:
        track = pick(which, self.now.view.tracks)
        stranger = next(one for one in self.artist_ids if one != track.artist_id)
        self.refused(as_owner(track.id, stranger), by=NotYourTrack)

    @precondition(when.there_are_accounts)
    @rule(which=WHICH)
    def a_stranger_claims_a_payout_account(self, *, which: int) -> None:
        holders = [one for one in self.now.view.reviewers if one.stripe_account_id]
        holder = pick(which, holders)
        thief = pick(which, [one for one in self.reviewer_ids if one != holder.id])
        command = ConnectPayoutAccount(reviewer_id=thief, account_id=holder.stripe_account_id)
        # In a storm the processor may be what refuses; the account changes hands in no case.
        answer = self.drive(connect_payout_account, command)
        assert isinstance(answer, Refusal)
        assert self.now.reviewer[thief].stripe_account_id != holder.stripe_account_id

    @precondition(when.is_quiet)
    @rule()
    def somebody_names_what_does_not_exist(self) -> None:
        reviewer, artist = self.reviewer_ids[0], self.artist_ids[0]
        self.refused(as_reviewer(NOBODY, reviewer), by=EntityNotFound)
        self.refused(as_artist(NOBODY, artist), by=EntityNotFound)
        self.refused(as_owner(NOBODY, artist), by=EntityNotFound)
        self.refused(as_administrator(NOBODY, self.admin), by=EntityNotFound)
        mine = Withdraw(reviewer_id=NOBODY, method=PayoutMethod.STRIPE_CONNECT)
        self.refused([(withdraw, mine)], by=EntityNotFound)
        leaving = SignOut(session_id=NOBODY, user_id=self.admin)
        self.refused([(sign_out, leaving)], by=SessionExpired)

    def refused(self, attempts: list[Attempt], *, by: type[ReviewcoreError]) -> None:
        """Attempt what must be refused *by* an error."""
        for usecase, command in attempts:
            answer = (
                self.drive(usecase, command)
                if usecase in DRIVEN
                else self.perform(usecase, command)
            )
            assert isinstance(answer, Refusal), f"{command} succeeded: {answer}"
            assert answer.kind is by, f"{command}: {answer.kind.__name__} is not {by.__name__}"


def as_reviewer(review_id: Any, reviewer_id: Any) -> list[Attempt]:
    """List all that a reviewer can do to a review."""
    who = {"review_id": review_id, "reviewer_id": reviewer_id}
    return [
        (record_heartbeat, RecordHeartbeat(**who)),
        (complete_review, CompleteReview(feedback=GOOD, **who)),
        (skip_review, SkipReview(**who)),
        (report_unplayable, ReportUnplayable(**who)),
    ]


def as_artist(review_id: Any, artist_id: Any) -> list[Attempt]:
    """List all that an artist can do to a review."""
    who = {"review_id": review_id, "artist_id": artist_id}
    return [
        (rate_review, RateReview(rating=5, **who)),
        (gem_review, GemReview(**who)),
        (ungem_review, UngemReview(**who)),
        (flag_review, FlagReview(reason=FlagReason.SPAM, **who)),
    ]


def as_owner(track_id: Any, artist_id: Any) -> list[Attempt]:
    """List all that an artist can do to a track."""
    who = {"track_id": track_id, "artist_id": artist_id}
    return [
        (check_out, CheckOut(**who)),
        (open_checkout, OpenCheckout(**who)),
        (update_source, UpdateSource(source_url=LINK, **who)),
        (close_track, CloseTrack(**who)),
        (cancel_track, CancelTrack(**who)),
    ]


def as_administrator(thing_id: Any, admin_id: Any) -> list[Attempt]:
    """List all that an administrator can do to a thing, whatever it is."""
    who = {"admin_id": admin_id, "reason": "seen"}
    return [
        (uphold_flag, UpholdFlag(flag_id=thing_id, **who)),
        (dismiss_flag, DismissFlag(flag_id=thing_id, **who)),
        (restrict_reviewer, RestrictReviewer(reviewer_id=thing_id, **who)),
        (unrestrict_reviewer, UnrestrictReviewer(reviewer_id=thing_id, **who)),
        (grant_tier, GrantTier(reviewer_id=thing_id, tier=Tier.PRO, until=START, **who)),
        (grant_free_credit, GrantFreeCredit(artist_id=thing_id, credits=1, **who)),
        (cancel_track, CancelTrack(track_id=thing_id, **who)),
        (close_track, CloseTrack(track_id=thing_id, **who)),
        (settle_payout, SettlePayout(payout_id=thing_id, admin_id=admin_id, reference="7")),
        (resolve_payout, ResolvePayout(payout_id=thing_id, truth=PayoutTruth.FOUND, **who)),
        (settle_refund, SettleRefund(refund_id=thing_id, reference="7", **who)),
        (retry_event, RetryEvent(event_id=thing_id, admin_id=admin_id)),
    ]
