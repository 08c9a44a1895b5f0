"""How entities are told to the user whom they are about: as JSON, field by field."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import SYSTEM, ReviewId
from reviewcore.domain.ledger import payable
from reviewcore.domain.payments import Payment
from reviewcore.domain.privacy import TOLD, fields_of
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User
from reviewcore.ports.codec import Json, encode
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.holdings import every_deed, every_payout, every_ticket, every_track

SOMEBODY_ELSE = "SOMEBODY_ELSE"
"""Stands for whoever did something to him: who that was is not his to know."""


def told(thing: attrs.AttrsInstance, **more: Json) -> dict[str, Json]:
    """Tell what `domain.privacy` lets a user know of an entity of his, and *more*."""
    known = fields_of(type(thing), TOLD)
    values = ((one.name, getattr(thing, one.name)) for one in attrs.fields(type(thing)))
    return {
        name: told(value) if attrs.has(type(value)) else encode(value)
        for name, value in values
        if name in known
    } | more


def each(things: Iterable[attrs.AttrsInstance]) -> list[Json]:
    """Tell several."""
    return [told(one) for one in things]


def person(tx: Transaction, user: User) -> dict[str, Json]:
    """Tell how he signs in, what shows that two users are he, and what he asked us."""
    lead = tx.leads.by_email(user.email)
    return {
        "user": told(user),
        "sessions": each(tx.sessions.of_user(user.id)),
        "accounts": each(tx.accounts.of_user(user.id)),
        "email_verifications": each(tx.email_tokens.of_user(user.id)),
        "password_resets": each(tx.reset_tokens.of_user(user.id)),
        "identity_marks": each(tx.identities.of_user(user.id)),
        "leads": [] if lead is None else [told(lead)],
        "tickets": [
            told(ticket, messages=each(tx.messages.of_ticket(ticket.id)))
            for ticket in every_ticket(tx, user.id)
        ],
    }


def artist_side(tx: Transaction, artist: ArtistProfile) -> dict[str, Json]:
    """Tell what he submitted and paid, and what reviews he got for it."""
    return told(
        artist,
        tracks=[_track(tx, track) for track in every_track(tx, artist.id)],
        uploads=each(tx.uploads.of_artist(artist.id)),
    )


def reviewer_side(tx: Transaction, reviewer: ReviewerProfile) -> dict[str, Json]:
    """Tell what he reviewed and has before him, what he earned and what was paid to him."""
    return told(
        reviewer,
        reviews=[_review(tx, one) for one in tx.reviews.of_reviewer(reviewer.id)],
        queue=each(tx.queue.of_reviewer(reviewer.id)),
        payouts=[
            told(payout, reversals=each(tx.reversals.of_payout(payout.id)))
            for payout in every_payout(tx, reviewer.id)
        ],
        balance_lines=each(tx.ledger.lines(payable(reviewer.id))),
    )


def history(tx: Transaction, names: dict[str, str]) -> list[Json]:
    """Tell what was done to him and what he did, oldest first; *names* are his ids by kind."""
    his = frozenset(names.values())
    about = (event for kind, name in names.items() for event in tx.events.about(f"{kind}:{name}"))
    deeds = (event for name in his for event in every_deed(tx, name))
    found = {event.id: event for events in (about, deeds) for event in events}
    return [
        told(event, actor=event.actor if event.actor in {*his, SYSTEM} else SOMEBODY_ELSE)
        for _, event in sorted(found.items())
    ]


def _track(tx: Transaction, track: Track) -> dict[str, Json]:
    payment = tx.payments.of_track(track.id)
    # Who works on it now is not the artist's to know; he sees what was delivered.
    got = [one for one in tx.reviews.of_track(track.id) if one.status is ReviewStatus.COMPLETED]
    return told(
        track,
        slots=each(tx.slots.of_track(track.id)),
        payment=None if payment is None else _payment(tx, payment),
        reviews=[_review(tx, one) for one in got],
    )


def _payment(tx: Transaction, payment: Payment) -> dict[str, Json]:
    return told(
        payment,
        attempts=each(tx.attempts.of_payment(payment.id)),
        refunds=each(tx.refunds.of_payment(payment.id)),
        disputes=each(tx.disputes.of_payment(payment.id)),
    )


def _review(tx: Transaction, review: Review) -> dict[str, Json]:
    return told(
        review,
        timestamps=each(tx.timestamps.of_review(review.id)),
        flags=_flags(tx, review.id) if review.flag_status is not None else [],
    )


def _flags(tx: Transaction, review_id: ReviewId) -> list[Json]:
    flag = tx.flags.of_review(review_id)
    assert flag is not None, "what has a flag's status has the flag"
    return [told(flag)]
