"""Tell a person what happened."""

from __future__ import annotations

from typing import Any

import attrs

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import (
    ArtistId,
    FlagId,
    PayoutId,
    ReviewerId,
    TrackId,
    UserId,
)
from reviewcore.domain.notices import NOTICES, Audience
from reviewcore.domain.users import User
from reviewcore.ports.mail import Letter, Mail
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.minting import mint


@attrs.frozen(kw_only=True)
class DeliverEvent:
    """The worker hands an event of the log over; links begin with *base_url*."""

    event: EventRecord
    base_url: str


def deliver_event(store: Store, mail: Mail, command: DeliverEvent) -> None:
    """Write the mail that the event asks for, if any; at least once, so a repeat may mail again.

    A token is minted here and its hash committed before the mail goes. Raises Unavailable.
    """
    event = command.event
    notice = NOTICES.get(event.type)
    if notice is None or (notice.once is not None and not event.payload[notice.once]):
        return
    with store.read() as tx:
        user, facts = _facts(tx, event, notice.audience)
    to = user.email
    facts["link"] = command.base_url
    if notice.mints is not None:
        made = mint(store, event, user_id=user.id, kind=notice.mints)
        if made is None:
            return
        to, facts["token"] = made.to, made.token
        facts["link"] = f"{command.base_url}/{made.page}?token={made.token}"

    subject = notice.subject.format_map(facts)
    mail.send(Letter(to=to, subject=subject, text=notice.body.format_map(facts)))


def _facts(tx: Transaction, event: EventRecord, audience: Audience) -> tuple[User, dict[str, Any]]:
    facts: dict[str, Any] = dict(event.payload)
    kind, _, thing = event.aggregate.partition(":")
    user_id = UserId(thing)
    if kind == "track":
        track = tx.tracks.get(TrackId(thing))
        facts |= {
            "title": track.title,
            "requested": track.reviews_requested,
            "completed": track.reviews_completed,
        }
        user_id = _user_of_artist(tx, track.artist_id)
    elif kind == "reviewer":
        user_id = tx.reviewers.get(ReviewerId(thing)).user_id
    elif kind == "payout":
        payout = tx.payouts.get(PayoutId(thing))
        facts["amount"] = f"{payout.amount / 100:.2f} {payout.currency.upper()}"
        user_id = tx.reviewers.get(payout.reviewer_id).user_id
    elif kind == "flag":
        flag = tx.flags.get(FlagId(thing))
        facts["title"] = tx.tracks.get(flag.track_id).title
        user_id = tx.reviewers.get(flag.reviewer_id).user_id
    assert kind in AGGREGATES[audience], f"a notice to {audience} about a {kind}"
    user = tx.users.get(user_id)
    return user, facts | {"name": user.name or user.email}


AGGREGATES = {
    Audience.USER: {"user"},
    Audience.ARTIST: {"track"},
    Audience.REVIEWER: {"reviewer", "payout", "flag"},
}


def _user_of_artist(tx: Transaction, artist_id: ArtistId) -> UserId:
    return tx.artists.get(artist_id).user_id
