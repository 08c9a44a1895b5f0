"""The market's own work, in bounded batches that any number of workers may take at once.

No job queue: what is to be done stands in the rows of the domain (undelivered events, deadlines,
open slots, unsettled payments). A batch is leased or locked with rows that others hold skipped, so
that two workers share the work instead of doing it twice; and where both do, the use cases make
the second harmless.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import SYSTEM, ArtistId, EventId, ReviewerId, UserId
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, backoff
from reviewcore.domain.webhooks import KEPT_FOR
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.assign_reviewers import AssignReviewers, assign_reviewers
from reviewcore.usecases.close_track import CloseTrack, close_track
from reviewcore.usecases.confirm_payment import ConfirmPayment, confirm_payment
from reviewcore.usecases.deliver_event import DeliverEvent, deliver_event
from reviewcore.usecases.dismiss_flag import NOBODY_JUDGED, DismissFlag, dismiss_flag
from reviewcore.usecases.end_grants import EndGrants, end_grants
from reviewcore.usecases.expire_assignments import ExpireAssignments, expire_assignments
from reviewcore.usecases.expire_checkout import ExpireCheckout, expire_checkout
from reviewcore.usecases.handle_event import HandleEvent, handle_event
from reviewcore.usecases.open_checkout import OpenCheckout, open_checkout
from reviewcore.usecases.reconcile import Reconcile, Sweep, reconcile
from reviewcore.usecases.send_payout import SendPayout, send_payout
from reviewcore.usecases.send_refund import SendRefund, send_refund
from reviewcore.usecases.wake_tracks import WakeTracks, wake_tracks

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")

log = logging.getLogger("reviewcore.worker")

BATCH = 50
SWEEP = 1_000
LEASE = timedelta(minutes=2)
"""Longer than a call to the processor may take (47 s), so that a lease outlives its holder's."""

DELIVERIES_MAX = 20
"""After so many tries, about 14 hours, an event is given up and stays listed."""

LOOK_AHEAD = timedelta(days=1)
FORGET_EVERY = timedelta(hours=1)
RECONCILE_EVERY = timedelta(hours=1)
TICK_SECONDS = 0.25

SUPPLY = frozenset(
    {
        "ReviewerOnboarded",
        "ReviewerProfileChanged",
        "ReviewerUnrestricted",
        "ReviewCompleted",
        "ReviewEnded",
        "TierChanged",
        "EmailVerified",
    }
)
"""Events after which a reviewer may be free who was not."""


