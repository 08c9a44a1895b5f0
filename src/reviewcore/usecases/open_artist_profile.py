"""Become an artist, or change how one appears as one."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile, require_artist_name
from reviewcore.domain.ids import ArtistId, UserId
from reviewcore.ports.store import Transaction


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

    artist = ArtistProfile(
        id=ArtistId(tx.new_id()),
        user_id=user.id,
        artist_name=require_artist_name(command.artist_name),
        genres=genres,
        free_review_credits=tx.rules.signup_free_credits,
    )
    tx.artists.add(artist)
    tx.users.update(user.become_artist())
    tx.events.add(events.ArtistProfileOpened(artist_id=artist.id, user_id=user.id))
    return artist
