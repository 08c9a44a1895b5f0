"""A process that works on a market until it is killed: python -m tests.integration.crashes.load.

Threads of customers give commands with keys, a worker does the market's own work. Each thread
keeps a journal: what it is about to ask, and what it was answered. A new process begins with what
the last one was not answered, under the same key.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import attrs

from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.domain.errors import Busy, ReviewcoreError
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import SYSTEM, ArtistId, ReviewerId, TrackId, UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.ports import codec
from reviewcore.ports.processor import Payments, Payouts
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import GENRES, some_feedback
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    CompleteReview,
    ConfirmPayment,
    OpenCheckout,
    RecordHeartbeat,
    SubmitTrack,
    Withdraw,
    cancel_track,
    check_out,
    close_track,
    complete_review,
    confirm_payment,
    open_checkout,
    record_heartbeat,
    submit_track,
    withdraw,
)
from reviewcore.worker import Worker
from tests.integration.races.world import RULES, an_app

MARKS = 64
IDLE, IN_BLOCK, IN_CALL = 0, 1, 2
CUSTOMERS = 4
WORKER = CUSTOMERS
CALL_SECONDS = 0.004
"""How long the bank takes: a real one takes longer, and is killed in more often."""

LOAD_RULES = attrs.evolve(RULES, active_assignments_max_normal=4)

PERFORMED: dict[str, tuple[Callable[..., Any], type]] = {
    usecase.__name__: (usecase, command)
    for usecase, command in (
        (submit_track, SubmitTrack),
        (check_out, CheckOut),
        (complete_review, CompleteReview),
        (withdraw, Withdraw),
        (cancel_track, CancelTrack),
        (close_track, CloseTrack),
    )
}
DRIVEN: dict[str, tuple[Callable[..., Any], type]] = {
    "open_checkout": (open_checkout, OpenCheckout),
    "confirm_payment": (confirm_payment, ConfirmPayment),
}


class Marks:
    """One byte a thread, in a file that outlives the process: what the thread is doing."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), MARKS)
        self._thread = threading.local()

    def take(self, number: int) -> None:
        """Let this thread have byte *number*."""
        self._thread.number = number

    def set(self, mark: int) -> None:
        """Tell what this thread is doing."""
        self._bytes[self._thread.number] = mark


@attrs.frozen
class MarkedStore:
    """A store that marks its open blocks."""

    inner: Store
    marks: Marks

    @property
    def rules(self) -> MarketRules:
        return self.inner.rules

    def now(self) -> datetime:
        return self.inner.now()

    @contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Transaction]:
        try:
            with self.inner.begin(actor=actor) as tx:
                self.marks.set(IN_BLOCK)
                yield tx
        finally:
            self.marks.set(IDLE)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self.inner.read() as tx:
            yield tx

    def migrate(self) -> None:
        self.inner.migrate()

    def check_ready(self) -> None:
        self.inner.check_ready()

    def close(self) -> None:
        self.inner.close()


class MarkedLine:
    """The bank, slow, with a mark from before a call that moves something to the next block."""

    def __init__(self, inner: object, marks: Marks) -> None:
        self._inner = inner
        self._marks = marks

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._inner, name)

        def call(*args: object, **kwargs: object) -> object:
            if name in {"open_checkout", "expire_session", "refund", "transfer"}:
                self._marks.set(IN_CALL)
            time.sleep(CALL_SECONDS)
            answer = method(*args, **kwargs)
            time.sleep(CALL_SECONDS)
            return answer

        return call


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


class Teller:
    """A subscriber that writes to a file what it is told, after those of other processes."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def __call__(self, event: EventRecord) -> None:
        told = json.dumps([event.aggregate, event.sequence])
        os.write(self._descriptor, f"{told}\n".encode())


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

    # ── what customers do ────────────────────────────────────────────────────────────────────

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
        """Ask for some of the money."""
        amount = random.choice((None, Cents(20), Cents(50)))
        self.do(
            "withdraw",
            Withdraw(reviewer_id=reviewer_id, method=PayoutMethod.STRIPE_CONNECT, amount=amount),
        )

    def buy(self, artist_id: ArtistId) -> None:
        """Submit a track and pay for it."""
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

    def give_up(self, artist_id: ArtistId, admin_id: UserId) -> None:
        """Cancel a track, or have it closed."""
        with self._app.store.read() as tx:
            tracks = tx.tracks.page(artist_id=artist_id, status=None, after=None, limit=1000)
        live = [track.id for track in tracks if track.is_live]
        if not live:
            return
        track_id: TrackId = random.choice(live)
        if random.random() < 0.5:
            self.do("cancel_track", CancelTrack(track_id=track_id, artist_id=artist_id))
        else:
            self.do(
                "close_track", CloseTrack(track_id=track_id, admin_id=admin_id, reason="a crash")
            )


def _command(line: dict[str, Any]) -> object:
    _, kind = (PERFORMED | DRIVEN)[line["name"]]
    return codec.decode(kind, line["command"])


def live(customer: Customer, people: dict[str, list[str]], *, number: int) -> None:
    """Be a customer for ever: of those people who are this thread's own."""
    artists = people["artists"][number::CUSTOMERS]
    reviewers = people["reviewers"][number::CUSTOMERS]
    admin_id = UserId(people["admins"][0])
    customer.resume()
    while True:
        what = random.random()
        if what < 0.1:
            customer.buy(ArtistId(random.choice(artists)))
        elif what < 0.15:
            customer.give_up(ArtistId(random.choice(artists)), admin_id)
        elif what < 0.5:
            customer.withdraw(ReviewerId(random.choice(reviewers)))
        else:
            customer.review(ReviewerId(random.choice(reviewers)))


def main(folder: Path, url: str, *roles: str) -> None:
    """Work in *folder* on the market at *url* as customers, as a worker, or as both."""
    people = json.loads((folder / "people.json").read_text())
    marks = Marks(folder / f"marks-{'-'.join(roles)}")
    bank = SandboxBank(folder / "bank.db")
    store = SqlStore(url, rules=LOAD_RULES)
    line = MarkedLine(bank, marks)
    app = an_app(
        MarkedStore(store, marks),
        bank,
        payments=cast("Payments", line),
        payouts=cast("Payouts", line),
        subscribers=(Teller(folder / "deliveries"),),
    )
    failed: list[str] = []

    def run(number: int, act: Callable[[], None]) -> None:
        marks.take(number)
        try:
            act()
        except BaseException as error:  # whatever it is, the parent must see it
            failed.append(repr(error))
            raise

    acts: list[tuple[int, Callable[[], None]]] = []
    if "customers" in roles:
        for number in range(CUSTOMERS):
            journal = Journal(folder / f"journal-{number}")
            customer = Customer(app, bank, journal, number=number)
            acts.append((number, lambda one=customer, n=number: live(one, people, number=n)))  # type: ignore[misc]  # bound early
    if "worker" in roles:
        acts.append((WORKER, lambda: Worker(app).run(threading.Event())))
    for number, act in acts:
        threading.Thread(target=run, args=(number, act), daemon=True).start()
    print("ready", flush=True)
    while not failed:
        time.sleep(0.05)
    print(failed, flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
