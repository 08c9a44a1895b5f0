"""Small markets for races, prepared quickly, and the starting gun."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import attrs

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.app import App, Subscriber
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import Busy, ReviewcoreError
from reviewcore.domain.flags import Flag, FlagReason
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import ReviewId, TrackId
from reviewcore.domain.ledger import PROCESSOR
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus, assign, slot_states
from reviewcore.domain.rules import MarketRules, Package, PackageType
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.users import User, marks_of
from reviewcore.ports.audio import Audio
from reviewcore.ports.files import Files
from reviewcore.ports.processor import Payments, Payouts
from reviewcore.ports.store import Store
from reviewcore.testing.builders import (
    GENRES,
    a_reviewer,
    a_user,
    an_artist,
    some_feedback,
)
from reviewcore.testing.clock import ManualClock
from reviewcore.usecases import (
    CheckLaws,
    CheckOut,
    CompleteReview,
    ConfirmPayment,
    FlagReview,
    OpenCheckout,
    RecordHeartbeat,
    SubmitTrack,
    Withdraw,
    check_laws,
    check_out,
    complete_review,
    confirm_payment,
    flag_review,
    open_checkout,
    record_heartbeat,
    submit_track,
)
from reviewcore.worker import LEASE

ROUNDS = float(os.environ.get("REVIEWCORE_RACE_ROUNDS", "1"))
"""How often each race is run, as a multiple of what a quick run does."""

REPORTS: dict[str, Counter[str]] = {}
"""How often each race was run, its retries and its milliseconds, for the summary at the end."""

RATE = Cents(50)
PACKAGES = MappingProxyType(
    {
        PackageType.STARTER: Package(reviews=5, price_cents=Cents(495), pro_min=0, priority=0),
        PackageType.STANDARD: Package(reviews=5, price_cents=Cents(1495), pro_min=2, priority=5),
        PackageType.PRO: Package(reviews=1, price_cents=Cents(300), pro_min=0, priority=10),
        PackageType.DEEP_DIVE: Package(reviews=25, price_cents=Cents(2995), pro_min=0, priority=10),
    }
)
RULES = MarketRules(
    reviewer_account_age_hours=0,
    active_assignments_max_normal=100,
    active_assignments_max_pro=100,
    pair_reviews_max=1000,
    minimum_listen_seconds=0,
    words_min=0,
    words_unique_min=0,
    words_unique_percent_min=0,
    genres_per_reviewer_min=1,
    skips_per_day_max=100,
    flags_max=1000,
    flags_per_track_max_percent=100,
    replacements_per_slot_max=100,
    payout_delay_days=0,
    minimum_payout_cents=Cents(1),
    packages=PACKAGES,
)
"""Rules that stand in nobody's way."""

Act = Callable[[], object]


def rounds(quick: int) -> int:
    """Tell how often to do what a quick run does *quick* times."""
    return max(1, round(quick * ROUNDS))


def race(acts: Iterable[Act], *, jitter_seconds: float = 0.0) -> list[Any]:
    """Run *acts* in a thread each, released together; return answers or refusals in their order.

    With *jitter_seconds* each starts up to that much late, so that long and short ones overlap in
    more ways. What is neither an answer nor a typed refusal is raised, and Busy too: somebody who
    may try again was made to give up.
    """
    waiting = list(acts)
    start = threading.Barrier(len(waiting))

    def run(act: Act) -> object:
        start.wait()
        time.sleep(random.uniform(0, jitter_seconds))
        try:
            return act()
        except Busy:
            raise
        except ReviewcoreError as refusal:
            return refusal

    with ThreadPoolExecutor(len(waiting)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in waiting]]


def refusals(answers: Iterable[object]) -> Counter[str]:
    """Count the refusals among *answers* by their names."""
    return Counter(type(one).__name__ for one in answers if isinstance(one, ReviewcoreError))


def successes(answers: Iterable[object]) -> list[Any]:
    """Return the answers that are no refusals."""
    return [one for one in answers if not isinstance(one, ReviewcoreError)]


def an_app(
    store: Store,
    bank: SandboxBank,
    *,
    payments: Payments | None = None,
    payouts: Payouts | None = None,
    files: Files | None = None,
    audio: Audio | None = None,
    subscribers: Sequence[Subscriber] = (),
) -> App:
    """Make an app of *store* whose processor is *bank*, or something before it."""
    return App(
        store=store,
        payments=payments if payments is not None else bank,
        payouts=payouts if payouts is not None else bank,
        files=files,
        audio=audio,
        mail=MemoryMail(),
        passwords=ScryptPasswords(),
        secret="the same in all processes",
        subscribers=subscribers,
    )


