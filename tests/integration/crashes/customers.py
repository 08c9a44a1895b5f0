"""Customers who give commands with keys and remember, beyond their process's death, the answers."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.app import App
from reviewcore.domain.errors import Busy, ReviewcoreError
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.ids import ArtistId, ReviewerId, TrackId, UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.ports import codec
from reviewcore.testing.builders import GENRES, some_feedback
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    CompleteReview,
    ConfirmPayment,
    DismissFlag,
    FlagReview,
    OpenCheckout,
    RecordHeartbeat,
    RestrictReviewer,
    SendPayout,
    SubmitTrack,
    UnrestrictReviewer,
    UpholdFlag,
    Withdraw,
    cancel_track,
    check_out,
    close_track,
    complete_review,
    confirm_payment,
    dismiss_flag,
    flag_review,
    open_checkout,
    record_heartbeat,
    restrict_reviewer,
    send_payout,
    submit_track,
    unrestrict_reviewer,
    uphold_flag,
    withdraw,
)

CUSTOMERS = 4
TRACKS_MAX = 4
REASON = "a crash"

PERFORMED: dict[str, tuple[Callable[..., Any], type]] = {
    usecase.__name__: (usecase, command)
    for usecase, command in (
        (submit_track, SubmitTrack),
        (check_out, CheckOut),
        (complete_review, CompleteReview),
        (withdraw, Withdraw),
        (cancel_track, CancelTrack),
        (close_track, CloseTrack),
        (flag_review, FlagReview),
        (uphold_flag, UpholdFlag),
        (dismiss_flag, DismissFlag),
        (restrict_reviewer, RestrictReviewer),
        (unrestrict_reviewer, UnrestrictReviewer),
    )
}
DRIVEN: dict[str, tuple[Callable[..., Any], type]] = {
    "open_checkout": (open_checkout, OpenCheckout),
    "confirm_payment": (confirm_payment, ConfirmPayment),
    "send_payout": (send_payout, SendPayout),
}


class Journal:
    """What a customer asked and was answered, in a file that is only added to."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        lines = read_lines(path)
        self.asked = max((line["number"] for line in lines), default=0)
        self.unanswered = [line for line in lines if "command" in line][-1:]
        if lines and "command" not in lines[-1]:
            self.unanswered = []

    def write(self, **told: object) -> None:
        """Add a line; it is in the kernel's hands when this returns."""
        os.write(self._descriptor, (json.dumps(told) + "\n").encode())


