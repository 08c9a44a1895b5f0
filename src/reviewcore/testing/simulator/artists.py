"""Artists who submit, pay, read and judge."""

from __future__ import annotations

from collections.abc import Callable

from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.flags import FlagReason
from reviewcore.domain.ids import ArtistId, ReviewId, TrackId
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.testing.simulator.acts import AtBank
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.people import Person, is_done
from reviewcore.testing.simulator.personas import Artist
from reviewcore.testing.simulator.reviewers import BEST, ROOTS, WORST, WorkingReviewer
from reviewcore.testing.simulator.rhythm import DAY_SECONDS
from reviewcore.testing.simulator.stage import Stage
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    ConfirmPayment,
    FlagReview,
    GemReview,
    OpenArtistProfile,
    OpenCheckout,
    RateReview,
    SubmitTrack,
    UpdateSource,
    cancel_track,
    check_out,
    close_track,
    confirm_payment,
    flag_review,
    gem_review,
    open_artist_profile,
    open_checkout,
    rate_review,
    submit_track,
    update_source,
)

LINK = "https://soundcloud.com/{}/{}"
DURATIONS = (None, 95, 150, 214, 260, 420)
GENRES_MAX = 2
PAYS_SECONDS = 90.0
CANCELS_AFTER_SECONDS = 2 * 3600.0
POOR = 2.5
GOOD = 4.0
POOR_RATING = 2

Worth = Callable[[ReviewId], float | None]
"""Tells what a review is worth to most people; None for one that nobody here wrote."""


