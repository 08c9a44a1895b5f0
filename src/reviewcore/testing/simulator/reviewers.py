"""Reviewers at work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import ArtistId, ReviewerId, ReviewId
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviews import Review
from reviewcore.testing.simulator.acts import AtBank
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.people import Person, is_done
from reviewcore.testing.simulator.personas import Reviewer
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import Refusal
from reviewcore.testing.simulator.writing import THIN, feedback_of
from reviewcore.usecases import (
    AnswerQuiz,
    CompleteReview,
    ConnectPayoutAccount,
    FinishOnboarding,
    OpenReviewerProfile,
    RecordHeartbeat,
    ReportUnplayable,
    SkipReview,
    Withdraw,
    answer_quiz,
    complete_review,
    connect_payout_account,
    finish_onboarding,
    open_reviewer_profile,
    record_heartbeat,
    report_unplayable,
    skip_review,
    withdraw,
)

BEAT_SECONDS = 10.0
QUIZ_KNOWN = 0.8
"""How often the quiz is passed at the first try."""

ROOTS = tuple(genre.slug for genre in CATALOGUE if genre.parent_id is None)[:8]
"""The genres of this market; few enough for people to meet."""

GENRES_KNOWN = 4
GROWS_OLD = timedelta(minutes=8)
"""Whoever writes for longer has the player report again, for a form needs a fresh heartbeat."""

WORST, BEST = 1.0, 5.0


class WorkingReviewer(Person):
    """A reviewer: visits, listens, writes, is paid. `quality` tells what each review is worth."""

    reviewer_id = ReviewerId("")

    def __init__(self, stage: Stage, persona: Reviewer, number: int, dice: Dice) -> None:
        super().__init__(stage, persona, number, dice)
        self.persona = persona
        self.friends: set[ArtistId] = set()
        self.quality: dict[ReviewId, float] = {}
        self.leaves_at: datetime | None = None
        self.when_ready: Callable[[ReviewerId], None] = lambda _: None
        self._is_busy = False
        self._ignored: set[ReviewId] = set()
        self._method = (
            PayoutMethod.PAYPAL if dice.chance(persona.paypal) else PayoutMethod.STRIPE_CONNECT
        )

    # ── coming ───────────────────────────────────────────────────────────────────────────────

    def settle_in(self) -> None:
        """Open a profile, take the quiz and begin."""
        genres = tuple(self.dice.sample(ROOTS, GENRES_KNOWN))
        command = OpenReviewerProfile(user_id=self.user_id, genres=genres, country="DE")
        profile = self.perform(open_reviewer_profile, command)
        if not is_done(profile):
            self.later(BEAT_SECONDS, self.settle_in)
            return
        self.reviewer_id = profile.id
        if self.persona.stays_days is not None:
            stays = timedelta(days=self.dice.wait(self.persona.stays_days))
            self.leaves_at = self.stage.world.clock() + stays
        self._take_quiz()

    def _take_quiz(self) -> None:
        right = {n: one.answer for n, one in enumerate(self.stage.live.rules.quiz)}
        knows = self.dice.chance(QUIZ_KNOWN)
        answers = right if knows else dict.fromkeys(right, 0)
        self.perform(answer_quiz, AnswerQuiz(reviewer_id=self.reviewer_id, answers=answers))
        self.perform(finish_onboarding, FinishOnboarding(reviewer_id=self.reviewer_id))
        if self.stage.live.reviewer[self.reviewer_id].completed_onboarding:
            self.when_ready(self.reviewer_id)
            self._come_again()
        else:
            self.later(BEAT_SECONDS, self._take_quiz)

    def _come_again(self) -> None:
        now = self.stage.world.clock()
        if self.leaves_at is not None and now >= self.leaves_at:
            return
        times = self.persona.visits_a_day
        next_visit = self.persona.rhythm.next(now, times_a_day=times, dice=self.dice)
        self.stage.agenda.at(next_visit, self._visit)

    # ── reviewing ────────────────────────────────────────────────────────────────────────────

    def _visit(self) -> None:
        if self.is_gone:
            return
        self._come_again()
        self._withdraw()
        if not self._is_busy:
            self._is_busy = True
            self._take_up(self.persona.reviews_a_visit)

    def _take_up(self, left: int) -> None:
        """Take up the next assignment of this visit, if there are any."""
        waiting = self.stage.live.active_of.get(self.reviewer_id, [])
        todo = [one for one in waiting if one.id not in self._ignored]
        if not todo or not left:
            self._is_busy = False
            return
        # Whoever has friends looks for them first.
        todo.sort(key=lambda one: one.artist_id not in self.friends)
        review = todo[0]
        if self._declines(review):
            self.later(BEAT_SECONDS, lambda: self._take_up(left - 1))
            return
        worth = self.dice.around(self.persona.quality, self.persona.quality_spread)
        self.quality[review.id] = min(BEST, max(WORST, worth))
        longer = self.dice.between(0, self.persona.listens_longer)
        enough = review.minimum_listen_seconds + longer
        self._listen(review.id, enough, left)

    def _declines(self, review: Review) -> bool:
        persona, dice = self.persona, self.dice
        if persona.friends and review.artist_id not in self.friends:
            skip = SkipReview(review_id=review.id, reviewer_id=self.reviewer_id)
            # Only a few may be given back a day; the others are done after all.
            return is_done(self.perform(skip_review, skip))
        if dice.chance(persona.ignores):
            self._ignored.add(review.id)
            return True
        if dice.chance(persona.skips):
            skip = SkipReview(review_id=review.id, reviewer_id=self.reviewer_id)
            return is_done(self.perform(skip_review, skip))
        if dice.chance(persona.reports):
            report = ReportUnplayable(review_id=review.id, reviewer_id=self.reviewer_id)
            return is_done(self.perform(report_unplayable, report))
        return False

    def _listen(self, review_id: ReviewId, enough: float, left: int) -> None:
        if not self._beat(review_id):
            self._take_up(left - 1)
        elif self.stage.live.review[review_id].listen_duration < enough:
            self.later(BEAT_SECONDS, lambda: self._listen(review_id, enough, left))
        else:
            self._begin_to_write(review_id, left, is_thin=self.dice.chance(self.persona.thin))

    def _beat(self, review_id: ReviewId) -> bool:
        """Have the player report; tell whether the review is still his to do."""
        command = RecordHeartbeat(review_id=review_id, reviewer_id=self.reviewer_id)
        answer = self.stage.tell(self.name, record_heartbeat, command)
        return not isinstance(answer, Refusal)

    def _begin_to_write(self, review_id: ReviewId, left: int, *, is_thin: bool) -> None:
        writing = timedelta(seconds=self.dice.wait(self.persona.writing_seconds))
        self._write(review_id, left, self.stage.world.clock() + writing, is_thin=is_thin)

    def _write(self, review_id: ReviewId, left: int, done_at: datetime, *, is_thin: bool) -> None:
        """Write for a while after a report of the player, and go on after the next."""
        beats_at = self.stage.world.clock() + GROWS_OLD
        if done_at <= beats_at:
            self.stage.agenda.at(done_at, lambda: self._deliver(review_id, left, is_thin=is_thin))
            return

        def go_on() -> None:
            if self._beat(review_id):
                self._write(review_id, left, done_at, is_thin=is_thin)
            else:
                self._take_up(left - 1)

        self.stage.agenda.at(beats_at, go_on)

    def _deliver(self, review_id: ReviewId, left: int, *, is_thin: bool) -> None:
        feedback = THIN if is_thin else feedback_of(self.quality[review_id], self.dice)
        command = CompleteReview(
            review_id=review_id, reviewer_id=self.reviewer_id, feedback=feedback
        )
        self.perform(complete_review, command)
        if not is_thin:
            self._take_up(left - 1)
        elif self.dice.chance(self.persona.gives_up):
            self._ignored.add(review_id)
            self._take_up(left - 1)
        elif self._beat(review_id):
            self._begin_to_write(review_id, left, is_thin=False)
        else:
            self._take_up(left - 1)

    # ── being paid ───────────────────────────────────────────────────────────────────────────

    def _withdraw(self) -> None:
        mine = self.stage.live.reviewer[self.reviewer_id]
        if self._method is PayoutMethod.STRIPE_CONNECT and not mine.payout_account_ready:
            self._connect()
            return
        if mine.pending_balance >= self.persona.withdraws_at_cents:
            destination = None if mine.payout_account_ready else f"{self.name}@pay.example"
            command = Withdraw(
                reviewer_id=self.reviewer_id, method=self._method, destination=destination
            )
            self.perform(withdraw, command)

    def _connect(self) -> None:
        command = ConnectPayoutAccount(reviewer_id=self.reviewer_id)
        self.drive(connect_payout_account, command)
        account_id = self.stage.live.reviewer[self.reviewer_id].stripe_account_id
        if account_id is not None:
            self.stage.do(
                self.name,
                AtBank(method="play_payee", arguments=(account_id, PayeeOutcome.COMPLETE)),
            )
