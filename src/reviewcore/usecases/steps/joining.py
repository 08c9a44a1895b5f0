"""What making an account, becoming an artist and submitting a track are, for all who do it."""

from __future__ import annotations

from typing import Protocol

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile, require_artist_name
from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.ids import ArtistId, GenreId, TrackId, UserId
from reviewcore.domain.links import SourceType
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import (
    Track,
    TrackStatus,
    require_duration,
    require_focus,
    require_title,
    require_track_genres,
)
from reviewcore.domain.users import User, marks_of
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.leads import welcome_lead


class TrackTold(Protocol):
    """What an artist says of a track; as commands say it."""

    @property
    def title(self) -> str:
        """Tell its name."""
        ...

    @property
    def source_url(self) -> str:
        """Tell where it is played."""
        ...

    @property
    def genres(self) -> tuple[str, ...]:
        """Tell its 1 to 3 slugs."""
        ...

    @property
    def package_type(self) -> PackageType:
        """Tell what is to be bought."""
        ...

    @property
    def duration(self) -> int | None:
        """Tell its seconds, if known."""
        ...

    @property
    def feedback_focus(self) -> str | None:
        """Tell what the artist wants to know."""
        ...


def make_user(tx: Transaction, *, email: str, password: str, name: str) -> User:
    """Make an account whose *password* is a hash, and ask for the mail that proves its address.

    A lead is converted. Raises EmailTaken.
    """
    if tx.users.by_email(email) is not None:
        raise EmailTaken
    user = User(
        id=UserId(tx.new_id()),
        email=email,
        password=password,
        name=name,
        email_verified=None,
        is_artist=False,
        is_reviewer=False,
        country=None,
        created_at=tx.now,
    )
    tx.users.add(user)
    tx.identities.add(*marks_of(user))
    tx.events.add(
        events.UserSignedUp(user_id=user.id),
        events.EmailVerificationRequested(user_id=user.id),
    )
    welcome_lead(tx, user)
    return user


def make_artist(
    tx: Transaction, user: User, *, artist_name: str, genres: tuple[GenreId, ...]
) -> ArtistProfile:
    """Make the profile with the sign-up credits. Raises InvalidText."""
    artist = ArtistProfile(
        id=ArtistId(tx.new_id()),
        user_id=user.id,
        artist_name=require_artist_name(artist_name),
        genres=genres,
        free_review_credits=tx.rules.signup_free_credits,
    )
    tx.artists.add(artist)
    tx.users.update(user.become_artist())
    tx.events.add(events.ArtistProfileOpened(artist_id=artist.id, user_id=user.id))
    return artist


def make_track(
    tx: Transaction,
    artist: ArtistProfile,
    told: TrackTold,
    *,
    source_type: SourceType,
    duration: int | None = None,
) -> Track:
    """Record the track, which waits for payment; a *duration* known to us is the one that counts.

    Raises InvalidText, UnknownGenre, TooMany, OutOfRange.
    """
    genres = tx.genres.tree().require(told.genres)
    package = tx.rules.packages[told.package_type]
    track = Track(
        id=TrackId(tx.new_id()),
        artist_id=artist.id,
        source_url=told.source_url,
        source_type=source_type,
        title=require_title(told.title),
        status=TrackStatus.PENDING_PAYMENT,
        package_type=told.package_type,
        genres=require_track_genres(genres),
        price=package.price_cents,
        priority=package.priority,
        reviews_requested=package.reviews,
        duration=duration or require_duration(told.duration),
        feedback_focus=require_focus(told.feedback_focus),
        created_at=tx.now,
        rules_version=tx.rules.version,
    )
    tx.tracks.add(track)
    tx.events.add(events.TrackSubmitted(track_id=track.id, artist_id=artist.id))
    return track
