"""What both verdicts on a flag begin with."""

from __future__ import annotations

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import OwnCase, ReasonRequired
from reviewcore.domain.flags import Flag
from reviewcore.domain.ids import SYSTEM, FlagId, UserId
from reviewcore.domain.texts import require_text
from reviewcore.ports.store import Bench, Transaction


@attrs.frozen(kw_only=True)
class Case:
    """A flag with all that a verdict changes, locked."""

    artist: ArtistProfile
    bench: Bench
    flag: Flag


def lock_case(tx: Transaction, flag_id: FlagId, *, judge: str) -> Case:
    """Lock artist, track, review, reviewer and flag. Raises OwnCase for a judge with a stake."""
    stale = tx.reviews.get(tx.flags.get(flag_id).review_id)
    artist = tx.artists.lock(stale.artist_id)
    bench = tx.reviews.lock(stale.id)
    if judge != SYSTEM:
        require_no_stake(tx, judge, artist.user_id, bench.reviewer.user_id)
    return Case(artist=artist, bench=bench, flag=tx.flags.lock(flag_id))


def require_no_stake(tx: Transaction, judge: str, *parties: UserId) -> None:
    """Raise OwnCase when *judge* is, or may be, one of the *parties*."""
    if not tx.identities.kin(UserId(judge)).isdisjoint(parties):
        raise OwnCase


def require_reason(reason: str) -> str:
    """Return an administrator's reason, 1-1000 characters. Raises ReasonRequired, InvalidText."""
    if not reason.strip():
        raise ReasonRequired
    return require_text("reason", reason, longest=1000)