@attrs.frozen(kw_only=True)
class World:
    """A market on one kind of store, its bank and its clock, with what makes people and tracks."""

    name: str
    app: App
    bank: SandboxBank
    clock: ManualClock

    @classmethod
    def on(
        cls,
        store: Store,
        *,
        name: str,
        clock: ManualClock,
        bank: SandboxBank,
        app: App | None = None,
    ) -> World:
        """Open a market on a fresh store."""
        with store.begin() as tx:
            tx.genres.add(*(one for one in CATALOGUE if one.id in GENRES))
        return cls(
            name=name, app=app if app is not None else an_app(store, bank), bank=bank, clock=clock
        )

    @property
    def store(self) -> Store:
        """The store under the app."""
        return self.app.store

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def users(self, count: int) -> list[User]:
        """Make verified users."""
        users = [a_user(is_artist=True, is_reviewer=True) for _ in range(count)]
        with self.store.begin() as tx:
            tx.users.add(*users)
            tx.identities.add(*(mark for user in users for mark in marks_of(user)))
        return users

    def reviewers(self, count: int, **changes: Any) -> list[ReviewerProfile]:
        """Make onboarded reviewers."""
        made = [a_reviewer(user_id=user.id, **changes) for user in self.users(count)]
        with self.store.begin() as tx:
            tx.reviewers.add(*made)
        return made

    def artist(self, user: User | None = None) -> ArtistProfile:
        """Make an artist."""
        user = user if user is not None else self.users(1)[0]
        artist = an_artist(user_id=user.id)
        with self.store.begin() as tx:
            tx.artists.add(artist)
        return artist

    def payee(self, reviewer: ReviewerProfile) -> ReviewerProfile:
        """Let a reviewer have a payout account that can be paid."""
        account = f"acct_{reviewer.id}"
        with self.bank._books.writing() as sheet:
            sheet.execute(
                "INSERT INTO accounts (id, reviewer_id, country, state)"
                " VALUES (?, ?, 'DE', 'READY')",
                (account, reviewer.id),
            )
        with self.store.begin() as tx:
            connected = tx.reviewers.lock(reviewer.id).connect(account, tx.now)
            tx.reviewers.update(connected.mark_account(ready=True))
        return connected

    # ── tracks ───────────────────────────────────────────────────────────────────────────────

    def unpaid(
        self, artist: ArtistProfile, package: PackageType = PackageType.STARTER, *, genre: int = 2
    ) -> Track:
        """Submit a track and check it out."""
        with self.store.begin() as tx:
            track = submit_track(
                tx,
                SubmitTrack(
                    artist_id=artist.id,
                    title="First Light",
                    source_url="https://soundcloud.com/the-samples/first-light",
                    genres=(GENRES[genre],),
                    package_type=package,
                ),
            )
            return check_out(tx, CheckOut(track_id=track.id, artist_id=artist.id))

    def session(self, track: Track) -> CheckoutAttempt:
        """Open a checkout and let the payer pay; we have not heard of it yet."""
        attempt = self.app.drive(
            open_checkout, OpenCheckout(track_id=track.id, artist_id=track.artist_id)
        )
        assert attempt.session_id is not None
        self.bank.play_payer(attempt.session_id, PayerOutcome.PAY)
        return attempt

    def track(
        self,
        artist: ArtistProfile | None = None,
        package: PackageType = PackageType.STARTER,
    ) -> Track:
        """Make a track that is paid for and queued."""
        track = self.unpaid(artist if artist is not None else self.artist(), package)
        attempt = self.session(track)
        assert attempt.session_id is not None
        self.app.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))
        return self.get_track(track.id)

    def get_track(self, track_id: TrackId) -> Track:
        """Read a track."""
        with self.store.read() as tx:
            return tx.tracks.get(track_id)

    # ── reviews ──────────────────────────────────────────────────────────────────────────────

    def give(
        self, track: Track, reviewers: Sequence[ReviewerProfile], *, first_slot: int = 1
    ) -> list[Review]:
        """Assign the slots from *first_slot* on to these reviewers, as an assigner would."""
        made = []
        with self.store.begin() as tx:
            locked = tx.tracks.lock(track.id)
            slots = {slot.number: slot for slot in tx.slots.of_track(track.id)}
            before = tx.reviews.of_track(track.id)
            for number, reviewer in enumerate(reviewers, first_slot):
                review, row = assign(
                    ReviewId(tx.new_id()),
                    track=locked,
                    slot=slots[number],
                    reviewer_id=reviewer.id,
                    rules=tx.rules,
                    at=tx.now,
                )
                tx.reviews.add(review)
                tx.queue.add(row)
                tx.reviewers.update(tx.reviewers.lock(reviewer.id).take(tx.now))
                made.append(review)
            known = [*before, *made]
            if SlotState.OPEN not in slot_states(slots.values(), known, is_closed=False).values():
                tx.tracks.update(locked.rest())
        return made

    def listen(self, *reviews: Review) -> None:
        """Let their reviewers listen: then they may deliver."""
        with self.store.begin() as tx:
            for review in reviews:
                record_heartbeat(
                    tx, RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)
                )

    def heard(
        self, track: Track, reviewers: Sequence[ReviewerProfile], *, first_slot: int = 1
    ) -> list[Review]:
        """Assign slots and let their reviewers listen."""
        reviews = self.give(track, reviewers, first_slot=first_slot)
        self.listen(*reviews)
        return reviews

    def complete(self, review: Review, *, key: str | None = None) -> Review:
        """Let the reviewer deliver."""
        command = CompleteReview(
            review_id=review.id, reviewer_id=review.reviewer_id, feedback=some_feedback()
        )
        return self.app.perform(complete_review, command, key=key)

    def delivered(
        self, track: Track, reviewers: Sequence[ReviewerProfile], *, first_slot: int = 1
    ) -> list[Review]:
        """Have reviews that were delivered, one after the other."""
        heard = self.heard(track, reviewers, first_slot=first_slot)
        return [self.complete(review) for review in heard]

    def flag(self, review: Review) -> Flag:
        """Let the artist flag a review."""
        command = FlagReview(
            review_id=review.id, artist_id=review.artist_id, reason=FlagReason.LOW_EFFORT
        )
        self.app.perform(flag_review, command)
        with self.store.read() as tx:
            flag = tx.flags.of_review(review.id)
        assert flag is not None
        return flag

    def withdrawal(self, reviewer: ReviewerProfile, amount: int | None = None) -> Withdraw:
        """Ask for money through the processor."""
        return Withdraw(
            reviewer_id=reviewer.id,
            method=PayoutMethod.STRIPE_CONNECT,
            amount=None if amount is None else Cents(amount),
        )

    def earner(self, earnings: int) -> ReviewerProfile:
        """Make a reviewer who has earned *earnings* times the rate and has a payout account."""
        (reviewer,) = self.reviewers(1)
        artist = self.artist()
        for _ in range(earnings):
            self.delivered(self.track(artist, PackageType.PRO), [reviewer])
        return self.payee(reviewer)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────

    @contextmanager
    def told(self, label: str, *, retries_max: int = 40) -> Iterator[None]:
        """Count what a race costs, say it, and judge the market after it."""
        before, began = self.app.busy_retries, time.monotonic()
        yield
        retries, seconds = self.app.busy_retries - before, time.monotonic() - began
        told = f"{label} on {self.name}"
        print(f"race {told}: {retries} retries, {seconds:.2f} s")
        sums = REPORTS.setdefault(told, Counter())
        sums.update(runs=1, retries=retries, milliseconds=round(seconds * 1000))
        self.require_lawful()
        assert retries <= retries_max, told

    def require_lawful(self) -> None:
        """Require that every law holds and every aggregate's events are numbered without a gap."""
        assert self.app.ask(check_laws, CheckLaws()) == ()
        numbers: dict[str, list[int]] = {}
        with self.store.read() as tx:
            for event in tx.events.all():
                numbers.setdefault(event.aggregate, []).append(event.sequence)
        for aggregate, told in numbers.items():
            assert sorted(told) == list(range(1, len(told) + 1)), f"{aggregate}: {told}"

    def settle(self) -> None:
        """Do what is left, and require that laws hold, and that the bank tells the same story."""
        self.require_lawful()
        self.app.run_pending()
        # Who was passed over because somebody else was at work is looked at again.
        self.clock.advance(seconds=LEASE.total_seconds() + 1)
        self.app.run_pending()
        self.require_lawful()
        require_equal_books(self.app, self.bank)
        require_settled(self.app)


