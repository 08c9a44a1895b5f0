"""The genre catalogue, and a small living market to look at."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.app import App
from reviewcore.bootstrap import Deployment, deploy
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.feedback import Feedback, FirstImpression
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import ReviewQueue
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track
from reviewcore.settings import Settings
from reviewcore.sources import system_clock
from reviewcore.usecases import (
    AnswerQuiz,
    CheckOut,
    CompleteReview,
    ConfirmEmailAsAdmin,
    FinishOnboarding,
    GemReview,
    OpenArtistProfile,
    OpenCheckout,
    OpenReviewerProfile,
    RateReview,
    RecordHeartbeat,
    Remark,
    SignUp,
    SubmitTrack,
    answer_quiz,
    check_out,
    complete_review,
    confirm_email_as_admin,
    finish_onboarding,
    gem_review,
    open_artist_profile,
    open_checkout,
    open_reviewer_profile,
    rate_review,
    record_heartbeat,
    sign_up,
    submit_track,
)

PASSWORD = "demo-password"
ARTIST = "artist@demo.example"
REVIEWERS = tuple(f"reviewer{number}@demo.example" for number in range(1, 9))
WHO = f"sign in as {ARTIST} or {REVIEWERS[0]} … {REVIEWERS[-1]}, password {PASSWORD}"
GENRES = ("techno", "house", "deep-house", "ambient", "synthwave")
DAYS_AGO = 3

BEST = (
    "The opening bass line grabs me at once because it leaves room for the kick, and the pad that "
    "enters after the first minute widens the stereo image in a way that feels warm, patient and "
    "surprisingly emotional for such a sparse arrangement."
)
WEAKEST = (
    "The second breakdown runs too long for what happens in it: sixteen bars of the same chord "
    "without a new texture lose the tension, and the hi-hats come back a little harsh around eight "
    "kilohertz, so a shorter section with gentler highs would help."
)


class PastClock:
    """A clock that starts some days ago, so that the demo has a past; moved by hand."""

    def __init__(self) -> None:
        self._at = system_clock() - timedelta(days=DAYS_AGO)

    def __call__(self) -> datetime:
        """Tell the time of the demo's past."""
        return self._at

    def pass_seconds(self, seconds: int) -> None:
        """Let time pass."""
        self._at += timedelta(seconds=seconds)


def seed_genres(app: App) -> int:
    """Add the genre catalogue; returns its size. Harmless when it is there."""
    with app.store.begin() as tx:
        tx.genres.add(*CATALOGUE)
    return len(CATALOGUE)


def seed_demo(settings: Settings) -> str:
    """Let a small market live through a few hours, three days ago; says what there is to see.

    All of it by use cases, as people would. Harmless when it has been done.
    """
    clock = PastClock()
    with deploy(settings, clock=clock, mail=MemoryMail()) as deployment:
        with deployment.app.store.read() as tx:
            if tx.users.by_email(ARTIST) is not None:
                return f"the demo is there; {WHO}"
        demo = Demo(deployment=deployment, clock=clock)
        demo.play()
    return f"a demo market; {WHO}"


@attrs.frozen(kw_only=True)
class Demo:
    """One artist, eight reviewers, a track with two reviews and one that has just been paid."""

    deployment: Deployment
    clock: PastClock

    @property
    def app(self) -> App:
        """The market."""
        return self.deployment.app

    def play(self) -> None:
        """Let it happen."""
        user = self._person(ARTIST, "Nova")
        artist = self.app.perform(
            open_artist_profile,
            OpenArtistProfile(user_id=user, artist_name="Nova", genres=("techno",)),
        )
        for number, email in enumerate(REVIEWERS, 1):
            self._reviewer(email, f"Reviewer {number}")
        # New accounts are not assigned anything for a day.
        self.clock.pass_seconds(self.app.store.rules.reviewer_account_age_hours * 3600)

        first = self._track(artist, "Night Drive", "https://soundcloud.com/nova/night-drive")
        self.app.run_pending()
        for row in self._assignments(first)[:2]:
            self._review(row)
        self._judge(first, artist)
        self._track(artist, "Low Tide", "https://soundcloud.com/nova/low-tide")
        self.app.run_pending()

    def _person(self, email: str, name: str) -> UserId:
        user = self.app.drive(sign_up, SignUp(email=email, password=PASSWORD, name=name))
        self.app.perform(
            confirm_email_as_admin,
            ConfirmEmailAsAdmin(user_id=user.id, admin_id=user.id, reason="demo"),
        )
        return user.id

    def _reviewer(self, email: str, name: str) -> ReviewerProfile:
        rules = self.app.store.rules
        user = self._person(email, name)
        reviewer = self.app.perform(
            open_reviewer_profile,
            OpenReviewerProfile(
                user_id=user, genres=GENRES[: rules.genres_per_reviewer_max], country="DE"
            ),
        )
        answers = {number: question.answer for number, question in enumerate(rules.quiz)}
        self.app.perform(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers=answers))
        return self.app.perform(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))

    def _track(self, artist: ArtistProfile, title: str, url: str) -> Track:
        track = self.app.perform(
            submit_track,
            SubmitTrack(
                artist_id=artist.id,
                title=title,
                source_url=url,
                genres=("techno",),
                package_type=PackageType.STARTER,
                duration=210,
                feedback_focus="Does the second half keep your attention?",
            ),
        )
        self.app.perform(check_out, CheckOut(track_id=track.id, artist_id=artist.id))
        page = self.app.drive(open_checkout, OpenCheckout(track_id=track.id, artist_id=artist.id))
        assert self.deployment.bank is not None, "the demo pays at the sandbox bank"
        assert page.session_id is not None, "an open checkout has a session"
        self.deployment.bank.play_payer(page.session_id, PayerOutcome.PAY)
        self.app.run_pending()
        return track

    def _assignments(self, track: Track) -> list[ReviewQueue]:
        with self.app.store.read() as tx:
            return [row for row in tx.queue.all() if row.track_id == track.id]

    def _review(self, row: ReviewQueue) -> None:
        rules = self.app.store.rules
        beat = RecordHeartbeat(review_id=row.id, reviewer_id=row.reviewer_id)
        heard = self.app.perform(record_heartbeat, beat)
        while not heard.heard_enough:
            self.clock.pass_seconds(rules.heartbeat_credit_max_seconds)
            heard = self.app.perform(record_heartbeat, beat)
        feedback = Feedback(
            first_impression=FirstImpression.STRONG_HOOK,
            production_score=4,
            originality_score=4,
            would_listen_again=True,
            best_part=BEST,
            best_part_timestamp=62,
            weakest_part=WEAKEST,
            weakest_timestamp=148,
            perceived_genre="Melodic techno",
        )
        self.app.perform(
            complete_review,
            CompleteReview(
                review_id=row.id,
                reviewer_id=row.reviewer_id,
                feedback=feedback,
                timestamps=(Remark(seconds=62, note="The pad comes in here: lovely."),),
            ),
        )

    def _judge(self, track: Track, artist: ArtistProfile) -> None:
        with self.app.store.read() as tx:
            done = [one for one in tx.reviews.of_track(track.id) if one.feedback is not None]
        for review in done:
            self.app.perform(
                rate_review, RateReview(review_id=review.id, artist_id=artist.id, rating=5)
            )
        self.app.perform(gem_review, GemReview(review_id=done[0].id, artist_id=artist.id))
