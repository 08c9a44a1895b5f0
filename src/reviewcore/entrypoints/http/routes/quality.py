"""The artist's verdicts on reviews of his tracks: rating, gem, flag."""

from __future__ import annotations

from typing import Any

from litestar import Router, delete, post, put
from litestar.params import FromPath, JSONBody

from reviewcore.domain.ids import ReviewId
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_artist
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.routes.reviews import shown
from reviewcore.entrypoints.http.views.reviews import ReviewView
from reviewcore.usecases import (
    FlagReview,
    GemReview,
    RateReview,
    UngemReview,
    flag_review,
    gem_review,
    rate_review,
    ungem_review,
)


@put("/rating", sync_to_thread=True, summary="Rate a review")
def put_rating(
    review_id: FromPath[str], data: JSONBody[bodies.Rating], desk: TheDesk
) -> ReviewView:
    """Rate a review 1 to 5; changeable."""
    command = RateReview(
        review_id=ReviewId(review_id),
        artist_id=desk.artist_id,
        rating=data.rating,
        reason=data.reason or "",
    )
    return shown(desk, desk.perform(rate_review, command))


@put("/gem", sync_to_thread=True, summary="Mark a review as a gem")
def put_gem(review_id: FromPath[str], desk: TheDesk) -> ReviewView:
    """Mark a review as outstanding; a repeat changes nothing."""
    command = GemReview(review_id=ReviewId(review_id), artist_id=desk.artist_id)
    return shown(desk, desk.perform(gem_review, command))


@delete("/gem", status_code=200, sync_to_thread=True, summary="Take a gem back")
def delete_gem(review_id: FromPath[str], desk: TheDesk) -> ReviewView:
    """Unmark a review; a repeat changes nothing."""
    command = UngemReview(review_id=ReviewId(review_id), artist_id=desk.artist_id)
    return shown(desk, desk.perform(ungem_review, command))


@post("/flag", status_code=200, sync_to_thread=True, summary="Flag a review")
def create_flag(
    review_id: FromPath[str], data: JSONBody[bodies.FlagForm], desk: TheDesk
) -> ReviewView:
    """Claim that a review is worthless; it does not count until an administrator has judged."""
    command = FlagReview(
        review_id=ReviewId(review_id), artist_id=desk.artist_id, reason=data.reason
    )
    return shown(desk, desk.perform(flag_review, command))


ROUTES: list[Any] = [
    Router(
        "/v1/reviews/{review_id:str}",
        route_handlers=[put_rating, put_gem, delete_gem, create_flag],
        guards=[as_artist],
        tags=["quality"],
    )
]
