"""Become an artist, or change how one appears as one."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import UserId
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.joining import make_artist


@attrs.frozen(kw_only=True)
class OpenArtistProfile:
    """A user wants to submit music. *genres* are slugs."""

    user_id: UserId
    artist_name: str
    genres: tuple[str, ...] = ()


def open_artist_profile(tx: Transaction, command: OpenArtistProfile) -> ArtistProfile:
    """Make the profile with the sign-up credits, or change the one there is.

    Raises EntityNotFound, UnknownGenre, InvalidText.
    """
    user = tx.users.lock(command.user_id).require_present()
    present = tx.artists.of_user(user.id)
    genres = tx.genres.tree().require(command.genres)

    if present is not None:
        changed = tx.artists.lock(present.id).rename(command.artist_name, genres=genres)
        tx.artists.update(changed)
        tx.events.add(events.ArtistProfileChanged(artist_id=changed.id))
        return changed

    return make_artist(tx, user, artist_name=command.artist_name, genres=genres)
