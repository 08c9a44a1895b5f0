"""A review that its artist shows around: as JSON and as a page."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get
from litestar.params import FromPath

from reviewcore.domain.errors import NotShared
from reviewcore.domain.reviews import Review
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.edge import html
from reviewcore.entrypoints.http.pages import shared_page
from reviewcore.entrypoints.http.views.reviews import (
    FORM,
    SharedReviewerView,
    SharedTrackView,
    SharedView,
    timestamp_views,
)
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.ports.store import Transaction

NAMELESS = "A reviewer"
NAMELESS_ARTIST = "An artist"
"""Who has given no name, or has left for good."""


@get("/v1/shared/{share_id:str}", sync_to_thread=True, summary="A shared review")
def read_shared(share_id: FromPath[str], desk: TheDesk) -> SharedView:
    """Tell a completed review by its public id; none whose flag is open or upheld."""
    return _shared(desk, share_id)


@get("/s/{share_id:str}", sync_to_thread=True, include_in_schema=False)
def show_shared(share_id: FromPath[str], desk: TheDesk) -> Response[str]:
    """Show the same as a page."""
    return html(shared_page(_shared(desk, share_id)))


def _shared(desk: Desk, share_id: str) -> SharedView:
    with desk.app.store.read() as tx:
        review = tx.reviews.by_share_id(share_id)
        if review is None or not review.is_shareable:
            raise NotShared
        return _view(tx, review, desk)


def _view(tx: Transaction, review: Review, desk: Desk) -> SharedView:
    assert review.feedback is not None, "what is shared was completed"
    track = tx.tracks.get(review.track_id)
    reviewer = tx.reviewers.get(review.reviewer_id)
    name = tx.users.get(reviewer.user_id).name.strip()
    return shape(
        SharedView,
        review,
        track=shape(
            SharedTrackView,
            track,
            artist_name=tx.artists.get(track.artist_id).artist_name or NAMELESS_ARTIST,
            genres=desk.spelling.within(tx)(track.genres),
        ),
        reviewer=SharedReviewerView(name=name or NAMELESS, tier=reviewer.tier),
        completed_at=review.ended_at,
        timestamps=timestamp_views(tx.timestamps.of_review(review.id)),
        **{field: getattr(review.feedback, field) for field in FORM},
    )


ROUTES: list[Any] = [Router("/", route_handlers=[read_shared, show_shared], tags=["shared"])]