def read_lines(path: Path) -> list[Any]:
    """Read a journal; an end that was torn off does not count."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


class Customer:
    """One thread that gives commands, each with a key of its own, and remembers the answers."""

    def __init__(self, app: App, bank: SandboxBank, journal: Journal, *, number: int) -> None:
        self._app = app
        self._bank = bank
        self._journal = journal
        self._number = number

    def resume(self) -> None:
        """Ask again what was not answered, under the same key."""
        for line in self._journal.unanswered:
            self._ask(line["number"], line["name"], _command(line))

    def do(self, name: str, command: object) -> Any:
        """Ask for something; return the answer, or None for a refusal."""
        self._journal.asked += 1
        number = self._journal.asked
        self._journal.write(number=number, name=name, command=codec.encode(command))
        return self._ask(number, name, command)

    def _ask(self, number: int, name: str, command: object) -> Any:
        try:
            if name in PERFORMED:
                key = f"{self._number}:{number}"
                answer = self._app.perform(PERFORMED[name][0], command, key=key)
            else:
                answer = self._app.drive(DRIVEN[name][0], command)
        except Busy:
            raise
        except ReviewcoreError as refusal:
            self._journal.write(number=number, name=name, refused=type(refusal).__name__)
            return None
        told = answer.track if hasattr(answer, "track") else answer
        self._journal.write(number=number, name=name, answer=told.id)
        return answer

    # ── what reviewers do ────────────────────────────────────────────────────────────────────

    def review(self, reviewer_id: ReviewerId) -> None:
        """Listen to something and deliver."""
        with self._app.store.read() as tx:
            rows = tx.queue.of_reviewer(reviewer_id)
        if not rows:
            return
        row = random.choice(rows)
        try:
            self._app.perform(
                record_heartbeat, RecordHeartbeat(review_id=row.id, reviewer_id=reviewer_id)
            )
        except ReviewcoreError:
            return
        self.do(
            "complete_review",
            CompleteReview(review_id=row.id, reviewer_id=reviewer_id, feedback=some_feedback()),
        )

    def withdraw(self, reviewer_id: ReviewerId) -> None:
        """Ask for some of the money, and have it sent at once, which a worker may be faster in."""
        amount = random.choice((None, Cents(20), Cents(50)))
        payout = self.do(
            "withdraw",
            Withdraw(reviewer_id=reviewer_id, method=PayoutMethod.STRIPE_CONNECT, amount=amount),
        )
        if payout is not None:
            self.do("send_payout", SendPayout(payout_id=payout.id))

    # ── what artists do ──────────────────────────────────────────────────────────────────────

    def buy(self, artist_id: ArtistId) -> None:
        """Submit a track and pay for it, unless he has enough to wait for."""
        if len(self._live(artist_id)) >= TRACKS_MAX:
            return
        track = self.do(
            "submit_track",
            SubmitTrack(
                artist_id=artist_id,
                title="First Light",
                source_url="https://soundcloud.com/the-samples/first-light",
                genres=(GENRES[1],),
                package_type=random.choice((PackageType.STARTER, PackageType.PRO)),
            ),
        )
        self.do("check_out", CheckOut(track_id=track.id, artist_id=artist_id))
        attempt = self.do("open_checkout", OpenCheckout(track_id=track.id, artist_id=artist_id))
        if attempt is not None and attempt.session_id is not None:
            self._bank.play_payer(attempt.session_id, PayerOutcome.PAY)
            self.do("confirm_payment", ConfirmPayment(session_id=attempt.session_id))

    def _live(self, artist_id: ArtistId) -> list[TrackId]:
        with self._app.store.read() as tx:
            tracks = tx.tracks.page(artist_id=artist_id, status=None, after=None, limit=1000)
        return [track.id for track in tracks if track.is_live]

    def give_up(self, artist_id: ArtistId, admin_id: UserId) -> None:
        """Cancel a track, or have it closed."""
        tracks = self._live(artist_id)
        if not tracks:
            return
        track_id = random.choice(tracks)
        if random.random() < 0.5:
            self.do("cancel_track", CancelTrack(track_id=track_id, artist_id=artist_id))
        else:
            self.do("close_track", CloseTrack(track_id=track_id, admin_id=admin_id, reason=REASON))

    def complain(self, artist_id: ArtistId) -> None:
        """Flag one of the reviews of one of his tracks."""
        with self._app.store.read() as tx:
            tracks = tx.tracks.page(artist_id=artist_id, status=None, after=None, limit=1000)
            reviews = tx.reviews.of_track(random.choice(tracks).id) if tracks else ()
        done = [one for one in reviews if one.status is ReviewStatus.COMPLETED]
        if done:
            review = random.choice(done)
            command = FlagReview(
                review_id=review.id, artist_id=artist_id, reason=FlagReason.LOW_EFFORT
            )
            self.do("flag_review", command)

    # ── what administrators do ───────────────────────────────────────────────────────────────

    def judge(self, admin_id: UserId) -> None:
        """Uphold a flag, or dismiss it; others may judge the same one."""
        with self._app.store.read() as tx:
            flags = tx.flags.page(status=FlagStatus.OPEN, after=None, limit=CUSTOMERS)
        if not flags:
            return
        flag_id = random.choice(flags).id
        if random.random() < 0.5:
            self.do("uphold_flag", UpholdFlag(flag_id=flag_id, admin_id=admin_id, reason=REASON))
        else:
            command = DismissFlag(flag_id=flag_id, admin_id=admin_id, reason=REASON)
            self.do("dismiss_flag", command)

    def bar(self, reviewer_id: ReviewerId, admin_id: UserId) -> None:
        """Let somebody review again who may not, or else bar this reviewer."""
        with self._app.store.read() as tx:
            barred = tx.reviewers.page(is_restricted=True, after=None, limit=1000)
        if barred:
            free = UnrestrictReviewer(
                reviewer_id=random.choice(barred).id, admin_id=admin_id, reason=REASON
            )
            self.do("unrestrict_reviewer", free)
        else:
            command = RestrictReviewer(reviewer_id=reviewer_id, admin_id=admin_id, reason=REASON)
            self.do("restrict_reviewer", command)


def _command(line: dict[str, Any]) -> object:
    _, kind = (PERFORMED | DRIVEN)[line["name"]]
    return codec.decode(kind, line["command"])


def live(customer: Customer, people: dict[str, list[str]], *, number: int) -> None:
    """Be a customer for ever: of those people who are this thread's own."""
    artists = [ArtistId(one) for one in people["artists"][number::CUSTOMERS]]
    reviewers = [ReviewerId(one) for one in people["reviewers"][number::CUSTOMERS]]
    admin_id = UserId(people["admins"][0])
    shares: tuple[tuple[int, Callable[[], None]], ...] = (
        (7, lambda: customer.buy(random.choice(artists))),
        (5, lambda: customer.give_up(random.choice(artists), admin_id)),
        (8, lambda: customer.complain(random.choice(artists))),
        (8, lambda: customer.judge(admin_id)),
        (4, lambda: customer.bar(random.choice(reviewers), admin_id)),
        (28, lambda: customer.withdraw(random.choice(reviewers))),
        (40, lambda: customer.review(random.choice(reviewers))),
    )
    customer.resume()
    while True:
        (act,) = random.choices([act for _, act in shares], [share for share, _ in shares])
        act()
