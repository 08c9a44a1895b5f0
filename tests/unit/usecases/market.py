"""A market in memory to tell stories in: one line a step, and every law checked after each."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO, TypeVar

from reviewcore.adapters.files import MemoryFiles, Slip
from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.sandbox import PayeeOutcome, PayerOutcome, SandboxBank
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag, FlagReason
from reviewcore.domain.ids import UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.payouts import Payout, PayoutMethod
from reviewcore.domain.refunds import Refund
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewQueue
from reviewcore.domain.rules import MarketRules, PackageType, Tier
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track
from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable, Upload
from reviewcore.domain.users import User
from reviewcore.ports.audio import Audio
from reviewcore.ports.processor import NoWebhooks, Payments, Payouts, Webhooks
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing import builders as make
from reviewcore.testing.clock import ManualClock
from reviewcore.usecases import (
    AnswerQuiz,
    AssignReviewers,
    CancelTrack,
    CheckLaws,
    CheckOut,
    CloseTrack,
    CompleteReview,
    ConfirmEmailAsAdmin,
    ConfirmPayment,
    ConnectPayoutAccount,
    DismissFlag,
    ExplainBalance,
    FinishOnboarding,
    FlagReview,
    GrantTier,
    OpenArtistProfile,
    OpenCheckout,
    OpenReviewerProfile,
    RecordHeartbeat,
    ReportUnplayable,
    SignUp,
    SkipReview,
    StartUpload,
    SubmitTrack,
    UpholdFlag,
    Withdraw,
    answer_quiz,
    assign_reviewers,
    cancel_track,
    check_laws,
    check_out,
    close_track,
    complete_review,
    confirm_email_as_admin,
    confirm_payment,
    connect_payout_account,
    dismiss_flag,
    explain_balance,
    finish_onboarding,
    flag_review,
    grant_tier,
    open_artist_profile,
    open_checkout,
    open_reviewer_profile,
    record_heartbeat,
    report_unplayable,
    sign_up,
    skip_review,
    start_upload,
    submit_track,
    uphold_flag,
    withdraw,
)
from reviewcore.usecases.steps.slots import TrackGivenUp
from tests.unit.usecases.fitting import misfits

C = TypeVar("C")
R = TypeVar("R")

GENRES = ("electronic", "house", "techno")
PASSWORD = "correct horse battery staple"
ADMIN = UserId("the-admin")


class PlainPasswords:
    """Keeps passwords as they are: a slow hash is what the tests of its adapter are about."""

    def hash(self, password: str, /) -> str:
        return f"plain:{password}"

    def verify(self, password: str, hashed: str | None, /) -> bool:
        return hashed in {f"plain:{password}", f"older:{password}"}

    def needs_rehash(self, hashed: str, /) -> bool:
        return hashed.startswith("older:")


class PlainAudio:
    """Takes for music what says so: `plays 200`. Decoding is what the tests of its adapter do."""

    def listen(self, file: BinaryIO, audio: AudioFormat, /) -> Heard:
        word, _, seconds = file.read().decode().partition(" ")
        return Playable(int(seconds)) if word == "plays" else Unplayable(f"is no {audio}")


class World:
    """A market whose time stands still until it is told to move.

    The tokens it draws are numbers, those in `rigged` first.
    """

    def __init__(self, **rules: Any) -> None:
        self.clock = ManualClock()
        self.rules = MarketRules(**{"reviewer_account_age_hours": 0} | rules)
        self.rigged: deque[str] = deque()
        ids, tokens = itertools.count(1), itertools.count(1)
        self._people = itertools.count(1)
        app = in_memory(
            rules=self.rules,
            clock=self.clock,
            ids=lambda: f"{next(ids):026d}",
            tokens=lambda: (
                self.rigged.popleft() if self.rigged else f"{next(tokens):08d}{'x' * 35}"
            ),
        )
        assert isinstance(app.payments, SandboxBank)
        assert isinstance(app.mail, MemoryMail)
        assert isinstance(app.store, MemoryStore)
        self.bank, self.mail = app.payments, app.mail
        self._misfits: list[str] = []
        app.store.on_commit = lambda changes: self._misfits.extend(misfits(changes))
        self.webhooks: Webhooks = NoWebhooks()
        self.files = MemoryFiles(clock=self.clock)
        self.audio: Audio = PlainAudio()
        self.app = self._app_on(app.store, payments=self.bank, payouts=self.bank)

    def _app_on(
        self,
        store: Store,
        *,
        payments: Payments,
        payouts: Payouts,
        subscribers: tuple[Callable[[EventRecord], None], ...] = (),
    ) -> App:
        return App(
            store=store,
            payments=payments,
            payouts=payouts,
            webhooks=self.webhooks,
            files=self.files,
            audio=self.audio,
            mail=self.mail,
            passwords=PlainPasswords(),
            secret="the tests' own",
            subscribers=subscribers,
        )

    def reach_bank_through(
        self, *, payments: Payments | None = None, payouts: Payouts | None = None
    ) -> None:
        """From now on talk to the bank over other lines."""
        self.app = self._app_on(
            self.app.store, payments=payments or self.bank, payouts=payouts or self.bank
        )

    def hear_bank(self, webhooks: Webhooks | None = None) -> None:
        """From now on the worker hears what the bank tells, from the beginning on."""
        self.webhooks = webhooks or self.bank
        self.reach_bank_through(payments=self.app.payments, payouts=self.app.payouts)

    def subscribe(self, subscriber: Callable[[EventRecord], None]) -> None:
        self.app = self._app_on(
            self.app.store,
            payments=self.app.payments,
            payouts=self.app.payouts,
            subscribers=(subscriber,),
        )

    # ── steps: after each of them every law holds, also after a refusal ──────────────────────

    def do(
        self, usecase: Callable[[Transaction, C], R], command: C, *, key: str | None = None
    ) -> R:
        try:
            return self.app.perform(usecase, command, key=key)
        finally:
            self.check()

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        try:
            return self.app.drive(usecase, command)
        finally:
            self.check()

    def work(self) -> int:
        """Do what the worker would do now."""
        done = self.app.run_pending()
        self.check()
        return done

    def wait(self, **by: float) -> None:
        self.clock.advance(**by)

    def check(self) -> None:
        assert self.app.ask(check_laws, CheckLaws()) == ()
        for reviewer in self.all(lambda tx: tx.reviewers.all()):
            told = self.app.ask(explain_balance, ExplainBalance(reviewer_id=reviewer.id))
            assert sum(line.amount for line in told.entries) == told.pending_balance

    def settle(self) -> None:
        """Work until nothing is left, and see that bank and books tell the same."""
        self.work()
        assert -self.balance("processor") == self.bank.balance(self.rules.currency)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def look(self, read: Callable[[Transaction], R]) -> R:
        """Read something; first of all that every row which was kept is what its type says."""
        assert self._misfits == []
        with self.app.store.read() as tx:
            return read(tx)

    def all(self, read: Callable[[Transaction], Any]) -> list[Any]:
        return self.look(lambda tx: list(read(tx)))

    def track(self, track: Track) -> Track:
        return self.look(lambda tx: tx.tracks.get(track.id))

    def slots(self, track: Track) -> list[Slot]:
        return self.all(lambda tx: tx.slots.of_track(track.id))

    def review(self, review: Review) -> Review:
        return self.look(lambda tx: tx.reviews.get(review.id))

    def reviews(self, track: Track) -> list[Review]:
        return self.all(lambda tx: tx.reviews.of_track(track.id))

    def queue(self, review: Review) -> list[ReviewQueue]:
        """What its reviewer has before him."""
        return self.all(lambda tx: tx.queue.of_reviewer(review.reviewer_id))

    def artist(self, artist: ArtistProfile) -> ArtistProfile:
        return self.look(lambda tx: tx.artists.get(artist.id))

    def reviewer(self, reviewer: ReviewerProfile) -> ReviewerProfile:
        return self.look(lambda tx: tx.reviewers.get(reviewer.id))

    def reviewer_of(self, review: Review) -> ReviewerProfile:
        return self.look(lambda tx: tx.reviewers.get(review.reviewer_id))

    def payment(self, track: Track) -> Payment:
        payment = self.look(lambda tx: tx.payments.of_track(track.id))
        assert payment is not None
        return payment

    def attempts(self, track: Track) -> list[CheckoutAttempt]:
        payment = self.payment(track)
        return self.all(lambda tx: tx.attempts.of_payment(payment.id))

    def refunds(self, track: Track) -> list[Refund]:
        payment = self.payment(track)
        return self.all(lambda tx: tx.refunds.of_payment(payment.id))

    def payout(self, payout: Payout) -> Payout:
        return self.look(lambda tx: tx.payouts.get(payout.id))

    def flag_of(self, review: Review) -> Flag:
        flag = self.look(lambda tx: tx.flags.of_review(review.id))
        assert flag is not None
        return flag

    def events(self, *types: str) -> list[EventRecord]:
        return [
            event
            for event in self.all(lambda tx: tx.events.all())
            if not types or event.type in types
        ]

    def balances(self) -> dict[str, int]:
        """The sum of every account that is not 0."""
        sums: Counter[str] = Counter()
        for entry in self.all(lambda tx: tx.ledger.all()):
            for posting in entry.postings:
                sums[posting.account] += posting.amount
        return {account: amount for account, amount in sums.items() if amount}

    def balance(self, account: str) -> int:
        return self.balances().get(account, 0)

    def postings(self, kind: str) -> list[dict[str, int]]:
        """The postings of every entry of a kind."""
        return [
            {posting.account: posting.amount for posting in entry.postings}
            for entry in self.all(lambda tx: tx.ledger.all())
            if entry.kind == kind
        ]

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def a_user(self, email: str | None = None) -> User:
        """A person with a verified address."""
        number = next(self._people)
        user = self.drive(
            sign_up,
            SignUp(
                email=email or f"person{number}@example.com",
                password=PASSWORD,
                name=f"Person {number}",
            ),
        )
        return self.do(confirm_email_as_admin, ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN))

    def an_artist(self, user: User | None = None) -> ArtistProfile:
        user = user or self.a_user()
        return self.do(
            open_artist_profile, OpenArtistProfile(user_id=user.id, artist_name="The Band")
        )

    def a_newcomer(
        self, user: User | None = None, *, genres: tuple[str, ...] = GENRES
    ) -> ReviewerProfile:
        """A reviewer who has not taken the quiz."""
        user = user or self.a_user()
        return self.do(
            open_reviewer_profile,
            OpenReviewerProfile(user_id=user.id, genres=genres, country="DE"),
        )

    def a_reviewer(
        self,
        user: User | None = None,
        *,
        genres: tuple[str, ...] = GENRES,
        tier: Tier = Tier.NORMAL,
    ) -> ReviewerProfile:
        """An onboarded reviewer; a PRO was granted his tier for a year."""
        reviewer = self.a_newcomer(user, genres=genres)
        answers = {number: one.answer for number, one in enumerate(self.rules.quiz)}
        self.do(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers=answers))
        reviewer = self.do(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))
        if tier is Tier.PRO:
            reviewer = self.do(
                grant_tier,
                GrantTier(
                    reviewer_id=reviewer.id,
                    admin_id=ADMIN,
                    tier=tier,
                    until=self.clock() + timedelta(days=365),
                    reason="a new market",
                ),
            )
        return reviewer

    def reviewers(self, count: int, *, tier: Tier = Tier.NORMAL) -> list[ReviewerProfile]:
        return [self.a_reviewer(tier=tier) for _ in range(count)]

    # ── tracks ───────────────────────────────────────────────────────────────────────────────

    def a_track(
        self,
        artist: ArtistProfile | None = None,
        *,
        package: PackageType = PackageType.STARTER,
        **changes: Any,
    ) -> Track:
        """A submitted track that waits for payment."""
        artist = artist or self.an_artist()
        told = {
            "title": "First Light",
            "source_url": "https://soundcloud.com/the-band/first-light",
            "genres": ("house",),
            "package_type": package,
        }
        return self.do(submit_track, SubmitTrack(artist_id=artist.id, **(told | changes)))

    def an_upload(self, artist: ArtistProfile, content: bytes = b"plays 200") -> Upload:
        """A file that is announced, and put up if there is something of it."""
        command = StartUpload(
            artist_id=artist.id,
            filename="demo.mp3",
            content_type="audio/mpeg",
            content_length=len(content) or 1,
        )
        upload = self.do(start_upload, command)
        if content:
            self.put(upload, content)
        return upload

    def put(self, upload: Upload, content: bytes) -> None:
        slip = Slip(key=upload.key, content_type=upload.content_type, length=len(content))
        coming = self.files.receive(slip)
        coming.write(content)
        coming.finish()

    def checked_out(self, track: Track, **how: Any) -> Track:
        return self.do(check_out, CheckOut(track_id=track.id, artist_id=track.artist_id, **how))

    def open_session(self, track: Track) -> CheckoutAttempt:
        return self.drive(open_checkout, OpenCheckout(track_id=track.id, artist_id=track.artist_id))

    def pay(self, attempt: CheckoutAttempt) -> None:
        """The payer pays; nobody here has heard of it yet."""
        assert attempt.session_id is not None
        self.bank.play_payer(attempt.session_id, PayerOutcome.PAY)

    def confirm(self, attempt: CheckoutAttempt) -> CheckoutAttempt:
        assert attempt.session_id is not None
        return self.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))

    def a_queued_track(self, artist: ArtistProfile | None = None, **changes: Any) -> Track:
        """A paid track."""
        track = self.a_track(artist, **changes)
        self.checked_out(track)
        attempt = self.open_session(track)
        self.pay(attempt)
        self.confirm(attempt)
        return self.track(track)

    def a_free_track(self, artist: ArtistProfile | None = None) -> Track:
        return self.checked_out(self.a_track(artist), use_free_credit=True)

    def a_promo_track(self, code: str, artist: ArtistProfile | None = None) -> Track:
        return self.checked_out(self.a_track(artist), promo_code=code)

    def cancel(self, track: Track) -> TrackGivenUp:
        return self.do(cancel_track, CancelTrack(track_id=track.id, artist_id=track.artist_id))

    def close(self, track: Track) -> TrackGivenUp:
        """An administrator closes it at once."""
        return self.do(
            close_track, CloseTrack(track_id=track.id, admin_id=ADMIN, reason="asked to")
        )

    # ── reviews ──────────────────────────────────────────────────────────────────────────────

    def assign(self, track: Track) -> list[Review]:
        """Look for reviewers now; return the new assignments."""
        told = self.do(assign_reviewers, AssignReviewers(track_id=track.id))
        return self.all(lambda tx: map(tx.reviews.get, told.assigned))

    def beat(self, review: Review) -> Review:
        return self.do(
            record_heartbeat,
            RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id),
        )

    def listen(self, review: Review, seconds: int = 180) -> Review:
        """Play the track; heartbeats are told to the app alone, to save the laws' time."""
        command = RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)
        heard = self.app.perform(record_heartbeat, command)
        for _ in range(seconds // 10):
            self.wait(seconds=10)
            heard = self.app.perform(record_heartbeat, command)
        self.check()
        return heard

    def complete(self, review: Review, **changes: Any) -> Review:
        told = {"feedback": make.some_feedback(), **changes}
        return self.do(
            complete_review,
            CompleteReview(review_id=review.id, reviewer_id=review.reviewer_id, **told),
        )

    def deliver(self, review: Review) -> Review:
        self.listen(review)
        return self.complete(review)

    def skip(self, review: Review) -> Review:
        return self.do(skip_review, SkipReview(review_id=review.id, reviewer_id=review.reviewer_id))

    def report(self, review: Review) -> Review:
        return self.do(
            report_unplayable,
            ReportUnplayable(review_id=review.id, reviewer_id=review.reviewer_id),
        )

    # ── judging ──────────────────────────────────────────────────────────────────────────────

    def flag(self, review: Review) -> Flag:
        self.do(
            flag_review,
            FlagReview(review_id=review.id, artist_id=review.artist_id, reason=FlagReason.SPAM),
        )
        return self.flag_of(review)

    def uphold(self, flag: Flag) -> Flag:
        return self.do(uphold_flag, UpholdFlag(flag_id=flag.id, admin_id=ADMIN, reason="agreed"))

    def dismiss(self, flag: Flag) -> Flag:
        return self.do(
            dismiss_flag, DismissFlag(flag_id=flag.id, admin_id=ADMIN, reason="nothing wrong")
        )

    # ── money out ────────────────────────────────────────────────────────────────────────────

    def connect(self, reviewer: ReviewerProfile, account_id: str | None = None) -> ReviewerProfile:
        """Connect a payout account and complete it at the bank; the delay begins."""
        command = ConnectPayoutAccount(reviewer_id=reviewer.id, account_id=account_id)
        told = self.drive(connect_payout_account, command)
        assert told.reviewer.stripe_account_id is not None
        self.bank.play_payee(told.reviewer.stripe_account_id, PayeeOutcome.COMPLETE)
        return self.drive(connect_payout_account, command).reviewer

    def withdraw(
        self,
        reviewer: ReviewerProfile,
        amount: int | None = None,
        *,
        method: PayoutMethod = PayoutMethod.STRIPE_CONNECT,
        destination: str | None = None,
    ) -> Payout:
        return self.do(
            withdraw,
            Withdraw(
                reviewer_id=reviewer.id,
                method=method,
                amount=None if amount is None else Cents(amount),
                destination=destination,
            ),
        )