def require_equal_books(app: App, bank: SandboxBank) -> None:
    """Require that the bank made exactly what our rows and our ledger say, each thing once."""
    with app.store.read() as tx:
        attempts = [one for one in tx.attempts.all() if one.status is AttemptStatus.PAID]
        # What came back again was made as well, and so was what had ended otherwise.
        refunds = [
            one for one in tx.refunds.all() for made in (one.external_id, one.duplicate_id) if made
        ]
        payouts = [one for one in tx.payouts.all() if one.status is PayoutStatus.COMPLETED]
        at_bank = -sum(
            posting.amount
            for entry in tx.ledger.all()
            for posting in entry.postings
            if posting.account == PROCESSOR
        )
    assert sorted(one.attempt_id for one in bank.paid()) == sorted(one.id for one in attempts)
    assert sorted((one.refund_id, one.amount) for one in bank.refunded()) == sorted(
        (one.id, one.amount) for one in refunds
    )
    assert sorted((one.payout_id, one.amount) for one in bank.transferred()) == sorted(
        (one.id, one.amount) for one in payouts if one.is_automatic
    )
    assert bank.balance(app.store.rules.currency) == at_bank


def require_settled(app: App) -> None:
    """Require that no intent waits for an answer and no event for its delivery."""
    with app.store.read() as tx:
        assert [one.id for one in tx.refunds.all() if not one.is_final] == []
        assert [one.id for one in tx.payouts.all() if one.is_automatic and not one.is_final] == []
        assert [one.id for one in tx.attempts.all() if one.status is AttemptStatus.INTENDED] == []
        assert [one.id for one in tx.events.all() if one.delivered_at is None] == []
        for track in tx.tracks.all():
            if track.status is not TrackStatus.COMPLETED:
                continue
            counted = [one for one in tx.reviews.of_track(track.id) if one.holds_slot]
            assert all(one.status is ReviewStatus.COMPLETED for one in counted)
