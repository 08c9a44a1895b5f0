"""Tracks: what can be bought, submitting, changing, giving up, and the reviews that came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from reviewcore.domain.errors import InvalidSourceUrl
from reviewcore.domain.ids import TrackId
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_admin, as_artist
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.listening import (
    accept_source,
    described,
    facts_of,
    listen_address,
    recording_of,
    upload_prefix,
)
from reviewcore.entrypoints.http.paging import LIMIT_DEFAULT, Cursor, Limit, Page, page_of, whole
from reviewcore.entrypoints.http.refunds import give_up
from reviewcore.entrypoints.http.views.reviews import ReviewView, review_view
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.views.tracks import (
    GenreView,
    GivenUpView,
    OwnTrackView,
    PackageView,
    PlanView,
    TrackView,
    own_track_view,
    plan_view,
    track_view,
)
from reviewcore.entrypoints.http.waiting import waits, waits_on_processor
from reviewcore.ports.links import LinkFacts
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    PlanAssignment,
    SubmitTrack,
    UpdateSource,
    cancel_track,
    close_track,
    plan_assignment,
    submit_track,
    update_source,
)


@get("/genres", sync_to_thread=True, summary="The genre catalogue")
def list_genres(desk: TheDesk) -> Page[GenreView]:
    """List all genres, a tree of two levels."""
    with desk.app.store.read() as tx:
        return whole([shape(GenreView, genre) for genre in tx.genres.tree().genres])


@get("/packages", sync_to_thread=False, summary="What an artist can buy")
def list_packages(desk: TheDesk) -> Page[PackageView]:
    """List the packages."""
    rules = desk.app.store.rules
    return whole(
        [
            shape(PackageView, package, package_type=kind, currency=rules.currency)
            for kind, package in rules.packages.items()
        ]
    )


@post("/tracks", guards=[as_artist], summary="Submit a track")
@waits
def create_track(data: JSONBody[bodies.NewTrack], desk: TheDesk) -> TrackView:
    """Submit a track; it waits for check-out. An upload is listened to first.

    With an empty title its platform is asked what it is called, if this market asks platforms.
    """
    kind = accept_source(desk, data.source_url)
    if data.source_type not in {None, kind}:
        raise InvalidSourceUrl(reason=f"is a link to {kind}, not to {data.source_type}")
    command = SubmitTrack(
        artist_id=desk.artist_id,
        title=data.title,
        source_url=data.source_url,
        genres=data.genres,
        package_type=data.package_type,
        duration=data.duration,
        feedback_focus=data.feedback_focus,
        upload_prefix=upload_prefix(desk),
    )
    submit = submit_track if data.title.strip() else _described(facts_of(desk, data.source_url))
    return track_view(desk.perform(submit, command), desk.spelling.slugs)


def _described(facts: LinkFacts | None) -> Callable[[Transaction, SubmitTrack], Track]:
    # What a platform says is no part of the command: asked again under the same key, it may say
    # another thing or nothing, and the artist still means the same.
    def submit_described(tx: Transaction, command: SubmitTrack) -> Track:
        return submit_track(tx, described(command, facts))

    return submit_described


@get("/tracks", guards=[as_artist], sync_to_thread=True, summary="One's tracks")
def list_tracks(
    desk: TheDesk,
    status: FromQuery[TrackStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[TrackView]:
    """List the artist's own tracks, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.tracks.page(
                artist_id=desk.artist_id, status=status, after=after, limit=most
            ),
            lambda track: track_view(track, desk.spelling.within(tx)),
            cursor=cursor,
            limit=limit,
        )


@get("/tracks/{track_id:str}", guards=[as_artist], sync_to_thread=True, summary="One track")
def read_track(track_id: FromPath[str], desk: TheDesk) -> OwnTrackView:
    """Tell one of the artist's own tracks, and where to hear it."""
    with desk.app.store.read() as tx:
        track = _own(tx, track_id, desk)
        recording = recording_of(tx, track)
    address = listen_address(desk, track, recording)
    return own_track_view(track, desk.spelling.slugs, listen_url=address)


@patch("/tracks/{track_id:str}", guards=[as_artist], summary="Mend its link")
@waits
def change_track(
    track_id: FromPath[str], data: JSONBody[bodies.NewSource], desk: TheDesk
) -> TrackView:
    """Give the track another link; active reviews start over. An upload is listened to first."""
    with desk.app.store.read() as tx:
        _own(tx, track_id, desk)
    accept_source(desk, data.source_url)
    command = UpdateSource(
        track_id=TrackId(track_id),
        artist_id=desk.artist_id,
        source_url=data.source_url,
        upload_prefix=upload_prefix(desk),
    )
    return track_view(desk.perform(update_source, command), desk.spelling.slugs)


@post("/tracks/{track_id:str}/cancel", status_code=200, guards=[as_artist], summary="Take it back")
@waits_on_processor
def cancel(track_id: FromPath[str], desk: TheDesk) -> GivenUpView:
    """Cancel before anybody has listened; all of the price goes back."""
    command = CancelTrack(track_id=TrackId(track_id), artist_id=desk.artist_id)
    return give_up(desk, cancel_track, command)


@post(
    "/tracks/{track_id:str}/close",
    status_code=200,
    guards=[as_artist],
    summary="Stop waiting for reviewers",
)
@waits_on_processor
def close(track_id: FromPath[str], desk: TheDesk) -> GivenUpView:
    """Close after the deadline; the price of the open slots goes back."""
    command = CloseTrack(track_id=TrackId(track_id), artist_id=desk.artist_id)
    return give_up(desk, close_track, command)


@get(
    "/tracks/{track_id:str}/reviews",
    guards=[as_artist],
    sync_to_thread=True,
    summary="The reviews of one's track",
)
def list_reviews(
    track_id: FromPath[str],
    desk: TheDesk,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ReviewView]:
    """List the completed reviews of one of the artist's own tracks, oldest first."""
    with desk.app.store.read() as tx:
        track = _own(tx, track_id, desk)
        done = [
            review
            for review in tx.reviews.of_track(track.id)
            if review.status is ReviewStatus.COMPLETED
        ]
        return page_of(
            lambda after, most: [one for one in done if one.id > (after or "")][:most],
            lambda review: review_view(review, tx.timestamps.of_review(review.id)),
            cursor=cursor,
            limit=limit,
        )


@get(
    "/tracks/{track_id:str}/plan",
    guards=[as_admin],
    sync_to_thread=True,
    summary="Who would review it, and why nobody else",
)
def read_plan(track_id: FromPath[str], desk: TheDesk) -> PlanView:
    """For administrators: what assigning the track now would do, without doing it."""
    return plan_view(desk.ask(plan_assignment, PlanAssignment(track_id=TrackId(track_id))))


def _own(tx: Transaction, track_id: str, desk: Desk) -> Track:
    track = tx.tracks.get(TrackId(track_id))
    track.require_owner(desk.artist_id)
    return track


ROUTES: list[Any] = [
    Router("/v1", route_handlers=[list_genres, list_packages], tags=["catalogue"]),
    Router(
        "/v1",
        route_handlers=[
            create_track,
            list_tracks,
            read_track,
            change_track,
            cancel,
            close,
            list_reviews,
            read_plan,
        ],
        tags=["tracks"],
    ),
]