class Runner(Protocol):
    """What a worker needs of an app."""

    @property
    def store(self) -> Store:
        """Where the work stands."""
        ...

    @property
    def base_url(self) -> str:
        """What links in mails begin with."""
        ...

    @property
    def subscribers(self) -> Sequence[Callable[[EventRecord], None]]:
        """Who else is told of events."""
        ...

    def perform(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run a use case in a transaction."""
        ...

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run a use case that waits on the outside world."""
        ...


class Worker:
    """One worker of an app. Each step does one batch and returns how much it did."""

    def __init__(self, app: Runner) -> None:
        self._app = app
        self.steps: tuple[Callable[[], int], ...] = (
            self.deliver,
            self.expire,
            self.sweep,
            self.assign,
            self.reconcile,
            self.handle_events,
            self.follow_checkouts,
            self.send_refunds,
            self.send_payouts,
            self.close,
            self.lapse,
            self.forget,
        )
        self._forgot_at: datetime | None = None
        self._reconciled_at: datetime | None = None

    def tick(self) -> int:
        """Do one batch of everything that is due; a step that fails does not stop the others."""
        return sum(self._guarded(step) for step in self.steps)

    def drain(self) -> int:
        """Do everything that can be done now, in batches, until a round does nothing.

        Tracks that wait for reviewers, open checkouts and the processor's news are looked at once
        even if their time to be looked at again has not come.
        """
        self._block(lambda tx: tx.tracks.wake(None, now=tx.now, limit=1_000_000))
        self._app.drive(reconcile, Reconcile(only=frozenset({Sweep.MISSED})))
        # Comparing everything is for workers that stay: a host may drain every second.
        self._reconciled_at = self._app.store.now()
        done = self.follow_checkouts(ahead=LOOK_AHEAD, limit=1_000)
        while did := sum(step() for step in self.steps):
            done += did
        return done

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set; what is under way is finished first."""
        while not stop.is_set():
            if not self.tick():
                stop.wait(TICK_SECONDS)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def deliver(self) -> int:
        """Hand events to subscribers and write the mails they ask for, in order per aggregate."""
        due = self._block(lambda tx: tx.events.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        delivered: list[EventId] = []
        for event in due:
            try:
                self._deliver_one(event)
            except Exception as error:  # noqa: BLE001 - a host's subscriber may raise anything
                self._postpone(event, error)
            else:
                delivered.append(event.id)
        self._wake(due)
        if delivered:
            self._block(lambda tx: tx.events.mark_delivered(delivered, at=tx.now))
        return len(due)

    def _deliver_one(self, event: EventRecord) -> None:
        for subscriber in self._app.subscribers:
            subscriber(event)
        command = DeliverEvent(event=event, base_url=self._app.base_url)
        self._app.drive(deliver_event, command)

    def _postpone(self, event: EventRecord, error: Exception) -> None:
        # The type alone: what a mail server or a subscriber says may quote an address or a token.
        failure = type(error).__name__
        log.warning("event %s (%s) was not delivered: %s", event.id, event.type, failure)
        tries = event.attempts + 1
        pause = backoff(tries) if tries < DELIVERIES_MAX else None
        self._block(
            lambda tx: tx.events.mark_failed(
                event.id,
                failure=failure,
                next_attempt_at=tx.now + pause if pause is not None else None,
            )
        )

    def _wake(self, told: Sequence[EventRecord]) -> None:
        payloads = [event.payload for event in told if event.type in SUPPLY]
        reviewers = {str(told["reviewer_id"]) for told in payloads if "reviewer_id" in told}
        users = {str(told["user_id"]) for told in payloads if "reviewer_id" not in told}
        if payloads:
            command = WakeTracks(
                reviewer_ids=frozenset(map(ReviewerId, reviewers)),
                user_ids=frozenset(map(UserId, users)),
            )
            self._app.perform(wake_tracks, command)

    # ── reviews ──────────────────────────────────────────────────────────────────────────────

    def expire(self) -> int:
        """End assignments whose deadline has come."""
        return len(self._app.perform(expire_assignments, ExpireAssignments()))

    def sweep(self) -> int:
        """Mark reviewers who have come of age, so that searches find them fast."""
        return self._block(
            lambda tx: tx.reviewers.come_of_age(
                tx.now - timedelta(hours=tx.rules.reviewer_account_age_hours), limit=SWEEP
            )
        )

    def assign(self) -> int:
        """Look for reviewers for tracks with open slots, first in rank."""
        with self._app.store.read() as tx:
            waiting = tx.tracks.waiting(tx.now, limit=BATCH)
        return self._each(
            waiting,
            lambda track_id: self._app.perform(
                assign_reviewers, AssignReviewers(track_id=track_id)
            ),
        )

    # ── money ────────────────────────────────────────────────────────────────────────────────

    def handle_events(self) -> int:
        """Act upon what the processor told; what fails is tried again, and stays to be seen."""
        due = self._block(lambda tx: tx.inbox.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        for event in due:
            try:
                self._app.drive(handle_event, HandleEvent(event_id=event.id))
            except Exception as error:  # noqa: BLE001 - one bad event must not stop the others
                self._put_off(event.id, error)
        return len(due)

    def handle_all_events(self) -> int:
        """Handle every event that is due, in batches."""
        done = 0
        while did := self.handle_events():
            done += did
        return done

    def _put_off(self, event_id: str, error: Exception) -> None:
        # The type alone, as with events of our own.
        failure = type(error).__name__
        log.warning("event %s of the processor was not handled: %s", event_id, failure)

        def fail(tx: Transaction) -> None:
            event = tx.inbox.lock(event_id)
            if not event.is_handled:
                tx.inbox.update(event.fail(failure, tx.now))

        self._block(fail)

    def reconcile(self) -> int:
        """Compare all that is unsettled with the processor: when work begins, and once an hour."""
        now = self._app.store.now()
        if self._reconciled_at is not None and now - self._reconciled_at < RECONCILE_EVERY:
            return 0
        self._reconciled_at = now
        told = self._app.drive(reconcile, Reconcile())
        for finding in told.findings:
            log.warning("reconcile: %s %s %s", finding.kind, finding.id, finding.told)
        return told.repaired

    def follow_checkouts(self, *, ahead: timedelta = timedelta(0), limit: int = BATCH) -> int:
        """Ask the processor how checkouts stand, resume interrupted ones, expire unwanted ones."""
        due = self._block(
            lambda tx: tx.attempts.lease(tx.now + ahead, until=tx.now + LEASE, limit=limit)
        )
        self._each(due, self._follow)
        return len(due)

    def _follow(self, attempt: CheckoutAttempt) -> None:
        if attempt.unwanted:
            self._app.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id))
        elif attempt.session_id is not None:
            self._app.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))
        elif attempt.status is AttemptStatus.INTENDED:
            with self._app.store.read() as tx:
                artist_id = tx.tracks.get(attempt.track_id).artist_id
            self._app.drive(
                open_checkout, OpenCheckout(track_id=attempt.track_id, artist_id=artist_id)
            )

    def send_refunds(self) -> int:
        """Send intended refunds."""
        due = self._block(lambda tx: tx.refunds.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        self._each(
            due, lambda refund: self._app.drive(send_refund, SendRefund(refund_id=refund.id))
        )
        return len(due)

    def send_payouts(self) -> int:
        """Send reserved payouts."""
        due = self._block(lambda tx: tx.payouts.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        self._each(
            due, lambda payout: self._app.drive(send_payout, SendPayout(payout_id=payout.id))
        )
        return len(due)

    # ── time passes ──────────────────────────────────────────────────────────────────────────

    def close(self) -> int:
        """Close tracks that have waited twice as long as their artists must."""
        with self._app.store.read() as tx:
            patience = timedelta(days=2 * tx.rules.fill_deadline_days)
            due = tx.tracks.overdue(tx.now - patience, limit=BATCH)
        return self._each(
            due,
            lambda track_id: self._app.perform(
                close_track, CloseTrack(track_id=track_id, artist_id=ArtistId(SYSTEM))
            ),
        )

    def lapse(self) -> int:
        """Dismiss flags that nobody judged, and end granted tiers whose date has come."""
        with self._app.store.read() as tx:
            patience = timedelta(days=tx.rules.flag_open_days_max)
            due = tx.flags.lapsed(tx.now - patience, limit=BATCH)
        dismissed = self._each(
            due,
            lambda flag_id: self._app.perform(
                dismiss_flag, DismissFlag(flag_id=flag_id, admin_id=SYSTEM, reason=NOBODY_JUDGED)
            ),
        )
        return dismissed + len(self._app.perform(end_grants, EndGrants()))

    def forget(self) -> int:
        """Forget keys and handled events too old to be repeated; looked at once an hour."""
        now = self._app.store.now()
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            self._block(
                lambda tx: tx.idempotency.purge(tx.now - timedelta(days=tx.rules.idempotency_days))
            )
            self._block(lambda tx: tx.inbox.purge(tx.now - KEPT_FOR))
        return 0

    # ── when something is in the way ─────────────────────────────────────────────────────────

    def _each(self, things: Iterable[T], act: Callable[[T], object]) -> int:
        """Act on each thing and count the successes; what is refused is left for another time.

        A refusal here means that somebody else was faster, or that the processor gave no answer:
        the row itself says whether and when it is due again.
        """
        done = 0
        for thing in things:
            try:
                act(thing)
            except ReviewcoreError as error:
                log.info("left for another time: %s", error.title)
            else:
                done += 1
        return done

    def _block(self, act: Callable[[Transaction], R]) -> R:
        """Run *act* in a transaction, again if others were in the way."""
        return self._app.perform(lambda tx, _: act(tx), None)

    def _guarded(self, step: Callable[[], int]) -> int:
        try:
            return step()
        except Exception:
            # A worker that dies of one bad row helps nobody; the row stays and is seen in the log.
            log.exception("%s failed", step.__name__)
        return 0
