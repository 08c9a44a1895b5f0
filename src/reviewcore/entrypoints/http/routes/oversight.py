"""What administrators look at: lists of everything, the audit trail, the laws."""

from __future__ import annotations

from typing import Any

from litestar import Router, get
from litestar.params import FromPath, FromQuery

from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import FlagId
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.entrypoints.http.auth import as_admin
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.listening import listen_address, recording_of
from reviewcore.entrypoints.http.paging import LIMIT_DEFAULT, Cursor, Limit, Page, page_of, whole
from reviewcore.entrypoints.http.views.administration import (
    CaseView,
    EventView,
    FlagView,
    ProcessorEventView,
    ViolationView,
    event_view,
    flag_view,
    processor_event_view,
    violation_view,
)
from reviewcore.entrypoints.http.views.money import (
    PayoutView,
    RefundView,
    payout_view,
    refund_view,
)
from reviewcore.entrypoints.http.views.people import (
    ReviewerView,
    UserView,
    reviewer_view,
    user_view,
)
from reviewcore.entrypoints.http.views.reviews import review_view
from reviewcore.entrypoints.http.views.tracks import TrackView, track_view
from reviewcore.entrypoints.http.waiting import waits
from reviewcore.usecases import CheckLaws, check_laws


@get("/users", sync_to_thread=True, summary="All users")
def list_users(
    desk: TheDesk, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[UserView]:
    """List users, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.users.page(after=after, limit=most),
            user_view,
            cursor=cursor,
            limit=limit,
        )


@get("/reviewers", sync_to_thread=True, summary="All reviewers")
def list_reviewers(
    desk: TheDesk,
    is_restricted: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ReviewerView]:
    """List reviewers, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.reviewers.page(
                is_restricted=is_restricted, after=after, limit=most
            ),
            lambda reviewer: reviewer_view(reviewer, desk.spelling.within(tx)),
            cursor=cursor,
            limit=limit,
        )


@get("/tracks", sync_to_thread=True, summary="All tracks")
def list_tracks(
    desk: TheDesk,
    status: FromQuery[TrackStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[TrackView]:
    """List tracks, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.tracks.page(
                artist_id=None, status=status, after=after, limit=most
            ),
            lambda track: track_view(track, desk.spelling.within(tx)),
            cursor=cursor,
            limit=limit,
        )


@get("/flags", sync_to_thread=True, summary="All flags")
def list_flags(
    desk: TheDesk,
    status: FromQuery[FlagStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[FlagView]:
    """List flags, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.flags.page(status=status, after=after, limit=most),
            flag_view,
            cursor=cursor,
            limit=limit,
        )


@get("/flags/{flag_id:str}", sync_to_thread=True, summary="One flag, with what to judge it by")
def read_flag(flag_id: FromPath[str], desk: TheDesk) -> CaseView:
    """Tell what the artist says, what the reviewer wrote, and where the track is heard."""
    with desk.app.store.read() as tx:
        flag = tx.flags.get(FlagId(flag_id))
        review = tx.reviews.get(flag.review_id)
        track = tx.tracks.get(flag.track_id)
        timestamps = tx.timestamps.of_review(review.id)
        recording = recording_of(tx, track)
        spell = desk.spelling.within(tx)
        address = listen_address(desk, track, recording)
        return CaseView(
            flag=flag_view(flag),
            review=review_view(review, timestamps, source_url=address),
            track=track_view(track, spell),
        )


@get("/payouts", sync_to_thread=True, summary="All payouts")
def list_payouts(
    desk: TheDesk,
    status: FromQuery[PayoutStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[PayoutView]:
    """List payouts, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.payouts.page(
                reviewer_id=None, status=status, after=after, limit=most
            ),
            payout_view,
            cursor=cursor,
            limit=limit,
        )


@get("/refunds", sync_to_thread=True, summary="All refunds")
def list_refunds(
    desk: TheDesk,
    status: FromQuery[RefundStatus | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[RefundView]:
    """List refunds, oldest first; those that are FAILED or RETURNED wait for a person."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.refunds.page(status=status, after=after, limit=most),
            refund_view,
            cursor=cursor,
            limit=limit,
        )


@get("/events", sync_to_thread=True, summary="The audit trail")
def list_events(
    desk: TheDesk, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[EventView]:
    """List everything that happened, oldest first."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.events.page(after=after, limit=most),
            event_view,
            cursor=cursor,
            limit=limit,
        )


@get("/processor-events", sync_to_thread=True, summary="The inbox of the payment processor")
def list_processor_events(
    desk: TheDesk,
    is_handled: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ProcessorEventView]:
    """List what the payment processor told, handled or not, in order of its ids."""
    with desk.app.store.read() as tx:
        return page_of(
            lambda after, most: tx.inbox.page(is_handled=is_handled, after=after, limit=most),
            processor_event_view,
            cursor=cursor,
            limit=limit,
        )


@get("/laws", summary="Whether the market keeps its laws")
@waits
def list_violations(desk: TheDesk) -> Page[ViolationView]:
    """Recompute everything and list what breaks a law, 1000 at most; empty when all is well."""
    return whole([violation_view(one) for one in desk.ask(check_laws, CheckLaws())])


ROUTES: list[Any] = [
    Router(
        "/v1/admin",
        route_handlers=[
            list_users,
            list_reviewers,
            list_tracks,
            list_flags,
            read_flag,
            list_payouts,
            list_refunds,
            list_events,
            list_processor_events,
            list_violations,
        ],
        guards=[as_admin],
        tags=["administration"],
    )
]
