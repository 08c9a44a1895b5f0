"""Telling what happened: subscribers, mails, and tracks that wait for whoever is free now."""

from __future__ import annotations

from collections.abc import Sequence

from reviewcore.domain.errors import MailRefused
from reviewcore.domain.events import EventRecord, UserErased
from reviewcore.domain.ids import EventId, ReviewerId, UserId
from reviewcore.domain.sending import backoff
from reviewcore.usecases.deliver_event import DeliverEvent, deliver_event
from reviewcore.usecases.forget_uploads import ForgetUploads, forget_uploads
from reviewcore.usecases.remind_lead import RemindLead, remind_lead
from reviewcore.usecases.wake_tracks import WakeTracks, wake_tracks
from reviewcore.worker.steps import BATCH, LEASE, Steps, log

DELIVERIES_MAX = 20
"""After so many tries, about 14 hours, an event is given up and stays listed.

So it is at once when a mail server refuses the letter for good."""

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


class Outbox(Steps):
    """The steps that deliver events."""

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

    def remind(self) -> int:
        """Remind those who left an address a day ago."""
        due = self._block(lambda tx: tx.leads.lease(tx.now, until=tx.now + LEASE, limit=BATCH))
        return self._each(
            due, lambda lead: self._app.perform(remind_lead, RemindLead(lead_id=lead.id))
        )

    def _deliver_one(self, event: EventRecord) -> None:
        for subscriber in self._app.subscribers:
            subscriber(event)
        command = DeliverEvent(event=event, base_url=self._app.base_url)
        self._app.drive(deliver_event, command)
        if event.type == UserErased.__name__:
            user_id = UserId(str(event.payload["user_id"]))
            self._app.drive(forget_uploads, ForgetUploads(user_id=user_id))

    def _postpone(self, event: EventRecord, error: Exception) -> None:
        # The type alone: what a mail server or a subscriber says may quote an address or a token.
        failure = type(error).__name__
        log.warning("event %s (%s) was not delivered: %s", event.id, event.type, failure)
        tries = event.attempts + 1
        is_final = isinstance(error, MailRefused) or tries >= DELIVERIES_MAX
        pause = None if is_final else backoff(tries)
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
