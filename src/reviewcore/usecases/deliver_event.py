"""Tell a person what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import (
    FlagId,
    LeadId,
    PayoutId,
    RefundId,
    ReviewerId,
    TicketId,
    TrackId,
    UserId,
)
from reviewcore.domain.money import Cents
from reviewcore.domain.notices import NOTICES, Audience, Notice
from reviewcore.domain.users import User
from reviewcore.ports.mail import Letter, Mail
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.minting import mint

Facts: TypeAlias = dict[str, Any]
Payload: TypeAlias = Mapping[str, object]


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
    if notice.audience is Audience.LEAD:
        _tell_lead(store, mail, command, notice)
        return
    with store.read() as tx:
        user, facts = _facts(tx, event, notice.audience)
    if user.erased_at is not None:
        # He left before the mail did.
        return
    to = user.email
    facts["link"] = command.base_url
    if notice.mints is not None:
        made = mint(store, event, user_id=user.id, kind=notice.mints)
        if made is None:
            return
        to, facts["token"] = made.to, made.token
        facts["link"] = f"{command.base_url}/{made.page}?token={made.token}"

    mail.send(_letter(to, notice, facts))


def _tell_lead(store: Store, mail: Mail, command: DeliverEvent, notice: Notice) -> None:
    with store.read() as tx:
        lead = tx.leads.find(LeadId(command.event.aggregate.removeprefix("lead:")))
    if lead is None or lead.converted is not None:
        # He signed up before the mail went, and may have left for good since.
        return
    facts = {"name": lead.artist_name or "there", "link": command.base_url}
    mail.send(_letter(lead.email, notice, facts))


def _letter(to: str, notice: Notice, facts: Facts) -> Letter:
    text = notice.body.format_map(facts)
    return Letter(to=to, subject=notice.subject.format_map(facts), text=text)


def _facts(tx: Transaction, event: EventRecord, audience: Audience) -> tuple[User, Facts]:
    kind, _, thing = event.aggregate.partition(":")
    assert kind in AGGREGATES[audience], f"a notice to {audience} about a {kind}"
    user_id, known = TELLERS[kind](tx, thing, event.payload)
    user = tx.users.get(user_id)
    return user, {**event.payload, **known, "name": user.name or user.email}


AGGREGATES = {
    Audience.USER: {"user", "ticket"},
    Audience.ARTIST: {"track", "refund"},
    Audience.REVIEWER: {"reviewer", "payout", "flag"},
}


def _of_user(_: Transaction, thing: str, __: Payload) -> tuple[UserId, Facts]:
    return UserId(thing), {}


def _of_ticket(tx: Transaction, thing: str, told: Payload) -> tuple[UserId, Facts]:
    ticket = tx.tickets.get(TicketId(thing))
    [answer] = [one for one in tx.messages.of_ticket(ticket.id) if one.id == told["message_id"]]
    return ticket.user_id, {"subject": ticket.subject, "answer": answer.body}


def _of_track(tx: Transaction, thing: str, _: Payload) -> tuple[UserId, Facts]:
    track = tx.tracks.get(TrackId(thing))
    return tx.artists.get(track.artist_id).user_id, {
        "title": track.title,
        "requested": track.reviews_requested,
        "completed": track.reviews_completed,
    }


def _of_reviewer(tx: Transaction, thing: str, _: Payload) -> tuple[UserId, Facts]:
    return tx.reviewers.get(ReviewerId(thing)).user_id, {}


def _of_payout(tx: Transaction, thing: str, _: Payload) -> tuple[UserId, Facts]:
    payout = tx.payouts.get(PayoutId(thing))
    amount = _told(payout.amount, payout.currency)
    return tx.reviewers.get(payout.reviewer_id).user_id, {"amount": amount}


def _of_refund(tx: Transaction, thing: str, _: Payload) -> tuple[UserId, Facts]:
    refund = tx.refunds.get(RefundId(thing))
    track = tx.tracks.get(refund.track_id)
    return tx.artists.get(track.artist_id).user_id, {
        "title": track.title,
        "amount": _told(refund.amount, refund.currency),
        "reference": refund.reference,
    }


def _told(amount: Cents, currency: str) -> str:
    return f"{amount / 100:.2f} {currency.upper()}"


def _of_flag(tx: Transaction, thing: str, _: Payload) -> tuple[UserId, Facts]:
    flag = tx.flags.get(FlagId(thing))
    title = tx.tracks.get(flag.track_id).title
    return tx.reviewers.get(flag.reviewer_id).user_id, {"title": title}


TELLERS: Mapping[str, Callable[[Transaction, str, Payload], tuple[UserId, Facts]]] = {
    "user": _of_user,
    "ticket": _of_ticket,
    "track": _of_track,
    "reviewer": _of_reviewer,
    "payout": _of_payout,
    "refund": _of_refund,
    "flag": _of_flag,
}
"""By the kind of thing that an event is about: whom to tell, and what is known of it."""
