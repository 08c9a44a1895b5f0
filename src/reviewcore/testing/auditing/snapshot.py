"""All that a store holds, at one instant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.ids import (
    ArtistId,
    ReviewerId,
    TrackId,
    UserId,
)
from reviewcore.domain.laws import MarketView
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.support import SupportMessage, SupportTicket
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.uploads import Upload
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.ports.store import Store
from reviewcore.usecases.check_laws import view_of


@attrs.frozen(kw_only=True)
class Snapshot:
    """The market with people and what is theirs, attempts, history and the processor's news."""

    view: MarketView
    users: tuple[User, ...]
    sessions: tuple[Session, ...]
    attempts: tuple[CheckoutAttempt, ...]
    events: tuple[EventRecord, ...]
    inbox: tuple[StripeWebhookEvent, ...]
    tickets: tuple[SupportTicket, ...]
    messages: tuple[SupportMessage, ...]
    tokens: tuple[EmailVerificationToken | PasswordResetToken, ...]
    accounts: tuple[Account, ...]
    marks: tuple[IdentityMark, ...]
    leads: tuple[LeadCapture, ...]
    uploads: tuple[Upload, ...]

    @cached_property
    def user(self) -> dict[UserId, User]:
        """The users by id."""
        return {one.id: one for one in self.users}

    @cached_property
    def present(self) -> tuple[User, ...]:
        """Those who have not left for good."""
        return tuple(one for one in self.users if one.erased_at is None)

    @cached_property
    def artist(self) -> dict[ArtistId, ArtistProfile]:
        """The artists by id."""
        return {one.id: one for one in self.view.artists}

    @cached_property
    def reviewer(self) -> dict[ReviewerId, ReviewerProfile]:
        """The reviewers by id."""
        return {one.id: one for one in self.view.reviewers}

    @cached_property
    def track(self) -> dict[TrackId, Track]:
        """The tracks by id."""
        return {one.id: one for one in self.view.tracks}

    @cached_property
    def unpaid(self) -> tuple[Track, ...]:
        """Tracks that wait for payment."""
        return tuple(one for one in self.view.tracks if one.status is TrackStatus.PENDING_PAYMENT)

    @cached_property
    def live(self) -> tuple[Track, ...]:
        """Tracks that are paid for and not at an end."""
        return tuple(one for one in self.view.tracks if one.is_live)

    @cached_property
    def active(self) -> tuple[Review, ...]:
        """Reviews that reviewers have before them."""
        return tuple(one for one in self.view.reviews if one.is_active)

    @cached_property
    def delivered(self) -> tuple[Review, ...]:
        """Reviews that were completed, whatever became of them."""
        return tuple(one for one in self.view.reviews if one.status is ReviewStatus.COMPLETED)

    @cached_property
    def open_flags(self) -> tuple[Flag, ...]:
        """Flags that nobody has judged."""
        return tuple(one for one in self.view.flags if one.status is FlagStatus.OPEN)

    @cached_property
    def pending(self) -> tuple[CheckoutAttempt, ...]:
        """Attempts that may still be paid."""
        return tuple(one for one in self.attempts if one.is_pending)

    @cached_property
    def unhandled(self) -> tuple[StripeWebhookEvent, ...]:
        """What the processor told and nobody has acted upon."""
        return tuple(one for one in self.inbox if not one.is_handled)

    @cached_property
    def unclear(self) -> tuple[Payout, ...]:
        """Payouts that may have left."""
        return tuple(one for one in self.view.payouts if one.status is PayoutStatus.PROCESSING)

    @cached_property
    def given_up(self) -> tuple[str, ...]:
        """Events that are not tried again: ours that were not delivered, theirs not handled."""
        ours = [one for one in self.events if one.delivered_at is None]
        return (
            *(one.id for one in ours if one.failure and one.next_attempt_at is None),
            *(one.id for one in self.unhandled if one.failure and one.next_attempt_at is None),
        )


def snapshot_of(store: Store) -> Snapshot:
    """Read everything in one consistent view."""
    with store.read() as tx:
        users, tickets = tuple(tx.users.all()), tuple(tx.tickets.all())
        return Snapshot(
            view=view_of(tx),
            users=users,
            sessions=tuple(tx.sessions.all()),
            attempts=tuple(tx.attempts.all()),
            events=tuple(tx.events.all()),
            inbox=tuple(tx.inbox.all()),
            tickets=tickets,
            messages=tuple(one for ticket in tickets for one in tx.messages.of_ticket(ticket.id)),
            tokens=(*tx.email_tokens.all(), *tx.reset_tokens.all()),
            accounts=tuple(tx.accounts.all()),
            marks=tuple(mark for user in users for mark in tx.identities.of_user(user.id)),
            leads=tuple(tx.leads.all()),
            uploads=tuple(tx.uploads.all()),
        )


def differences(one: Snapshot, other: Snapshot) -> tuple[str, ...]:
    """Tell in which kinds of rows two snapshots differ, with the first rows that do.

    Of events, what they say counts, not how far their delivery is.
    """
    here, there = _tables(one), _tables(other)
    return tuple(
        f"{name}: {_first_difference(here[name], there[name])}"
        for name in here
        if here[name] != there[name]
    )


def told(event: EventRecord) -> tuple[object, ...]:
    """Tell what an event says, apart from its delivery."""
    return (
        event.id,
        event.aggregate,
        event.sequence,
        event.type,
        dict(event.payload),
        event.actor,
        event.at,
        event.rules_version,
    )


def _tables(snapshot: Snapshot) -> dict[str, list[Any]]:
    view = snapshot.view
    kinds = (field.name for field in attrs.fields(MarketView) if field.name != "rules")
    tables: dict[str, Iterable[Any]] = {name: getattr(view, name) for name in kinds}
    tables |= {
        "users": snapshot.users,
        "sessions": snapshot.sessions,
        "attempts": snapshot.attempts,
        "inbox": snapshot.inbox,
        "tickets": snapshot.tickets,
        "messages": snapshot.messages,
        "tokens": snapshot.tokens,
        "accounts": snapshot.accounts,
        "marks": snapshot.marks,
        "leads": snapshot.leads,
        "uploads": snapshot.uploads,
    }
    tables["slots"] = sorted(view.slots, key=lambda slot: (slot.track_id, slot.number))
    tables["queue"] = sorted(view.queue, key=lambda row: row.id)
    tables["events"] = map(told, snapshot.events)
    return {name: list(rows) for name, rows in tables.items()}


def _first_difference(here: list[Any], there: list[Any]) -> str:
    for mine, other in zip(here, there, strict=False):
        if mine != other:
            return f"\n  {mine}\n  {other}"
    return f"{len(here)} rows and {len(there)} rows"
