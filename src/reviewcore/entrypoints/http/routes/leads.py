"""The get-feedback funnel: those who have no account yet."""

from __future__ import annotations

from typing import Any

import attrs
from litestar import Router, post
from litestar.params import JSONBody

from reviewcore.domain.throttling import Limit
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import from_our_pages
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.listening import described, facts_of
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.people import (
    ArtistView,
    UserView,
    artist_view,
    user_view,
)
from reviewcore.entrypoints.http.views.tracks import TrackView, track_view
from reviewcore.entrypoints.http.waiting import waits
from reviewcore.usecases import CaptureLead, GetFeedback, capture_lead, get_feedback


@post(
    "/leads",
    status_code=202,
    guards=[from_our_pages],
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Leave an address",
)
def create_lead(data: JSONBody[bodies.NewLead], desk: TheDesk) -> None:
    """Leave an address to be reminded once, a day later; the answer is the same if it is known."""
    desk.throttle(Limit.LEAD)
    command = CaptureLead(email=data.email, artist_name=data.artist_name, source=data.source)
    desk.app.perform(capture_lead, command)


@attrs.frozen(kw_only=True)
class FeedbackView:
    """Who has come as what, and the track that waits for check-out."""

    user: UserView
    artist: ArtistView
    track: TrackView


@post(
    "/get-feedback",
    guards=[from_our_pages],
    opt={STATUSES: (429,)},
    summary="Sign up with a first track",
)
@waits
def create_feedback(data: JSONBody[bodies.FeedbackForm], desk: TheDesk) -> FeedbackView:
    """Make account, artist profile and track, all or nothing; verify the address to check out."""
    desk.throttle(Limit.SIGN_UP)
    command = GetFeedback(
        email=data.email,
        password=data.password,
        name=data.name or "",
        artist_name=data.artist_name,
        title=data.title,
        source_url=data.source_url,
        genres=data.genres,
        package_type=data.package_type,
        duration=data.duration,
        feedback_focus=data.feedback_focus,
    )
    facts = None if data.title.strip() else facts_of(desk, data.source_url)
    wanted = desk.drive(get_feedback, described(command, facts))
    spell = desk.spelling.slugs
    return FeedbackView(
        user=user_view(wanted.user),
        artist=artist_view(wanted.artist, spell),
        track=track_view(wanted.track, spell),
    )


ROUTES: list[Any] = [Router("/v1", route_handlers=[create_lead, create_feedback], tags=["leads"])]
