"""Giving a track up, with its refunds sent at once where the processor lets us."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.ids import RefundId, TrackId
from reviewcore.entrypoints.http.desk import Desk
from reviewcore.entrypoints.http.views.tracks import GivenUpView, track_view
from reviewcore.ports.store import Transaction
from reviewcore.usecases import SendRefund, send_refund
from reviewcore.usecases.steps.slots import TrackGivenUp

C = TypeVar("C")


def give_up(
    desk: Desk, usecase: Callable[[Transaction, C], TrackGivenUp], command: C
) -> GivenUpView:
    """Cancel or close a track, then send what goes back; the worker sends what could not be."""
    given = desk.perform(usecase, command)
    for refund_id in _pending(desk, given.track.id):
        with contextlib.suppress(ReviewcoreError):
            desk.drive(send_refund, SendRefund(refund_id=refund_id))
    return GivenUpView(
        track=track_view(given.track, desk.spelling.slugs), refunded_cents=given.refunded_cents
    )


def _pending(desk: Desk, track_id: TrackId) -> list[RefundId]:
    with desk.app.store.read() as tx:
        payment = tx.payments.of_track(track_id)
        refunds = tx.refunds.of_payment(payment.id) if payment is not None else ()
        return [refund.id for refund in refunds if not refund.is_final]
