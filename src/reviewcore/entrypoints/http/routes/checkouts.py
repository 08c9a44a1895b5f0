"""Check-out: from a submitted track to money at the processor, and how that stands."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import TrackId
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.domain.tracks import TrackStatus
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_artist
from reviewcore.entrypoints.http.desk import Desk, TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.tracks import (
    CheckoutStatusView,
    CheckoutView,
    checkout_status_view,
    track_view,
)
from reviewcore.entrypoints.http.waiting import waits_on_processor
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    CheckOut,
    ConfirmPayment,
    OpenCheckout,
    check_out,
    confirm_payment,
    open_checkout,
)


@post("/tracks/{track_id:str}/checkout", status_code=200, guards=[as_artist], summary="Check out")
@waits_on_processor
def create_checkout(
    track_id: FromPath[str],
    desk: TheDesk,
    data: JSONBody[bodies.CheckoutForm] = bodies.PAID_WITH_MONEY,
) -> CheckoutView:
    """Freeze the price and tell where to pay it; with a free credit or code nothing is due.

    A repeat that changes nothing is told the page that is open already.
    """
    if data != bodies.PAID_WITH_MONEY or not _has_open_page(desk, TrackId(track_id)):
        desk.perform(
            check_out,
            CheckOut(
                track_id=TrackId(track_id),
                artist_id=desk.artist_id,
                use_free_credit=data.use_free_credit,
                promo_code=data.promo_code,
            ),
        )
    # A repeat under the same key is told what was first told; the track may be paid for by now.
    with desk.app.store.read() as tx:
        track = tx.tracks.get(TrackId(track_id))
    attempt: CheckoutAttempt | None = None
    if track.status is TrackStatus.PENDING_PAYMENT:
        attempt = desk.drive(
            open_checkout,
            OpenCheckout(
                track_id=track.id,
                artist_id=desk.artist_id,
                return_url=f"{desk.gate.base_url}/checkout/return",
            ),
        )
    return CheckoutView(
        status=track.status,
        url=attempt.url if attempt is not None else None,
        session_id=attempt.session_id if attempt is not None else None,
        track=track_view(track, desk.spelling.slugs),
    )


@get(
    "/checkouts/{session_id:str}",
    guards=[as_artist],
    opt={STATUSES: (422,)},
    summary="How a checkout stands",
)
@waits_on_processor
def read_checkout(session_id: FromPath[str], desk: TheDesk) -> CheckoutStatusView:
    """Ask the processor how the session stands; once it is paid the track is queued."""
    with desk.app.store.read() as tx:
        _own(tx, session_id, desk.artist_id)
    desk.drive(confirm_payment, ConfirmPayment(session_id=session_id, actor=desk.artist_id))
    with desk.app.store.read() as tx:
        attempt = _own(tx, session_id, desk.artist_id)
        track = tx.tracks.get(attempt.track_id)
        return checkout_status_view(attempt, track, tx.payments.get(attempt.payment_id))


def _has_open_page(desk: Desk, track_id: TrackId) -> bool:
    """Whether the artist can pay for the track, as it would be priced now, on an open page."""
    with desk.app.store.read() as tx:
        track = tx.tracks.find(track_id)
        if track is None or track.artist_id != desk.artist_id:
            return False
        payment = tx.payments.of_track(track_id)
        if payment is None or track.rules_version != tx.rules.version:
            return False
        return any(
            attempt.status is AttemptStatus.OPEN and not attempt.unwanted
            for attempt in tx.attempts.of_payment(payment.id)
        )


def _own(tx: Transaction, session_id: str, artist_id: str) -> CheckoutAttempt:
    attempt = tx.attempts.by_session(session_id)
    if attempt is None or tx.tracks.get(attempt.track_id).artist_id != artist_id:
        raise EntityNotFound(entity="CheckoutAttempt", id=session_id)
    return attempt


ROUTES: list[Any] = [
    Router("/v1", route_handlers=[create_checkout, read_checkout], tags=["checkout"])
]
