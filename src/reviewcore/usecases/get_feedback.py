"""Sign up, become an artist and submit a first track, in one."""

from __future__ import annotations

import attrs

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.emails import normalise_email
from reviewcore.domain.links import judge_source_url
from reviewcore.domain.rules import PackageType
from reviewcore.domain.texts import require_line
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User, require_password
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.joining import make_artist, make_track, make_user


@attrs.frozen(kw_only=True)
class GetFeedback:
    """Somebody without an account wants to hear about a track, which is a link.

    *genres* are 1 to 3 slugs, the artist's as well; *duration* seconds if known.
    """

    email: str
    password: str = attrs.field(repr=False)
    artist_name: str
    title: str
    source_url: str
    genres: tuple[str, ...]
    name: str = ""
    package_type: PackageType = PackageType.STARTER
    duration: int | None = None
    feedback_focus: str | None = None


@attrs.frozen(kw_only=True)
class FeedbackWanted:
    """Who has come, and the track that waits for check-out once his address is verified."""

    user: User
    artist: ArtistProfile
    track: Track


def get_feedback(store: Store, passwords: Passwords, command: GetFeedback) -> FeedbackWanted:
    """Make account, profile and track, all or nothing; a lead is converted.

    Raises what sign_up, open_artist_profile and submit_track raise, but EmailNotVerified: the
    address is to be verified before check-out.
    """
    email = normalise_email(command.email)
    name = require_line("name", command.name, longest=100, shortest=0)
    source_type = judge_source_url(command.source_url)
    hashed = passwords.hash(require_password(command.password))

    with store.begin() as tx:
        genres = tx.genres.tree().require(command.genres)
        user = make_user(tx, email=email, password=hashed, name=name)
        artist = make_artist(tx, user, artist_name=command.artist_name, genres=genres)
        track = make_track(tx, artist, command, source_type=source_type)
    return FeedbackWanted(user=user.become_artist(), artist=artist, track=track)