class PublishingArtist(Person):
    """An artist. *worth* is what he sees when he reads a review."""

    artist_id: ArtistId

    def __init__(
        self, stage: Stage, persona: Artist, number: int, dice: Dice, *, worth: Worth
    ) -> None:
        super().__init__(stage, persona, number, dice)
        self.persona = persona
        self.friends: list[WorkingReviewer] = []
        self.unread: list[ReviewId] = []
        self.when_ready: Callable[[ArtistId], None] = lambda _: None
        self._worth = worth
        self._submitted = 0

    def settle_in(self) -> None:
        """Open a profile and begin."""
        command = OpenArtistProfile(user_id=self.user_id, artist_name=self.name)
        profile = self.perform(open_artist_profile, command)
        if not is_done(profile):
            self.later(PAYS_SECONDS, self.settle_in)
            return
        self.artist_id = profile.id
        for friend in self.friends:
            friend.friends.add(self.artist_id)
        self.when_ready(self.artist_id)
        self._submit()
        self._visit()

    # ── submitting and paying ────────────────────────────────────────────────────────────────

    def _submit(self) -> None:
        if self.is_gone:
            return
        now, persona, dice = self.stage.world.clock(), self.persona, self.dice
        per_day = persona.tracks_a_week / 7
        next_time = persona.rhythm.next(now, times_a_day=per_day, dice=dice)
        self.stage.agenda.at(next_time, self._submit)
        self._submitted += 1
        command = SubmitTrack(
            artist_id=self.artist_id,
            title=f"{self.name} no. {self._submitted}",
            source_url=self._link(),
            genres=tuple(dice.sample(ROOTS, 1 + dice.below(GENRES_MAX))),
            package_type=dice.weighted(persona.packages),
            duration=dice.choice(DURATIONS),
        )
        track = self.perform(submit_track, command)
        if is_done(track):
            self._check_out(track.id)

    def _link(self) -> str:
        return LINK.format(self.name.replace(" ", "-"), self.dice.below(1 << 30))

    def _check_out(self, track_id: TrackId) -> None:
        credit = self.stage.live.artist[self.artist_id].free_review_credits > 0
        command = CheckOut(track_id=track_id, artist_id=self.artist_id, use_free_credit=credit)
        self.perform(check_out, command)
        if not credit:
            self._go_to_pay(track_id)

    def _go_to_pay(self, track_id: TrackId) -> None:
        command = OpenCheckout(track_id=track_id, artist_id=self.artist_id)
        attempt = self.drive(open_checkout, command)
        if is_done(attempt) and attempt.session_id is not None:
            session_id = attempt.session_id
            self.later(self.dice.wait(PAYS_SECONDS), lambda: self._pay(track_id, session_id))
        else:
            self._try_again(track_id)

    def _pay(self, track_id: TrackId, session_id: str) -> None:
        outcome = self._outcome()
        self.stage.do(self.name, AtBank(method="play_payer", arguments=(session_id, outcome)))
        if self.dice.chance(self.persona.returns):
            command = ConfirmPayment(session_id=session_id, actor=self.artist_id)
            self.drive(confirm_payment, command)
        if outcome is not PayerOutcome.PAY:
            self._try_again(track_id)
        elif self.dice.chance(self.persona.cancels):
            self.later(self.dice.wait(CANCELS_AFTER_SECONDS), lambda: self._cancel(track_id))

    def _outcome(self) -> PayerOutcome:
        if self.dice.chance(self.persona.declines):
            return PayerOutcome.DECLINE
        if self.dice.chance(self.persona.abandons):
            return PayerOutcome.ABANDON
        return PayerOutcome.PAY

    def _try_again(self, track_id: TrackId) -> None:
        if self.dice.chance(self.persona.tries_again):
            self.later(self.dice.wait(DAY_SECONDS / 8), lambda: self._pay_once_more(track_id))

    def _pay_once_more(self, track_id: TrackId) -> None:
        track = self.stage.live.track.get(track_id)
        if track is not None and track.status is TrackStatus.PENDING_PAYMENT:
            self._go_to_pay(track_id)

    def _cancel(self, track_id: TrackId) -> None:
        self.perform(cancel_track, CancelTrack(track_id=track_id, artist_id=self.artist_id))

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def _visit(self) -> None:
        if self.is_gone:
            return
        now = self.stage.world.clock()
        times = self.persona.visits_a_day
        next_visit = self.persona.rhythm.next(now, times_a_day=times, dice=self.dice)
        self.stage.agenda.at(next_visit, self._visit)
        unread, self.unread = self.unread, []
        for review_id in unread:
            self._read(review_id)
        for track in tuple(self.stage.live.tracks_of.get(self.artist_id, ())):
            self._look_after(track)

    def _look_after(self, track: Track) -> None:
        rules = self.stage.live.rules
        if not track.is_live or track.closed_at is not None:
            return
        if track.waits_for_source(rules):
            command = UpdateSource(
                track_id=track.id, artist_id=self.artist_id, source_url=self._link()
            )
            self.perform(update_source, command)
            return
        may_close = track.closable_at(rules) <= self.stage.world.clock()
        if may_close and self.dice.chance(self.persona.closes):
            close = CloseTrack(track_id=track.id, artist_id=self.artist_id)
            self.perform(close_track, close)

    def _read(self, review_id: ReviewId) -> None:
        review = self.stage.live.review[review_id]
        worth = self._worth(review_id)
        if worth is None or review.flag_status is not None:
            return
        if any(friend.reviewer_id == review.reviewer_id for friend in self.friends):
            self._praise(review_id)
            return
        felt = min(BEST, max(WORST, worth + self.persona.kindness))
        persona, dice = self.persona, self.dice
        if dice.chance(persona.flags_bad if felt < POOR else persona.flags_good):
            flag = FlagReview(
                review_id=review_id, artist_id=self.artist_id, reason=FlagReason.LOW_EFFORT
            )
            self.perform(flag_review, flag)
        elif dice.chance(persona.rates):
            self._rate(review_id, round(felt))
        if felt >= GOOD and dice.chance(persona.gems):
            self.perform(gem_review, GemReview(review_id=review_id, artist_id=self.artist_id))

    def _praise(self, review_id: ReviewId) -> None:
        self._rate(review_id, int(BEST))
        self.perform(gem_review, GemReview(review_id=review_id, artist_id=self.artist_id))

    def _rate(self, review_id: ReviewId, rating: int) -> None:
        reason = "It says little." if rating <= POOR_RATING else ""
        command = RateReview(
            review_id=review_id, artist_id=self.artist_id, rating=rating, reason=reason
        )
        self.perform(rate_review, command)
