"""Stop waiting for reviewers and get the rest of the money back."""

from __future__ import annotations

from datetime import timedelta

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import TooEarlyToClose
from reviewcore.domain.ids import SYSTEM, ArtistId, TrackId, UserId
from reviewcore.domain.refunds import RefundReason
from reviewcore.domain.reviews import slot_states
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason
from reviewcore.usecases.steps.slots import TrackGivenUp, refund_slots


@attrs.frozen(kw_only=True)
class CloseTrack:
    """The artist, the market (*artist_id* SYSTEM), or an administrator with a reason closes.

    The artist may after the fill deadline, the market after twice that, an administrator at once.
    """

    track_id: TrackId
    artist_id: ArtistId | None = None
    admin_id: UserId | None = None
    reason: str = ""


def close_track(tx: Transaction, command: CloseTrack) -> TrackGivenUp:
    """Refund open slots at their price; active reviews run on, flagged ones are awaited.

    Raises EntityNotFound, NotYourTrack, InvalidTransition, TrackClosed, TooEarlyToClose,
    TrackDisputed, ReasonRequired, InvalidText, OwnCase.
    """
    artist = tx.artists.lock(tx.tracks.get(command.track_id).artist_id)
    track = tx.tracks.lock(command.track_id)
    _require_right(tx, track, artist, command)
    track.require_undisputed()

    closed = track.close(tx.now)
    slots = tx.slots.of_track(track.id)
    states = slot_states(slots, tx.reviews.of_track(track.id), is_closed=True)
    unfilled = [slot for slot in slots if states[slot.number] is SlotState.OPEN]

    tx.tracks.update(closed)
    tx.events.add(events.TrackClosed(track_id=track.id))
    given = refund_slots(tx, closed, artist, unfilled, reason=RefundReason.CLOSED)
    return TrackGivenUp(track=given.track, refunded_cents=given.refunded)


def _require_right(
    tx: Transaction, track: Track, artist: ArtistProfile, command: CloseTrack
) -> None:
    assert (command.artist_id is None) != (command.admin_id is None), "one of them acts"
    if command.admin_id is not None:
        reason = require_reason(command.reason)
        require_no_stake(tx, command.admin_id, artist.user_id)
        track.require_open_to_close()
        tx.events.add(
            events.AdminActed(subject=f"track:{track.id}", act="close_track", reason=reason)
        )
    elif command.artist_id == SYSTEM:
        track.require_open_to_close()
        _require_overdue(tx, track, rules=tx.rules)
    else:
        assert command.artist_id is not None
        track.require_owner(command.artist_id)
        track.require_closable(tx.now, rules=tx.rules)


def _require_overdue(tx: Transaction, track: Track, *, rules: MarketRules) -> None:
    overdue_at = track.closable_at(rules) + timedelta(days=rules.fill_deadline_days)
    if tx.now < overdue_at:
        raise TooEarlyToClose(closable_at=overdue_at)
