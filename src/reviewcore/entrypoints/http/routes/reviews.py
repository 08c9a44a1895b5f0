"""Reviewing: the queue, listening, delivering, or giving an assignment back."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from reviewcore.domain.errors import NotYourReview
from reviewcore.domain.ids import ReviewId
from reviewcore.domain.reviews import Review, ReviewQueue, ReviewStatus
from reviewcore.domain.users import User
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_reviewer, signed_in
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.listening import listen_address, recording_of
from reviewcore.entrypoints.http.paging import LIMIT_DEFAULT, Cursor, Limit, Page, page_of
from reviewcore.entrypoints.http.views.reviews import (
    AssignmentView,
    HeartbeatView,
    ReviewView,
    assignment_view,
    heartbeat_view,
    review_view,
)
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    CompleteReview,
    RecordHeartbeat,
    ReportUnplayable,
    SkipReview,
    complete_review,
    record_heartbeat,
    report_unplayable,
    skip_review,
)


@get("/queue", guards=[as_reviewer], sync_to_thread=True, summary="One's assignments")
def list_queue(
    desk: TheDesk, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[AssignmentView]:
    """List the reviewer's active assignments."""
    desk.reviewer.require_working()
    with desk.app.store.read() as tx:
        rows = sorted(tx.queue.of_reviewer(desk.reviewer_id), key=lambda row: row.id)
        reviews = {review.id: review for review in tx.reviews.active_of(desk.reviewer_id)}
        tracks = {row.track_id: tx.tracks.get(row.track_id) for row in rows}
        recordings = {key: recording_of(tx, track) for key, track in tracks.items()}

    def view(row: ReviewQueue) -> AssignmentView:
        track = tracks[row.track_id]
        address = listen_address(desk, track, recordings[track.id])
        return assignment_view(row, reviews[row.id], track, desk.spelling.slugs, source_url=address)

    return page_of(
        lambda after, most: [row for row in rows if row.id > (after or "")][:most],
        view,
        cursor=cursor,
        limit=limit,
    )


@get("/reviews/{review_id:str}", guards=[signed_in], sync_to_thread=True, summary="One review")
def read_review(review_id: FromPath[str], desk: TheDesk) -> ReviewView:
    """Tell a review to its reviewer, and once it is completed to the track's artist."""
    with desk.app.store.read() as tx:
        review = tx.reviews.get(ReviewId(review_id))
        is_own = _is_by(tx, review, desk.user)
        if not is_own and not _is_for(tx, review, desk.user):
            raise NotYourReview(review_id=review_id)
        timestamps = tx.timestamps.of_review(review.id)
        track = tx.tracks.get(review.track_id)
        recording = recording_of(tx, track)
    # A reviewer hears the track while his review is under way, and no longer.
    is_heard = review.is_active or not is_own
    address = listen_address(desk, track, recording) if is_heard else None
    return review_view(review, timestamps, source_url=address)


def _is_by(tx: Transaction, review: Review, user: User) -> bool:
    reviewer = tx.reviewers.of_user(user.id) if user.is_reviewer else None
    return reviewer is not None and reviewer.id == review.reviewer_id


def _is_for(tx: Transaction, review: Review, user: User) -> bool:
    artist = tx.artists.of_user(user.id) if user.is_artist else None
    mine = artist is not None and artist.id == review.artist_id
    return mine and review.status is ReviewStatus.COMPLETED


@post(
    "/reviews/{review_id:str}/heartbeat",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Say that one is listening",
)
def create_heartbeat(review_id: FromPath[str], desk: TheDesk) -> HeartbeatView:
    """Report, about every ten seconds, that the track is playing."""
    command = RecordHeartbeat(review_id=ReviewId(review_id), reviewer_id=desk.reviewer_id)
    return heartbeat_view(desk.perform(record_heartbeat, command))


@post(
    "/reviews/{review_id:str}/complete",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Deliver the review",
)
def complete(
    review_id: FromPath[str], data: JSONBody[bodies.ReviewForm], desk: TheDesk
) -> ReviewView:
    """Hand in the form and be paid; exactly once."""
    command = CompleteReview(
        review_id=ReviewId(review_id),
        reviewer_id=desk.reviewer_id,
        feedback=data.feedback(),
        timestamps=data.timestamps,
    )
    done = desk.perform(complete_review, command)
    # A repeat is of the same command, so without remarks there are none to look up.
    return shown(desk, done) if data.timestamps else review_view(done, ())


@post(
    "/reviews/{review_id:str}/skip",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Give an assignment back",
)
def skip(review_id: FromPath[str], desk: TheDesk) -> ReviewView:
    """Skip the track; a limited number each UTC day."""
    command = SkipReview(review_id=ReviewId(review_id), reviewer_id=desk.reviewer_id)
    return shown(desk, desk.perform(skip_review, command))


@post(
    "/reviews/{review_id:str}/unplayable",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Say that the track cannot be played",
)
def report(review_id: FromPath[str], desk: TheDesk) -> ReviewView:
    """End the assignment and tell the artist; does not count as a skip."""
    command = ReportUnplayable(review_id=ReviewId(review_id), reviewer_id=desk.reviewer_id)
    return shown(desk, desk.perform(report_unplayable, command))


def shown(desk: Desk, review: Review) -> ReviewView:
    """Show a review with its remarks."""
    with desk.app.store.glance() as tx:
        return review_view(review, tx.timestamps.of_review(review.id))


ROUTES: list[Any] = [
    Router(
        "/v1",
        route_handlers=[list_queue, read_review, create_heartbeat, complete, skip, report],
        tags=["reviewing"],
    )
]
