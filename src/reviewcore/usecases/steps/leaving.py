"""How a user leaves for good: what is locked, what stands in the way, what is forgotten."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import UserId
from reviewcore.domain.leaving import Ties
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import OWED
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.holdings import every_payout, every_ticket, every_track
from reviewcore.usecases.steps.paying import cancel_unpaid
from reviewcore.usecases.steps.restriction import Docket, end_work, lock_work


@attrs.frozen(kw_only=True)
class Leaver:
    """A user with his profiles, his own *tracks* and what he works on, locked."""

    user: User
    artist: ArtistProfile | None
    tracks: tuple[Track, ...]
    docket: Docket | None

    @property
    def ids(self) -> frozenset[str]:
        """Under which ids he acts."""
        as_artist = {self.artist.id} if self.artist is not None else set()
        as_reviewer = {self.docket.reviewer.id} if self.docket is not None else set()
        return frozenset({self.user.id, *as_artist, *as_reviewer})


def lock_leaver(tx: Transaction, user_id: UserId) -> Leaver:
    """Lock a user, his tracks, his active reviews with theirs, and his profiles.

    In the order of locks: with him nobody opens profiles, with the artist nobody submits, pays or
    disputes, with the reviewer nobody assigns, delivers, flags or withdraws. Raises EntityNotFound,
    and Busy when he got or lost work in between.
    """
    user = tx.users.lock(user_id)
    mine, reviewer = tx.artists.of_user(user.id), tx.reviewers.of_user(user.id)
    seen = tx.reviews.active_of(reviewer.id) if reviewer is not None else ()

    held = {one.artist_id for one in seen} | ({mine.id} if mine is not None else set())
    artists = {one.id: one for one in tx.artists.lock_many(held)}
    artist = artists[mine.id] if mine is not None else None
    own = {one.id for one in every_track(tx, artist.id)} if artist is not None else set()
    tracks = tx.tracks.lock_many(own | {one.track_id for one in seen})
    for track in tracks:
        if track.id in own and track.status is TrackStatus.PENDING_PAYMENT:
            tx.payments.lock_of_track(track.id)
    return Leaver(
        user=user,
        artist=artist,
        tracks=tuple(one for one in tracks if one.id in own),
        docket=None
        if reviewer is None
        else lock_work(tx, reviewer.id, seen, artists=artists.values(), tracks=tracks),
    )


def ties_of(tx: Transaction, leaver: Leaver) -> Ties:
    """Tell all that binds him; needs the locks of `lock_leaver`."""
    bills = [tx.payments.of_track(track.id) for track in leaver.tracks]
    bought = [payment.id for payment in bills if payment is not None]
    ties = Ties(
        tracks=tuple(track.id for track in leaver.tracks if track.is_live),
        attempts=tuple(
            one.id for bill in bought for one in tx.attempts.of_payment(bill) if one.is_pending
        ),
        refunds=tuple(
            one.id for bill in bought for one in tx.refunds.of_payment(bill) if one.status in OWED
        ),
        disputes=tuple(
            one.id for bill in bought for one in tx.disputes.of_payment(bill) if one.is_open
        ),
    )
    if leaver.docket is None:
        return ties
    reviewer = leaver.docket.reviewer
    payouts = tuple(
        one.id
        for status in (PayoutStatus.PENDING, PayoutStatus.PROCESSING)
        for one in every_payout(tx, reviewer.id, status=status)
    )
    reviews = tx.reviews.of_reviewer(reviewer.id)
    return attrs.evolve(ties, payouts=payouts).work(reviewer, reviews, rules=tx.rules, at=tx.now)


def give_up_work(tx: Transaction, docket: Docket) -> ReviewerProfile:
    """End what he works on, forfeit what he is owed, and erase him as a reviewer."""
    reviewer = end_work(tx, docket, EndReason.SKIP)
    amount = reviewer.pending_balance
    if amount:
        tx.ledger.add(ledger.balance_forfeited(reviewer.id, amount))
        tx.events.add(events.BalanceForfeited(reviewer_id=reviewer.id, amount=amount))
    erased = reviewer.reserve(amount).erase()
    tx.reviewers.update(erased)
    return erased


def give_up_tracks(tx: Transaction, artist: ArtistProfile, tracks: Iterable[Track]) -> None:
    """Cancel tracks that nobody has paid for, and erase him as an artist."""
    for track in tracks:
        is_waiting = track.status is TrackStatus.PENDING_PAYMENT
        ended = cancel_unpaid(tx, track) if is_waiting else track
        tx.tracks.update(ended.erase())
    tx.artists.update(artist.erase())
    # The worker removes the files, and these rows, which name them, last.
    # Locked, for one that is being listened to may get another key at this instant.
    uploads = tx.uploads.lock_many([one.id for one in tx.uploads.of_artist(artist.id)])
    tx.uploads.update(*(one.erase() for one in uploads))


def forget(tx: Transaction, leaver: Leaver) -> None:
    """Remove all that lets him in or leads to him, and empty what he wrote to us."""
    user = leaver.user
    tx.sessions.remove_all(user.id)
    tx.accounts.remove_all(user.id)
    tx.email_tokens.remove_all(user.id)
    tx.reset_tokens.remove_all(user.id)
    tx.identities.remove(*(one for one in tx.identities.of_user(user.id) if not one.outlasts_him))
    lead = tx.leads.by_email(user.email)
    if lead is not None:
        tx.leads.remove(lead.id)
    for ticket in tx.tickets.lock_many([one.id for one in every_ticket(tx, user.id)]):
        tx.tickets.update(ticket.erase(tx.now))
        tx.messages.update(*(one.erase() for one in tx.messages.of_ticket(ticket.id)))
    # Nobody can repeat under his keys, and what others were told of him is told no more.
    tx.idempotency.forget(leaver.ids)
